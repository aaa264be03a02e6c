//! Getting a pinUvAuthToken from any key: by its own user verification, or by the PIN (CTAP 2.3 §6.5.5.7, §10.2.1).

use super::ctap2::{ClientPin, ClientPinResponse, Command as _, Info, Permissions};
use super::error::{Error, Malformed};
use super::interaction::{PinRequest, UserInteraction};
use super::key::Key;
use super::pin_management::Agreement;
use super::pin_protocol::{PinUvAuthToken, SharedSecret};
use super::status::Status;

impl Key {
    /// Gets a token with `permissions`, bound to `rp_id` where one is given. Unless the key verifies its user by
    /// itself, `user` is asked for the PIN, and again while it is wrong.
    ///
    /// Keys before CTAP 2.1 have no permissions: their token allows everything.
    ///
    /// # Errors
    /// The error that `user` returns instead of a PIN; [`Error::NoPin`]; [`Error::NotVerified`];
    /// [`Error::VerificationBlocked`]; [`Error::WrongPin`], also where the key refused the same PIN before, and was not
    /// sent it again; [`Error::MustChangePin`]; [`Error::PinBlocked`] or [`Error::PinAuthBlocked`] where no PIN would
    /// do; [`Error::Unsupported`] where the key knows no PINs; as [`Key::send`].
    pub fn token(
        &mut self,
        permissions: Permissions,
        rp_id: Option<&str>,
        user: &mut dyn UserInteraction,
    ) -> Result<PinUvAuthToken, Error> {
        let info = self.ctap2_info()?;
        let attempts = info.preferred_platform_uv_attempts.unwrap_or(1).clamp(1, 10);
        let mut failed = None;
        if verifies_by_itself(info, permissions) {
            for _ in 0..attempts {
                match self.token_by_itself(permissions, rp_id, user) {
                    Err(Error::Status {
                        status: Status::UvInvalid,
                        ..
                    }) => failed = Some(Error::NotVerified),
                    Err(Error::Status {
                        status: Status::UvBlocked,
                        ..
                    }) => {
                        failed = Some(Error::VerificationBlocked);
                        break;
                    }
                    Err(Error::Status {
                        status: Status::NotAllowed | Status::UnauthorizedPermission,
                        ..
                    }) => break,
                    result => return result,
                }
            }
        }
        match self.token_by_pin(permissions, rp_id, user) {
            Err(error @ (Error::NoPin | Error::Unsupported { .. })) => Err(failed.unwrap_or(error)),
            result => result,
        }
    }

    fn token_by_itself(
        &mut self,
        permissions: Permissions,
        rp_id: Option<&str>,
        user: &mut dyn UserInteraction,
    ) -> Result<PinUvAuthToken, Error> {
        self.by_agreement(user, |key, Agreement { secret, own }, watch| {
            let request = ClientPin::GetPinUvAuthToken {
                protocol: secret.protocol(),
                key_agreement: own,
                pin_hash: None,
                permissions,
                rp_id: rp_id.map(str::to_owned),
            };
            let answer = key.send(&request, watch)?;
            token_in(&answer, &secret)
        })
    }

    fn token_by_pin(
        &mut self,
        permissions: Permissions,
        rp_id: Option<&str>,
        user: &mut dyn UserInteraction,
    ) -> Result<PinUvAuthToken, Error> {
        let info = self.ctap2_info()?;
        let knows_permissions = info.has("pinUvAuthToken");
        match info.options.get("clientPin") {
            None => return Err(Error::Unsupported { what: "a PIN" }),
            Some(false) => return Err(Error::NoPin),
            Some(true) => {}
        }
        let mut again = false;
        loop {
            let retries = self.check_retries(user)?;
            let pin = user.pin(&PinRequest { retries, again })?;
            self.check_refused(&pin, retries)?;
            let token = self.by_agreement(user, |key, Agreement { secret, own }, watch| {
                let (protocol, pin_hash) = (secret.protocol(), pin.encrypted_hash(&secret)?);
                let request = if knows_permissions {
                    ClientPin::GetPinUvAuthToken {
                        protocol,
                        key_agreement: own,
                        pin_hash: Some(pin_hash),
                        permissions,
                        rp_id: rp_id.map(str::to_owned),
                    }
                } else {
                    ClientPin::GetPinToken {
                        protocol,
                        key_agreement: own,
                        pin_hash,
                    }
                };
                let answer = key.send_pin(&pin, retries, &request, watch)?;
                token_in(&answer, &secret)
            });
            match token {
                // A key of CTAP 2.0 has no other way to say that the PIN must be changed: the PIN may be right.
                Err(Error::WrongPin { .. }) if self.must_change_pin() && !knows_permissions => {
                    self.refused_pins().pop();
                    return Err(Error::MustChangePin);
                }
                Err(Error::WrongPin { left }) if user.can_try_again() && left != Some(0) => again = true,
                Err(Error::Status {
                    status: Status::PinPolicyViolation,
                    ..
                }) => return Err(Error::MustChangePin),
                result => return result,
            }
        }
    }

    fn must_change_pin(&self) -> bool {
        self.info().is_some_and(|info| info.force_pin_change == Some(true))
    }
}

/// The token in an answer.
fn token_in(answer: &ClientPinResponse, secret: &SharedSecret) -> Result<PinUvAuthToken, Error> {
    let token = answer.pin_uv_auth_token.as_deref();
    token
        .and_then(|token| PinUvAuthToken::new(secret.protocol(), secret.decrypt(token)?))
        .ok_or(Error::Malformed {
            command: ClientPin::NAME,
            why: Malformed::Value("pinUvAuthToken"),
        })
}

/// Whether the key's own user verification is set up, and may give all of `permissions` (CTAP 2.3 §6.5.5.7.3).
fn verifies_by_itself(info: &Info, permissions: Permissions) -> bool {
    info.has("uv")
        && info.has("pinUvAuthToken")
        && (info.has("uvAcfg") || !permissions.contains(Permissions::AUTHENTICATOR_CONFIG))
}

#[cfg(test)]
mod tests;
