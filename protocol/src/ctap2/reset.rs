//! authenticatorReset (CTAP 2.3 §6.6).

use super::Status;
use crate::authenticator::Authenticator;
use crate::limits::RESET_WINDOW;
use crate::platform::{Clock as _, Operation, Platform, PresenceRequest, RelyingParty};

impl<P: Platform> Authenticator<P> {
    /// Forgets every credential, after a touch, and only just after power-up.
    pub(super) fn reset(&mut self) -> Result<(), Status> {
        // A key without a display listens for 10 s: longer, and malware could trick the user's next touch into it.
        if self.seams.clock.now() > RESET_WINDOW {
            return Err(Status::NotAllowed);
        }
        self.user_presence(&PresenceRequest {
            operation: Operation::Reset,
            relying_party: RelyingParty::None,
            user: None,
        })?;
        let outcome = self.store.reset(&mut self.seams.storage, &mut self.seams.rng);
        self.reset_failed = outcome.is_err();
        outcome
    }
}
