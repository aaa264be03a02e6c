//! The world of a key: its records, its time, its user's hand and its randomness, as one value that can be copied.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::convert::Infallible;
use std::mem::swap;
use std::ops::Bound;
use std::rc::Rc;

use brasskey_protocol::limits::STORAGE_KEY_MAX;
use brasskey_protocol::platform::{
    Clock, Gesture, Indication, Indicator, Platform, Presence, PresenceRequest, Seams, Storage, StorageError,
    UserPresence, Verification,
};
use brasskey_protocol::rng::HealthyRng;
use rand_core::{TryCryptoRng, TryRng};

use super::fault::Fault;

/// What is in the storage.
pub type Records = BTreeMap<Vec<u8>, Vec<u8>>;

/// What the user does when the key asks for a touch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Hand {
    /// Touches, and holds the touch as long as the key wants.
    #[default]
    Holds,
    /// Touches for a moment.
    Taps,
    /// Refuses.
    Declines,
}

/// Everything around one key.
#[derive(Clone, Default)]
pub struct World {
    /// What the storage holds.
    pub records: Records,
    /// Milliseconds since power-up.
    pub now: u64,
    /// What the user does.
    pub hand: Hand,
    /// Changes of the storage so far.
    pub changes: usize,
    /// The power goes after this change: nothing works from then on.
    pub power_goes_after: Option<usize>,
    /// What is wrong with this key, on purpose.
    pub fault: Option<Fault>,
    /// What a power cut takes back, with that fault.
    pub(super) undone: BTreeMap<Vec<u8>, Option<Vec<u8>>>,
    /// Random numbers drawn so far.
    pub(super) drawn: u64,
}

impl World {
    fn power(&self) -> Result<(), StorageError> {
        match self.power_goes_after {
            Some(last) if self.changes >= last => Err(StorageError::Failed),
            _ => Ok(()),
        }
    }

    /// Whether the change that is being made is the last one before the power goes.
    pub(super) fn is_last_change(&self) -> bool {
        self.power_goes_after == Some(self.changes)
    }

    /// The power is off, and on again.
    pub(super) fn power_up(&mut self) {
        self.now = 0;
        self.power_goes_after = None;
        self.take_back();
    }

    /// Undoes what was not durable.
    pub(super) fn take_back(&mut self) {
        for (key, value) in std::mem::take(&mut self.undone) {
            match value {
                Some(value) => self.records.insert(key, value),
                None => self.records.remove(&key),
            };
        }
    }
}

/// Where a world is while a key runs in it. All keys of a search share one bench, one after the other: so a copy of a
/// key needs no seams of its own.
#[derive(Clone, Default)]
pub struct Bench(Rc<RefCell<World>>);

impl Bench {
    /// Runs something in this world.
    pub(super) fn with<T>(&self, world: &mut World, run: impl FnOnce() -> T) -> T {
        swap(&mut *self.0.borrow_mut(), world);
        let result = run();
        swap(&mut *self.0.borrow_mut(), world);
        result
    }

    pub(super) fn seams(&self) -> Seams<Self> {
        Seams {
            presence: self.clone(),
            storage: self.clone(),
            rng: HealthyRng::new(self.clone()),
            clock: self.clone(),
            indicator: self.clone(),
        }
    }
}

impl Platform for Bench {
    type UserPresence = Self;
    type Storage = Self;
    type Rng = Self;
    type Clock = Self;
    type Indicator = Self;
}

impl UserPresence for Bench {
    fn wait(&mut self, request: &PresenceRequest<'_>, _: u64) -> Presence {
        match (self.0.borrow().hand, request.gesture) {
            (Hand::Holds, _) | (Hand::Taps, Gesture::Touch) => Presence::Confirmed,
            (Hand::Taps, Gesture::LongTouch) => Presence::TimedOut,
            (Hand::Declines, _) => Presence::Declined,
        }
    }

    fn poll(&mut self, _: u32, request: &PresenceRequest<'_>) -> Option<Presence> {
        Some(self.wait(request, 0))
    }

    fn forget(&mut self) {}

    fn verifies_user(&self) -> bool {
        self.0.borrow().fault == Some(Fault::AnyoneIsTheUser)
    }

    fn verify_user(&mut self, _: u64) -> Verification {
        Verification::Verified
    }
}

impl Storage for Bench {
    fn read(&mut self, key: &[u8], value: &mut [u8]) -> Result<Option<usize>, StorageError> {
        let world = self.0.borrow();
        world.power()?;
        let Some(record) = world.records.get(key) else {
            return Ok(None);
        };
        let place = value.get_mut(..record.len()).ok_or(StorageError::Failed)?;
        place.copy_from_slice(record);
        Ok(Some(record.len()))
    }

    fn write(&mut self, key: &[u8], value: &[u8]) -> Result<(), StorageError> {
        let mut world = self.0.borrow_mut();
        world.power()?;
        world.changes += 1;
        let value = world.bend(key, value);
        world.records.insert(key.to_vec(), value);
        Ok(())
    }

    fn remove(&mut self, key: &[u8]) -> Result<(), StorageError> {
        let mut world = self.0.borrow_mut();
        world.power()?;
        world.changes += 1;
        world.let_go(key);
        world.records.remove(key);
        Ok(())
    }

    fn next_key(
        &mut self,
        prefix: &[u8],
        after: Option<&[u8]>,
        key: &mut [u8; STORAGE_KEY_MAX],
    ) -> Result<Option<usize>, StorageError> {
        let world = self.0.borrow();
        world.power()?;
        let from = after.map_or(Bound::Included(prefix), Bound::Excluded);
        let next = world.records.range::<[u8], _>((from, Bound::Unbounded)).next();
        let next = next.map(|(key, _)| key).filter(|key| key.starts_with(prefix));
        Ok(next.map(|next| {
            key[..next.len()].copy_from_slice(next);
            next.len()
        }))
    }

    fn room(&mut self, _: usize) -> Result<u32, StorageError> {
        self.0.borrow().power()?;
        Ok(1000)
    }

    fn scrub(&mut self) -> Result<(), StorageError> {
        let mut world = self.0.borrow_mut();
        world.power()?;
        world.scrub();
        Ok(())
    }
}

/// SplitMix64: the same numbers for the same history.
impl TryRng for Bench {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        Ok((self.try_next_u64()? >> 32) as u32)
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        let mut world = self.0.borrow_mut();
        world.drawn += 1;
        let mut mixed = world.drawn.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        Ok(mixed ^ (mixed >> 31))
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        for chunk in bytes.chunks_mut(8) {
            let drawn = self.try_next_u64()?.to_le_bytes();
            chunk.copy_from_slice(&drawn[..chunk.len()]);
        }
        Ok(())
    }
}

impl TryCryptoRng for Bench {}

impl Clock for Bench {
    fn now(&self) -> u64 {
        let world = self.0.borrow();
        match world.fault {
            Some(Fault::ClockStops) => world.now.min(super::fault::CLOCK_STOPS),
            _ => world.now,
        }
    }
}

impl Indicator for Bench {
    fn show(&mut self, _: Indication) {}
}
