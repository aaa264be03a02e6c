//! What a key does with its PIN: set it, change it, count the wrong ones (CTAP 2.3 §6.5.5).

use super::ctap2::{ClientPin, ClientPinResponse, Command as _, Info};
use super::error::{Error, Malformed};
use super::key::Key;
use super::pin::{MIN_LENGTH, Pin, PinError, PinRetries};
use super::pin_protocol::{EphemeralKey, KeyAgreementKey, NotOnCurve, PinProtocol, SharedSecret};
use super::status::Status;
use super::watch::Watch;

impl Pin {
    /// Whether its length, in code points, is right for a new PIN of a key with `info`.
    ///
    /// # Errors
    /// [`PinError::TooShort`] and [`PinError::TooLong`].
    pub fn check(&self, info: &Info) -> Result<(), PinError> {
        let length = self.length();
        let minimum = info.min_pin_length.unwrap_or(MIN_LENGTH);
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
    /// [`PinError::Unchanged`] too, where the key demands another PIN (§6.5.5.6).
    pub fn check_change(&self, old: &Self, info: &Info) -> Result<(), PinError> {
        match info.force_pin_change == Some(true) && self == old {
            true => Err(PinError::Unchanged),
            false => self.check(info),
        }
    }
}

/// What the platform has after a key agreement.
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

    /// Refuses where the key would not look at a PIN, so that the PIN is not sent for nothing.
    pub(super) fn check_retries(&mut self, watch: &mut dyn Watch) -> Result<PinRetries, Error> {
        match self.pin_retries(watch)? {
            PinRetries { left: 0, .. } => Err(Error::PinBlocked),
            PinRetries { power_cycle: true, .. } => Err(Error::PinAuthBlocked),
            retries => Ok(retries),
        }
    }

    /// Refuses a PIN that the key refused before. Each time that it is sent costs a try, and the last try costs the
    /// credentials.
    pub(super) fn check_refused(&mut self, pin: &Pin, retries: PinRetries) -> Result<(), Error> {
        match self.refused_pins().contains(pin) {
            true => Err(Error::WrongPin {
                left: Some(retries.left),
            }),
            false => Ok(()),
        }
    }

    /// Sends a request with `pin` in it, while `retries` are left. If the PIN is wrong, it is not sent again, and the
    /// error says how many tries are left.
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
            // Another error may have another reason. If a try is gone, the PIN was wrong.
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

    /// Agrees on a secret with the key.
    pub(super) fn agree(&mut self, watch: &mut dyn Watch) -> Result<Agreement, Error> {
        self.by_agreement(watch, |_, agreement, _| Ok(agreement))
    }

    /// Does `step` with the PIN/UV auth protocol that the key prefers. If the key fails with that one, tries the other.
    /// If both fail, the first error is returned.
    pub(super) fn by_agreement<T>(
        &mut self,
        watch: &mut dyn Watch,
        mut step: impl FnMut(&mut Self, Agreement, &mut dyn Watch) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let mut protocols = PinProtocol::known(self.ctap2_info()?.pin_uv_auth_protocols.as_deref());
        // The one that worked before goes first.
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
        let (secret, own) = EphemeralKey::generate()?
            .agree(protocol, &key)
            .map_err(|NotOnCurve| malformed(Malformed::Value("keyAgreement")))?;
        Ok(Agreement { secret, own })
    }
}

/// Whether another PIN/UV auth protocol may help: the key did not understand the request, or its answer cannot be
/// understood. A wrong PIN is no such error: it is not sent again.
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

/// Why a key with `info` refuses a new PIN whose length is right.
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
