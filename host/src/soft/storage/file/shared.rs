//! A backend that outlives the database above it.

use std::io;
use std::ops::Bound;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use redb::{BackendError, StorageBackend};

/// A backend that keeps its lock while the database above it is closed and opened again, which `redb` needs after an
/// I/O error: no other process gets at the records in between. The last clone gives the lock back.
#[derive(Clone, Debug)]
pub(super) struct SharedBackend(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    backend: Box<dyn StorageBackend>,
    keep_lock: AtomicBool,
}

impl SharedBackend {
    pub(super) fn new(backend: impl StorageBackend) -> Self {
        Self(Arc::new(Inner {
            backend: Box::new(backend),
            keep_lock: AtomicBool::new(false),
        }))
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
        self.0.backend.len()
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.0.backend.read(offset, out)
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.0.backend.set_len(len)
    }

    fn sync_data(&self) -> io::Result<()> {
        self.0.backend.sync_data()
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.0.backend.write(offset, data)
    }

    fn try_lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        if self.keeps_lock() {
            return Ok(true);
        }
        self.0.backend.try_lock_range(start, end)
    }

    fn unlock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        if self.keeps_lock() {
            return Ok(());
        }
        self.0.backend.unlock_range(start, end)
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        // Closing the file gives the lock back in any case.
        let _ = self.backend.close();
    }
}
