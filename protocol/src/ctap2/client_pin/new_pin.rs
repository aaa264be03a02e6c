//! What a PIN may be (CTAP 2.3 §6.5.1, and §6.5.5.5 steps 6 to 10).

use zeroize::Zeroizing;

use crate::crypto::sha256;
use crate::ctap2::pin_protocol::SharedSecret;
use crate::limits::{MAX_PIN_LENGTH, PADDED_PIN};
use crate::status::Status;
use crate::store::Settings;

/// A PIN that follows the rules, in the form in which the key keeps it.
pub(super) struct NewPin {
    /// LEFT(SHA-256(PIN), 16).
    pub(super) hash: Zeroizing<[u8; 16]>,
    pub(super) code_points: u8,
}

impl NewPin {
    /// Decrypts `newPinEnc`.
    ///
    /// # Errors
    /// [`Status::PinAuthInvalid`] where it cannot be decrypted, [`Status::InvalidParameter`] where the padded PIN is
    /// shorter than 64 bytes, [`Status::PinPolicyViolation`] for a PIN that breaks a rule.
    pub(super) fn decrypt(shared: &SharedSecret, new_pin_enc: &[u8], settings: &Settings) -> Result<Self, Status> {
        let length = shared.protocol().plaintext_length(new_pin_enc.len());
        match length.ok_or(Status::PinAuthInvalid)? {
            ..PADDED_PIN => return Err(Status::InvalidParameter),
            PADDED_PIN => {}
            // The standard's text has the error above, but its conformance test expects this one.
            _ => return Err(Status::PinPolicyViolation),
        }
        let mut padded = Zeroizing::new([0; PADDED_PIN]);
        let padded = shared
            .decrypt(new_pin_enc, &mut *padded)
            .ok_or(Status::PinAuthInvalid)?;
        let end = padded.iter().rposition(|&byte| byte != 0).map_or(0, |last| last + 1);
        let pin = padded.get(..end).and_then(|pin| core::str::from_utf8(pin).ok());
        Self::new(pin.ok_or(Status::PinPolicyViolation)?, settings).ok_or(Status::PinPolicyViolation)
    }

    fn new(pin: &str, settings: &Settings) -> Option<Self> {
        // The limit in bytes is that in code points, so that the last byte of the padding is zero.
        if pin.len() > MAX_PIN_LENGTH.into() {
            return None;
        }
        let code_points = u8::try_from(pin.chars().count()).ok()?;
        if code_points < settings.min_pin_length || settings.pin_complexity && is_simple(pin) {
            return None;
        }
        let digest = Zeroizing::new(sha256(&[pin.as_bytes()]));
        Some(Self {
            hash: Zeroizing::new(*digest.first_chunk()?),
            code_points,
        })
    }
}

/// This key's complexity policy (`pinComplexityPolicy`): a PIN is too simple where all its code points are the same,
/// or each is the one after or the one before its neighbour: 1111, 1234, dcba.
fn is_simple(pin: &str) -> bool {
    let code_points = || pin.chars().map(|code_point| i64::from(u32::from(code_point)));
    let mut steps = code_points()
        .skip(1)
        .zip(code_points())
        .map(|(next, before)| next - before);
    match steps.next() {
        Some(first @ -1..=1) => steps.all(|step| step == first),
        Some(_) => false,
        None => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_code_points_and_sequences_are_simple() {
        for simple in [
            "0000", "1234", "4321", "aaaaaa", "abcdef", "zyxw", "ääää", "١٢٣٤", "89:;", "7",
        ] {
            assert!(is_simple(simple), "{simple}");
        }
        for other in [
            "1233", "1357", "1235", "7890", "4711", "abcb", "1212", "12345679", "Abcd",
        ] {
            assert!(!is_simple(other), "{other}");
        }
    }

    #[test]
    fn simple_pins_pass_while_the_policy_is_off() {
        let mut settings = Settings::default();
        assert!(NewPin::new("1111", &settings).is_some());
        settings.pin_complexity = true;
        assert!(NewPin::new("1111", &settings).is_none());
        assert!(NewPin::new("1117", &settings).is_some());
    }
}
