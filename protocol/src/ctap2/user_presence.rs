//! Asks the user for a touch, for a CTAP2 command.

use super::token::TokenId;
use crate::authenticator::Authenticator;
use crate::limits::USER_ACTION_TIMEOUT;
use crate::platform::{Clock as _, Indication, Indicator as _, Platform, Presence, PresenceRequest, UserPresence as _};
use crate::status::Status;

impl<P: Platform> Authenticator<P> {
    /// Asks for a touch, unless the user gave one to get the token that verified them (§6.1.2 step 14, §6.2.2 step 9).
    pub(super) fn user_presence_unless_tested(
        &mut self,
        token: Option<TokenId>,
        request: &PresenceRequest<'_>,
    ) -> Result<(), Status> {
        let now = self.clock.now();
        if token.is_some_and(|token| self.tokens.user_is_present(token, now)) {
            return Ok(());
        }
        self.user_presence(request)
    }

    /// Asks for a touch and waits for it.
    ///
    /// The standard's text has OPERATION_DENIED both for a refusal and for a timeout of makeCredential and
    /// getAssertion. Products answer USER_ACTION_TIMEOUT after a timeout, as the standard does for reset and selection.
    /// So does this key, except in the probe of step 1. Hosts treat both as "the user did not act".
    pub(super) fn user_presence(&mut self, request: &PresenceRequest<'_>) -> Result<(), Status> {
        // A touch given for U2F is not one for CTAP2.
        self.presence.forget();
        let deadline = self.clock.now().saturating_add(USER_ACTION_TIMEOUT);
        self.indicator.show(Indication::WaitingForTouch);
        let presence = self.presence.wait(request, deadline);
        self.indicator.show(Indication::Processing);
        match presence {
            Presence::Confirmed => Ok(()),
            Presence::Declined => Err(Status::OperationDenied),
            Presence::TimedOut => Err(Status::UserActionTimeout),
            Presence::Aborted => Err(Status::KeepaliveCancel),
        }
    }
}
