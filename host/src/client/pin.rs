//! The PIN of a key: as the standard has it written, and what is done with it (CTAP 2.3 §6.5.1, §6.5.5).

use std::fmt;

use sha2::{Digest as _, Sha256};
use thiserror::Error as ThisError;
use unicode_normalization::UnicodeNormalization as _;
use zeroize::Zeroizing;

use super::ctap2::{ClientPin, ClientPinResponse, Command as _, Info, Status};
use super::error::{Error, Malformed};
use super::key::Key;
use super::pin_protocol::{KeyAgreementKey, NotOnCurve};
use super::pin_protocol::{PinProtocol, Platform, SharedSecret};
use super::watch::Watch;

/// The longest PIN, in bytes of UTF-8 (§6.5.1).
const MAX_BYTES: usize = 63;
/// The shortest PIN where the key does not say, in code points.
const DEFAULT_MIN_LENGTH: u64 = 4;

/// A PIN in Normalization Form C. Zeroized when dropped.
#[derive(Clone)]
pub struct Pin(Zeroizing<String>);

/// In constant time: the hashes are compared, and all of them.
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
    /// The PIN that a person typed, in whatever form their keyboard gives it.
    ///
    /// # Errors
    /// [`PinError`] where no key can have such a PIN.
    pub fn new(typed: &str) -> Result<Self, PinError> {
        // Normalization may triple the length; growing would leave copies behind.
        let mut text = Zeroizing::new(String::with_capacity(3 * typed.len()));
        text.extend(typed.nfc());
        if text.is_empty() {
            Err(PinError::Empty)
        } else if text.len() > MAX_BYTES {
            Err(PinError::TooManyBytes { length: text.len() })
        } else if text.contains('\0') {
            Err(PinError::Zero)
        } else {
            Ok(Self(text))
        }
    }

    /// Whether a key with `info` takes it as a new PIN, as far as lengths go: they are in code points.
    ///
    /// # Errors
    /// [`PinError::TooShort`] and [`PinError::TooLong`].
    pub fn check(&self, info: &Info) -> Result<(), PinError> {
        let length = u64::try_from(self.0.chars().count()).unwrap_or(u64::MAX);
        let minimum = info.min_pin_length.unwrap_or(DEFAULT_MIN_LENGTH);
        let maximum = info.max_pin_length.unwrap_or(u64::MAX);
        if length < minimum {
            Err(PinError::TooShort { minimum })
        } else if length > maximum {
            Err(PinError::TooLong { maximum })
        } else {
            Ok(())
        }
    }

    /// As [`check`](Self::check), for a PIN that takes the place of `old`.
    ///
    /// # Errors
    /// [`PinError::Unchanged`] too, where the key has another PIN demanded (§6.5.5.6).
    pub fn check_change(&self, old: &Self, info: &Info) -> Result<(), PinError> {
        match info.force_pin_change == Some(true) && self == old {
            true => Err(PinError::Unchanged),
            false => self.check(info),
        }
    }

    /// LEFT(SHA-256(PIN), 16), which the key compares, written to `hash`. What is returned by value leaves copies behind.
    fn write_hash(&self, hash: &mut [u8; 16]) {
        let digest = Zeroizing::new(<[u8; 32]>::from(Sha256::digest(self.0.as_bytes())));
        hash.copy_from_slice(&digest[..16]);
    }

    /// Filled up with zeros to 64 bytes, of which the key stores the hash, written to `padded`.
    fn write_padded(&self, padded: &mut [u8; 64]) {
        let (text, zeros) = padded.split_at_mut(self.0.len().min(MAX_BYTES));
        text.copy_from_slice(&self.0.as_bytes()[..text.len()]);
        zeros.fill(0);
    }

    /// `newPinEnc`.
    fn encrypted(&self, secret: &SharedSecret) -> Result<Vec<u8>, Error> {
        let mut padded = Zeroizing::new([0; 64]);
        self.write_padded(&mut padded);
        Ok(secret.encrypt(&padded)?)
    }

    /// `pinHashEnc`.
    pub(super) fn encrypted_hash(&self, secret: &SharedSecret) -> Result<Vec<u8>, Error> {
        let mut hash = Zeroizing::new([0; 16]);
        self.write_hash(&mut hash);
        Ok(secret.encrypt(&hash)?)
    }
}

impl fmt::Debug for Pin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pin(..)")
    }
}

