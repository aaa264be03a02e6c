//! How often the discoverable credentials changed: what encCredStoreState stands for (CTAP 2.3 §6.4).
//!
//! The count goes up in storage before each change: whatever a power cut leaves, no two contents of the store have the
//! same count. Where the cut comes in between, the count went up for nothing, which harms nobody.

use super::epoch::Epoch;
use super::id::MasterSecret;

use crate::platform::{Storage, StorageError};

const TAG: u8 = b'V';

/// The change counter of one epoch.
#[derive(Debug)]
pub struct Changes {
    key: [u8; 6],
    count: u64,
}

impl Changes {
    /// Reads the counter.
    ///
    /// # Errors
    /// The storage's; [`StorageError::Failed`] also for a record that no version of this key wrote.
    pub(super) fn read(storage: &mut impl Storage, epoch: Epoch) -> Result<Self, StorageError> {
        let key = epoch.key(TAG);
        let mut record = [0; 8];
        match storage.read(&key, &mut record)? {
            None | Some(8) => Ok(Self {
                key,
                count: u64::from_be_bytes(record),
            }),
            Some(_) => Err(StorageError::Failed),
        }
    }

    /// Takes the counter's place in a new epoch: later, accounts may have filled the storage, and without a place for
    /// this record none of them could be deleted.
    ///
    /// # Errors
    /// The storage's.
    pub(super) fn take_place(storage: &mut impl Storage, epoch: Epoch) -> Result<(), StorageError> {
        epoch.take_place(storage, TAG, |storage| storage.write(&epoch.key(TAG), &[0; 8]))
    }

    /// To be called before each change.
    ///
    /// # Errors
    /// The storage's: then the change must not be made.
    pub(super) fn announce(&mut self, storage: &mut impl Storage) -> Result<(), StorageError> {
        let count = self.count.wrapping_add(1);
        storage.write(&self.key, &count.to_be_bytes())?;
        self.count = count;
        Ok(())
    }

    /// The credential store state: 16 bytes that stand for this count, until the next reset.
    pub(super) fn state(&self, secret: &MasterSecret) -> [u8; 16] {
        let state = secret.device_secret("credential store state", &self.count.to_be_bytes());
        state.first_chunk().copied().unwrap_or_default()
    }
}
