//! What Ctrl-C and the signals that end services do to a command.

use std::sync::{LazyLock, Mutex, Once, PoisonError};

use crate::client::{CancelHandle, Watch as _};

/// Called at each signal, in place of the usual cancelling.
type Listener = Box<dyn Fn() + Send>;

/// Set by a command that waits for its end, and has no key to cancel.
static LISTENER: Mutex<Option<Listener>> = Mutex::new(None);
static CANCEL: LazyLock<CancelHandle> = LazyLock::new(CancelHandle::default);

/// A handle that Ctrl-C cancels: the key is told, so that it stops blinking. A second Ctrl-C ends the process.
///
/// It must be there before a question without echo, too: a process that is killed then leaves the echo off.
pub(super) fn interrupt() -> CancelHandle {
    static INSTALLED: Once = Once::new();
    // Without a handler Ctrl-C still ends the process.
    INSTALLED.call_once(|| drop(ctrlc::set_handler(happened)));
    CANCEL.clone()
}

/// Calls `listener` at each signal from now on, and at once if there was one already.
pub(super) fn listen(listener: impl Fn() + Send + 'static) {
    if interrupt().is_cancelled() {
        listener();
    }
    *LISTENER.lock().unwrap_or_else(PoisonError::into_inner) = Some(Box::new(listener));
}

fn happened() {
    if let Some(listener) = &*LISTENER.lock().unwrap_or_else(PoisonError::into_inner) {
        return listener();
    }
    if CANCEL.is_cancelled() {
        std::process::exit(130);
    }
    CANCEL.cancel();
}
