//! What can go wrong between a request and its answer.

use std::fmt;
use std::sync::Arc;

use brasskey_protocol::ctaphid;
use thiserror::Error;

#[cfg(feature = "oath")]
use super::oath::OathError;
use super::pin::PinError;
use super::status::{self, Status, StatusWord};
use crate::transport::TransportError;

/// Why a request has no answer. None of this text comes from a key.
#[derive(Debug, Error)]
pub enum Error {
    /// No key was found.
    #[error("no security key was found")]
    NoDevice,
    /// The caller gave up; the key was told so.
    #[error("cancelled")]
    Cancelled,
    /// Nobody touched the key in time.
    #[error("nobody touched the security key in time")]
    TimedOut,
    /// A CTAP2 command was refused.
    #[error("the security key answered {command} with {status}: {}", status::meaning(*.status))]
    Status {
        /// The command as the standard names it.
        command: &'static str,
        /// Why.
        status: Status,
    },
    /// A U2F message was refused.
    #[error("the security key answered {command} with {status_word}")]
    StatusWord {
        /// The message as the standard names it.
        command: &'static str,
        /// Why.
        status_word: StatusWord,
    },
    /// The key refused the packets of a message.
    #[error("{0}")]
    Ctaphid(CtaphidError),
    /// The key stopped answering.
    #[error("the security key does not answer")]
    NoAnswer,
    /// The answer breaks the standard: it is the key's fault.
    #[error("the security key's answer to {command} is malformed: {why}")]
    Malformed {
        /// The command as the standard names it.
        command: &'static str,
        /// In what way.
        why: Malformed,
    },
    /// The key cannot do this.
    #[error("this security key does not support {what}")]
    Unsupported {
        /// What was asked, as the standard names it.
        what: &'static str,
    },
    /// The request is longer than the key takes.
    #[error("the request is {length} bytes long, and this security key takes {limit}")]
    TooLong {
        /// The request's length in bytes.
        length: usize,
        /// The key's limit in bytes.
        limit: usize,
    },
    /// The request has more of something than the key takes.
    #[error("{count} {what} are too many: this security key takes {limit}")]
    TooMany {
        /// Of what, in the plural.
        what: &'static str,
        /// How many the request has.
        count: u64,
        /// The key's limit.
        limit: u64,
    },
    /// The key says that it speaks CTAP2, but authenticatorGetInfo failed.
    #[error("getInfo failed: {0}")]
    GetInfo(Arc<Error>),
    /// The PIN is wrong, or was wrong before. A wrong PIN is not sent a second time.
    #[error("the PIN is wrong{}", tries(*.left))]
    WrongPin {
        /// How many tries are left, where the key says.
        left: Option<u64>,
    },
    /// The key accepts no PIN any more.
    #[error("the PIN is blocked: too many wrong ones were given")]
    PinBlocked,
    /// The key accepts no PIN until it is unplugged and plugged in again.
    #[error("the PIN is blocked until the security key is switched off and on: three wrong ones in a row were given")]
    PinAuthBlocked,
    /// Nobody gave the PIN.
    #[error("this takes the security key's PIN")]
    PinNeeded,
    /// The key has no PIN, and no other way to verify its user.
    #[error("this security key has no PIN")]
    NoPin,
    /// The key failed to verify its user by itself, and has no PIN to do it with instead.
    #[error("this security key did not verify its user")]
    NotVerified,
    /// The key verifies nobody by itself any more, because too many attempts failed, and has no PIN.
    #[error("this security key has blocked its own user verification: too many attempts failed")]
    VerificationBlocked,
    /// The key accepts its PIN for nothing but a change of PIN.
    #[error("the PIN must be changed before it is of use")]
    MustChangePin,
    /// This key does not accept the new PIN.
    #[error(transparent)]
    Pin(#[from] PinError),
    /// There is no room for the large blobs.
    #[error("the large blobs would take {length} bytes, and this security key has room for {limit}")]
    NoRoom {
        /// What they would take, in bytes.
        length: usize,
        /// What the key has, in bytes.
        limit: usize,
    },
    /// A large blob is longer than this program reads or writes, however much room the key has.
    #[error("the large blob has more than {limit} bytes, which this program neither reads nor keeps")]
    BlobTooLarge {
        /// The most, in bytes, before it is compressed.
        limit: usize,
    },
    /// The one-time codes of the key.
    #[cfg(feature = "oath")]
    #[error(transparent)]
    Oath(#[from] OathError),
    /// The operating system gave no random numbers.
    #[error("this computer has no random numbers")]
    Random(#[from] getrandom::Error),
    /// The key could not be reached.
    #[error(transparent)]
    Transport(#[from] TransportError),
}

/// Whose fault it is, for exit codes and scripts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// There is no key.
    NoDevice,
    /// The user refused, cancelled or did not act.
    User,
    /// The key refused.
    Key,
    /// The key does not accept the PIN that was given, or any. The key itself is fine.
    Pin,
    /// The key could not be reached, or stopped answering.
    Transport,
    /// The key broke the standard.
    Malformed,
    /// The key cannot do what was asked.
    Unsupported,
}

/// In what way an answer is malformed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum Malformed {
    /// It ends early, or is empty.
    #[error("it ends early")]
    Truncated,
    /// It is not CBOR, or not the kind of CBOR that the standard allows.
    #[error("it is not CBOR")]
    Cbor,
    /// It is CBOR, but not a map.
    #[error("it is not a map")]
    NotAMap,
    /// It is nested more deeply than any message may be.
    #[error("it is nested too deeply")]
    Depth,
    /// A required member is missing.
    #[error("{0} is missing")]
    Missing(&'static str),
    /// A member has the wrong type or an impossible value.
    #[error("{0} is not what it must be")]
    Value(&'static str),
    /// A number is larger than that of any real key.
    #[error("{0} is larger than that of any security key")]
    TooLarge(&'static str),
    /// A list has an entry twice.
    #[error("it repeats {0} of an earlier answer")]
    Repeated(&'static str),
    /// A list in several answers does not end.
    #[error("it does not come to an end")]
    Endless,
    /// Packets came out of sequence, or with another command.
    #[error("its packets do not belong together")]
    Packets,
}

/// Why the key refused the packets of a message (CTAP 2.3 §11.2.9.1.6).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CtaphidError {
    /// As the standard names it.
    Known(ctaphid::Error),
    /// A code the standard does not know.
    Unknown(u8),
}

impl CtaphidError {
    /// The key is busy with another request.
    pub(super) const BUSY: Self = Self::Known(ctaphid::Error::ChannelBusy);
    /// The key does not know the command.
    pub(super) const INVALID_COMMAND: Self = Self::Known(ctaphid::Error::InvalidCmd);
}

impl From<u8> for CtaphidError {
    fn from(code: u8) -> Self {
        ctaphid::Error::try_from(code).map_or_else(Self::Unknown, Self::Known)
    }
}

impl fmt::Display for CtaphidError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Known(error) => error.fmt(f),
            Self::Unknown(code) => write!(f, "the key sent the unknown CTAPHID error 0x{code:02X}"),
        }
    }
}

/// How many tries are left, after a wrong PIN.
fn tries(left: Option<u64>) -> String {
    match left {
        None => String::new(),
        Some(0) => ", and blocked now: it was the last try".to_owned(),
        Some(1) => ": one try is left".to_owned(),
        Some(left) => format!(": {left} tries are left"),
    }
}

impl Error {
    /// Whose fault it is.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::NoDevice => ErrorKind::NoDevice,
            Self::Cancelled | Self::TimedOut => ErrorKind::User,
            Self::Status { status, .. } if status::is_from_user(*status) => ErrorKind::User,
            Self::PinNeeded | Self::Pin(_) => ErrorKind::User,
            Self::Status { .. } | Self::StatusWord { .. } | Self::Ctaphid(_) => ErrorKind::Key,
            Self::GetInfo(error) => error.kind(),
            #[cfg(feature = "oath")]
            Self::Oath(OathError::NotTouched | OathError::Locked) => ErrorKind::User,
            #[cfg(feature = "oath")]
            Self::Oath(OathError::WrongPassword) => ErrorKind::Pin,
            #[cfg(feature = "oath")]
            Self::Oath(OathError::NotOverHid | OathError::NoApplet) => ErrorKind::Unsupported,
            #[cfg(feature = "oath")]
            Self::Oath(_) => ErrorKind::Key,
            Self::WrongPin { .. } | Self::PinBlocked | Self::PinAuthBlocked | Self::MustChangePin => ErrorKind::Pin,
            Self::NoPin | Self::NotVerified | Self::VerificationBlocked | Self::NoRoom { .. } => ErrorKind::Key,
            Self::NoAnswer | Self::Random(_) | Self::Transport(_) => ErrorKind::Transport,
            Self::Malformed { .. } => ErrorKind::Malformed,
            Self::Unsupported { .. } | Self::TooLong { .. } | Self::TooMany { .. } | Self::BlobTooLarge { .. } => {
                ErrorKind::Unsupported
            }
        }
    }

