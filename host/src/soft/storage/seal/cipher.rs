//! XChaCha20-Poly1305, with a random nonce before the sealed text and the tag after it.

use brasskey_protocol::platform::StorageError;
use chacha20poly1305::aead::AeadInOut as _;
use chacha20poly1305::{KeyInit as _, XChaCha20Poly1305};

use super::Key;

/// Bytes of a nonce.
const NONCE: usize = 24;
/// Bytes of a tag.
const TAG: usize = 16;
/// How many bytes a sealed text is longer than the plain one.
pub(in crate::soft::storage) const OVERHEAD: usize = NONCE + TAG;

/// A key that seals and opens. Zeroized when dropped. Boxed, since each move would leave a copy behind.
pub(in crate::soft::storage) struct Cipher(Box<XChaCha20Poly1305>);

impl Cipher {
    pub(super) fn new(key: &Key) -> Self {
        Self(Box::new(XChaCha20Poly1305::new((&**key).into())))
    }

    /// Seals `plain`, for `context` only.
    pub(in crate::soft::storage) fn seal(&self, context: &[u8], plain: &[u8]) -> Result<Vec<u8>, StorageError> {
        let mut nonce = [0; NONCE];
        getrandom::fill(&mut nonce).map_err(|_| StorageError::Failed)?;
        let mut sealed = Vec::with_capacity(plain.len() + OVERHEAD);
        sealed.extend_from_slice(&nonce);
        sealed.extend_from_slice(plain);
        let (_, body) = sealed.split_at_mut(NONCE);
        let tag = self.0.encrypt_inout_detached(&nonce.into(), context, body.into());
        sealed.extend_from_slice(&tag.map_err(|_| StorageError::Failed)?);
        Ok(sealed)
    }

    /// Opens in place what was sealed for `context`. None where any of it was changed.
    pub(in crate::soft::storage) fn open<'a>(&self, context: &[u8], sealed: &'a mut [u8]) -> Option<&'a [u8]> {
        let (nonce, rest) = sealed.split_first_chunk_mut::<NONCE>()?;
        let (body, tag) = rest.split_last_chunk_mut::<TAG>()?;
        let opened = self
            .0
            .decrypt_inout_detached((&*nonce).into(), context, (&mut *body).into(), (&*tag).into());
        opened.is_ok().then_some(body)
    }
}
