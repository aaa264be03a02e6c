//! How a caller hears of a key at work, gives it a PIN, and stops it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use brasskey_protocol::ctaphid::KeepaliveStatus;

use super::ctap2::User;
use super::error::Error;
use super::pin::Pin;
use super::token::PinRequest;

/// An account that a key can sign in to, with a passkey.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PasskeyAccount {
    /// The passkey's credential ID.
    pub credential_id: Vec<u8>,
    /// Whose it is. Untrusted; keys tell no names before their user is verified.
    pub user: Option<User>,
}

/// Someone who watches a request.
pub trait Watch {
    /// The key is at work, or waits for a touch. Called up to ten times a second.
    fn keepalive(&mut self, status: KeepaliveStatus) {
        let _ = status;
    }

    /// Whether the request shall end now. Asked several times a second.
    fn is_cancelled(&self) -> bool {
        false
    }

    /// The key's PIN. Asked again, with [`PinRequest::again`], only where [`can_try_again`](Self::can_try_again).
    ///
    /// # Errors
    /// [`Error::PinNeeded`] where nobody gives one.
    fn pin(&mut self, request: &PinRequest) -> Result<Pin, Error> {
        let _ = request;
        Err(Error::PinNeeded)
    }

    /// Which of several `accounts` at a website shall sign in: its place in the list, whose first has the newest
    /// passkey; `None` where none of them is meant. Without an answer of the watcher's own it is the first.
    ///
    /// # Errors
    /// [`Error::Cancelled`] where nobody chooses.
    fn account(&mut self, accounts: &[PasskeyAccount]) -> Result<Option<usize>, Error> {
        let _ = accounts;
        Ok(Some(0))
    }

    /// Whether a person is there who can correct a wrong PIN.
    fn can_try_again(&self) -> bool {
        false
    }
}

/// Nobody watches: nobody hears of keepalives, gives a PIN or ends the request.
#[derive(Clone, Copy, Debug, Default)]
pub struct Unwatched;

impl Watch for Unwatched {}

/// Ends requests from elsewhere: from a signal handler, another thread, another key.
#[derive(Clone, Debug, Default)]
pub struct CancelHandle(Arc<AtomicBool>);

impl CancelHandle {
    /// Ends what is watched with this handle, now and in future.
    pub fn cancel(&self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

impl Watch for CancelHandle {
    fn is_cancelled(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// A handle, and what to do at each keepalive.
impl<F: FnMut(KeepaliveStatus)> Watch for (CancelHandle, F) {
    fn keepalive(&mut self, status: KeepaliveStatus) {
        (self.1)(status);
    }

    fn is_cancelled(&self) -> bool {
        self.0.is_cancelled()
    }
}
