//! Trying a PIN (CTAP 2.3 §6.5.5.6 and §6.5.5.7), and counting the attempts.

use zeroize::Zeroizing;

use crate::authenticator::Authenticator;
use crate::ctap2::pin_protocol::SharedSecret;
use crate::limits::{PIN_MISMATCHES, PIN_RETRIES};
use crate::platform::Platform;
use crate::status::{Status, key_store_error};
use crate::store::Pin;

impl<P: Platform> Authenticator<P> {
    /// The PIN, if it may be tried now. A PIN that is blocked for good is reported as such, also where the key needs a
    /// power cycle too.
    pub(super) fn pin_to_try(&mut self) -> Result<Pin, Status> {
        let pin = self.pin()?;
        if !pin.is_set() {
            return Err(Status::PinNotSet);
        }
        if pin.retries == 0 {
            return Err(Status::PinBlocked);
        }
        if self.pin_mismatches >= PIN_MISMATCHES {
            return Err(Status::PinAuthBlocked);
        }
        Ok(pin)
    }

    /// Compares what the platform sent with the PIN, after [`Self::pin_to_try`]. The right PIN restores all retries, in
    /// storage and in `pin`.
    pub(super) fn try_pin(&mut self, pin: &mut Pin, shared: &SharedSecret, pin_hash_enc: &[u8]) -> Result<(), Status> {
        // The retry is removed from the storage before anything depends on the PIN, and read back: whoever cuts the
        // power, or makes a write fail, gets no other guess.
        pin.retries = pin.retries.checked_sub(1).ok_or(Status::PinBlocked)?;
        self.write_pin(pin)?;
        if self.pin()? != *pin {
            return Err(Status::Other);
        }

        let mut hash = Zeroizing::new([0; 16]);
        let decrypted = shared.decrypt(pin_hash_enc, &mut *hash);
        let has_its_length = decrypted.is_some_and(|hash| hash.len() == 16);
        if !(has_its_length && pin.matches(&self.store.secret, &hash)) {
            self.pin_mismatches = self.pin_mismatches.saturating_add(1);
            let rng = &mut self.rng;
            self.key_agreement
                .regenerate(shared.protocol(), rng)
                .map_err(|_| Status::Other)?;
            return Err(match (pin.retries, self.pin_mismatches) {
                (0, _) => Status::PinBlocked,
                (_, PIN_MISMATCHES..) => Status::PinAuthBlocked,
                _ => Status::PinInvalid,
            });
        }

        self.pin_mismatches = 0;
        pin.retries = PIN_RETRIES;
        pin.uv_failures = 0;
        self.write_pin(pin)
    }

    /// Writes the PIN's record.
    pub(in crate::ctap2) fn write_pin(&mut self, pin: &Pin) -> Result<(), Status> {
        self.store.write_pin(pin).map_err(key_store_error)
    }
}
