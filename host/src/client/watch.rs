//! How a caller hears of a key at work, and stops it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use brasskey_protocol::ctaphid::KeepaliveStatus;

/// Someone who watches a request.
pub trait Watch {
    /// The key is at work, or waits for a touch. Called up to ten times a second.
    fn keepalive(&mut self, status: KeepaliveStatus) {
        let _ = status;
    }

    /// Whether the request shall end now. Asked several times a second.
    fn is_cancelled(&self) -> bool {
        false
    }
}

/// Nobody watches: nobody hears of keepalives, ends the request, gives a PIN or chooses an account.
#[derive(Clone, Copy, Debug, Default)]
pub struct Unwatched;

impl Watch for Unwatched {}

/// Ends requests from elsewhere: from a signal handler, another thread, another key.
#[derive(Clone, Debug, Default)]
pub struct CancelHandle(Arc<AtomicBool>);

impl CancelHandle {
    /// Ends what is watched with this handle, now and in future.
    pub fn cancel(&self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

impl Watch for CancelHandle {
    fn is_cancelled(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// A handle, and what to do at each keepalive.
impl<F: FnMut(KeepaliveStatus)> Watch for (CancelHandle, F) {
    fn keepalive(&mut self, status: KeepaliveStatus) {
        (self.1)(status);
    }

    fn is_cancelled(&self) -> bool {
        self.0.is_cancelled()
    }
}