/// Why a text is no PIN for a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ThisError)]
pub enum PinError {
    /// There is nothing.
    #[error("the PIN is empty")]
    Empty,
    /// It has more than 63 bytes.
    #[error("the PIN takes {length} bytes, and no security key takes more than {MAX_BYTES}")]
    TooManyBytes {
        /// So many, after normalization.
        length: usize,
    },
    /// It contains a zero, which the standard fills PINs up with.
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
    /// It is the old one, and there shall be another.
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
    /// Until only a reset helps.
    pub left: u64,
    /// The key takes none at all before it was unplugged: three in a row were wrong.
    pub power_cycle: bool,
}

/// A key agreement, as far as the platform's part goes.
pub(super) struct Agreement {
    pub(super) secret: SharedSecret,
    pub(super) own: KeyAgreementKey,
}

impl Key {
    /// How many wrong PINs the key still takes.
    ///
    /// # Errors
    /// As [`Key::send`]; [`Error::Malformed`] where the key does not say.
    pub fn pin_retries(&mut self, watch: &mut dyn Watch) -> Result<PinRetries, Error> {
        let answer = self.send(&ClientPin::GetPinRetries, watch)?;
        Ok(PinRetries {
            left: answer
                .pin_retries
                .ok_or_else(|| malformed(Malformed::Missing("pinRetries")))?,
            power_cycle: answer.power_cycle_state == Some(true),
        })
    }

    /// Gives the key its first PIN.
    ///
    /// # Errors
    /// [`Error::Pin`] where the PIN is too short or too long for this key; [`Error::Status`] with `PIN_AUTH_INVALID`
    /// where it has one already, and with `PIN_POLICY_VIOLATION` where the PIN is too simple; as [`Key::send`].
    pub fn set_pin(&mut self, pin: &Pin, watch: &mut dyn Watch) -> Result<(), Error> {
        let info = self.ctap2_info()?;
        pin.check(info)?;
        let refused = refusal(info);
        self.by_agreement(watch, |key, Agreement { secret, own }, watch| {
            let new_pin = pin.encrypted(&secret)?;
            let request = ClientPin::SetPin {
                protocol: secret.protocol(),
                key_agreement: own,
                param: secret.authenticate(&[&new_pin]),
                new_pin,
            };
            key.send(&request, watch)
        })
        .map_err(refused)?;
        self.refused_pins().clear();
        self.refresh()
    }

    /// Gives the key another PIN.
    ///
    /// # Errors
    /// [`Error::WrongPin`] where `pin` is not its PIN, or was refused before; otherwise as [`set_pin`](Self::set_pin).
    pub fn change_pin(&mut self, pin: &Pin, new_pin: &Pin, watch: &mut dyn Watch) -> Result<(), Error> {
        let info = self.ctap2_info()?;
        new_pin.check_change(pin, info)?;
        let refused = refusal(info);
        let is_same = pin == new_pin;
        let retries = self.check_retries(watch)?;
        self.check_refused(pin, retries)?;
        self.by_agreement(watch, |key, Agreement { secret, own }, watch| {
            let new_pin = new_pin.encrypted(&secret)?;
            let pin_hash = pin.encrypted_hash(&secret)?;
            let request = ClientPin::ChangePin {
                protocol: secret.protocol(),
                key_agreement: own,
                param: secret.authenticate(&[&new_pin, &pin_hash]),
                new_pin,
                pin_hash,
            };
            key.send_pin(pin, retries, &request, watch)
        })
        .map_err(|error| match refused(error) {
            Error::Pin(_) if is_same => PinError::Unchanged.into(),
            error => error,
        })?;
        self.refused_pins().clear();
        self.refresh()
    }

    /// Refuses where the key would not look at a PIN: it would only be given away.
    pub(super) fn check_retries(&mut self, watch: &mut dyn Watch) -> Result<PinRetries, Error> {
        match self.pin_retries(watch)? {
            PinRetries { left: 0, .. } => Err(Error::PinBlocked),
            PinRetries { power_cycle: true, .. } => Err(Error::PinAuthBlocked),
            retries => Ok(retries),
        }
    }

    /// Refuses a PIN that the key refused before: each time that it is sent takes a try, and the last one the key.
    pub(super) fn check_refused(&mut self, pin: &Pin, retries: PinRetries) -> Result<(), Error> {
        match self.refused_pins().contains(pin) {
            true => Err(Error::WrongPin {
                left: Some(retries.left),
            }),
            false => Ok(()),
        }
    }

