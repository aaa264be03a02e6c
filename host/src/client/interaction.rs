//! What a request asks its user: for the PIN, and which account shall sign in.

use super::ctap2::User;
use super::error::Error;
use super::pin::{Pin, PinRetries};
use super::watch::{CancelHandle, Unwatched, Watch};

/// What somebody should know who is asked for a PIN.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PinRequest {
    /// How many wrong PINs the key still takes.
    pub retries: PinRetries,
    /// The PIN given before was wrong.
    pub again: bool,
}

/// An account that a key can sign in to, with a passkey.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PasskeyAccount {
    /// The passkey's credential ID.
    pub credential_id: Vec<u8>,
    /// Whose it is. Untrusted; keys tell no names before their user is verified.
    pub user: Option<User>,
}

/// Someone who watches a request and answers its questions.
pub trait UserInteraction: Watch {
    /// The key's PIN. Asked again, with [`PinRequest::again`], only where [`can_try_again`](Self::can_try_again).
    ///
    /// # Errors
    /// [`Error::PinNeeded`] where nobody gives one.
    fn pin(&mut self, request: &PinRequest) -> Result<Pin, Error> {
        let _ = request;
        Err(Error::PinNeeded)
    }

    /// Which of several `accounts` at a website shall sign in: its place in the list, whose first has the newest
    /// passkey; `None` where none of them is meant. Unless this is implemented, it is the first.
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

impl UserInteraction for Unwatched {}
impl UserInteraction for CancelHandle {}
impl<F> UserInteraction for (CancelHandle, F) where Self: Watch {}
