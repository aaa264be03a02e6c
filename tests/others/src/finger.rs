//! A touch, as keys ask for it.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::wire::Bell;

/// How long a touch that was asked for is remembered, for U2F, whose hosts ask again and again.
const MEMORY: Duration = Duration::from_secs(10);

/// What came of a wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Touch {
    /// The user touched the key.
    Touched,
    /// The host ended it.
    Cancelled,
    /// Nobody touched the key.
    TimedOut,
}

#[derive(Default)]
struct State {
    /// The key waits.
    waiting: bool,
    /// When the key last asked for a touch.
    asked: Option<Instant>,
    touched: Option<Instant>,
    cancelled: bool,
}

impl State {
    fn take_touch(&mut self) -> bool {
        self.touched.take().is_some_and(|when| when.elapsed() < MEMORY)
    }
}

/// Where the finger and the key meet. Clones are the same.
#[derive(Clone)]
pub struct Finger(Arc<(Mutex<State>, Condvar, Bell)>);

impl Finger {
    /// Nobody touches. The bell tells of a wait that begins.
    #[must_use]
    pub fn new(bell: Bell) -> Self {
        Self(Arc::new((Mutex::default(), Condvar::new(), bell)))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A request begins. A touch that an earlier one asked for is good for U2F only.
    pub fn begin(&self, keeps_touch: bool, cancelled: bool) {
        let mut state = self.state();
        state.waiting = false;
        state.cancelled = cancelled;
        if !keeps_touch {
            (state.asked, state.touched) = (None, None);
        }
    }

    /// The user touches the key. Nothing comes of it where nobody asked.
    pub fn touch(&self) {
        let mut state = self.state();
        if state.waiting || state.asked.is_some_and(|when| when.elapsed() < MEMORY) {
            state.touched = Some(Instant::now());
            self.0.1.notify_all();
        }
    }

    /// The host ends the request.
    pub fn cancel(&self) {
        self.state().cancelled = true;
        self.0.1.notify_all();
    }

    /// Whether the host has ended the request.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.state().cancelled
    }

    /// Whether the key waits for a touch.
    #[must_use]
    pub fn is_waiting(&self) -> bool {
        self.state().waiting
    }

    /// Waits for a touch.
    #[must_use]
    pub fn wait(&self, timeout: Duration) -> Touch {
        let deadline = Instant::now() + timeout;
        let mut state = self.state();
        if !state.waiting {
            self.0.2.ring();
        }
        state.waiting = true;
        state.asked = Some(Instant::now());
        let outcome = loop {
            let left = deadline.saturating_duration_since(Instant::now());
            if state.cancelled {
                break Touch::Cancelled;
            }
            if state.take_touch() {
                break Touch::Touched;
            }
            if left.is_zero() {
                // Who looks again soon still waits.
                return Touch::TimedOut;
            }
            state = match self.0.1.wait_timeout(state, left) {
                Ok((state, _)) => state,
                Err(poisoned) => poisoned.into_inner().0,
            };
        };
        state.waiting = false;
        state.asked = None;
        outcome
    }
}
