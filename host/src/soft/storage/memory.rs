//! Records in memory.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Bound;

use brasskey_protocol::limits::STORAGE_KEY_MAX;
use brasskey_protocol::platform::{Storage, StorageError};
use zeroize::Zeroizing;

use super::{CAPACITY, check_size, copy, room};

/// Records in memory, gone with the value. A clone is a snapshot: what a power cut would leave.
#[derive(Clone)]
pub struct MemoryStorage {
    records: BTreeMap<Vec<u8>, Zeroizing<Vec<u8>>>,
    capacity: u32,
}

impl MemoryStorage {
    /// Empty, with room for [`CAPACITY`] records.
    #[must_use]
    pub fn new() -> Self {
        Self::limited_to(CAPACITY)
    }

    /// Empty, with room for `records` records.
    #[must_use]
    pub fn limited_to(records: u32) -> Self {
        Self {
            records: BTreeMap::new(),
            capacity: records,
        }
    }

    /// How many records there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.records.len()
    }

    /// Whether there is no record.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.records.is_empty()
    }
}

impl Default for MemoryStorage {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for MemoryStorage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryStorage")
            .field("records", &self.records.len())
            .finish_non_exhaustive()
    }
}

impl Storage for MemoryStorage {
    fn read(&mut self, key: &[u8], value: &mut [u8]) -> Result<Option<usize>, StorageError> {
        match self.records.get(key) {
            Some(record) => copy(record, value).map(Some),
            None => Ok(None),
        }
    }

    fn write(&mut self, key: &[u8], value: &[u8]) -> Result<(), StorageError> {
        check_size(key, value)?;
        if !self.records.contains_key(key) && self.room(value.len())? == 0 {
            return Err(StorageError::Full);
        }
        self.records.insert(key.to_vec(), Zeroizing::new(value.to_vec()));
        Ok(())
    }

    fn remove(&mut self, key: &[u8]) -> Result<(), StorageError> {
        check_size(key, &[])?;
        self.records.remove(key);
        Ok(())
    }

    fn next_key(
        &mut self,
        prefix: &[u8],
        after: Option<&[u8]>,
        key: &mut [u8; STORAGE_KEY_MAX],
    ) -> Result<Option<usize>, StorageError> {
        let from = after.map_or(Bound::Included(prefix), Bound::Excluded);
        let next = self.records.range::<[u8], _>((from, Bound::Unbounded)).next();
        match next {
            Some((found, _)) if found.starts_with(prefix) => copy(found, key).map(Some),
            _ => Ok(None),
        }
    }

    fn room(&mut self, _length: usize) -> Result<u32, StorageError> {
        Ok(room(self.capacity, self.records.len() as u64))
    }

    /// Does nothing: what was removed or replaced is already overwritten with zeros.
    fn scrub(&mut self) -> Result<(), StorageError> {
        Ok(())
    }
}
