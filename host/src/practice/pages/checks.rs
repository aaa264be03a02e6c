//! Security keys: the form that asks one, and what the relying party checked.

use axum::extract::Path;
use axum::http::StatusCode;
use maud::{Markup, html};
use serde_json::Value;

use super::layout::{Frame, form, respond};
use super::{Answer, Refusal, error};
use crate::practice::desk::{Ceremony, CeremonyKind};
use crate::practice::security_key::Refused;
use crate::practice::session::{Notice, Stage};
use crate::practice::visit::Visit;
use crate::relying_party::Outcome;

/// An answer that no browser sends.
pub(super) const UNREADABLE: &str = "The answer of the browser cannot be read. Try again, or with another browser.";

/// A form that our script fills in with the answer of a security key. `operation` is `create` or `get`.
pub(super) fn key_form(id: &str, action: &str, operation: &str, options: &Value, csrf: &str, button: &str) -> Markup {
    let fields = html! {
        input type="hidden" name="answer";
        input type="hidden" name="error";
        button #use-key .primary type="button" data-webauthn=(operation) data-options=(options) { (button) }
        p #key-status .hint role="status" aria-live="polite" {}
        noscript { p .notice.error { "Security keys need JavaScript, which is off in this browser." } }
    };
    html! {
        (form(id, action, csrf, &fields))
        script src="/webauthn.js" defer {}
    }
}

/// Says that a security key was refused, and where to read why.
pub(super) fn refused(why: &Refused, number: u64) -> Notice {
    let text = match why {
        Refused::Checks => "The security key was not accepted: a check failed.".to_owned(),
        Refused::Account(iam) => iam.message.clone(),
    };
    Notice {
        link: Some((format!("/checks/{number}"), "What was checked")),
        ..error(text)
    }
}

/// The ceremonies that the visitor may see: their own, also before the sign-in is complete.
fn ceremonies(visit: &Visit) -> Result<Vec<Ceremony>, Refusal> {
    match visit.stage() {
        Stage::Password(user) | Stage::SignedIn { user, .. } => Ok(visit.desk.ceremonies(&user)),
        Stage::Stranger => Err(Refusal::Elsewhere("/signin")),
    }
}

/// What a page outside and inside has around it.
pub(super) fn frame(visit: Visit) -> Frame {
    let outside = Frame::outside(&visit);
    match crate::practice::visit::Member::new(visit) {
        Ok(member) => Frame::of(&member),
        Err(_) => outside,
    }
}

fn kind(ceremony: &Ceremony) -> &'static str {
    match ceremony.kind {
        CeremonyKind::Registration => "Registration",
        CeremonyKind::SignIn => "Sign-in",
    }
}

fn verdict(ceremony: &Ceremony) -> Markup {
    match ceremony.report.passed() {
        true => html! { span .good { "accepted" } },
        false => html! { span .bad { "refused" } },
    }
}

/// All of them.
pub(super) async fn list(visit: Visit) -> Answer {
    let ceremonies = ceremonies(&visit)?;
    let main = html! {
        h1 { "What was checked of security keys" }
        p {
            "Each answer of a security key is checked step by step, as WebAuthn asks of every website. AWS does the \
             same, "
            "and shows nothing of it."
        }
        @if ceremonies.is_empty() {
            p #no-ceremonies { "No security key of yours has answered since the practice account was started." }
        } @else {
            ul #ceremonies .cards {
                @for ceremony in &ceremonies {
                    li .card {
                        a href={ "/checks/" (ceremony.number) } { (kind(ceremony)) }
                        ", " (super::time::moment(ceremony.time)) ": " (verdict(ceremony))
                    }
                }
            }
        }
    };
    Ok(respond(&frame(visit), "What was checked", &main))
}

/// One of them.
pub(super) async fn page(visit: Visit, Path(number): Path<String>) -> Answer {
    let ceremonies = ceremonies(&visit)?;
    let asked = ceremonies.iter().find(|ceremony| ceremony.number.to_string() == number);
    let Some(ceremony) = asked else {
        return Err(Refusal::new(
            StatusCode::NOT_FOUND,
            "There is no such ceremony of yours",
            "Only the last ones are remembered, and only until the practice account ends.",
        ));
    };
    let main = html! {
        h1 { (kind(ceremony)) " of a security key: " (verdict(ceremony)) }
        p { (super::time::moment(ceremony.time)) }
        div .scroll tabindex="0" role="region" aria-label="Checks" {
            table #checks {
                thead { tr { th scope="col" { "Check" } th scope="col" { "Result" } th scope="col" { "Why" } } }
                tbody {
                    @for check in &ceremony.report.checks {
                        @let (class, word) = outcome(check.outcome);
                        tr data-check=(check.name) data-outcome=(word) {
                            th scope="row" { (check.name) }
                            td { span class=(class) { (word) } }
                            td { (check.detail) }
                        }
                    }
                }
            }
        }
        p { a href="/checks" { "All ceremonies" } }
    };
    Ok(respond(&frame(visit), "What was checked", &main))
}

fn outcome(outcome: Outcome) -> (&'static str, &'static str) {
    match outcome {
        Outcome::Passed => ("good", "passed"),
        Outcome::Warned => ("odd", "warned"),
        Outcome::Failed => ("bad", "failed"),
        Outcome::Skipped => ("dim", "skipped"),
    }
}
