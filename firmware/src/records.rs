//! The key's records on NOR flash, over [`sequential_storage`], with wear levelling. No power cut damages them.
//!
//! Every record has a slot, which is a small number. The flash holds a log of `slot ‖ content`. The last content of a
//! slot is its record, and an empty one says that the slot is free again. So each change is one item of the log, which
//! is written whole or not at all. The [`Index`] knows which key is in which slot. It is built at power-up.

mod content;
mod index;
mod pages;

use core::pin::pin;
use core::task::{Context, Poll, Waker};

use brasskey_protocol::limits::{STORAGE_KEY_MAX, STORAGE_VALUE_MAX};
use brasskey_protocol::platform::{Storage, StorageError};
use embedded_storage::nor_flash::NorFlash;
use sequential_storage::Error;
use sequential_storage::cache::key_pointers::ArrayKeyPointers;
use sequential_storage::cache::page_pointers::ArrayPagePointers;
use sequential_storage::cache::page_states::ArrayPageStates;
use sequential_storage::cache::{Cache, CacheImpl};
use sequential_storage::map::{MapConfig, MapStorage};
use zeroize::Zeroize;

use content::Content;
pub use index::Index;
use index::Slot;
use pages::Pages;

/// The size of a flash page in bytes. A page is erased as a whole.
pub const PAGE_SIZE: u32 = 4096;
/// Pages of the region that holds the records.
pub const PAGES: u32 = 32;
/// The size of the region, in bytes.
pub const REGION_SIZE: u32 = PAGES * PAGE_SIZE;
/// The most records that there can be.
pub const RECORDS: usize = 256;

/// What the log adds to `slot ‖ content`, in bytes: 8 before it, and up to 3 behind it.
const OVERHEAD: usize = 8 + 3;
/// The largest item of the log: slot, length of the key, key, value.
const ITEM_MAX: usize = 2 + 1 + STORAGE_KEY_MAX + STORAGE_VALUE_MAX;
const BUFFER: usize = ITEM_MAX.next_multiple_of(4);

/// The most that all records together may take, in bytes, so that there is always room to replace one. Four pages stay
/// free, so that records can move. Every page may end with a gap that is just too short for the largest item. Every
/// slot may be free, with an item that says so.
const CAPACITY: usize = (PAGES as usize - 4) * (PAGE_SIZE as usize - 8 - (BUFFER + OVERHEAD))
    - RECORDS * (Content::NONE.item_size() + OVERHEAD);

/// The slot of items that are written only so that the log moves on and erases pages.
const FILLER: Slot = Slot::MAX;

type PageStates = ArrayPageStates<{ PAGES as usize }>;
type PagePointers = ArrayPagePointers<{ PAGES as usize }>;
type SlotPointers = ArrayKeyPointers<Slot, RECORDS>;
type SlotCache = Cache<PageStates, PagePointers, SlotPointers, Slot>;

/// The records in a region of flash that begins at offset 0 of `F` and is [`REGION_SIZE`] long.
pub struct Records<'i, F: NorFlash> {
    map: MapStorage<Slot, Pages<F>, SlotCache>,
    index: &'i mut Index,
    buffer: [u8; BUFFER],
}

impl<'i, F: NorFlash> Records<'i, F> {
    const CONFIG: MapConfig<Pages<F>> = {
        assert!(F::ERASE_SIZE == PAGE_SIZE as usize && F::WRITE_SIZE <= 4 && F::READ_SIZE <= 4);
        MapConfig::new(0..REGION_SIZE)
    };

    /// Starts at power-up: reads the whole region to build the index.
    ///
    /// # Errors
    /// [`StorageError::Failed`] if the region holds something that this key did not write. Then nothing changes, except
    /// that an erase that a power cut interrupted is finished.
    pub fn start(flash: F, index: &'i mut Index) -> Result<Self, StorageError> {
        let cache = Cache::new(PageStates::new(), PagePointers::new(), SlotPointers::new());
        let mut records = Self {
            map: MapStorage::new(Pages::new(flash), Self::CONFIG, cache),
            index,
            buffer: [0; BUFFER],
        };
        let outcome = now(fill(&mut records.map, records.index, &mut records.buffer));
        records.buffer.zeroize();
        outcome?;
        let outcome = records.map.flash().finish_erasures();
        outcome.map_err(|_| StorageError::Failed)?;
        Ok(records)
    }

    fn store(&mut self, slot: Slot, content: &Content<'_>) -> Result<(), StorageError> {
        let outcome = now(self.map.store_item(&mut self.buffer, &slot, content));
        self.buffer.zeroize();
        outcome
    }
}

