//! The key in the terms of the crate [`ctap_types`], for runners that are written against it.
//!
//! [`Authenticator`] implements [`ctap_types::ctap1::Authenticator`] and [`ctap_types::ctap2::Authenticator`]. Each
//! call is encoded as the message that a host would send, [`Authenticator::ctap2`] or [`Authenticator::u2f`] runs it,
//! and the answer is decoded. So the key keeps its own strict rules, and there is one code that decides.
//!
//! What these traits cannot carry:
//!
//! * They name no channel. All calls count as one host's, so the runner has to keep hosts apart.
//! * What `ctap-types` drops or shortens while it reads a host's message never reaches the key: unknown members, names
//!   of more than 64 bytes, algorithms other than ES256 and EdDSA. `pinUvAuthParam` covers the parameters as the host
//!   sent them, so a subcommand with such a parameter answers CTAP2_ERR_PIN_AUTH_INVALID.
//! * getInfo promises what gets through: shorter lists and messages than over CTAPHID, and only names that `ctap-types`
//!   knows. It cannot fail, so a key that refuses all work lists no version.
//! * An answer that `ctap-types` cannot hold is CTAP1_ERR_OTHER, after the key has done what was asked.
//!
//! Every call takes some 16 kB of stack for the two messages. `ctap-types` itself does not build for a Cortex-M0, which
//! has no atomic additions.
//!
//! Names that say the same here and there:
//!
//! | here | in `ctap-types` |
//! |---|---|
//! | [`ctap2::Status`](crate::ctap2::Status) | [`Error`] |
//! | [`ctap2::command`](crate::ctap2::command) | [`Operation`](ctap_types::ctap2::Operation) |
//! | [`u2f::StatusWord`](crate::u2f::StatusWord) | [`ctap1::Error`](ctap_types::ctap1::Error) |
//! | `versions` of getInfo | [`Version`](ctap_types::ctap2::get_info::Version) |
//! | `extensions` of getInfo | [`Extension`](ctap_types::ctap2::get_info::Extension); not `pinComplexityPolicy` |
//! | `options` of getInfo | [`CtapOptions`](ctap_types::ctap2::get_info::CtapOptions); not `perCredMgmtRO` |
//! | permissions of tokens | [`Permissions`](ctap_types::ctap2::client_pin::Permissions); not `pcmr` |

mod ctap1;
mod ctap2;
#[cfg(test)]
mod tests;

use ::ctap_types::ctap2::Error;

use crate::authenticator::Authenticator;
use crate::limits::MAX_MESSAGE;

/// The channel on which all calls run.
const CHANNEL: u32 = 1;

/// Every error that a key may answer.
const ERRORS: [Error; 48] = [
    Error::InvalidCommand,
    Error::InvalidParameter,
    Error::InvalidLength,
    Error::InvalidSeq,
    Error::Timeout,
    Error::ChannelBusy,
    Error::LockRequired,
    Error::InvalidChannel,
    Error::CborUnexpectedType,
    Error::InvalidCbor,
    Error::MissingParameter,
    Error::LimitExceeded,
    Error::UnsupportedExtension,
    Error::FingerprintDatabaseFull,
    Error::LargeBlobStorageFull,
    Error::CredentialExcluded,
    Error::Processing,
    Error::InvalidCredential,
    Error::UserActionPending,
    Error::OperationPending,
    Error::NoOperations,
    Error::UnsupportedAlgorithm,
    Error::OperationDenied,
    Error::KeyStoreFull,
    Error::NotBusy,
    Error::NoOperationPending,
    Error::UnsupportedOption,
    Error::InvalidOption,
    Error::KeepaliveCancel,
    Error::NoCredentials,
    Error::UserActionTimeout,
    Error::NotAllowed,
    Error::PinInvalid,
    Error::PinBlocked,
    Error::PinAuthInvalid,
    Error::PinAuthBlocked,
    Error::PinNotSet,
    Error::PinRequired,
    Error::PinPolicyViolation,
    Error::PinTokenExpired,
    Error::RequestTooLarge,
    Error::ActionTimeout,
    Error::UpRequired,
    Error::UvBlocked,
    Error::IntegrityFailure,
    Error::InvalidSubcommand,
    Error::UvInvalid,
    Error::UnauthorizedPermission,
];

/// The error with this code.
fn error(code: u8) -> Error {
    let mut errors = ERRORS.into_iter();
    errors.find(|&error| u8::from(error) == code).unwrap_or(Error::Other)
}
