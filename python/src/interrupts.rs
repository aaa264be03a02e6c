//! Ctrl-C while the key waits.

use std::cell::{Cell, RefCell};
use std::time::{Duration, Instant};

use pyo3::prelude::*;

/// How often to look. Python's lock may be with another thread for some milliseconds, and most requests take less.
const INTERVAL: Duration = Duration::from_millis(100);

/// Python runs its signal handlers only on its main thread, and only when it is asked to.
pub(crate) struct Interrupts {
    looked: Cell<Instant>,
    error: RefCell<Option<PyErr>>,
}

impl Default for Interrupts {
    fn default() -> Self {
        Self {
            looked: Cell::new(Instant::now()),
            error: RefCell::default(),
        }
    }
}

impl Interrupts {
    /// Whether a handler raised an exception. Call this without Python's lock.
    pub(crate) fn came(&self) -> bool {
        if self.error.borrow().is_none() && self.looked.get().elapsed() >= INTERVAL {
            self.looked.set(Instant::now());
            *self.error.borrow_mut() = Python::attach(|py| py.check_signals()).err();
        }
        self.error.borrow().is_some()
    }

    /// The exception to raise.
    pub(crate) fn take_error(&self) -> Option<PyErr> {
        self.error.take()
    }
}
