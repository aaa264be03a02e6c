//! authenticatorGetNextAssertion (CTAP 2.3 §6.3).

use super::Status;
use super::assertion::{Ceremony, Chosen};
use super::authenticator_data::Flags;
use super::token::TokenId;
use crate::authenticator::Authenticator;
use crate::cbor::Writer;
use crate::credential::Newest;
use crate::limits::NEXT_ASSERTION_TIMEOUT;
use crate::platform::{Clock as _, Platform};

/// What getNextAssertion needs to go on (§6.2.2 step 12).
pub(crate) struct PendingAssertions {
    pub(super) channel: u32,
    pub(super) rp_id_hash: [u8; 32],
    pub(super) client_data_hash: [u8; 32],
    pub(super) flags: Flags,
    /// The token that verified the user.
    pub(super) token: Option<TokenId>,
    /// The account answered last, by its place in the order of creation.
    pub(super) sequence: u32,
    /// The time of that answer.
    pub(super) since: u64,
}

impl<P: Platform> Authenticator<P> {
    /// Signs in with the next older account, for the request that getAssertion began.
    pub(super) fn get_next_assertion(&mut self, channel: u32, response: &mut Writer<'_>) -> Result<(), Status> {
        let now = self.seams.clock.now();
        // Steps 1 to 3. Another channel's attempt is refused and leaves the walk to its owner.
        let pending = self
            .pending
            .take_if(|pending| pending.channel == channel)
            .ok_or(Status::NotAllowed)?;
        if now.saturating_sub(pending.since) > NEXT_ASSERTION_TIMEOUT || !self.still_authorized(pending.token) {
            return Err(Status::NotAllowed);
        }
        let next = self.newest_account(&pending.rp_id_hash, Some(pending.sequence), pending.flags.user_verified)?;
        let Newest { key, sequence, .. } = next.ok_or(Status::NotAllowed)?;
        let ceremony = Ceremony {
            rp_id_hash: &pending.rp_id_hash,
            client_data_hash: &pending.client_data_hash,
            flags: pending.flags,
        };
        let chosen = Chosen::Discovered {
            key,
            number_of_credentials: None,
        };
        self.assertion(&ceremony, &chosen, response)?;
        self.pending = Some(PendingAssertions {
            sequence,
            since: now,
            ..pending
        });
        Ok(())
    }
}
