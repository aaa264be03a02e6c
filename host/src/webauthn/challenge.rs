//! Challenges: random, short-lived, used once.

use std::fmt;
use std::time::Duration;

use web_time::SystemTime;

/// A challenge that the relying party issued. It can be neither copied nor used twice: verification consumes it.
#[derive(Debug, PartialEq, Eq)]
pub struct Challenge {
    bytes: Vec<u8>,
    issued: SystemTime,
}

impl Challenge {
    /// How long an answer may take: the longest timeout that WebAuthn Level 3 §15.1 recommends is ten minutes, the
    /// default five.
    pub const LIFETIME: Duration = Duration::from_secs(300);

    /// A fresh random challenge.
    pub fn issue() -> Result<Self, NoRandomness> {
        let mut bytes = [0; 32];
        getrandom::fill(&mut bytes).map_err(|_| NoRandomness)?;
        Ok(Self::from_bytes(bytes))
    }

    /// A challenge that somebody else issued just now, such as a server under test.
    pub fn from_bytes(bytes: impl Into<Vec<u8>>) -> Self {
        Self {
            bytes: bytes.into(),
            issued: SystemTime::now(),
        }
    }

    /// The bytes, for the client data.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// When it was issued.
    pub(crate) fn issued(&self) -> SystemTime {
        self.issued
    }

    /// Whether it is too old at that time. If it was issued later than that, the clock was turned back: its age is
    /// unknown, and it counts as too old.
    pub(crate) fn is_expired(&self, now: SystemTime) -> bool {
        now.duration_since(self.issued)
            .map_or(true, |age| age >= Self::LIFETIME)
    }

    #[cfg(test)]
    pub(crate) fn issued_at(bytes: &[u8], issued: SystemTime) -> Self {
        Self {
            issued,
            ..Self::from_bytes(bytes)
        }
    }
}

/// The operating system gave no random numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NoRandomness;

impl fmt::Display for NoRandomness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the operating system gave no random numbers for a challenge")
    }
}

impl std::error::Error for NoRandomness {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn challenges_differ() {
        assert_ne!(Challenge::issue().unwrap().bytes(), Challenge::issue().unwrap().bytes());
    }

    #[test]
    fn a_challenge_expires() {
        let issued = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000);
        let challenge = Challenge::issued_at(&[1; 32], issued);
        assert!(!challenge.is_expired(issued));
        assert!(!challenge.is_expired(issued + Challenge::LIFETIME - Duration::from_nanos(1)));
        assert!(challenge.is_expired(issued + Challenge::LIFETIME));
        assert!(challenge.is_expired(issued - Duration::from_nanos(1)));
    }
}
