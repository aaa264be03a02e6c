//! What a request asks the user: for the PIN, and which account to sign in with.

use super::error::Error;
use super::pin::{Pin, PinRetries};
use super::watch::{CancelHandle, Unwatched, Watch};
use crate::webauthn::UserEntity;

/// What a person should know before giving a PIN.
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
    /// Whose it is. Untrusted. Keys give no names before they have verified the user.
    pub user: Option<UserEntity>,
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

    /// Which of several `accounts` to sign in with: its index in the list, which begins with the newest passkey. `None`
    /// where it is none of them. The default is the first.
    ///
    /// # Errors
    /// [`Error::Cancelled`] where nobody chooses.
    fn account(&mut self, accounts: &[PasskeyAccount]) -> Result<Option<usize>, Error> {
        let _ = accounts;
        Ok(Some(0))
    }

    /// Whether there is a person who can correct a wrong PIN.
    fn can_try_again(&self) -> bool {
        false
    }
}

impl UserInteraction for Unwatched {}
impl UserInteraction for CancelHandle {}
impl<F> UserInteraction for (CancelHandle, F) where Self: Watch {}
