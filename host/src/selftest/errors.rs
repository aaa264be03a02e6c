//! What an error says about the key.

use crate::client::ceremony::CeremonyError;
use crate::client::ctap2::Status;
use crate::client::u2f::StatusWord;
use crate::client::{CtaphidError, Error, ErrorKind};

/// Whether an error says nothing about the key.
pub(super) fn says_nothing(error: &CeremonyError) -> bool {
    match error {
        CeremonyError::Random(_) | CeremonyError::Origin(_) => true,
        CeremonyError::Key(error) => match error.kind() {
            ErrorKind::User | ErrorKind::Pin | ErrorKind::NoDevice => true,
            ErrorKind::Transport => !matches!(error, Error::NoAnswer),
            _ => is_of_others(error),
        },
        _ => false,
    }
}

/// Whether another program keeps the key busy, or it was unplugged and forgot the channel.
fn is_of_others(error: &Error) -> bool {
    use brasskey_protocol::ctaphid::Error::{ChannelBusy, InvalidChannel};
    match error {
        Error::Ctaphid(CtaphidError::Known(error)) => matches!(error, ChannelBusy | InvalidChannel),
        Error::Status { status, .. } => *status == Status::ChannelBusy,
        _ => false,
    }
}

/// FIDO U2F Raw Message Formats v1.2 §3.3 has none for a failure; ISO 7816-4 has "no precise diagnosis".
const SW_UNKNOWN: StatusWord = StatusWord::Other(0x6F00);

/// Whether the key failed without a reason.
pub(super) fn is_helpless(error: &CeremonyError) -> bool {
    match error {
        CeremonyError::Key(Error::Status { status, .. }) => *status == Status::Other,
        CeremonyError::Key(Error::StatusWord { status_word, .. }) => *status_word == SW_UNKNOWN,
        _ => false,
    }
}
