//! Locks and threads: those of the system. In the tests of the key's threads they are those of shuttle, which decides
//! at each use of one who goes on, so that a test meets orders which a system hardly ever takes.

use std::sync::{LockResult, PoisonError};
#[cfg(not(all(test, feature = "shuttle")))]
pub(super) use std::{
    sync::{Condvar, Mutex, MutexGuard, atomic::AtomicU64},
    thread,
};

#[cfg(all(test, feature = "shuttle"))]
pub(super) use shuttle::{
    sync::{Condvar, Mutex, MutexGuard, atomic::AtomicU64},
    thread,
};

/// Locks `mutex`, also after a thread panicked while it held the lock: going on matters more.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    unpoison(mutex.lock())
}

pub(super) fn unpoison<T>(result: LockResult<T>) -> T {
    result.unwrap_or_else(PoisonError::into_inner)
}
