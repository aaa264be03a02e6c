//! authenticatorGetNextAssertion (CTAP 2.3 §6.3).

use super::assertion::Chosen;
use super::pending::{PendingAssertions, Sequence};
use crate::authenticator::Authenticator;
use crate::cbor::Writer;
use crate::platform::Platform;
use crate::status::Status;
use crate::store::Newest;

impl<P: Platform> Authenticator<P> {
    /// Signs in with the next older account, for the request that getAssertion began.
    pub(super) fn get_next_assertion(&mut self, channel: u32, response: &mut Writer<'_>) -> Result<(), Status> {
        // Steps 1 to 3.
        let (token, Sequence::Assertions(pending)) = self.resume(channel)? else {
            return Err(Status::NotAllowed);
        };
        let ceremony = &pending.ceremony;
        let user_verified = ceremony.flags.user_verified;
        let next = self.newest_account(&ceremony.rp_id_hash, Some(pending.sequence), user_verified)?;
        let Newest { key, sequence, .. } = next.ok_or(Status::NotAllowed)?;
        let chosen = Chosen::Discovered {
            key,
            number_of_credentials: None,
        };
        self.assertion(ceremony, &chosen, response)?;
        self.suspend(
            channel,
            token,
            Sequence::Assertions(PendingAssertions { sequence, ..pending }),
        );
        Ok(())
    }
}
