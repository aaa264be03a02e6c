//! The client: CTAPHID, CTAP2 and U2F as a host speaks them to any security key.
//!
//! [`Key::open`] takes a [`Transport`](crate::transport::Transport) and finds out what the key is; [`choose`] finds the
//! key that the user means. CTAP2 commands are in [`ctap2`], one a file; U2F messages in [`u2f`]. Whatever a key
//! answers is read with suspicion, and texts from a key are to be escaped before they are shown.

mod channel;
pub mod ctap2;
mod error;
mod key;
mod select;
mod time;
pub mod u2f;
mod watch;
pub mod webauthn;

#[cfg(test)]
mod fake;

pub use channel::Channel;
pub use error::{CtaphidError, Error, ErrorKind, Malformed};
pub use key::Key;
pub use select::choose;
pub use time::{SystemTime, Time, Timeouts};
pub use watch::{CancelHandle, Watch};
