//! setPIN and changePIN (CTAP 2.3 §6.5.5.5, §6.5.5.6).

use super::new_pin::NewPin;
use super::{Parameters, supported};
use crate::authenticator::Authenticator;
use crate::ctap2::parameters::required;
use crate::platform::Platform;
use crate::status::Status;

impl<P: Platform> Authenticator<P> {
    /// setPIN: the first PIN.
    pub(super) fn set_pin(&mut self, request: &Parameters<'_>) -> Result<(), Status> {
        // Steps 1 and 2: the parameters.
        let number = required(request.protocol)?;
        let platform_key = required(request.key_agreement)?;
        let param = required(request.pin_uv_auth_param)?;
        let new_pin_enc = required(request.new_pin_enc)?;
        let protocol = supported(number)?;
        // Step 3: there is a PIN already.
        let mut pin = self.pin()?;
        if pin.is_set() {
            return Err(Status::PinAuthInvalid);
        }
        // Steps 4 and 5: the shared secret, and the proof that the platform has it.
        let shared = self.key_agreement.shared_secret(protocol, platform_key)?;
        if !shared.verify(&[new_pin_enc], param) {
            return Err(Status::PinAuthInvalid);
        }
        // Steps 6 to 12.
        let new = NewPin::decrypt(&shared, new_pin_enc, &self.settings()?)?;
        pin.set(&self.store.secret, &new.hash, new.code_points);
        self.write_pin(&pin)
    }

    /// changePIN: another PIN, for a user who knows the old one.
    pub(super) fn change_pin(&mut self, request: &Parameters<'_>) -> Result<(), Status> {
        // Steps 1 and 2: the parameters.
        let number = required(request.protocol)?;
        let platform_key = required(request.key_agreement)?;
        let param = required(request.pin_uv_auth_param)?;
        let new_pin_enc = required(request.new_pin_enc)?;
        let pin_hash_enc = required(request.pin_hash_enc)?;
        let protocol = supported(number)?;
        // Step 3: blocked.
        let mut pin = self.pin_to_try()?;
        // Steps 4 and 5: a request that does not prove knowledge of the shared secret costs no retry.
        let shared = self.key_agreement.shared_secret(protocol, platform_key)?;
        if !shared.verify(&[new_pin_enc, pin_hash_enc], param) {
            return Err(Status::PinAuthInvalid);
        }
        // Steps 6 to 8: the old PIN.
        self.try_pin(&mut pin, &shared, pin_hash_enc)?;
        // Steps 9 to 14: the new PIN. After a forced change it must be another one.
        let new = NewPin::decrypt(&shared, new_pin_enc, &self.settings()?)?;
        if pin.force_change && pin.matches(&self.store.secret, &new.hash) {
            return Err(Status::PinPolicyViolation);
        }
        // Steps 15 to 20: the tokens in use end first. Then one write ends the old PIN and the persistent token.
        self.tokens.reset();
        pin.set(&self.store.secret, &new.hash, new.code_points);
        pin.renew_persistent_token();
        self.write_pin(&pin)
    }
}
