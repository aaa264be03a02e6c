//! How a key ends a command: the status of CTAP2 and the status word of U2F, in plain words.

use std::fmt;

pub use brasskey_protocol::ctap2::Status;

/// What a status means, in plain words.
#[must_use]
pub(crate) fn meaning(status: Status) -> &'static str {
    match status {
        Status::Ok => "the command succeeded",
        Status::InvalidCommand => "the key does not know the command",
        Status::InvalidParameter => "the key refuses a parameter",
        Status::InvalidLength => "the request or a part of it has the wrong length",
        Status::InvalidSeq => "the request does not follow the one before",
        Status::Timeout => "the message took too long",
        Status::ChannelBusy => "the key works for another program",
        Status::LockRequired => "the command needs a lock on the key",
        Status::InvalidChannel => "the key does not know the channel",
        Status::CborUnexpectedType => "a part of the request has the wrong type",
        Status::InvalidCbor => "the request is not canonical CBOR",
        Status::MissingParameter => "the request lacks a parameter",
        Status::LimitExceeded => "the request has more of something than the key takes",
        Status::UnsupportedExtension => "the key does not know an extension",
        Status::FpDatabaseFull => "the key has no room for another fingerprint",
        Status::LargeBlobStorageFull => "the key has no room for the large blob",
        Status::CredentialExcluded => "this key is already registered with this account",
        Status::Processing => "the key is still at work",
        Status::InvalidCredential => "the credential is not valid for this",
        Status::UserActionPending => "the key still waits for its user",
        Status::OperationPending => "the key is in the middle of another operation",
        Status::NoOperations => "nothing was in progress",
        Status::UnsupportedAlgorithm => "the key knows none of the algorithms asked for",
        Status::OperationDenied => "the user refused, or did not act in time",
        Status::KeyStoreFull => "the key has no room for another passkey",
        Status::NotBusy => "the key was not busy",
        Status::NoOperationPending => "nothing was pending",
        Status::UnsupportedOption => "the key does not support an option",
        Status::InvalidOption => "an option does not make sense here",
        Status::KeepaliveCancel => "the request was cancelled, and not by this program",
        Status::NoCredentials => "the key holds no credential for this relying party and account",
        Status::UserActionTimeout => "nobody touched the key in time",
        Status::NotAllowed => "the key does not allow this now",
        Status::PinInvalid => "the PIN is wrong",
        Status::PinBlocked => "the PIN is blocked after too many wrong ones",
        Status::PinAuthInvalid => "the proof that the PIN was given is not valid",
        Status::PinAuthBlocked => "three wrong PINs in a row",
        Status::PinNotSet => "the key has no PIN",
        Status::PuatRequired => "the key asks for its PIN or a fingerprint",
        Status::PinPolicyViolation => "the PIN is too short, too long or too simple",
        Status::PinTokenExpired => "the PIN was given too long ago",
        Status::RequestTooLarge => "the request is longer than the key takes",
        Status::ActionTimeout => "the operation took too long",
        Status::UpRequired => "the key must be touched or presented again",
        Status::UvBlocked => "the key's fingerprint reader is blocked after too many failures",
        Status::IntegrityFailure => "the data does not match its checksum",
        Status::InvalidSubcommand => "the key does not know the subcommand",
        Status::UvInvalid => "the fingerprint was not recognised",
        Status::UnauthorizedPermission => "the key does not give this permission",
        Status::Other => "the key failed without saying why",
        Status::SpecLast => "the key failed with a code that has no meaning",
        Status::Extension(_) => "an extension failed in a way of its own",
        Status::Vendor(_) => "the key failed in a way that only its maker knows",
        Status::Unknown(_) => "the standard has no such code",
    }
}

