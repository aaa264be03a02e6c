//! The root record: schema, epoch and master secret, and whether a reset must still be finished.

use core::fmt;

use rand_core::TryRng;
use zeroize::Zeroizing;

use super::epoch::{Epoch, OF_EPOCH};
use crate::bytes::fill;
use crate::limits::{STORAGE_KEY_MAX, STORAGE_VALUE_MAX};
use crate::platform::{Storage, StorageError};

const ROOT: &[u8] = b"R";
const SCHEMA: u8 = 1;
const ROOT_SIZE: usize = 1 + 1 + 4 + 32;

/// Why the key cannot start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StartError {
    /// The storage failed, or holds what no version of this key wrote. Nothing is lost but what a reset had begun to
    /// erase.
    Storage(StorageError),
    /// The storage was written by a newer version of this key, which this one would harm. Nothing was changed.
    NewerSchema(u8),
    /// The random number generator failed.
    Rng,
}

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Storage(error) => error.fmt(f),
            Self::NewerSchema(schema) => {
                write!(
                    f,
                    "the key's storage has schema {schema}; this version knows {SCHEMA} and older"
                )
            }
            Self::Rng => f.write_str("the random number generator failed"),
        }
    }
}

impl core::error::Error for StartError {}

impl From<StorageError> for StartError {
    fn from(error: StorageError) -> Self {
        Self::Storage(error)
    }
}

/// The record on which all others depend.
pub(super) struct Root {
    /// Records of earlier epochs, or their remains, may still be there.
    reset_unfinished: bool,
    pub(super) epoch: Epoch,
    pub(super) secret: Zeroizing<[u8; 32]>,
}

impl Root {
    /// A root with a new master secret. `None` where randomness failed.
    pub(super) fn new(epoch: Epoch, reset_unfinished: bool, rng: &mut impl TryRng) -> Option<Self> {
        let mut secret = Zeroizing::new([0; 32]);
        rng.try_fill_bytes(&mut *secret).ok()?;
        Some(Self {
            reset_unfinished,
            epoch,
            secret,
        })
    }

    /// The root of the storage, or a new one for a new key. Finishes a reset that a power cut ended.
    pub(super) fn start(storage: &mut impl Storage, rng: &mut impl TryRng) -> Result<Self, StartError> {
        let mut root = match Self::read(storage)? {
            Some(root) => root,
            None => {
                let root = Self::new(Epoch(0), false, rng).ok_or(StartError::Rng)?;
                root.write(storage)?;
                root
            }
        };
        if root.reset_unfinished {
            root.finish_reset(storage)?;
        }
        Ok(root)
    }

    fn read(storage: &mut impl Storage) -> Result<Option<Self>, StartError> {
        // A newer version's record may be longer than ours.
        let mut record = Zeroizing::new([0; STORAGE_VALUE_MAX]);
        let Some(length) = storage.read(ROOT, &mut *record)? else {
            return Ok(None);
        };
        match record.get(..length).and_then(<[u8]>::split_first) {
            Some((&SCHEMA, body)) => Ok(Some(Self::decode(body).ok_or(StorageError::Failed)?)),
            Some((&newer, _)) if newer > SCHEMA => Err(StartError::NewerSchema(newer)),
            _ => Err(StorageError::Failed.into()),
        }
    }

    fn decode(body: &[u8]) -> Option<Self> {
        let (&[reset_unfinished @ (0 | 1)], body) = body.split_first_chunk()? else {
            return None;
        };
        let (&epoch, secret) = body.split_first_chunk()?;
        Some(Self {
            reset_unfinished: reset_unfinished == 1,
            epoch: Epoch(u32::from_be_bytes(epoch)),
            secret: Zeroizing::new(secret.try_into().ok()?),
        })
    }

    pub(super) fn write(&self, storage: &mut impl Storage) -> Result<(), StorageError> {
        let head = [SCHEMA, u8::from(self.reset_unfinished)];
        let mut record = Zeroizing::new([0; ROOT_SIZE]);
        fill(&mut *record, &[&head, &self.epoch.0.to_be_bytes(), &*self.secret]);
        storage.write(ROOT, &*record)
    }

    /// Removes the records of earlier epochs, which come first in the order of keys. Then makes them and the old secret
    /// unreadable.
    pub(super) fn finish_reset(&mut self, storage: &mut impl Storage) -> Result<(), StorageError> {
        let mut key = [0; STORAGE_KEY_MAX];
        let current = self.epoch.prefix();
        while let Some(length) = storage.next_key(&[OF_EPOCH], None, &mut key)? {
            let key = key.get(..length).ok_or(StorageError::Failed)?;
            if key.starts_with(&current) {
                break;
            }
            storage.remove(key)?;
        }
        storage.scrub()?;
        self.reset_unfinished = false;
        self.write(storage)
    }
}
