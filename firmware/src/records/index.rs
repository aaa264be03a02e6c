//! The index: which key is in which slot, sorted by key.

use brasskey_protocol::limits::STORAGE_KEY_MAX;
use heapless::Vec;

use super::content::Content;
use super::{OVERHEAD, RECORDS};

/// The number of a record on flash.
pub(super) type Slot = u16;

struct Entry {
    key: Vec<u8, STORAGE_KEY_MAX, u8>,
    slot: Slot,
    /// The size of the record on flash, in bytes.
    size: u16,
}

/// The keys of all records. It takes about 46 bytes for each record that there can be.
pub struct Index {
    entries: Vec<Entry, RECORDS>,
}

impl Index {
    /// An index without records.
    #[must_use]
    pub const fn new() -> Self {
        Self { entries: Vec::new() }
    }

    fn find(&self, key: &[u8]) -> Result<usize, usize> {
        self.entries.binary_search_by(|entry| entry.key.as_slice().cmp(key))
    }

    fn entry(&self, key: &[u8]) -> Option<&Entry> {
        self.find(key).ok().and_then(|place| self.entries.get(place))
    }

    pub(super) fn clear(&mut self) {
        self.entries.clear();
    }

    /// The slot of the record at `key`.
    pub(super) fn slot(&self, key: &[u8]) -> Option<Slot> {
        self.entry(key).map(|entry| entry.slot)
    }

    /// The size of the record at `key` on flash, in bytes.
    pub(super) fn size(&self, key: &[u8]) -> Option<usize> {
        self.entry(key).map(|entry| entry.size.into())
    }

    /// How many records there are.
    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    /// The size of all records on flash, in bytes, if each counts for at least `least`.
    pub(super) fn total_size(&self, least: usize) -> usize {
        self.entries.iter().map(|entry| least.max(entry.size.into())).sum()
    }

    /// The lowest free slot.
    pub(super) fn free_slot(&self) -> Option<Slot> {
        let mut used = [false; RECORDS];
        for entry in &self.entries {
            *used.get_mut(usize::from(entry.slot))? = true;
        }
        let free = used.iter().position(|used| !used)?;
        Slot::try_from(free).ok()
    }

    /// Marks the slot as free.
    pub(super) fn free(&mut self, slot: Slot) {
        if let Some(place) = self.entries.iter().position(|entry| entry.slot == slot) {
            self.entries.remove(place);
        }
    }

    /// Enters the content of a free slot. `None` if that cannot be: another slot has the key, or there is no such slot.
    pub(super) fn occupy(&mut self, slot: Slot, content: &Content<'_>) -> Option<()> {
        let place = self.find(content.key).err()?;
        let entry = Entry {
            key: Vec::from_slice(content.key).ok()?,
            slot,
            size: u16::try_from(content.item_size() + OVERHEAD).ok()?,
        };
        if usize::from(slot) >= RECORDS {
            return None;
        }
        self.entries.insert(place, entry).ok()
    }

    /// The first key that begins with `prefix` and comes after `after`. Without `after`, the first of all of them.
    pub(super) fn next(&self, prefix: &[u8], after: Option<&[u8]>) -> Option<&[u8]> {
        let place = match after {
            None => self.find(prefix).unwrap_or_else(|place| place),
            Some(after) => self.find(after).map_or_else(|place| place, |place| place + 1),
        };
        let key = self.entries.get(place)?.key.as_slice();
        key.starts_with(prefix).then_some(key)
    }
}

impl Default for Index {
    fn default() -> Self {
        Self::new()
    }
}
