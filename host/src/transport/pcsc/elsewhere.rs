//! Systems without pcscd.

use super::{PcscError, Reader, Sharing};

/// A card in a reader. There is none here.
#[derive(Debug)]
pub enum PcscCard {}

impl PcscCard {
    /// # Errors
    /// [`PcscError::Unsupported`].
    pub fn connect(_: &str, _: Sharing) -> Result<Self, PcscError> {
        Err(PcscError::Unsupported)
    }

    /// The name of the reader.
    #[must_use]
    pub fn reader(&self) -> &str {
        match *self {}
    }

    /// As elsewhere.
    pub fn reset_at_end(&mut self) {
        match *self {}
    }

    /// As elsewhere.
    ///
    /// # Errors
    /// None: there is no card.
    pub fn transmit(&mut self, _: &[u8], _: &dyn Fn() -> bool) -> Result<Vec<u8>, PcscError> {
        match *self {}
    }
}

/// # Errors
/// [`PcscError::Unsupported`].
pub fn readers() -> Result<Vec<Reader>, PcscError> {
    Err(PcscError::Unsupported)
}
