//! Why a ceremony has no response.

use thiserror::Error;

use super::MalformedAnswer;
use crate::client;
use crate::client::ctap2::Status;
use crate::webauthn::json::{Attachment, Exception, ExceptionName};
use crate::webauthn::{CeremonyType, NoRandomness, OriginError};

/// Why a ceremony ended without a response for the relying party.
#[derive(Debug, Error)]
pub enum CeremonyError {
    /// The origin may not ask for this.
    #[error(transparent)]
    Origin(#[from] OriginError),
    /// The key holds one of the excluded credentials: WebAuthn's InvalidStateError.
    #[error("this security key is registered for the account already")]
    Excluded,
    /// The key holds none of the allowed credentials.
    #[error("this security key holds no credential for the account")]
    NoCredentials,
    /// The options ask for what no key can do.
    #[error("{0}")]
    Options(&'static str),
    /// The key cannot do what the options require.
    #[error("this security key does not support {0}")]
    Unsupported(&'static str),
    /// The options want a key that is part of the computer, or one that is not.
    #[error("the options ask for a {} authenticator, and this security key is none", .0.as_str())]
    Elsewhere(Attachment),
    /// U2F is asked for, which `alwaysUv` switches off (CTAP 2.3 §7.2).
    #[error("this security key takes no U2F while it always verifies its user (alwaysUv)")]
    AlwaysUv,
    /// The key's answer cannot be made into a response.
    #[error(transparent)]
    Malformed(#[from] MalformedAnswer),
    /// This computer gave no random numbers.
    #[error(transparent)]
    Random(#[from] NoRandomness),
    /// Talking to the key failed.
    #[error(transparent)]
    Key(client::Error),
}

impl From<client::Error> for CeremonyError {
    fn from(error: client::Error) -> Self {
        match error {
            client::Error::Status {
                status: Status::CredentialExcluded,
                ..
            } => Self::Excluded,
            error => Self::Key(error),
        }
    }
}

impl CeremonyError {
    /// U2F is asked of a key that does not speak it.
    pub(super) fn without_u2f(key: &client::Key) -> Self {
        match key.always_uv_bars_u2f() {
            true => Self::AlwaysUv,
            false => Self::Unsupported("U2F"),
        }
    }

    /// What the page gets that asked for this (WebAuthn Level 3 §5.1.3 and §5.1.4, "Exceptions").
    #[must_use]
    pub fn exception(&self, ceremony: CeremonyType) -> Exception {
        let name = match (self, ceremony) {
            (Self::Origin(_), _) => ExceptionName::Security,
            (Self::Excluded, _) => ExceptionName::InvalidState,
            (Self::Options(_), _) => ExceptionName::NotSupported,
            (Self::Unsupported(_) | Self::Key(client::Error::NoPin), CeremonyType::Create) => ExceptionName::Constraint,
            (Self::Key(client::Error::Status { status, .. }), CeremonyType::Create)
                if *status == Status::UnsupportedAlgorithm =>
            {
                ExceptionName::NotSupported
            }
            (Self::Key(client::Error::Cancelled), _) => ExceptionName::Abort,
            (Self::Malformed(_) | Self::Random(_) | Self::Key(client::Error::Malformed { .. }), _) => {
                ExceptionName::Unknown
            }
            _ => ExceptionName::NotAllowed,
        };
        Exception::new(name, self.message())
    }

    /// Why, for a page. The standard's text has one status for a refusal and for a user who does nothing. Products have
    /// two, and this takes their word for it.
    fn message(&self) -> String {
        match self {
            Self::Key(client::Error::Status { status, .. }) if *status == Status::OperationDenied => {
                "the user declined: the security key was not touched".to_owned()
            }
            Self::Key(client::Error::Status { status, .. }) if *status == Status::UserActionTimeout => {
                client::Error::TimedOut.to_string()
            }
            _ => self.to_string(),
        }
    }

    /// What to do next, where there is something to do.
    #[must_use]
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Origin(error) => Some(error.hint()),
            Self::Excluded => Some("use it to sign in, or register another key"),
            Self::NoCredentials => Some("use the key that was registered, or register this one first"),
            Self::Options(_) => Some("change the request: the key has no part in this"),
            Self::Unsupported(_) => Some("ask for less, or use another key"),
            Self::Elsewhere(_) => Some("leave authenticatorAttachment out, or use another key"),
            Self::AlwaysUv => Some("leave U2F out, or switch alwaysUv off"),
            Self::Malformed(error) => Some(error.hint()),
            Self::Random(_) => None,
            Self::Key(error) => error.hint(),
        }
    }
}
