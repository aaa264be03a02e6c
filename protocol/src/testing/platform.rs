//! A platform for the key, in which everything happens as the test says.

use std::collections::{BTreeMap, VecDeque};
use std::ops::Bound;
use std::string::{String, ToString};
use std::vec::Vec;

use rand_core::{TryCryptoRng, TryRng};

use crate::crypto::sha256;
use crate::limits::STORAGE_KEY_MAX;
use crate::platform::{
    Clock, Gesture, Indication, Indicator, Operation, Platform, Presence, PresenceRequest, RelyingParty, Storage,
    StorageError, UserPresence, Verification,
};

pub(crate) struct World;

impl Platform for World {
    type UserPresence = Script;
    type Storage = Memory;
    type Rng = Dice;
    type Clock = Time;
    type Indicator = Light;
}

/// What the key asked the user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Prompt {
    pub(crate) operation: Operation,
    pub(crate) gesture: Gesture,
    /// The RP ID, where it was asked for by CTAP2.
    pub(crate) rp_id: Option<String>,
    /// The application parameter, where it was asked for by U2F.
    pub(crate) application: Option<[u8; 32]>,
    pub(crate) user: Option<String>,
    /// `None` for a U2F poll.
    pub(crate) deadline: Option<u64>,
}

/// A user who does what the test says, and otherwise touches whenever CTAP2 asks and never when U2F does.
#[derive(Clone, Debug, Default)]
pub(crate) struct Script {
    pub(crate) answers: VecDeque<Presence>,
    /// Touches that wait for a U2F poll.
    pub(crate) touches: usize,
    /// The next U2F poll is refused.
    pub(crate) refuses: bool,
    pub(crate) prompts: Vec<Prompt>,
    /// What the key's own user verification finds, and then that it is the user; `None`: the key has none.
    pub(crate) verifications: Option<VecDeque<Verification>>,
    /// The channel of the last U2F poll.
    pub(crate) polled_on: Option<u32>,
}

impl Script {
    fn see(&mut self, request: &PresenceRequest<'_>, deadline: Option<u64>) {
        let (rp_id, application) = match request.relying_party {
            RelyingParty::None => (None, None),
            RelyingParty::Id(id) => (Some(id.to_string()), None),
            RelyingParty::Application(hash) => (None, Some(*hash)),
        };
        self.prompts.push(Prompt {
            operation: request.operation,
            gesture: request.gesture,
            rp_id,
            application,
            user: request.user.map(ToString::to_string),
            deadline,
        });
    }
}

impl UserPresence for Script {
    fn wait(&mut self, request: &PresenceRequest<'_>, deadline: u64) -> Presence {
        self.see(request, Some(deadline));
        self.answers.pop_front().unwrap_or(Presence::Confirmed)
    }

    fn poll(&mut self, channel: u32, request: &PresenceRequest<'_>) -> Option<Presence> {
        self.see(request, None);
        self.polled_on = Some(channel);
        if core::mem::take(&mut self.refuses) {
            return Some(Presence::Declined);
        }
        self.touches = self.touches.checked_sub(1)?;
        Some(Presence::Confirmed)
    }

    fn forget(&mut self) {
        self.touches = 0;
    }

    fn verifies_user(&self) -> bool {
        self.verifications.is_some()
    }

    fn verify_user(&mut self, _deadline: u64) -> Verification {
        let next = self.verifications.as_mut().and_then(VecDeque::pop_front);
        next.unwrap_or(Verification::Verified)
    }
}

/// A storage operation fails.
#[derive(Clone, Copy, Debug)]
struct Fault {
    operation: usize,
    /// Whether that operation still took place.
    happens: bool,
    /// Whether every later operation fails too: the power is gone.
    for_good: bool,
}

/// Records in memory, which count what is done to them and can lose power.
#[derive(Clone, Debug, Default)]
pub(crate) struct Memory {
    pub(crate) records: BTreeMap<Vec<u8>, Vec<u8>>,
    /// How many records there is room for; `None`: any number.
    pub(crate) room: Option<usize>,
    /// There is no room, not even to replace a record.
    pub(crate) refuses: bool,
    /// The medium fills up after so many more writes: then each is refused, as those of `refuses` are.
    pub(crate) writes_left: Option<usize>,
    /// The medium is broken: nothing works.
    pub(crate) broken: bool,
    /// Writes are said to be done, and are not.
    pub(crate) forgets: bool,
    pub(crate) scrubbed: usize,
    /// What was done since the test last set this to zero, or asked for a fault.
    pub(crate) operations: usize,
    fault: Option<Fault>,
}

impl Memory {
    /// Cuts the power at the operation with this number, counted from now on.
    pub(crate) fn cut_power_at(&mut self, operation: usize, happens: bool) {
        self.fault_at(operation, happens, true);
    }

    /// Lets the operation with this number fail and none after it.
    pub(crate) fn fail_at(&mut self, operation: usize, happens: bool) {
        self.fault_at(operation, happens, false);
    }

