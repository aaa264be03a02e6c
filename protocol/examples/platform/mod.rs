//! The simplest seams that a key can have: for the example beside this, and for the fuzz targets.

use std::collections::BTreeMap;

use brasskey_protocol::limits::STORAGE_KEY_MAX;
use brasskey_protocol::platform::{
    Indication, Indicator, Presence, PresenceRequest, Storage, StorageError, UserPresence,
};

/// A user who always touches the key.
pub struct Touched;

impl UserPresence for Touched {
    fn wait(&mut self, _: &PresenceRequest<'_>, _: u64) -> Presence {
        Presence::Confirmed
    }

    fn poll(&mut self, _: u32, _: &PresenceRequest<'_>) -> Option<Presence> {
        Some(Presence::Confirmed)
    }

    fn forget(&mut self) {}
}

/// Records that end with the program.
#[derive(Default)]
pub struct Memory(BTreeMap<Vec<u8>, Vec<u8>>);

impl Storage for Memory {
    fn read(&mut self, key: &[u8], value: &mut [u8]) -> Result<Option<usize>, StorageError> {
        let Some(record) = self.0.get(key) else {
            return Ok(None);
        };
        let place = value.get_mut(..record.len()).ok_or(StorageError::Failed)?;
        place.copy_from_slice(record);
        Ok(Some(record.len()))
    }

    fn write(&mut self, key: &[u8], value: &[u8]) -> Result<(), StorageError> {
        self.0.insert(key.to_vec(), value.to_vec());
        Ok(())
    }

    fn remove(&mut self, key: &[u8]) -> Result<(), StorageError> {
        self.0.remove(key);
        Ok(())
    }

    fn next_key(
        &mut self,
        prefix: &[u8],
        after: Option<&[u8]>,
        key: &mut [u8; STORAGE_KEY_MAX],
    ) -> Result<Option<usize>, StorageError> {
        let mut candidates = self.0.keys().filter(|key| key.starts_with(prefix));
        let next = candidates.find(|key| after.is_none_or(|after| key.as_slice() > after));
        Ok(next.map(|next| {
            key[..next.len()].copy_from_slice(next);
            next.len()
        }))
    }

    fn room(&mut self, _: usize) -> Result<u32, StorageError> {
        Ok(1_000_000)
    }

    fn scrub(&mut self) -> Result<(), StorageError> {
        Ok(())
    }
}

/// Shows nothing.
pub struct Dark;

impl Indicator for Dark {
    fn show(&mut self, _: Indication) {}
}
