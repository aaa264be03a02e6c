//! Time as the client sees it, so that tests need not wait for it.

use std::thread;
use std::time::Duration;

use web_time::Instant;

/// A clock that can also wait.
pub trait Time: Send {
    /// The time since some fixed moment. Never goes back.
    fn now(&self) -> Duration;

    /// Waits.
    fn sleep(&self, duration: Duration);
}

/// The operating system's monotonic clock.
#[derive(Clone, Copy, Debug)]
pub struct SystemTime(Instant);

impl SystemTime {
    /// A clock that shows zero now.
    #[must_use]
    pub fn start() -> Self {
        Self(Instant::now())
    }
}

impl Time for SystemTime {
    fn now(&self) -> Duration {
        self.0.elapsed()
    }

    fn sleep(&self, duration: Duration) {
        thread::sleep(duration);
    }
}

/// How long the client waits for a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timeouts {
    /// For the answer to CTAPHID_INIT, each of three times.
    pub init: Duration,
    /// Between a request, its keepalives and its answer. The standard asks for a keepalive every 100 ms, but U2F
    /// messages have none, and some devices generate keys slowly.
    pub silence: Duration,
    /// For the answer to a request while keepalives come, and for a list in many answers. Keys give their user about
    /// 30 s.
    pub whole: Duration,
    /// The same, for a request that does not wait for the user.
    pub work: Duration,
    /// For the answer to a request that was cancelled.
    pub cancel: Duration,
    /// While another program uses the key.
    pub busy: Duration,
    /// For the user to touch a U2F key, which does not wait by itself.
    pub touch: Duration,
    /// Between two attempts to see whether a U2F key was touched. Hosts try every 100 to 200 ms.
    pub touch_interval: Duration,
    /// How often the caller is asked whether to cancel.
    pub cancel_interval: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            init: Duration::from_secs(1),
            silence: Duration::from_secs(5),
            whole: Duration::from_secs(120),
            work: Duration::from_secs(10),
            cancel: Duration::from_secs(2),
            busy: Duration::from_secs(3),
            touch: Duration::from_secs(30),
            touch_interval: Duration::from_millis(200),
            cancel_interval: Duration::from_millis(50),
        }
    }
}
