//! Signature counters that never go back (WebAuthn Level 3 §6.1.1).
//!
//! The key reserves counter values in storage, a block at a time, before a signature with such a value leaves. So a
//! power cut loses only values that nobody saw. Each discoverable credential has its own counter, in its record. All
//! others share one counter. It takes random steps, so that two relying parties cannot tell from it how often the key
//! was used elsewhere. A credential that may leave the key does not count: its copies could not agree on a counter.
//!
//! No counter locks its owner out. A user touches a key a few million times in a lifetime at most, but a program can
//! make as many signatures in minutes, where it needs no touch. So:
//!
//! * A signature without a touch takes the smallest step that U2F asks for, and none above [`COUNTER_HALF`]. The values
//!   above are for touches, and nobody can use them up without one.
//! * Above it the shared counter, too, takes the smallest step: two billion touches are left.
//! * At its end a counter stays the same, and the key continues to sign. To a relying party this looks like a cloned
//!   key, which it *may* refuse (WebAuthn Level 3 §6.1.1, §7.2: "a signal, but not proof"). A key that refused by
//!   itself would certainly lock its owner out of every account.

use heapless::Deque;
use rand_core::TryRng;

use crate::limits::{COUNTER_BLOCK, COUNTER_HALF, SHARED_COUNTER_BLOCK, SHARED_COUNTER_STEP_MASK};
use crate::platform::{Storage, StorageError};
use crate::status::Status;

/// The record of the shared counter: the end of the block that was reserved last, four bytes.
const SHARED: &[u8] = b"N";

/// How a signature came about, which decides what it does to the counter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Occasion {
    /// The user touched the key for it.
    Touched,
    /// The user did not, but it counts: U2F counts every signature (Raw Message Formats v1.2 §5.4).
    Untouched,
    /// A relying party's request without user presence, which does not count.
    Silent,
}

impl Occasion {
    /// The highest value to which it brings a counter.
    pub(super) const fn limit(self) -> u32 {
        match self {
            Self::Touched => u32::MAX,
            Self::Untouched | Self::Silent => COUNTER_HALF,
        }
    }
}

/// The value used last, and the last one that is reserved.
#[derive(Clone, Copy, Debug, Default)]
struct Counter {
    last: u32,
    reserved: u32,
}

impl Counter {
    /// After a power cycle nobody knows how many of the reserved values were used.
    const fn resumed(reserved: u32) -> Self {
        Self {
            last: reserved,
            reserved,
        }
    }

    /// Goes up by `step`, but not past `limit`. `reserve` stores the end of a new block where the old one is used up.
    fn advance(
        &mut self,
        step: u32,
        limit: u32,
        block: u32,
        reserve: impl FnOnce(u32) -> Result<(), StorageError>,
    ) -> Result<u32, StorageError> {
        let next = self.last.saturating_add(step).min(limit).max(self.last);
        if next > self.reserved {
            let reserved = next.saturating_add(block).min(limit);
            reserve(reserved)?;
            self.reserved = reserved;
        }
        self.last = next;
        Ok(next)
    }
}

/// All counters of the key.
#[derive(Clone, Debug, Default)]
pub(crate) struct Counters {
    shared: Counter,
    /// Discoverable credentials used since power-up, by the nonces in their IDs. One that is dropped to make room for
    /// another resumes at its reserved value.
    recent: Deque<([u8; 24], Counter), 16>,
}

impl Counters {
    /// Reads the shared counter at power-up. A new key writes the record now: later, accounts may have filled the
    /// storage, and without this record no other credential could sign.
    pub(super) fn start(storage: &mut impl Storage) -> Result<Self, StorageError> {
        let mut record = [0; 4];
        let shared = match storage.read(SHARED, &mut record)? {
            None => {
                storage.write(SHARED, &[0; 4])?;
                0
            }
            Some(4) => u32::from_be_bytes(record),
            Some(_) => return Err(StorageError::Failed),
        };
        Ok(Self {
            shared: Counter::resumed(shared),
            recent: Deque::new(),
        })
    }

    /// The current value of the shared counter, for an answer without user presence and for a new credential.
    pub(crate) fn shared(&self) -> u32 {
        self.shared.last
    }

    /// The next value of the shared counter.
    pub(super) fn next_shared(
        &mut self,
        storage: &mut impl Storage,
        rng: &mut impl TryRng,
        occasion: Occasion,
    ) -> Result<u32, Status> {
        let step = if occasion == Occasion::Touched && self.shared.last < COUNTER_HALF {
            let random = rng.try_next_u32().map_err(|_| Status::Other)?;
            1 + (random & SHARED_COUNTER_STEP_MASK)
        } else {
            1
        };
        let reserve = |reserved: u32| storage.write(SHARED, &reserved.to_be_bytes());
        let next = self
            .shared
            .advance(step, occasion.limit(), SHARED_COUNTER_BLOCK, reserve);
        Ok(next?)
    }

    /// Sets the shared counter: the next value is above this one.
    #[cfg(feature = "import")]
    pub(super) fn set_shared(&mut self, storage: &mut impl Storage, count: u32) -> Result<(), StorageError> {
        storage.write(SHARED, &count.to_be_bytes())?;
        self.shared = Counter::resumed(count);
        Ok(())
    }

    /// Forgets a discoverable credential that was deleted.
    pub(super) fn forget(&mut self, nonce: &[u8; 24]) {
        self.recent.retain(|(recent, _)| recent != nonce);
    }

    /// The current value of a discoverable credential's counter. `reserved` is what its record says.
    pub(super) fn own(&self, nonce: &[u8; 24], reserved: u32) -> u32 {
        let recent = self.recent.iter().find(|(recent, _)| recent == nonce);
        recent.map_or(reserved, |(_, counter)| counter.last)
    }

    /// The next value of a discoverable credential's counter. `reserve` writes its record.
    pub(super) fn next_own(
        &mut self,
        nonce: &[u8; 24],
        reserved: u32,
        limit: u32,
        reserve: impl FnOnce(u32) -> Result<(), StorageError>,
    ) -> Result<u32, StorageError> {
        if let Some((_, counter)) = self.recent.iter_mut().find(|(recent, _)| recent == nonce) {
            return counter.advance(1, limit, COUNTER_BLOCK, reserve);
        }
        let mut counter = Counter::resumed(reserved);
        let next = counter.advance(1, limit, COUNTER_BLOCK, reserve)?;
        if self.recent.is_full() {
            self.recent.pop_front();
        }
        // There is room: one was just removed if not.
        let _ = self.recent.push_back((*nonce, counter));
        Ok(next)
    }
}
