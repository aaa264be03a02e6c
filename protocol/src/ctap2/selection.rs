//! authenticatorSelection (CTAP 2.3 §6.9).

use crate::authenticator::Authenticator;
use crate::platform::{Gesture, Operation, Platform, PresenceRequest, RelyingParty};
use crate::status::Status;

impl<P: Platform> Authenticator<P> {
    /// Lets the user pick this key among several by touching it. Changes nothing.
    pub(super) fn selection(&mut self) -> Result<(), Status> {
        self.user_presence(&PresenceRequest {
            operation: Operation::Select,
            gesture: Gesture::Touch,
            relying_party: RelyingParty::None,
            user: None,
        })
    }
}
