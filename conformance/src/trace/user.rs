//! What a key's user did not do.

use crate::host::command;
use crate::host::ctap2::status;
use crate::host::u2f::word;

/// The keepalive status of a key that waits for its user (CTAP 2.3 §11.2.9.1.7).
const UP_NEEDED: u8 = 2;

/// What the key said of its user last.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct User {
    /// It waits for one.
    is_awaited: bool,
    unmet: Option<&'static str>,
}

impl User {
    /// What the user did not do, as the last answer has it.
    pub(super) fn unmet(self) -> Option<&'static str> {
        self.unmet
    }

    /// Takes account of a message of the key; `is_asked`: whether somebody was told to touch it for this one.
    pub(super) fn answered(&mut self, command: u8, payload: &[u8], is_asked: bool) {
        const NOBODY: &str = "nobody touched the key in time";
        let is_waited_for = self.is_awaited || is_asked;
        self.unmet = match (command, payload) {
            (command::KEEPALIVE, payload) => {
                self.is_awaited |= payload == [UP_NEEDED];
                return;
            }
            (command::CBOR, [status::USER_ACTION_TIMEOUT]) if is_waited_for => Some(NOBODY),
            (command::CBOR, [status::OPERATION_DENIED]) if is_waited_for => Some("the user refused"),
            // What asks whether the key has a handle has the same answer, and ends no wait.
            (command::MSG, payload)
                if payload == word::CONDITIONS_NOT_SATISFIED.to_be_bytes()
                    && (is_asked || self.unmet == Some(NOBODY)) =>
            {
                Some(NOBODY)
            }
            _ => None,
        };
        self.is_awaited = false;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(messages: &[(u8, &[u8], bool)]) -> Option<&'static str> {
        let mut user = User::default();
        for (command, payload, is_asked) in messages {
            user.answered(*command, payload, *is_asked);
        }
        user.unmet()
    }

    #[test]
    fn only_who_was_waited_for_did_not_come() {
        let waits = (command::KEEPALIVE, &[2][..], false);
        let timeout = (command::CBOR, &[0x2F][..], false);
        assert_eq!(after(&[waits, timeout]), Some("nobody touched the key in time"));
        assert_eq!(after(&[timeout]), None, "the key did not wait");
        assert_eq!(after(&[waits, timeout, (command::CBOR, &[0], false)]), None);
        assert_eq!(
            after(&[waits, (command::CBOR, &[0x27], false)]),
            Some("the user refused")
        );
    }

    #[test]
    fn a_key_of_u2f_waits_where_somebody_was_told_to_touch_it() {
        let polled = |is_asked| (command::MSG, &[0x69, 0x85][..], is_asked);
        assert_eq!(after(&[polled(false)]), None);
        assert!(after(&[polled(true)]).is_some());
        assert!(after(&[polled(true), polled(false)]).is_some());
        assert_eq!(after(&[polled(true), (command::MSG, &[0x90, 0], false)]), None);
    }
}
