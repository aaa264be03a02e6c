//! The key's records, which can be taken out and put into another key.
//!
//! A state is the line [`MAGIC`], and then each record: the lengths of its key and its value (4 bytes each,
//! big-endian), the key, the value.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use brasskey::soft::storage::MemoryStorage;
use brasskey_protocol::limits::{STORAGE_KEY_MAX, STORAGE_VALUE_MAX};
use brasskey_protocol::platform::{Storage, StorageError};
use zeroize::Zeroizing;

const MAGIC: &[u8] = b"brasskey state 1\n";

/// Records in memory. Clones share them.
#[derive(Clone, Default)]
pub(crate) struct State(Arc<Mutex<MemoryStorage>>);

impl State {
    /// Reads a state; `None` where it is none.
    pub(crate) fn parse(bytes: &[u8]) -> Option<Self> {
        let state = Self::default();
        let mut rest = bytes.strip_prefix(MAGIC)?;
        while !rest.is_empty() {
            let (lengths, records) = rest.split_first_chunk::<8>()?;
            let [key, value] = [0, 4].map(|at| {
                let length = lengths.get(at..).and_then(<[u8]>::first_chunk::<4>);
                length.and_then(|length| usize::try_from(u32::from_be_bytes(*length)).ok())
            });
            let (key, records) = records.split_at_checked(key?)?;
            let (value, records) = records.split_at_checked(value?)?;
            state.records().write(key, value).ok()?;
            rest = records;
        }
        Some(state)
    }

    /// Writes all records.
    pub(crate) fn serialize(&self) -> Result<Vec<u8>, StorageError> {
        let mut records = self.records();
        let mut bytes = MAGIC.to_vec();
        let mut key = [0; STORAGE_KEY_MAX];
        let mut value = Zeroizing::new(vec![0; STORAGE_VALUE_MAX]);
        let mut after: Option<Vec<u8>> = None;
        while let Some(length) = records.next_key(&[], after.as_deref(), &mut key)? {
            let key = key.get(..length).unwrap_or_default();
            let length = records.read(key, &mut value)?.unwrap_or_default();
            let value = value.get(..length).unwrap_or_default();
            for length in [key.len(), value.len()] {
                let length = u32::try_from(length).map_err(|_| StorageError::Failed)?;
                bytes.extend(length.to_be_bytes());
            }
            bytes.extend(key);
            bytes.extend(value);
            after = Some(key.to_vec());
        }
        Ok(bytes)
    }

    /// The records themselves.
    pub(crate) fn records(&self) -> MutexGuard<'_, MemoryStorage> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Storage for State {
    fn read(&mut self, key: &[u8], value: &mut [u8]) -> Result<Option<usize>, StorageError> {
        self.records().read(key, value)
    }

    fn write(&mut self, key: &[u8], value: &[u8]) -> Result<(), StorageError> {
        self.records().write(key, value)
    }

    fn remove(&mut self, key: &[u8]) -> Result<(), StorageError> {
        self.records().remove(key)
    }

    fn next_key(
        &mut self,
        prefix: &[u8],
        after: Option<&[u8]>,
        key: &mut [u8; STORAGE_KEY_MAX],
    ) -> Result<Option<usize>, StorageError> {
        self.records().next_key(prefix, after, key)
    }

    fn room(&mut self, length: usize) -> Result<u32, StorageError> {
        self.records().room(length)
    }

    fn scrub(&mut self) -> Result<(), StorageError> {
        self.records().scrub()
    }
}
