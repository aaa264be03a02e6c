//! "The misdiagnosis": MFA is assigned, and nobody is asked for it. This session is why.

use maud::html;

use super::layout::{Frame, form, respond};
use super::{Answer, time};
use crate::practice::visit::Member;

/// What this session was signed in with, and what that explains.
pub(super) async fn page(member: Member) -> Answer {
    let (count, name) = member.desk().read(|account| {
        let used = member.device.as_ref();
        let name = used.map(|serial| {
            account
                .device(serial)
                .map_or_else(|| serial.clone(), |device| device.name.clone())
        });
        (account.devices(&member.user).len(), name)
    });
    let sign_out = form(
        "sign-out-here",
        "/signout",
        &member.csrf(),
        &html! { button #sign-out-and-in .primary type="submit" { "Sign out, and see the sign-in" } },
    );
    let main = html! {
        h1 { "This session" }
        dl .card {
            div { dt { "Signed in" } dd { (time::moment(member.since)) } }
            div { dt { "Asked for MFA" } dd #session-mfa data-mfa=(name.is_some()) {
                @match &name { Some(name) => { span .good { "yes" } ", by " (name) } None => span .bad { "no" } }
            } }
            div { dt { "MFA devices now" } dd #session-devices { (count) } }
        }
        @match (name.is_some(), count) {
            (false, 0) => p #session-verdict data-verdict="none" {
                "This user has no MFA device, so the sign-in asked for the password only. "
                a href="/security-credentials/assign" { "Assign one" } "."
            }
            (false, _) => div #session-verdict data-verdict="cached" .notice.odd {
                p { strong { "MFA is on, and this session was never asked for it." } }
                p {
                    "It was signed in before the device was assigned, and stays as it is until it ends. That does not \
                     mean "
                    "that MFA does not work: the next sign-in asks."
                }
            }
            (true, _) => p #session-verdict data-verdict="mfa" {
                "This session showed a device. A policy that asks for " code { "aws:MultiFactorAuthPresent" } " lets \
                 it in."
            }
        }
        (sign_out)
        h2 { "The misdiagnosis" }
        p {
            "“I assigned an MFA device, and AWS does not ask me for it.” Nearly always the browser still has a \
             session from "
            "before. Do not assign the device again, and do not switch MFA off:"
        }
        ol {
            li { "Sign out, or open a private window, where the browser has no session." }
            li { "Sign in there. After the password the sign-in must ask for the device." }
            li { "Look at the sign-in history: the event says " code { "MFAUsed" } " and which device." }
        }
        p {
            "Sessions from before go on for up to twelve hours, on other computers, too. A changed password ends them \
             here; "
            "at AWS, an administrator revokes sessions by policy."
        }
    };
    Ok(respond(&Frame::of(&member), "This session", &main))
}