    fn fault_at(&mut self, operation: usize, happens: bool, for_good: bool) {
        self.operations = 0;
        self.fault = Some(Fault {
            operation,
            happens,
            for_good,
        });
    }

    /// Whether the cut or failure came.
    pub(crate) fn has_failed(&self) -> bool {
        self.fault.is_some_and(|fault| self.operations > fault.operation)
    }

    pub(crate) fn power_up(&mut self) {
        self.fault = None;
    }

    fn operate<T>(&mut self, run: impl FnOnce(&mut Self) -> Result<T, StorageError>) -> Result<T, StorageError> {
        let number = self.operations;
        self.operations += 1;
        match self.fault {
            _ if self.broken => Err(StorageError::Failed),
            Some(fault) if number == fault.operation => {
                if fault.happens {
                    let _ = run(self);
                }
                Err(StorageError::Failed)
            }
            Some(fault) if number > fault.operation && fault.for_good => Err(StorageError::Failed),
            _ => run(self),
        }
    }
}

impl Storage for Memory {
    fn read(&mut self, key: &[u8], value: &mut [u8]) -> Result<Option<usize>, StorageError> {
        self.operate(|memory| {
            let Some(record) = memory.records.get(key) else {
                return Ok(None);
            };
            let place = value.get_mut(..record.len()).ok_or(StorageError::Failed)?;
            place.copy_from_slice(record);
            Ok(Some(record.len()))
        })
    }

    fn write(&mut self, key: &[u8], value: &[u8]) -> Result<(), StorageError> {
        self.operate(|memory| {
            let is_new = !memory.records.contains_key(key);
            let is_full = memory.room.is_some_and(|room| memory.records.len() >= room);
            if memory.refuses || is_new && is_full || memory.writes_left == Some(0) {
                return Err(StorageError::Full);
            }
            memory.writes_left = memory.writes_left.map(|left| left - 1);
            if !memory.forgets {
                memory.records.insert(key.to_vec(), value.to_vec());
            }
            Ok(())
        })
    }

    fn remove(&mut self, key: &[u8]) -> Result<(), StorageError> {
        self.operate(|memory| {
            memory.records.remove(key);
            Ok(())
        })
    }

    fn next_key(
        &mut self,
        prefix: &[u8],
        after: Option<&[u8]>,
        key: &mut [u8; STORAGE_KEY_MAX],
    ) -> Result<Option<usize>, StorageError> {
        self.operate(|memory| {
            let from = after.map_or(Bound::Included(prefix), Bound::Excluded);
            let next = memory.records.range::<[u8], _>((from, Bound::Unbounded)).next();
            let next = next.map(|(key, _)| key).filter(|key| key.starts_with(prefix));
            Ok(next.map(|next| {
                key[..next.len()].copy_from_slice(next);
                next.len()
            }))
        })
    }

    fn room(&mut self, _length: usize) -> Result<u32, StorageError> {
        self.operate(|memory| {
            let room = memory.room.unwrap_or(1_000_000).saturating_sub(memory.records.len());
            Ok(room.try_into().expect("a test's storage is small"))
        })
    }

    fn scrub(&mut self) -> Result<(), StorageError> {
        self.operate(|memory| {
            memory.scrubbed += 1;
            Ok(())
        })
    }
}

/// Numbers that look random and are the same in every run.
#[derive(Clone, Debug, Default)]
pub(crate) struct Dice {
    seed: u8,
    drawn: u64,
    pub(crate) broken: bool,
}

impl Dice {
    pub(crate) fn seeded(seed: u8) -> Self {
        Self {
            seed,
            ..Self::default()
        }
    }
}

impl TryRng for Dice {
    type Error = core::fmt::Error;

    fn try_next_u32(&mut self) -> Result<u32, Self::Error> {
        let mut bytes = [0; 4];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u32::from_le_bytes(bytes))
    }

    fn try_next_u64(&mut self) -> Result<u64, Self::Error> {
        let mut bytes = [0; 8];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u64::from_le_bytes(bytes))
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Self::Error> {
        if self.broken {
            return Err(core::fmt::Error);
        }
        for chunk in bytes.chunks_mut(32) {
            self.drawn += 1;
            chunk.copy_from_slice(&sha256(&[&[self.seed], &self.drawn.to_be_bytes()])[..chunk.len()]);
        }
        Ok(())
    }
}

impl TryCryptoRng for Dice {}

/// The time, as the test sets it.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Time(pub(crate) u64);

impl Clock for Time {
    fn now(&self) -> u64 {
        self.0
    }
}

/// Remembers what was shown.
#[derive(Clone, Debug, Default)]
pub(crate) struct Light(pub(crate) Vec<Indication>);

impl Indicator for Light {
    fn show(&mut self, indication: Indication) {
        self.0.push(indication);
    }
}
