//! The serialized large-blob array in the storage.
//!
//! | key | value |
//! |---|---|
//! | `E` ‖ epoch ‖ `L` | which copy is the array (1) ‖ its length (2) |
//! | `E` ‖ epoch ‖ `L` ‖ copy (1) ‖ number (1) | a chunk of the copy: 1024 bytes, the last one fewer |
//!
//! A new array is written as its fragments come, beside the one that is valid; then one write of the first record makes
//! it the array. A power cut leaves the old one or the new one. Until then both need room: a storage that has none for
//! the new one keeps the old one. What is left of either is removed after that write, before the next array begins, and
//! at power-up.

use core::ops::Range;

use heapless::Vec;
use sha2::{Digest as _, Sha256};

use super::epoch::Epoch;
use super::records::Store;
use crate::cbor::Writer;
#[cfg(feature = "import")]
use crate::limits::LARGE_BLOB_ARRAY_MAX;
use crate::limits::{STORAGE_KEY_MAX, STORAGE_VALUE_MAX};
use crate::platform::{Storage, StorageError};

const TAG: u8 = b'L';
const CHUNK: usize = STORAGE_VALUE_MAX;
/// An array ends with the first half of the SHA-256 of what comes before (CTAP 2.3 §6.10.2).
pub(crate) const TRAILER: usize = 16;
/// A new key's array: an empty one in CBOR, and its trailer (§6.10.2).
const INITIAL: [u8; 17] = *b"\x80\x76\xbe\x8b\x52\x8d\x00\x75\xf7\xaa\xe9\x8d\x6f\xa5\x7a\x6d\x3c";

/// Where a copy's chunks are.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Copy(u8);

impl Copy {
    /// The copy that is not this one.
    fn other(self) -> Self {
        Self(self.0 ^ 1)
    }

    /// Begins the keys of its chunks.
    fn prefix(self, epoch: Epoch) -> [u8; 7] {
        let [e, a, b, c, d, tag] = epoch.key(TAG);
        [e, a, b, c, d, tag, self.0]
    }

    fn chunk_key(self, epoch: Epoch, number: usize) -> Result<[u8; 8], StorageError> {
        let [e, a, b, c, d, tag, copy] = self.prefix(epoch);
        let number = u8::try_from(number).map_err(|_| StorageError::Failed)?;
        Ok([e, a, b, c, d, tag, copy, number])
    }
}

/// A new array while its fragments come. Only the storage holds more with each.
#[derive(Clone)]
pub(crate) struct Upload {
    copy: Copy,
    length: usize,
    received: usize,
    hash: Sha256,
    trailer: Vec<u8, TRAILER>,
}

impl Upload {
    /// Bytes received so far: the offset of the next fragment.
    pub(crate) fn received(&self) -> usize {
        self.received
    }

    /// Bytes still to come.
    pub(crate) fn missing(&self) -> usize {
        self.length.saturating_sub(self.received)
    }

    fn digest(&mut self, piece: &[u8]) -> Result<(), StorageError> {
        let content = self.missing().saturating_sub(TRAILER).min(piece.len());
        let (content, trailer) = piece.split_at(content);
        self.hash.update(content);
        self.received += piece.len();
        let kept = self.trailer.extend_from_slice(trailer);
        kept.map_err(|_| StorageError::Failed)
    }

    /// Whether the trailer is the right one for what came before it.
    pub(crate) fn is_intact(&self) -> bool {
        self.hash.clone().finalize().starts_with(&self.trailer)
    }
}

impl<S: Storage> Store<S> {
    /// The array that is valid now. `None` on a new key; a damaged record counts as none.
    fn valid_array(&mut self) -> Result<Option<(Copy, usize)>, StorageError> {
        let mut record = [0; STORAGE_VALUE_MAX];
        let length = self.storage.read(&self.epoch.key(TAG), &mut record)?;
        Ok(match length.and_then(|length| record.get(..length)) {
            Some(&[copy @ (0 | 1), high, low]) => Some((Copy(copy), u16::from_be_bytes([high, low]).into())),
            _ => None,
        })
    }

    /// The copy that holds no array.
    fn free_copy(&mut self) -> Result<Copy, StorageError> {
        Ok(self.valid_array()?.map_or(Copy(0), |(copy, _)| copy.other()))
    }