    /// Sends what has `pin` in it, where so many `retries` are left. Where the PIN is wrong, the key is not sent it
    /// again, and the error says how many tries are left.
    pub(super) fn send_pin(
        &mut self,
        pin: &Pin,
        retries: PinRetries,
        request: &ClientPin,
        watch: &mut dyn Watch,
    ) -> Result<ClientPinResponse, Error> {
        let result = match self.send(request, watch) {
            Err(Error::Status {
                status: Status::PinInvalid,
                ..
            }) => Err(Error::WrongPin {
                left: self.pin_retries(watch).ok().map(|retries| retries.left),
            }),
            // Another error may have another reason. A try that is gone tells what it is.
            Err(error @ (Error::Status { .. } | Error::Malformed { .. })) => match self.pin_retries(watch) {
                Ok(PinRetries { left, .. }) if left < retries.left => Err(Error::WrongPin { left: Some(left) }),
                _ => Err(error),
            },
            result => result,
        };
        if let Err(Error::WrongPin { .. } | Error::PinBlocked | Error::PinAuthBlocked) = &result {
            self.refused_pins().push(pin.clone());
        }
        result
    }

    /// getKeyAgreement and the platform's part in it.
    pub(super) fn agree(&mut self, watch: &mut dyn Watch) -> Result<Agreement, Error> {
        self.by_agreement(watch, |_, agreement, _| Ok(agreement))
    }

    /// Does `step` under the PIN/UV auth protocol that the key prefers, or, where the key fails under that one, under
    /// its other. What failed first is the error where both do.
    pub(super) fn by_agreement<T>(
        &mut self,
        watch: &mut dyn Watch,
        mut step: impl FnMut(&mut Self, Agreement, &mut dyn Watch) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let mut protocols = PinProtocol::of(self.ctap2_info()?);
        // The one that worked goes first from then on.
        protocols.sort_by_key(|protocol| Some(*protocol) != self.proven_protocol);
        let mut failure = Error::Unsupported {
            what: "PIN/UV auth protocol one or two",
        };
        for (index, protocol) in protocols.into_iter().enumerate() {
            let agreed = self.agree_under(protocol, watch);
            match agreed.and_then(|agreement| step(self, agreement, watch)) {
                Ok(done) => {
                    self.proven_protocol = Some(protocol);
                    return Ok(done);
                }
                Err(error) if !is_of_the_protocol(&error) => return Err(error),
                Err(error) if index == 0 => failure = error,
                Err(_) => {}
            }
        }
        Err(failure)
    }

    fn agree_under(&mut self, protocol: PinProtocol, watch: &mut dyn Watch) -> Result<Agreement, Error> {
        let answer = self.send(&ClientPin::GetKeyAgreement { protocol }, watch)?;
        let key = answer
            .key_agreement
            .ok_or_else(|| malformed(Malformed::Missing("keyAgreement")))?;
        let (secret, own) = Platform::generate()?
            .agree(protocol, &key)
            .map_err(|NotOnCurve| malformed(Malformed::Value("keyAgreement")))?;
        Ok(Agreement { secret, own })
    }
}

/// Whether a key may do better under another PIN/UV auth protocol: it did not understand the request, or its answer
/// cannot be understood. A PIN that was found wrong is no such error: it is not sent again.
fn is_of_the_protocol(error: &Error) -> bool {
    match error {
        Error::Malformed { .. } => true,
        Error::Status { status, .. } => matches!(
            status,
            Status::InvalidCommand
                | Status::InvalidParameter
                | Status::InvalidLength
                | Status::CborUnexpectedType
                | Status::InvalidCbor
                | Status::MissingParameter
                | Status::PinAuthInvalid
                | Status::InvalidSubcommand
                | Status::Other
        ),
        _ => false,
    }
}

/// What a key with `info` means that refuses a new PIN whose length is right.
fn refusal(info: &Info) -> impl Fn(Error) -> Error + use<> {
    let is_strict = info.pin_complexity_policy == Some(true);
    move |error| match error {
        Error::Status {
            status: Status::PinPolicyViolation,
            ..
        } if is_strict => PinError::TooSimple.into(),
        error => error,
    }
}

fn malformed(why: Malformed) -> Error {
    Error::Malformed {
        command: ClientPin::NAME,
        why,
    }
}

#[cfg(test)]
mod tests;