/// What to do next, where there is something to do.
#[must_use]
pub(super) fn hint(status: Status) -> Option<&'static str> {
    Some(match status {
        Status::ChannelBusy => "close the other program, or finish there first",
        Status::FpDatabaseFull => "remove a fingerprint from the key first",
        Status::CredentialExcluded => "use another key, or remove the earlier registration first",
        Status::UnsupportedAlgorithm => "ask for one of the algorithms that the key lists",
        Status::OperationDenied | Status::UserActionTimeout => "try again, and touch the key when it asks for it",
        Status::KeyStoreFull => "remove a passkey from the key, or register without a discoverable credential",
        Status::NoCredentials => "use the key that was registered, or register this one first",
        Status::PinInvalid => "try again with care: after eight wrong PINs the key must be reset",
        Status::PinBlocked => {
            "what takes no PIN works as before; for the rest only a reset helps, which erases the key"
        }
        Status::PinAuthInvalid | Status::PinTokenExpired => "give the PIN again",
        Status::PinAuthBlocked => {
            "unplug the key and plug it in again, or start the soft token again, and try with the right PIN"
        }
        Status::PinNotSet => "set a PIN first",
        Status::PuatRequired => "give the key's PIN",
        Status::PinPolicyViolation => "choose another PIN",
        Status::ActionTimeout => "try again",
        Status::UpRequired => "take the key away and present it again",
        Status::UvBlocked => "give the key's PIN instead",
        Status::UvInvalid => "try again, or give the key's PIN instead",
        Status::Other => "unplug the key and plug it in again, or start the soft token again, and try once more",
        _ => return None,
    })
}

/// Whether the key is fine and its user refused or did not act.
#[must_use]
pub(super) fn is_from_user(status: Status) -> bool {
    matches!(
        status,
        Status::OperationDenied | Status::UserActionTimeout | Status::ActionTimeout
    )
}

/// How a U2F message ended (U2F Raw Message Formats 1.2 §3.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum StatusWord {
    /// `SW_NO_ERROR`.
    NoError,
    /// `SW_CONDITIONS_NOT_SATISFIED`: a touch is needed.
    ConditionsNotSatisfied,
    /// `SW_WRONG_DATA`: the key handle is not the key's.
    WrongData,
    /// `SW_WRONG_LENGTH`: the request has the wrong length.
    WrongLength,
    /// `SW_CLA_NOT_SUPPORTED`: the request's class is unknown.
    ClaNotSupported,
    /// `SW_INS_NOT_SUPPORTED`: the request is unknown.
    InsNotSupported,
    /// `SW_COMMAND_NOT_ALLOWED`: U2F is switched off.
    CommandNotAllowed,
    /// `SW_SECURITY_STATUS_NOT_SATISFIED` of ISO 7816-4, which U2F does not define: some keys' word for a refusal.
    SecurityStatusNotSatisfied,
    /// Any other.
    Other(u16),
}

impl From<u16> for StatusWord {
    fn from(code: u16) -> Self {
        match code {
            0x9000 => Self::NoError,
            0x6985 => Self::ConditionsNotSatisfied,
            0x6A80 => Self::WrongData,
            0x6700 => Self::WrongLength,
            0x6E00 => Self::ClaNotSupported,
            0x6D00 => Self::InsNotSupported,
            0x6986 => Self::CommandNotAllowed,
            0x6982 => Self::SecurityStatusNotSatisfied,
            code => Self::Other(code),
        }
    }
}

impl StatusWord {
    /// The two bytes on the wire.
    #[must_use]
    pub fn code(self) -> u16 {
        match self {
            Self::NoError => 0x9000,
            Self::ConditionsNotSatisfied => 0x6985,
            Self::WrongData => 0x6A80,
            Self::WrongLength => 0x6700,
            Self::ClaNotSupported => 0x6E00,
            Self::InsNotSupported => 0x6D00,
            Self::CommandNotAllowed => 0x6986,
            Self::SecurityStatusNotSatisfied => 0x6982,
            Self::Other(code) => code,
        }
    }

    /// What it means, in plain words.
    #[must_use]
    pub fn meaning(self) -> &'static str {
        match self {
            Self::NoError => "the message succeeded",
            Self::ConditionsNotSatisfied => "the key must be touched",
            Self::WrongData => "the key does not hold this credential",
            Self::WrongLength => "the request has the wrong length",
            Self::ClaNotSupported => "the key does not know this class of message",
            Self::InsNotSupported => "the key does not know this message",
            Self::CommandNotAllowed => "U2F is switched off on this key",
            Self::SecurityStatusNotSatisfied => "the key or its user refused",
            Self::Other(_) => "the key failed",
        }
    }

    /// What to do next, where there is something to do.
    #[must_use]
    pub fn hint(self) -> Option<&'static str> {
        match self {
            Self::ConditionsNotSatisfied => Some("touch the key when it asks for it"),
            Self::WrongData => Some("use the key that was registered, or register this one first"),
            Self::CommandNotAllowed => Some("use CTAP2, or switch the option alwaysUv off"),
            _ => None,
        }
    }
}

impl fmt::Display for StatusWord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "0x{:04X}: {}", self.code(), self.meaning())
    }
}