    /// Removes what is left of an array that was replaced or never finished.
    pub(crate) fn collect_large_blobs(&mut self) -> Result<(), StorageError> {
        let prefix = self.free_copy()?.prefix(self.epoch);
        let mut key = [0; STORAGE_KEY_MAX];
        while let Some(length) = self.storage.next_key(&prefix, None, &mut key)? {
            self.storage.remove(key.get(..length).ok_or(StorageError::Failed)?)?;
        }
        Ok(())
    }

    /// Writes to `response`, as a byte string, at most `count` bytes of the array from `offset` on. `None` where the
    /// array ends before `offset`.
    pub(crate) fn read_large_blobs(
        &mut self,
        offset: u64,
        count: u64,
        response: &mut Writer<'_>,
    ) -> Result<Option<()>, StorageError> {
        let array = self.valid_array()?;
        let length = array.map_or(INITIAL.len(), |(_, length)| length);
        let Some(start) = usize::try_from(offset).ok().filter(|&start| start <= length) else {
            return Ok(None);
        };
        let count = usize::try_from(count).unwrap_or(usize::MAX).min(length - start);
        let window = start..start + count;
        response.bytes_head(count);
        match array {
            None => {
                response.raw(INITIAL.get(window).ok_or(StorageError::Failed)?);
            }
            Some((copy, _)) => self.read_chunks(copy, window, response)?,
        }
        Ok(Some(()))
    }

    fn read_chunks(&mut self, copy: Copy, window: Range<usize>, response: &mut Writer<'_>) -> Result<(), StorageError> {
        let mut chunk = [0; CHUNK];
        let mut position = window.start;
        while position < window.end {
            let within = position % CHUNK;
            let key = copy.chunk_key(self.epoch, position / CHUNK)?;
            let length = self.storage.read(&key, &mut chunk)?.ok_or(StorageError::Failed)?;
            let end = CHUNK.min(within + (window.end - position));
            let piece = chunk.get(..length).and_then(|chunk| chunk.get(within..end));
            response.raw(piece.ok_or(StorageError::Failed)?);
            position += end - within;
        }
        Ok(())
    }

    /// Begins an array of `length` bytes, of which the last [`TRAILER`] are its trailer.
    pub(crate) fn begin_upload(&mut self, length: usize) -> Result<Upload, StorageError> {
        self.collect_large_blobs()?;
        Ok(Upload {
            copy: self.free_copy()?,
            length,
            received: 0,
            hash: Sha256::new(),
            trailer: Vec::new(),
        })
    }

    /// Appends a fragment that is no longer than what is missing.
    pub(crate) fn append_to_upload(&mut self, upload: &mut Upload, fragment: &[u8]) -> Result<(), StorageError> {
        let mut chunk = [0; CHUNK];
        let mut rest = fragment;
        while !rest.is_empty() {
            let key = upload.copy.chunk_key(self.epoch, upload.received / CHUNK)?;
            let within = upload.received % CHUNK;
            // The chunk begins with what earlier fragments left there.
            if within > 0 && self.storage.read(&key, &mut chunk)? != Some(within) {
                return Err(StorageError::Failed);
            }
            let (piece, later) = rest.split_at(rest.len().min(CHUNK - within));
            let end = within + piece.len();
            let place = chunk.get_mut(within..end).ok_or(StorageError::Failed)?;
            place.copy_from_slice(piece);
            self.storage
                .write(&key, chunk.get(..end).ok_or(StorageError::Failed)?)?;
            upload.digest(piece)?;
            rest = later;
        }
        Ok(())
    }

    /// Makes what was uploaded the array.
    pub(crate) fn commit_upload(&mut self, upload: &Upload) -> Result<(), StorageError> {
        let length = u16::try_from(upload.length).map_err(|_| StorageError::Failed)?;
        let [high, low] = length.to_be_bytes();
        self.storage.write(&self.epoch.key(TAG), &[upload.copy.0, high, low])
    }

    /// Puts an array with its hash in the place of the valid one.
    #[cfg(feature = "import")]
    pub(crate) fn replace_large_blobs(&mut self, serialized: &[u8]) -> Result<(), StorageError> {
        if serialized.len() > LARGE_BLOB_ARRAY_MAX {
            return Err(StorageError::Full);
        }
        let mut upload = self.begin_upload(serialized.len())?;
        self.append_to_upload(&mut upload, serialized)?;
        self.commit_upload(&upload)?;
        self.collect_large_blobs()
    }
}
