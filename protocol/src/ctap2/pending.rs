//! Sequences: commands that continue where the one before them ended (CTAP 2.3 §6, stateful commands).

use super::authenticator_data::Flags;
use super::command;
use super::extensions::hmac_secret::Salts;
use super::token::{PinUvAuthTokens, TokenId};
use crate::limits::SEQUENCE_TIMEOUT;
use crate::store::{RecordKey, Upload};

/// A sequence that a host began. It is for its channel alone, for [`SEQUENCE_TIMEOUT`] after each step, and no longer
/// than the token that authorized it is in use.
#[derive(Clone)]
pub(crate) struct Pending {
    channel: u32,
    /// The time of the last step.
    since: u64,
    /// `None` where it needed none, or the persistent one.
    token: Option<TokenId>,
    sequence: Sequence,
}

impl Pending {
    pub(crate) fn new(channel: u32, now: u64, token: Option<TokenId>, sequence: Sequence) -> Self {
        Self {
            channel,
            since: now,
            token,
            sequence,
        }
    }

    /// Whether the command takes the next step.
    pub(super) fn goes_on_with(&self, command: u8) -> bool {
        command
            == match self.sequence {
                Sequence::Assertions(_) => command::GET_NEXT_ASSERTION,
                Sequence::RelyingParties { .. } | Sequence::Credentials { .. } => command::CREDENTIAL_MANAGEMENT,
                Sequence::LargeBlobs(_) => command::LARGE_BLOBS,
            }
    }

    /// Whether the channel began it.
    pub(crate) fn is_of(&self, channel: u32) -> bool {
        self.channel == channel
    }

    /// What the next step continues from, and by which token; `None` where it comes too late.
    pub(crate) fn go_on(self, now: u64, tokens: &mut PinUvAuthTokens) -> Option<(Option<TokenId>, Sequence)> {
        let in_time = now.saturating_sub(self.since) <= SEQUENCE_TIMEOUT;
        let authorized = self.token.is_none_or(|token| tokens.is_in_use(token, now));
        (in_time && authorized).then_some((self.token, self.sequence))
    }
}

/// What the next step needs.
#[derive(Clone)]
#[allow(
    clippy::large_enum_variant,
    reason = "without a heap there is nothing to box the largest on"
)]
pub(crate) enum Sequence {
    /// For getNextAssertion (§6.2.2 step 12).
    Assertions(PendingAssertions),
    /// For enumerateRPsGetNextRP: an account of the relying party that was answered last.
    RelyingParties { last: RecordKey },
    /// For enumerateCredentialsGetNextCredential: the account that was answered last.
    Credentials { rp_id_hash: [u8; 32], last: RecordKey },
    /// For the next fragment of a large-blob array.
    LargeBlobs(Upload),
}

/// What getNextAssertion needs to go on.
#[derive(Clone)]
pub(crate) struct PendingAssertions {
    pub(super) ceremony: Ceremony,
    /// The account answered last, by its place in the order of creation.
    pub(super) sequence: u32,
}

/// What all assertions of one request have in common.
#[derive(Clone)]
pub(super) struct Ceremony {
    pub(super) rp_id_hash: [u8; 32],
    pub(super) client_data_hash: [u8; 32],
    pub(super) flags: Flags,
    pub(super) extensions: Requested,
}

/// Which extensions each assertion of the request answers.
#[derive(Clone, Default)]
pub(super) struct Requested {
    pub(super) cred_blob: bool,
    pub(super) large_blob_key: bool,
    pub(super) third_party_payment: bool,
    pub(super) salts: Option<Salts>,
}
