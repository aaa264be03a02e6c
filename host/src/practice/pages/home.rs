//! The first page, and what to try.

use maud::html;

use super::layout::{Frame, respond};
use super::{Answer, see_other};
use crate::practice::session::Stage;
use crate::practice::visit::{Member, Visit};

/// `/`: to the page that is next.
pub(super) async fn entrance(visit: Visit) -> Answer {
    Ok(see_other(match visit.stage() {
        Stage::Stranger => "/signin",
        Stage::Password(_) => "/signin/mfa",
        Stage::SignedIn { .. } => "/home",
    }))
}

/// What one can do here.
pub(super) async fn page(member: Member) -> Answer {
    let devices = member.desk().read(|account| account.devices(&member.user).len());
    let main = html! {
        h1 { "Signed in as " span #signed-in-as { (member.user) } }
        @if devices == 0 {
            div #no-mfa .notice.odd {
                p { strong { "This user has no MFA." } " Whoever knows the password has the account." }
                p { a #add-mfa href="/security-credentials/assign" { "Assign an MFA device" } }
            }
        }
        h2 { "Try the steps of a guide" }
        ol .cards {
            li .card {
                a href="/security-credentials" { "Security credentials" }
                " lists your MFA devices. Assign one there: a security key, an authenticator app or a hardware token."
            }
            li .card {
                a href="/this-session" { "This session" }
                " says whether its sign-in asked for a device. Sign out and in again to see that it does."
            }
            li .card {
                "Assign a second device, and sign in with the other one: so a lost device locks nobody out."
            }
            li .card {
                a href="/history" { "Sign-in history" }
                " has CloudTrail's event of each sign-in."
            }
            li .card {
                a href="/users" { "Users" }
                " is for administrators: who has MFA, and how to help somebody who lost a device."
            }
        }
    };
    Ok(respond(&Frame::of(&member), "Home", &main))
}
