//! Signature counters that never go back (WebAuthn Level 3 §6.1.1).
//!
//! A counter is reserved in storage, a block at a time, before a signature that carries it leaves: what a power cut
//! loses are values that nobody saw. Discoverable credentials count each for itself, in their records. All others
//! share one counter, which takes random steps so that two relying parties cannot tell from it how often the key was
//! used elsewhere. One that may leave the key does not count: its copies could not agree on a counter.
//!
//! No counter locks its owner out. A lifetime of touches is a few million, but a program makes as many signatures in
//! minutes, where it needs no touch or a soft key touches itself. So:
//!
//! * A signature without a touch takes the smallest step that U2F asks for, and none above [`COUNTER_HALF`]: what is
//!   above is for touches, and whoever has no touch cannot use it up.
//! * Above it the shared counter too takes the smallest step: two billion touches are left.
//! * At its end a counter stays where it is, and the key signs on. To a relying party that is what a cloned key would
//!   look like, which it *may* refuse (WebAuthn Level 3 §6.1.1, §7.2: "a signal, but not proof"; whether the ceremony
//!   fails is its own affair). A key that refused by itself would lock its owner out of every account for certain.

use heapless::Deque;
use rand_core::TryRng;

use crate::limits::{COUNTER_BLOCK, COUNTER_HALF, SHARED_COUNTER_BLOCK, SHARED_COUNTER_STEP_MASK};
use crate::platform::{Storage, StorageError};
use crate::status::Status;

/// The record of the shared counter: the end of the block that was reserved last, four bytes.
const SHARED: &[u8] = b"N";

/// What a signature is to the counter that it carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Occasion {
    /// The user touched the key for it.
    Touched,
    /// Nobody did, and it counts all the same: U2F counts every signature (Raw Message Formats v1.2 §5.4).
    Untouched,
    /// A relying party's silent question, which is no use of the key.
    Silent,
}

impl Occasion {
    /// The value that it brings a counter to at the most.
    pub(super) const fn limit(self) -> u32 {
        match self {
            Self::Touched => u32::MAX,
            Self::Untouched | Self::Silent => COUNTER_HALF,
        }
    }
}

/// Values given out, and values reserved.
#[derive(Clone, Copy, Debug, Default)]
struct Counter {
    last: u32,
    reserved: u32,
}

impl Counter {
    /// After a power cycle: nobody knows how many of the reserved values were used.
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
#[derive(Debug, Default)]
pub(crate) struct Counters {
    shared: Counter,
    /// Discoverable credentials used since power-up, by the nonces in their IDs. One that makes way for another
    /// resumes at its reserved value.
    recent: Deque<([u8; 24], Counter), 16>,
}

impl Counters {
    /// Reads the shared counter at power-up. A new key's takes its place now: later, accounts may have filled the
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

    /// The shared counter as it stands, for an answer without user presence and for a new credential.
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

    /// Drops what is remembered of a discoverable credential that is no more.
    pub(super) fn forget(&mut self, nonce: &[u8; 24]) {
        self.recent.retain(|(recent, _)| recent != nonce);
    }

    /// The counter of a discoverable credential as it stands. `reserved` is what its record says.
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
