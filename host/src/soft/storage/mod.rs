//! Where the soft token keeps its records: in a file, or in memory only.

#[cfg(feature = "file")]
mod file;
mod memory;
#[cfg(feature = "file")]
mod seal;
#[cfg(all(test, feature = "file"))]
mod tests;

use std::fmt;
#[cfg(feature = "file")]
use std::path::Path;

use brasskey_protocol::limits::{STORAGE_KEY_MAX, STORAGE_VALUE_MAX};
use brasskey_protocol::platform::{Storage, StorageError};

#[cfg(feature = "file")]
pub use crate::private::Unfit;
#[cfg(feature = "file")]
pub use file::{Announcer, FileStorage, StorageOpenError, StorageOpenProblem, Trouble};
pub use memory::MemoryStorage;
#[cfg(feature = "full")]
pub(crate) use seal::Vault;
#[cfg(feature = "file")]
pub use seal::{EmptyPassphrase, Keyring, KeyringError, KeyringOnly, NewSeal, Passphrase, Seal, Unlock};

/// How many records a soft token keeps at most: some 16,000 accounts in a file of about 10 MB. So a host that fills the
/// soft token fills neither the disk nor the memory.
pub const CAPACITY: u32 = 16_384;

/// A storage that is chosen when the soft token starts.
pub enum AnyStorage {
    /// Gone with the process.
    Memory(MemoryStorage),
    /// Kept in a file.
    #[cfg(feature = "file")]
    File(Box<FileStorage>),
    /// Of the program's own.
    Other(Box<dyn Storage + Send>),
}

impl AnyStorage {
    /// Opens the file at `path`. Without a path, an empty storage in memory.
    ///
    /// # Errors
    /// As [`FileStorage::open`].
    #[cfg(feature = "file")]
    pub fn open(path: Option<&Path>) -> Result<Self, StorageOpenError> {
        Ok(match path {
            Some(path) => Self::File(Box::new(FileStorage::open(path)?)),
            None => Self::Memory(MemoryStorage::new()),
        })
    }

    fn chosen(&mut self) -> &mut dyn Storage {
        match self {
            Self::Memory(storage) => storage,
            #[cfg(feature = "file")]
            Self::File(storage) => &mut **storage,
            Self::Other(storage) => &mut **storage,
        }
    }
}

impl fmt::Debug for AnyStorage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Memory(storage) => storage.fmt(f),
            #[cfg(feature = "file")]
            Self::File(storage) => storage.fmt(f),
            Self::Other(_) => f.write_str("Other"),
        }
    }
}

impl Storage for AnyStorage {
    fn read(&mut self, key: &[u8], value: &mut [u8]) -> Result<Option<usize>, StorageError> {
        self.chosen().read(key, value)
    }

    fn write(&mut self, key: &[u8], value: &[u8]) -> Result<(), StorageError> {
        self.chosen().write(key, value)
    }

    fn remove(&mut self, key: &[u8]) -> Result<(), StorageError> {
        self.chosen().remove(key)
    }

    fn next_key(
        &mut self,
        prefix: &[u8],
        after: Option<&[u8]>,
        key: &mut [u8; STORAGE_KEY_MAX],
    ) -> Result<Option<usize>, StorageError> {
        self.chosen().next_key(prefix, after, key)
    }

    fn room(&mut self, length: usize) -> Result<u32, StorageError> {
        self.chosen().room(length)
    }

    fn scrub(&mut self) -> Result<(), StorageError> {
        self.chosen().scrub()
    }

    fn check(&mut self) -> Result<(), StorageError> {
        self.chosen().check()
    }
}

/// Refuses a record that not every platform could keep and read.
fn check_size(key: &[u8], value: &[u8]) -> Result<(), StorageError> {
    let fits = (1..=STORAGE_KEY_MAX).contains(&key.len()) && value.len() <= STORAGE_VALUE_MAX;
    fits.then_some(()).ok_or(StorageError::Failed)
}

/// How many records fit beside those that there are.
fn room(capacity: u32, held: u64) -> u32 {
    capacity.saturating_sub(held.try_into().unwrap_or(u32::MAX))
}

/// Copies `source` to the start of `target` and returns its length.
fn copy(source: &[u8], target: &mut [u8]) -> Result<usize, StorageError> {
    let target = target.get_mut(..source.len()).ok_or(StorageError::Failed)?;
    target.copy_from_slice(source);
    Ok(source.len())
}
