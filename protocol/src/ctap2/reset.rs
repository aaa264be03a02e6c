//! authenticatorReset (CTAP 2.3 §6.6).

use crate::authenticator::Authenticator;
use crate::ctap2::pin_protocol::KeyAgreement;
use crate::limits::RESET_WINDOW;
use crate::platform::{Clock as _, Gesture, Operation, Platform, PresenceRequest, RelyingParty};
use crate::status::Status;

impl<P: Platform> Authenticator<P> {
    /// Forgets every credential, the PIN and the settings, after a touch, and only just after power-up.
    pub(super) fn reset(&mut self) -> Result<(), Status> {
        // A key without a display accepts a reset for 10 s. Later, malware could use a touch that the user means for
        // something else.
        if self.clock.now() > RESET_WINDOW {
            return Err(Status::NotAllowed);
        }
        // Where the settings cannot be read, the key asks for the longer touch.
        let long_touch = self.settings().map_or(true, |settings| settings.long_touch_for_reset);
        self.user_presence(&PresenceRequest {
            operation: Operation::Reset,
            gesture: if long_touch { Gesture::LongTouch } else { Gesture::Touch },
            relying_party: RelyingParty::None,
            user: None,
        })?;
        // What is volatile comes first: after the first change of the storage, nothing else may fail.
        self.key_agreement = KeyAgreement::new(&mut self.rng).map_err(|_| Status::Other)?;
        self.tokens.reset();
        match self.store.reset(&mut self.rng) {
            Ok(()) => {
                self.pin_mismatches = 0;
                Ok(())
            }
            // Nothing has changed, and the key can continue.
            Err(Status::KeyStoreFull) => Err(Status::Other),
            Err(status) => {
                self.reset_failed = true;
                Err(status)
            }
        }
    }
}
