//! Wrong passwords and codes: after a few, whoever tries has to wait.

use std::collections::HashMap;

use time::{Duration, OffsetDateTime};

/// How many wrong tries are free.
const FREE: u32 = 5;
/// How long one waits after each wrong try beyond these.
const WAIT: Duration = Duration::seconds(30);
/// After how long without a wrong try all is forgotten.
const FORGET: Duration = Duration::minutes(5);
/// How many names are remembered. One more, and the one that was tried the longest ago is forgotten: a program on this
/// computer that makes names up gains tries that it could have had anyway.
const NAMES_MAX: usize = 1000;

/// Who tried wrong how often. Names that do not exist count like others.
#[derive(Debug, Default)]
pub(super) struct Throttle(HashMap<String, Tries>);

#[derive(Clone, Copy, Debug)]
struct Tries {
    wrong: u32,
    last: OffsetDateTime,
}

impl Throttle {
    /// Whether another try is due; otherwise for how many seconds it is not.
    pub(super) fn check(&self, name: &str, now: OffsetDateTime) -> Result<(), i64> {
        let Some(tries) = self.0.get(name).filter(|tries| tries.wrong >= FREE) else {
            return Ok(());
        };
        let waited = now - tries.last;
        // A clock that was turned back does not lock anybody out.
        match waited.is_negative() || waited >= WAIT {
            true => Ok(()),
            false => Err((WAIT - waited).whole_seconds().max(1)),
        }
    }

    /// A wrong try.
    pub(super) fn wrong(&mut self, name: &str, now: OffsetDateTime) {
        self.0.retain(|_, tries| now - tries.last < FORGET);
        if self.0.len() >= NAMES_MAX && !self.0.contains_key(name) {
            let oldest = self.0.iter().min_by_key(|(_, tries)| tries.last);
            if let Some(oldest) = oldest.map(|(name, _)| name.clone()) {
                self.0.remove(&oldest);
            }
        }
        let tries = self.0.entry(name.to_owned()).or_insert(Tries { wrong: 0, last: now });
        tries.wrong = tries.wrong.saturating_add(1);
        tries.last = now;
    }

    /// The right password or code.
    pub(super) fn right(&mut self, name: &str) {
        self.0.remove(name);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sixth_wrong_try_has_to_wait() {
        let start = OffsetDateTime::UNIX_EPOCH;
        let mut throttle = Throttle::default();
        for second in 0..5 {
            let now = start + Duration::seconds(second);
            assert_eq!(throttle.check("alice", now), Ok(()));
            throttle.wrong("alice", now);
        }
        let last = start + Duration::seconds(4);
        assert_eq!(throttle.check("alice", last), Err(30));
        assert_eq!(throttle.check("alice", last + Duration::seconds(29)), Err(1));
        assert_eq!(throttle.check("alice", last + WAIT), Ok(()));
        assert_eq!(throttle.check("bob", last), Ok(()));
        throttle.wrong("alice", last + WAIT);
        assert_eq!(throttle.check("alice", last + WAIT), Err(30));
        throttle.right("alice");
        assert_eq!(throttle.check("alice", last + WAIT), Ok(()));
    }

    #[test]
    fn names_that_are_made_up_do_not_fill_the_memory() {
        let mut throttle = Throttle::default();
        for number in 0..NAMES_MAX + 10 {
            throttle.wrong(&number.to_string(), OffsetDateTime::UNIX_EPOCH);
        }
        assert_eq!(throttle.0.len(), NAMES_MAX);
        throttle.wrong("later", OffsetDateTime::UNIX_EPOCH + FORGET);
        assert_eq!(throttle.0.len(), 1);
    }
}
