//! The client: CTAPHID, CTAP2 and U2F as a host speaks them to any security key.
//!
//! [`Key::open`] takes a [`Transport`](crate::transport::Transport) and finds out what the key is; [`choose`] finds the
//! key that the user means. CTAP2 commands are in [`ctap2`], U2F messages in [`u2f`]. The client does not trust what a
//! key answers. Escape texts from a key before you show them.
//!
//! Work that takes several commands is a method of [`Key`]: the PIN and its tokens, the passkeys that a key keeps
//! ([`credentials`]), its large blobs ([`large_blobs`]) and its settings. [`ceremony`] does what a browser does.
//! [`oath`] is for the one-time codes of keys that have them.

pub mod ceremony;
mod channel;
mod config;
pub mod credentials;
pub mod ctap2;
mod enumeration;
mod error;
mod fault;
mod interaction;
mod key;
pub mod large_blobs;
#[cfg(feature = "oath")]
pub mod oath;
mod oddity;
mod pin;
mod pin_management;
mod pin_protocol;
mod select;
mod status;
mod time;
mod token;
pub mod u2f;
mod watch;

#[cfg(test)]
pub(crate) mod fake;

pub use channel::Channel;
pub use error::{CtaphidError, Error, ErrorKind, Malformed};
pub use fault::CAPABILITY_LOCK;
pub use interaction::{PasskeyAccount, PinRequest, UserInteraction};
pub use key::Key;
pub use oddity::Oddity;
pub use pin::{Pin, PinError, PinRetries};
pub use pin_protocol::{KeyAgreementKey, PinProtocol, PinUvAuth, PinUvAuthToken, SharedSecret};
pub use select::choose;
pub use status::StatusWord;
pub(crate) use status::meaning;
pub use time::{SystemTime, Time, Timeouts};
pub use watch::{CancelHandle, Unwatched, Watch};
