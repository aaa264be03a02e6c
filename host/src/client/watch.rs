//! How a caller follows a request, and cancels it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use brasskey_protocol::ctaphid::KeepaliveStatus;

/// Follows a request, and may cancel it.
pub trait Watch {
    /// The key is working, or waits for a touch. Called up to ten times a second.
    fn keepalive(&mut self, status: KeepaliveStatus) {
        let _ = status;
    }

    /// Whether to cancel the request now. Called several times a second.
    fn is_cancelled(&self) -> bool {
        false
    }
}

/// Nobody: ignores keepalives, never cancels, gives no PIN, and takes the first account.
#[derive(Clone, Copy, Debug, Default)]
pub struct Unwatched;

impl Watch for Unwatched {}

/// Cancels requests from elsewhere: a signal handler, another thread, another key.
#[derive(Clone, Debug, Default)]
pub struct CancelHandle(Arc<AtomicBool>);

impl CancelHandle {
    /// Cancels all requests with this handle, now and in future.
    pub fn cancel(&self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

impl Watch for CancelHandle {
    fn is_cancelled(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// A handle, and a function to call at each keepalive.
impl<F: FnMut(KeepaliveStatus)> Watch for (CancelHandle, F) {
    fn keepalive(&mut self, status: KeepaliveStatus) {
        (self.1)(status);
    }

    fn is_cancelled(&self) -> bool {
        self.0.is_cancelled()
    }
}
