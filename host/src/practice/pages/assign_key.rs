//! Assign MFA device: a passkey or security key.

use maud::html;

use super::assign::{KEY, assigned, assignment, last_step};
use super::checks;
use super::{Answer, Refusal, error};
use crate::practice::access;
use crate::practice::ceremony;
use crate::practice::desk::CeremonyKind;
use crate::practice::forms::MemberPost;
use crate::practice::security_key;
use crate::practice::session::{Challenge, lock};
use crate::practice::visit::Member;

/// Asks for the key.
pub(super) async fn page(member: Member) -> Answer {
    let assignment = assignment(&member)?;
    let desk = member.desk();
    let options = desk.read(|account| security_key::creation_options(account, &member.user, &desk.origin));
    let options = options.map_err(|error| Refusal::failure(&error))?;
    let json = ceremony::creation(&options);
    lock(&member.session).challenge = Some(Challenge::Register(options));
    let main = html! {
        ol .steps {
            li { "Plug your security key in." }
            li { "Press the button below. The browser shows its own dialogue." }
            li { "Touch the key when it blinks." }
        }
        p .hint {
            "Browsers may ask whether this website may see the make and model of the key. Either answer works."
        }
        (checks::key_form("register-key", KEY, "create", &json, &member.csrf(), "Use security key"))
    };
    Ok(last_step(&member, &assignment.name, &main))
}

/// Takes the key's answer.
pub(super) async fn register(MemberPost { member, fields }: MemberPost) -> Answer {
    let assignment = assignment(&member)?;
    access::require_own(&member, "iam:EnableMFADevice")?;
    let desk = member.desk();
    // Taken out first: whatever the answer is, the challenge is used up.
    let Some(Challenge::Register(options)) = lock(&member.session).challenge.take() else {
        let why = "This page was used already, or another one replaced it. Try again.";
        return Ok(member.notify(KEY, error(why)));
    };
    let browser = fields.trimmed("error");
    if !browser.is_empty() {
        return Ok(member.notify(KEY, error(ceremony::refusal(browser, true))));
    }
    let Ok(answer) = ceremony::attestation(fields.get("answer")) else {
        return Ok(member.notify(KEY, error(checks::UNREADABLE)));
    };
    let now = desk.now();
    let (report, registered) = desk.change(|account| {
        let name = &assignment.name;
        security_key::register(account, &member.user, name, &desk.origin, options, &answer, now)
    })?;
    let number = desk.remember(&member.user, CeremonyKind::Registration, report);
    match registered {
        Ok(_) => {
            lock(&member.session).assignment = None;
            Ok(assigned(&member, assignment.name.as_str()))
        }
        Err(why) => Ok(member.notify(KEY, checks::refused(&why, number))),
    }
}
