//! The key's clock: the clock of the system, or one that a test moves.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use brasskey_protocol::platform::Clock;
use web_time::Instant;

use super::sync::AtomicU64;

/// Milliseconds since the key's last power-up. Clones share one time.
#[derive(Clone, Debug)]
pub struct SoftClock(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    source: Source,
    /// The time of the source at the last power-up.
    power_up: AtomicU64,
}

#[derive(Debug)]
enum Source {
    System(Instant),
    Scripted(AtomicU64),
}

impl SoftClock {
    /// The system's monotonic clock.
    pub(super) fn system() -> Self {
        Self::new(Source::System(Instant::now()))
    }

    /// A clock that stands still until [`Self::advance`].
    pub(super) fn scripted() -> Self {
        Self::new(Source::Scripted(AtomicU64::new(0)))
    }

    fn new(source: Source) -> Self {
        Self(Arc::new(Inner {
            source,
            power_up: AtomicU64::new(0),
        }))
    }

    pub(super) fn is_scripted(&self) -> bool {
        matches!(self.0.source, Source::Scripted(_))
    }

    /// Moves a scripted clock. The clock of the system does not move.
    pub(super) fn advance(&self, milliseconds: u64) {
        if let Source::Scripted(now) = &self.0.source {
            now.fetch_add(milliseconds, Ordering::AcqRel);
        }
    }

    /// Starts again at zero, as a power-up does.
    pub(super) fn restart(&self) {
        self.0.power_up.store(self.elapsed(), Ordering::Release);
    }

    /// How long a thread may sleep until `deadline`. `None` for a scripted clock: only [`Self::advance`] moves it, and
    /// its caller wakes the threads that sleep.
    pub(super) fn sleep_until(&self, deadline: u64) -> Option<Duration> {
        (!self.is_scripted()).then(|| Duration::from_millis(deadline.saturating_sub(self.now())))
    }

    fn elapsed(&self) -> u64 {
        match &self.0.source {
            Source::System(start) => u64::try_from(start.elapsed().as_millis()).unwrap_or(u64::MAX),
            Source::Scripted(now) => now.load(Ordering::Acquire),
        }
    }
}

impl Clock for SoftClock {
    fn now(&self) -> u64 {
        self.elapsed().saturating_sub(self.0.power_up.load(Ordering::Acquire))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scripted_clock_moves_only_by_hand_and_restarts_at_zero() {
        let clock = SoftClock::scripted();
        assert_eq!(clock.now(), 0);
        clock.advance(250);
        assert_eq!(clock.clone().now(), 250);
        clock.restart();
        assert_eq!(clock.now(), 0);
        clock.advance(1);
        assert_eq!(clock.now(), 1);
        assert_eq!(clock.sleep_until(10), None);
    }

    #[test]
    fn the_system_clock_is_not_moved() {
        let clock = SoftClock::system();
        clock.advance(1_000_000);
        assert!(clock.now() < 1_000_000);
        assert!(clock.sleep_until(clock.now() + 60_000).is_some());
    }
}
