//! Commands that go on where the one before them ended (CTAP 2.3 §6, stateful commands).

use super::credential_management::{PendingCredentials, PendingRelyingParties};
use super::get_next_assertion::PendingAssertions;
use super::large_blobs::Upload;
use super::token::TokenId;
use super::{Status, command};
use crate::authenticator::Authenticator;
use crate::limits::SEQUENCE_TIMEOUT;
use crate::platform::{Clock as _, Platform};

/// A sequence that a host began: for its channel alone, for [`SEQUENCE_TIMEOUT`] after each step, and no longer than the
/// token that authorized it is in use.
pub(crate) struct Pending {
    channel: u32,
    /// The time of the last step.
    since: u64,
    /// `None` where it needed none, or the persistent one.
    token: Option<TokenId>,
    sequence: Sequence,
}

impl Pending {
    /// Whether the command takes the next step.
    pub(super) fn goes_on_with(&self, command: u8) -> bool {
        command
            == match self.sequence {
                Sequence::Assertions(_) => command::GET_NEXT_ASSERTION,
                Sequence::RelyingParties(_) | Sequence::Credentials(_) => command::CREDENTIAL_MANAGEMENT,
                Sequence::LargeBlobs(_) => command::LARGE_BLOBS,
            }
    }
}

/// What the next step needs.
#[allow(
    clippy::large_enum_variant,
    reason = "without a heap there is nothing to box the largest on"
)]
pub(crate) enum Sequence {
    /// For getNextAssertion.
    Assertions(PendingAssertions),
    /// For enumerateRPsGetNextRP.
    RelyingParties(PendingRelyingParties),
    /// For enumerateCredentialsGetNextCredential.
    Credentials(PendingCredentials),
    /// For the next fragment of a large-blob array.
    LargeBlobs(Upload),
}

impl<P: Platform> Authenticator<P> {
    /// Ends a step: the next one continues from `sequence`.
    pub(super) fn suspend(&mut self, channel: u32, token: Option<TokenId>, sequence: Sequence) {
        self.pending = Some(Pending {
            channel,
            since: self.seams.clock.now(),
            token,
            sequence,
        });
    }

    /// What the channel's next step continues from, and by which token. It is over with that: a step that fails is the
    /// last one. Another channel's attempt is refused and leaves the sequence to its owner.
    pub(super) fn resume(&mut self, channel: u32) -> Result<(Option<TokenId>, Sequence), Status> {
        let pending = self.pending.take_if(|pending| pending.channel == channel);
        let pending = pending.ok_or(Status::NotAllowed)?;
        let waited = self.seams.clock.now().saturating_sub(pending.since);
        if waited > SEQUENCE_TIMEOUT || !self.still_authorized(pending.token) {
            return Err(Status::NotAllowed);
        }
        Ok((pending.token, pending.sequence))
    }
}
