//! Checks that must be faster than a key's patience with half a message.

use std::time::{Duration, Instant};

use super::Key;
use crate::run::{again, caught_at};

/// How often a host that was late may try.
const TRIES: usize = 4;

impl Key {
    /// Does what leaves the key with half a message for a moment, and once more where it failed and this host was late:
    /// that is the fault of a busy computer.
    pub fn in_time(&self, work: impl Fn()) {
        repeated(work, was_late);
    }
}

/// Whether a host that took so long may have been too late for its key. A key ends a transaction that stalls
/// (CTAP 2.3 §11.2.5.2), and how soon is its own choice. What took seconds waited for a silent key.
fn was_late(took: Duration) -> bool {
    (Duration::from_millis(100)..Duration::from_secs(4)).contains(&took)
}

fn repeated(work: impl Fn(), mut was_late: impl FnMut(Duration) -> bool) {
    for attempt in 1..=TRIES {
        let begun = Instant::now();
        let Err(fault) = caught_at(&work) else { return };
        if attempt == TRIES || !was_late(begun.elapsed()) {
            again(fault);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    /// How often a check runs that fails so often, and what it says in the end.
    fn runs(failures: usize, is_late: bool) -> (usize, Option<String>) {
        let runs = Cell::new(0);
        let work = || {
            runs.set(runs.get() + 1);
            assert!(runs.get() > failures, "too late");
        };
        let fault = caught_at(|| repeated(work, |_| is_late)).err();
        let place = |fault: crate::run::Fault| {
            assert!(fault.place.is_some_and(|place| place.contains("in_time.rs")));
            fault.words
        };
        (runs.get(), fault.map(place))
    }

    #[test]
    fn only_a_late_host_tries_again() {
        assert_eq!(runs(0, true), (1, None));
        assert_eq!(runs(2, true), (3, None));
        assert_eq!(runs(1, false), (1, Some("too late".to_owned())));
        assert_eq!(runs(100, true), (TRIES, Some("too late".to_owned())));
        assert!(was_late(Duration::from_millis(300)));
        assert!(!was_late(Duration::from_millis(20)) && !was_late(Duration::from_secs(5)));
    }
}
