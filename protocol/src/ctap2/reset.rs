//! authenticatorReset (CTAP 2.3 §6.6).

use crate::authenticator::Authenticator;
use crate::ctap2::pin_protocol::KeyAgreement;
use crate::limits::RESET_WINDOW;
use crate::platform::{Clock as _, Gesture, Operation, Platform, PresenceRequest, RelyingParty};
use crate::status::Status;

impl<P: Platform> Authenticator<P> {
    /// Forgets every credential, the PIN and the settings, after a touch, and only just after power-up.
    pub(super) fn reset(&mut self) -> Result<(), Status> {
        // A key without a display listens for 10 s: longer, and malware could trick the user's next touch into it.
        if self.clock.now() > RESET_WINDOW {
            return Err(Status::NotAllowed);
        }
        // Where the settings cannot be read, the user does more rather than less.
        let long_touch = self.settings().map_or(true, |settings| settings.long_touch_for_reset);
        self.user_presence(&PresenceRequest {
            operation: Operation::Reset,
            gesture: if long_touch { Gesture::LongTouch } else { Gesture::Touch },
            relying_party: RelyingParty::None,
            user: None,
        })?;
        // What is volatile first: from the storage's first change on, nothing else may fail.
        self.key_agreement = KeyAgreement::new(&mut self.rng).map_err(|_| Status::Other)?;
        self.tokens.reset();
        match self.store.reset(&mut self.rng) {
            Ok(()) => {
                self.pin_mismatches = 0;
                Ok(())
            }
            // Everything is as it was, and the key goes on with it.
            Err(Status::KeyStoreFull) => Err(Status::Other),
            Err(status) => {
                self.reset_failed = true;
                Err(status)
            }
        }
    }
}
