//! The sign-ins, as CloudTrail has them.

use std::borrow::Cow;

use brasskey_aws::account::Event;
use maud::html;

use super::layout::{Frame, respond};
use super::{Answer, time};
use crate::practice::access;
use crate::practice::visit::Member;
use crate::text::is_hostile;

/// How many events a page has.
const SHOWN: usize = 50;

/// The newest events.
pub(super) async fn page(member: Member) -> Answer {
    // Everybody sees their own sign-ins; those of others take CloudTrail's permission.
    let all = access::require(&member, "cloudtrail:LookupEvents", "*").is_ok();
    let own = member.user.to_string();
    let events: Vec<Event> = member.desk().read(|account| {
        let events = account.history().filter(|event| all || event.username == own);
        events.take(SHOWN).cloned().collect()
    });
    let main = html! {
        h1 { "Sign-in history" }
        p {
            "CloudTrail records each sign-in: " code { "ConsoleLogin" } " says whether MFA was used, and "
            code { "CheckMfa" } " which kind was asked for. Beware: a failed sign-in may say " code { "MFAUsed: Yes" }
            ", and root's says " code { "YES" } "."
        }
        @if !all { p #own-events-only .hint { "These are your own. An administrator sees those of all users." } }
        @if events.is_empty() { p { "Nobody has signed in yet." } }
        ul #events .cards {
            @for event in &events {
                @let record = &event.record;
                @let outcome = text(&record["responseElements"][event.name.as_str()]);
                @let used = text(&record["additionalEventData"]["MFAUsed"]);
                @let identifier = text(&record["additionalEventData"]["MFAIdentifier"]);
                li .card.event data-event=(event.name) data-user=(event.username) data-outcome=(outcome)
                    data-mfa-used=(used) data-mfa-identifier=(identifier) {
                    h2 .small {
                        (event.name) " of " (event.username) ": "
                        span .good[outcome == "Success"] .bad[outcome != "Success"] { (outcome) }
                    }
                    p {
                        (time::seconds(Some(event.time)))
                        @if !used.is_empty() { ", MFAUsed: " strong { (used) } }
                        @if !identifier.is_empty() { ", MFAIdentifier: " code { (identifier) } }
                    }
                    details {
                        summary { "Event record" }
                        pre tabindex="0" { code { (pretty(record)) } }
                    }
                }
            }
        }
    };
    Ok(respond(&Frame::of(&member), "Sign-in history", &main))
}

fn text(value: &serde_json::Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// The record as JSON. Line by line, so that nothing that a browser calls itself can disguise a line.
fn pretty(record: &serde_json::Value) -> String {
    let json = serde_json::to_string_pretty(record).unwrap_or_default();
    let lines: Vec<_> = json.lines().map(visible).collect();
    lines.join("\n")
}

/// A line of JSON, which has backslashes and markup of its own: maud escapes that. Only what is invisible is spelt out.
fn visible(line: &str) -> Cow<'_, str> {
    let disguises = |character: char| is_hostile(character) && !matches!(character, '\\' | '<' | '>' | '&');
    if !line.contains(disguises) {
        return Cow::Borrowed(line);
    }
    let shown = line.chars().map(|character| match disguises(character) {
        true => format!("\\u{{{:x}}}", u32::from(character)),
        false => character.to_string(),
    });
    Cow::Owned(shown.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_a_record_disguises_what_is_shown() {
        let record = serde_json::json!({ "userAgent": "\u{202e}<b>\"\\\u{7}" });
        let shown = pretty(&record);
        assert_eq!(shown, "{\n  \"userAgent\": \"\\u{202e}<b>\\\"\\\\\\u0007\"\n}");
        let plain = serde_json::json!({ "userName": "Zoë" });
        assert_eq!(pretty(&plain), serde_json::to_string_pretty(&plain).unwrap());
    }
}