/// Puts every record of the log into the index.
async fn fill<F: NorFlash>(
    map: &mut MapStorage<Slot, Pages<F>, impl CacheImpl<Slot>>,
    index: &mut Index,
    buffer: &mut [u8],
) -> Result<(), Error<F::Error>> {
    index.clear();
    // This finishes an erase that a power cut interrupted. `fetch_all_items` of sequential-storage 8.0.2 would fail
    // there.
    map.fetch_item::<Content<'_>>(buffer, &FILLER).await?;
    let mut items = map.fetch_all_items(buffer).await?;
    while let Some((slot, content)) = items.next::<Content<'_>>(buffer).await? {
        if slot == FILLER {
            continue;
        }
        index.free(slot);
        if !content.is_none() {
            index.occupy(slot, &content).ok_or(Error::Corrupted {})?;
        }
    }
    Ok(())
}

/// The outcome of a future over flash that is never pending.
fn now<T, E>(future: impl Future<Output = Result<T, Error<E>>>) -> Result<T, StorageError> {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(Ok(value)) => Ok(value),
        Poll::Ready(Err(Error::FullStorage)) => Err(StorageError::Full),
        Poll::Ready(Err(_)) | Poll::Pending => Err(StorageError::Failed),
    }
}

/// For a reference, because `Records` is too large to move.
impl<F: NorFlash> Storage for &mut Records<'_, F> {
    fn read(&mut self, key: &[u8], value: &mut [u8]) -> Result<Option<usize>, StorageError> {
        let Some(slot) = self.index.slot(key) else {
            return Ok(None);
        };
        let outcome = now(self.map.fetch_item::<Content<'_>>(&mut self.buffer, &slot)).and_then(|content| {
            let content = content
                .filter(|content| content.key == key)
                .ok_or(StorageError::Failed)?;
            let length = content.value.len();
            let place = value.get_mut(..length).ok_or(StorageError::Failed)?;
            place.copy_from_slice(content.value);
            Ok(Some(length))
        });
        self.buffer.zeroize();
        outcome
    }

    fn write(&mut self, key: &[u8], value: &[u8]) -> Result<(), StorageError> {
        let content = Content { key, value };
        let replaced = self.index.size(key);
        let total = self.index.total_size(0) - replaced.unwrap_or(0) + content.item_size() + OVERHEAD;
        // A record that is not longer than the one it replaces always fits.
        if total > CAPACITY && replaced.is_none_or(|size| size < content.item_size() + OVERHEAD) {
            return Err(StorageError::Full);
        }
        let slot = match self.index.slot(key) {
            Some(slot) => slot,
            None => self.index.free_slot().ok_or(StorageError::Full)?,
        };
        self.store(slot, &content)?;
        self.index.free(slot);
        self.index.occupy(slot, &content).ok_or(StorageError::Failed)
    }

    fn remove(&mut self, key: &[u8]) -> Result<(), StorageError> {
        let Some(slot) = self.index.slot(key) else {
            return Ok(());
        };
        self.store(slot, &Content::NONE)?;
        self.index.free(slot);
        Ok(())
    }

    fn next_key(
        &mut self,
        prefix: &[u8],
        after: Option<&[u8]>,
        key: &mut [u8; STORAGE_KEY_MAX],
    ) -> Result<Option<usize>, StorageError> {
        let Some(next) = self.index.next(prefix, after) else {
            return Ok(None);
        };
        let place = key.get_mut(..next.len()).ok_or(StorageError::Failed)?;
        place.copy_from_slice(next);
        Ok(Some(next.len()))
    }

    /// Here a record counts for at least `length` bytes, so that each new record makes the number smaller.
    fn room(&mut self, length: usize) -> Result<u32, StorageError> {
        let place = 2 + 1 + STORAGE_KEY_MAX + length + OVERHEAD;
        let places = CAPACITY.saturating_sub(self.index.total_size(place)) / place;
        let slots = RECORDS.saturating_sub(self.index.len());
        u32::try_from(places.min(slots)).map_err(|_| StorageError::Failed)
    }

    /// Writes filler until the log has gone through all pages, and every page that held anything was erased.
    fn scrub(&mut self) -> Result<(), StorageError> {
        let filler = Content {
            key: &[],
            value: &[0; STORAGE_VALUE_MAX],
        };
        self.map.flash().expect_erasure().map_err(|_| StorageError::Failed)?;
        // A page takes at most three of them.
        for _ in 0..2 * 3 * PAGES {
            if !self.map.flash().awaits_erasure() {
                return self.store(FILLER, &Content::NONE);
            }
            self.store(FILLER, &filler)?;
        }
        Err(StorageError::Failed)
    }
}

#[cfg(test)]
mod tests;
