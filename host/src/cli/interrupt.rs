//! Ctrl-C, and the signals that end services: what they do to a command.

use std::sync::{LazyLock, Mutex, Once, PoisonError};

use crate::client::{CancelHandle, Watch as _};

/// What hears of a signal first.
type Listener = Box<dyn Fn() + Send>;

/// Somebody who waits for the end, instead of a key that can be told.
static LISTENER: Mutex<Option<Listener>> = Mutex::new(None);
static CANCEL: LazyLock<CancelHandle> = LazyLock::new(CancelHandle::default);

/// A handle that Ctrl-C cancels: the key is told, so that it stops blinking. A second Ctrl-C ends the process.
///
/// It is there before a question is asked without echo, too: who dies then leaves a terminal that shows nothing.
pub(super) fn interrupt() -> CancelHandle {
    static INSTALLED: Once = Once::new();
    // Without a handler Ctrl-C still ends the process.
    INSTALLED.call_once(|| drop(ctrlc::set_handler(happened)));
    CANCEL.clone()
}

/// Tells `listener` of each signal from now on, and of one that came already.
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
