//! A PIN: how the standard has it written, hashed and encrypted (CTAP 2.3 §6.5.1, §6.5.5).

use std::fmt;

use sha2::{Digest as _, Sha256};
use thiserror::Error;
use unicode_normalization::UnicodeNormalization as _;
use zeroize::Zeroizing;

use super::pin_protocol::SharedSecret;

/// The longest PIN, in bytes of UTF-8 (§6.5.1).
const MAX_BYTES: usize = 63;

/// The shortest PIN, in code points (§6.5.1).
pub(super) const MIN_LENGTH: u64 = 4;

/// A PIN in Normalization Form C, of 4 code points or more, and 63 bytes or fewer. Zeroized when dropped.
#[derive(Clone)]
pub struct Pin(Zeroizing<String>);

/// In constant time: compares all of the two hashes.
impl PartialEq for Pin {
    fn eq(&self, other: &Self) -> bool {
        let mut hashes = Zeroizing::new([[0; 16]; 2]);
        let [one, two] = &mut *hashes;
        self.write_hash(one);
        other.write_hash(two);
        let pairs = one.iter().zip(two.iter());
        pairs.fold(0, |difference, (one, other)| difference | (one ^ other)) == 0
    }
}

impl Eq for Pin {}

impl Pin {
    /// The PIN that a person typed, in any normalization form.
    ///
    /// # Errors
    /// [`PinError`] where no key can have such a PIN.
    pub fn new(typed: &str) -> Result<Self, PinError> {
        // Normalization may triple the length. Growing would leave copies in memory.
        let mut text = Zeroizing::new(String::with_capacity(3 * typed.len()));
        text.extend(typed.nfc());
        if text.is_empty() {
            Err(PinError::Empty)
        } else if text.len() > MAX_BYTES {
            Err(PinError::TooManyBytes { length: text.len() })
        } else if text.contains('\0') {
            Err(PinError::Zero)
        } else {
            let pin = Self(text);
            match pin.length() < MIN_LENGTH {
                true => Err(PinError::TooFewCharacters),
                false => Ok(pin),
            }
        }
    }

    /// Its length in code points, as the standard counts.
    pub(super) fn length(&self) -> u64 {
        u64::try_from(self.0.chars().count()).unwrap_or(u64::MAX)
    }

    /// Writes LEFT(SHA-256(PIN), 16), which the key compares, to `hash`. Returned by value, it would leave copies in
    /// memory.
    fn write_hash(&self, hash: &mut [u8; 16]) {
        let digest = Zeroizing::new(<[u8; 32]>::from(Sha256::digest(self.0.as_bytes())));
        hash.copy_from_slice(&digest[..16]);
    }

    /// Writes the PIN, padded with zeros to 64 bytes, to `padded`.
    fn write_padded(&self, padded: &mut [u8; 64]) {
        let (text, zeros) = padded.split_at_mut(self.0.len().min(MAX_BYTES));
        text.copy_from_slice(&self.0.as_bytes()[..text.len()]);
        zeros.fill(0);
    }

    /// `newPinEnc`.
    pub(super) fn encrypted(&self, secret: &SharedSecret) -> Result<Vec<u8>, getrandom::Error> {
        let mut padded = Zeroizing::new([0; 64]);
        self.write_padded(&mut padded);
        secret.encrypt(&padded)
    }

    /// `pinHashEnc`.
    pub(super) fn encrypted_hash(&self, secret: &SharedSecret) -> Result<Vec<u8>, getrandom::Error> {
        let mut hash = Zeroizing::new([0; 16]);
        self.write_hash(&mut hash);
        secret.encrypt(&hash)
    }
}

impl fmt::Debug for Pin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pin(..)")
    }
}

/// Why a text cannot be the PIN of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum PinError {
    /// It is empty.
    #[error("the PIN is empty")]
    Empty,
    /// It has fewer than four characters.
    #[error("the PIN is too short: that of a security key has at least {MIN_LENGTH} characters")]
    TooFewCharacters,
    /// It has more than 63 bytes.
    #[error("the PIN takes {length} bytes, and no security key takes more than {MAX_BYTES}")]
    TooManyBytes {
        /// Its length after normalization.
        length: usize,
    },
    /// It contains a zero, with which the standard pads PINs.
    #[error("the PIN contains a zero character")]
    Zero,
    /// It has fewer characters than this key asks for.
    #[error("the PIN is too short: this security key asks for at least {minimum} characters")]
    TooShort {
        /// `minPINLength`.
        minimum: u64,
    },
    /// This key refuses simple ones, such as 1111 and 1234.
    #[error("the PIN is too simple for this security key")]
    TooSimple,
    /// It is the old one, and the key asks for another.
    #[error("the new PIN is the old one, and the security key asks for another")]
    Unchanged,
    /// It has more characters than this key takes.
    #[error("the PIN is too long: this security key takes at most {maximum} characters")]
    TooLong {
        /// `maxPINLength`.
        maximum: u64,
    },
}

/// How many wrong PINs a key still takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PinRetries {
    /// How many before only a reset helps.
    pub left: u64,
    /// Three in a row were wrong: the key accepts none until it is unplugged and plugged in again.
    pub power_cycle: bool,
}

#[cfg(test)]
mod tests;
