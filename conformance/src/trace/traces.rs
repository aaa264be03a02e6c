//! What an exchange leaves on the key.

use ciborium::Value;

use crate::host::command;

/// What is on the key that was not there when it was new.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Left {
    /// A PIN, a discoverable credential, a setting or a large blob: authenticatorReset erases it.
    pub fido: bool,
    /// Of that, a PIN.
    pub pin: bool,
    /// An account or an access code: the reset of the one-time codes erases it.
    pub oath: bool,
}

impl Left {
    /// A key of which nothing is known.
    pub const UNKNOWN: Self = Self {
        fido: true,
        pin: false,
        oath: true,
    };

    /// Whether the key is as new.
    #[must_use]
    pub fn is_nothing(self) -> bool {
        !self.fido && !self.oath
    }
}

/// Whether a check did anything that its key's owner would notice: tried a PIN, kept something, or reset the key.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Touched(pub bool);

/// Whether a request asks for a reset (CTAP 2.3 §6.6; the OATH applet's RESET has the instruction 0x04).
pub(super) fn resets(command: u8, request: &[u8]) -> bool {
    match command {
        command::CBOR => request.first() == Some(&0x07),
        command::OATH => request.get(1) == Some(&0x04),
        _ => false,
    }
}

/// Whether the key says that it waits for its user: a keepalive (CTAP 2.3 §11.2.9.1.7), or 6985 to a U2F message that
/// wants a touch, which check-only (P1 07) does not.
pub(super) fn asks(command: u8, message: &[u8], request: Option<&[u8]>) -> bool {
    match command {
        command::KEEPALIVE => message == [0x02],
        command::MSG => {
            message == [0x69, 0x85] && request.is_some_and(|request| matches!(request, [_, 1 | 2, p1, ..] if *p1 != 7))
        }
        _ => false,
    }
}

/// Takes account of an answer to `request`.
pub(super) fn answered(command: u8, request: &[u8], answer: &[u8], left: &mut Left, touched: &mut Touched) {
    match command {
        command::CBOR => ctap2(request, answer.first() == Some(&0), left, touched),
        // PUT, DELETE, SET CODE, RESET and RENAME; other instructions only ask.
        command::OATH => match request.get(1) {
            Some(0x04) if answer.ends_with(&[0x90, 0x00]) => {
                left.oath = false;
                touched.0 = true;
            }
            Some(0x01..=0x05) => {
                left.oath = true;
                touched.0 = true;
            }
            // A counter moves on with each code.
            Some(0xA2) => left.oath = true,
            _ => {}
        },
        _ => {}
    }
}

fn ctap2(request: &[u8], is_ok: bool, left: &mut Left, touched: &mut Touched) {
    let Some((command, body)) = request.split_first() else {
        return;
    };
    let parameters = ciborium::from_reader::<Value, _>(body).unwrap_or(Value::Null);
    let member = |key: u8| {
        let members = parameters.as_map()?;
        members
            .iter()
            .find(|(name, _)| *name == Value::from(key))
            .map(|(_, value)| value)
    };
    let sub_command = |key| member(key).and_then(Value::as_integer).map_or(0, i128::from);
    let changes = match command {
        // An account that the key keeps: the option rk.
        0x01 => is_ok && member(0x07).and_then(|options| option(options, "rk")) == Some(true),
        // setPIN, changePIN, and both ways to try a PIN. A wrong one takes a retry away.
        0x06 => {
            left.pin |= is_ok && sub_command(0x02) == 3;
            matches!(sub_command(0x02), 3 | 4 | 5 | 9)
        }
        0x07 => {
            touched.0 = true;
            if is_ok {
                (left.fido, left.pin) = (false, false);
            }
            false
        }
        // deleteCredential and updateUserInformation.
        0x0A => is_ok && matches!(sub_command(0x01), 6 | 7),
        0x0C => is_ok && member(0x02).is_some(),
        0x0D => is_ok,
        _ => false,
    };
    left.fido |= changes;
    touched.0 |= changes;
}

fn option(options: &Value, name: &str) -> Option<bool> {
    let mut options = options.as_map()?.iter();
    options.find(|(key, _)| key.as_text() == Some(name))?.1.as_bool()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::ctap2::{GET_INFO, RESET, make_credential, make_discoverable};

    fn after(request: &[u8], status: u8) -> (Left, bool) {
        let (mut left, mut touched) = (Left::default(), Touched::default());
        answered(command::CBOR, request, &[status], &mut left, &mut touched);
        (left, touched.0)
    }

    #[test]
    fn only_what_a_key_keeps_is_left() {
        assert_eq!(after(GET_INFO, 0), (Left::default(), false));
        assert_eq!(
            after(&make_credential("a.example", b"1").encode(), 0),
            (Left::default(), false)
        );
        let kept = make_discoverable("a.example", b"1").encode();
        assert!(after(&kept, 0).0.fido && after(&kept, 0).1);
        assert_eq!(after(&kept, 0x27), (Left::default(), false));
    }

    #[test]
    fn a_pin_that_is_tried_is_noticed_and_a_reset_forgets_it() {
        let set = crate::host::client_pin::client_pin(3).encode();
        let (mut left, mut touched) = (Left::default(), Touched::default());
        answered(command::CBOR, &set, &[0], &mut left, &mut touched);
        assert!(left.pin && left.fido);
        let wrong = crate::host::client_pin::client_pin(5).encode();
        assert!(after(&wrong, 0x31).0.fido);
        answered(command::CBOR, RESET, &[0], &mut left, &mut touched);
        assert!(left.is_nothing() && !left.pin && touched.0);
    }
}
