//! A request for a touch, as it can be kept and shown.

use std::fmt;

use brasskey_protocol::platform::{Operation, PresenceRequest, RelyingParty};
use data_encoding::HEXLOWER;
use serde::Serialize;

use crate::text::escape;

/// How much of an RP ID is shown, in characters: a notification cuts off the rest.
const RP_ID_SHOWN: usize = 64;

/// What the key waits for. Its texts come from outside, unchanged: `Display` escapes them, JSON encodes them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Waiting {
    /// `register`, `authenticate`, `excluded` (register what is registered already), `select`,
    /// `reset` or `code`.
    pub operation: &'static str,
    /// CTAP2: the RP ID.
    pub rp_id: Option<String>,
    /// U2F: the application parameter, in hexadecimal.
    pub application: Option<String>,
    /// The account's name.
    pub user: Option<String>,
    /// Since when, in milliseconds since power-up.
    pub since_ms: u64,
}

impl Waiting {
    pub(super) fn new(request: &PresenceRequest<'_>, now: u64) -> Self {
        let (rp_id, application) = match request.relying_party {
            RelyingParty::None => (None, None),
            RelyingParty::Id(id) => (Some(id.to_owned()), None),
            RelyingParty::Application(hash) => (None, Some(HEXLOWER.encode(hash))),
        };
        Self {
            operation: match request.operation {
                Operation::Register => "register",
                Operation::Authenticate => "authenticate",
                Operation::Excluded => "excluded",
                Operation::Select => "select",
                Operation::Reset => "reset",
                Operation::Code => "code",
            },
            rp_id,
            application,
            user: request.user.map(str::to_owned),
            since_ms: now,
        }
    }
}

impl fmt::Display for Waiting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.operation {
            "register" => "register a credential",
            "authenticate" => "sign in",
            "excluded" => "register again (this key is registered already, nothing will change)",
            "reset" => "reset the key: erase every credential on it",
            "code" => "give a one-time code",
            _ => "select this key",
        })?;
        if let Some(rp_id) = &self.rp_id {
            let (gap, end) = end_of(rp_id);
            write!(f, " at {gap}{}", escape(end))?;
        }
        if let Some(application) = &self.application {
            write!(f, " at U2F application {application}")?;
        }
        if let Some(user) = &self.user {
            let role = if self.operation == "code" { "for" } else { "as" };
            write!(f, " {role} {}", escape(user))?;
        }
        Ok(())
    }
}

/// The end of an RP ID that is too long to be shown, since the end says whose site it is, and a mark for the start.
fn end_of(rp_id: &str) -> (&'static str, &str) {
    match rp_id.char_indices().rev().nth(RP_ID_SHOWN) {
        None => ("", rp_id),
        Some((hidden, character)) => ("…", rp_id.get(hidden + character.len_utf8()..).unwrap_or_default()),
    }
}

#[cfg(test)]
mod tests {
    use brasskey_protocol::platform::Gesture;

    use super::*;

    #[test]
    fn text_from_outside_is_escaped() {
        let waiting = Waiting::new(
            &PresenceRequest {
                operation: Operation::Register,
                gesture: Gesture::Touch,
                relying_party: RelyingParty::Id("example.com\u{1b}[2J"),
                user: Some("a\u{202e}b\n"),
            },
            0,
        );
        assert_eq!(
            waiting.to_string(),
            "register a credential at example.com\\u{1b}[2J as a\\u{202e}b\\u{a}"
        );
    }

    #[test]
    fn a_long_name_shows_whose_site_it_is() {
        let sign_in = |rp_id: &str| {
            let request = PresenceRequest {
                operation: Operation::Authenticate,
                gesture: Gesture::Touch,
                relying_party: RelyingParty::Id(rp_id),
                user: Some("alice"),
            };
            Waiting::new(&request, 0).to_string()
        };
        let whole = format!("é{}.example", "a".repeat(55));
        assert_eq!(sign_in(&whole), format!("sign in at {whole} as alice"));
        assert_eq!(
            sign_in(&format!("bank.example{whole}")),
            format!("sign in at …{whole} as alice")
        );
    }

    #[test]
    fn a_code_names_its_account() {
        let request = PresenceRequest {
            operation: Operation::Code,
            gesture: Gesture::Touch,
            relying_party: RelyingParty::None,
            user: Some("AWS:alice\n"),
        };
        let waiting = Waiting::new(&request, 0);
        assert_eq!(waiting.operation, "code");
        assert_eq!(waiting.to_string(), "give a one-time code for AWS:alice\\u{a}");
    }

    #[test]
    fn a_u2f_request_names_its_application() {
        let waiting = Waiting::new(
            &PresenceRequest {
                operation: Operation::Authenticate,
                gesture: Gesture::Touch,
                relying_party: RelyingParty::Application(&[0xAB; 32]),
                user: None,
            },
            9,
        );
        assert_eq!(waiting.application.as_deref(), Some("ab".repeat(32).as_str()));
        assert_eq!(
            waiting.to_string(),
            format!("sign in at U2F application {}", "ab".repeat(32))
        );
    }
}