    /// What to do next, where there is something to do.
    #[must_use]
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::NoDevice => Some("plug a security key in"),
            Self::TimedOut => Some("try again, and touch the security key when it asks for it"),
            Self::Status { status, .. } => status::hint(*status),
            Self::StatusWord { status_word, .. } => status_word.hint(),
            Self::Ctaphid(CtaphidError::BUSY) => {
                Some("another program is using the security key; close it, or finish there first")
            }
            Self::NoAnswer => {
                Some("unplug the security key and plug it in again, or start the soft token again, and try once more")
            }
            Self::Malformed { .. } => Some("this is a fault of the security key: tell its maker"),
            Self::Transport(error) => error.hint(),
            Self::Cancelled => Some("run the command again when you are ready"),
            Self::Unsupported { .. } | Self::TooLong { .. } | Self::TooMany { .. } => {
                Some("ask for less, or use another key")
            }
            // Any host may ask this at any time, so the user did nothing wrong.
            Self::GetInfo(error) => match **error {
                Self::Status { .. } => Some("this is a fault of the security key: tell its maker"),
                ref error => error.hint(),
            },
            Self::WrongPin { left: Some(0) } | Self::PinBlocked => status::hint(Status::PinBlocked),
            Self::PinAuthBlocked => status::hint(Status::PinAuthBlocked),
            Self::WrongPin { .. } => {
                Some("try again with care: when no try is left, only a reset helps, which erases the key")
            }
            Self::PinNeeded => Some("give the PIN"),
            Self::NoPin => Some("set one first"),
            Self::NotVerified => Some("try again, or set a PIN to give instead"),
            Self::VerificationBlocked => {
                Some("set a PIN and give it, which ends this; so does a reset, which erases the key")
            }
            Self::MustChangePin => Some("change it first"),
            Self::Pin(_) => Some("choose another PIN"),
            Self::NoRoom { .. } => Some("make the data smaller, or delete another large blob"),
            #[cfg(feature = "oath")]
            Self::Oath(error) => error.hint(),
            Self::BlobTooLarge { .. } => Some("keep so much data elsewhere, or delete the large blob"),
            Self::Ctaphid(_) | Self::Random(_) => None,
        }
    }
}
