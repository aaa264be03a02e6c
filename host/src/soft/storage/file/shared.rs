//! A backend that outlives the database above it, and has room for it.

use std::io;
use std::ops::Bound;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use redb::{BackendError, StorageBackend};

/// What a database lies on.
pub(super) trait Medium: std::fmt::Debug + Send + Sync + 'static {
    fn backend(&self) -> &dyn StorageBackend;

    /// Takes the room of the disk for the first `length` bytes, which may be more than there are: a write to one of
    /// them then needs no more.
    fn allocate(&self, length: u64) -> io::Result<()>;
}

/// A backend that keeps its lock while the database above it is closed and opened again, which `redb` needs after an
/// I/O error: no other process gets at the records in between. The last clone gives the lock back.
///
/// To replace a record by one of its length never needs the disk's room: a retry of the PIN that is taken can be given
/// back, also on a disk that is full. `redb` writes to pages that are free, lets go of the old ones a commit later, and
/// doubles the file where it finds none. So the room for twice the length is taken before a record is added
/// ([`Self::reserve`]), and none is given back: where `redb` wants the file shorter it stays as it is, which `redb`
/// takes for a growth that a power cut ended.
#[derive(Clone, Debug)]
pub(super) struct SharedBackend(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    medium: Box<dyn Medium>,
    keep_lock: AtomicBool,
    /// For how many bytes the disk's room is taken.
    allocated: AtomicU64,
}

impl SharedBackend {
    /// Takes the room for all that is there: a copy of a file may have holes.
    pub(super) fn new(medium: impl Medium) -> io::Result<Self> {
        let backend = Self(Arc::new(Inner {
            medium: Box::new(medium),
            keep_lock: AtomicBool::new(false),
            allocated: AtomicU64::new(0),
        }));
        backend.allocate(backend.len()?)?;
        Ok(backend)
    }

    /// Takes the room that it may need to write again all that there is.
    pub(super) fn reserve(&self) -> io::Result<()> {
        self.allocate(self.len()?.saturating_mul(2))
    }

    fn allocate(&self, length: u64) -> io::Result<()> {
        if length > self.0.allocated.load(Ordering::Relaxed) {
            self.0.medium.allocate(length)?;
            self.0.allocated.store(length, Ordering::Relaxed);
        }
        Ok(())
    }

    fn backend(&self) -> &dyn StorageBackend {
        self.0.medium.backend()
    }

    /// Notes that the database was opened, so that the lock is held from now on.
    pub(super) fn keep_lock(&self) {
        self.0.keep_lock.store(true, Ordering::Relaxed);
    }

    fn keeps_lock(&self) -> bool {
        self.0.keep_lock.load(Ordering::Relaxed)
    }
}

impl StorageBackend for SharedBackend {
    fn len(&self) -> io::Result<u64> {
        self.backend().len()
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.backend().read(offset, out)
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        if len <= self.len()? {
            return Ok(());
        }
        self.allocate(len)?;
        self.backend().set_len(len)
    }

    fn sync_data(&self) -> io::Result<()> {
        self.backend().sync_data()
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.backend().write(offset, data)
    }

    fn try_lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        if self.keeps_lock() {
            return Ok(true);
        }
        self.backend().try_lock_range(start, end)
    }

    fn unlock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        if self.keeps_lock() {
            return Ok(());
        }
        self.backend().unlock_range(start, end)
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        // Closing the file gives the lock back in any case.
        let _ = self.medium.backend().close();
    }
}
