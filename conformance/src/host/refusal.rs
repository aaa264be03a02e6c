//! Refusals: with which status, and what a key may choose of it.

use ciborium::Value;

use super::Host;
use super::ctap2::{Request, status};
use super::response::Response;
use crate::words::differs;

impl Host {
    /// A request is refused with this status, without a touch.
    ///
    /// What is malformed has to be refused, and which of the reasons a key finds first is its own choice: another
    /// refusal is [noted](crate::key::Key::note). So is a touch before it, and before NO_CREDENTIALS, which CTAP 2.0
    /// left open.
    #[track_caller]
    pub fn denied(&mut self, request: impl Into<Vec<u8>>, status: u8) {
        self.denied_as("", request, status);
    }

    /// The same; `what` names the request where there are many.
    #[track_caller]
    pub fn denied_as(&mut self, what: &str, request: impl Into<Vec<u8>>, status: u8) {
        let request = request.into();
        let mut found = self.untouched(request.clone());
        if found.is_none() {
            let expected = status::named(status);
            let words = format!("expected {expected} without a touch, the key asks for one");
            let is_left_open = status::is_of_form(status) || status == status::NO_CREDENTIALS;
            assert!(is_left_open, "{words}");
            self.key.note(&words);
            // A touch is no refusal yet: after it the key may do what it was asked for.
            found = self.key.can_touch().then(|| self.touched_if_asked(request.clone()));
        }
        match found {
            Some(found) if is_unreadable(&found) && is_vast(&request) => {
                self.key.note(&differs(what, &found, &Response::bare(status)));
            }
            Some(found) => self.is_refusal(what, &found, status),
            None => {}
        }
    }

    /// This answer is a refusal with this status. Another refusal is noted, where the standard leaves it to the key
    /// which of two is meant: of what is malformed, and of a user who does not come (CTAP 2.3 §6.1.2, §6.2.2).
    #[track_caller]
    pub fn is_refusal(&self, what: &str, found: &Response, status: u8) {
        let user = [status::OPERATION_DENIED, status::USER_ACTION_TIMEOUT];
        let is_left_open = match found.status {
            status::OK => false,
            found if user.contains(&found) => user.contains(&status),
            _ => status::is_of_form(status),
        };
        if is_left_open && found.status != status {
            self.key.note(&differs(what, found, &Response::bare(status)));
        } else {
            same!(*found, Response::bare(status), "{what}");
        }
    }

    /// A request is refused with this status, without a touch, or with one of the others: where the standard leaves it
    /// open with which.
    #[track_caller]
    pub fn denied_or(&mut self, request: impl Into<Vec<u8>>, status: u8, others: &[u8]) {
        let expected = status::named(status);
        let request = request.into();
        match self.untouched(request.clone()) {
            None => panic!("expected {expected} without a touch, the key asks for one"),
            Some(found) if is_unreadable(&found) && is_vast(&request) => {
                self.key.note(&differs("", &found, &Response::bare(status)));
            }
            Some(found) => self.is_refusal_or("", &found, status, others),
        }
    }

    /// This answer is a refusal with this status, or with one of the others.
    #[track_caller]
    pub fn is_refusal_or(&self, what: &str, found: &Response, status: u8, others: &[u8]) {
        if others.contains(&found.status) && *found == Response::bare(found.status) {
            self.key.other_choice(&differs(what, found, &Response::bare(status)));
        } else {
            self.is_refusal(what, found, status);
        }
    }

    /// A request is refused with this status, before a touch or after one.
    #[track_caller]
    pub fn denied_in_the_end(&mut self, request: &Request, status: u8) {
        let found = self.untouched(request);
        if found.is_none() {
            self.key.other_choice("the key asks for a touch first");
        }
        let found = found.unwrap_or_else(|| self.touched(request));
        same!(found, Response::bare(status));
    }
}

/// A refusal of what cannot be read.
fn is_unreadable(found: &Response) -> bool {
    matches!(found.status, status::INVALID_CBOR | status::CBOR_UNEXPECTED_TYPE) && found.members.is_none()
}

/// Whether a number of a request has more than 32 bits. No member needs so many, so a key may refuse it as what it
/// cannot read, and not as a value that is out of range.
fn is_vast(request: &[u8]) -> bool {
    fn has(value: &Value) -> bool {
        match value {
            Value::Integer(number) => {
                let number = i128::from(*number);
                number > u32::MAX.into() || number < -1 - i128::from(u32::MAX)
            }
            Value::Array(items) => items.iter().any(has),
            Value::Map(members) => members.iter().any(|(key, member)| has(key) || has(member)),
            _ => false,
        }
    }
    let body: Option<Value> = request.get(1..).and_then(|body| ciborium::from_reader(body).ok());
    body.as_ref().is_some_and(has)
}
