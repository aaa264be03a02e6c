//! Faults that a key is given on purpose: each breaks one invariant, and the search must find it.

use brasskey_conformance::host::status;
use brasskey_protocol::authenticator::Authenticator;
use brasskey_protocol::limits::PIN_RETRIES;

use super::hosts::{OWNER, STRANGER};
use super::key::{Key, Message};
use super::world::{Bench, Hand, World};

/// When the clock of [`Fault::ClockStops`] stops: after the time for a reset, before a token ends.
pub(super) const CLOCK_STOPS: u64 = 20_000;

/// What is wrong with a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// A retry is taken from the PIN's record in a cache, and comes back with the power.
    RetriesComeBack,
    /// A PIN that is blocked for good opens the key.
    BlockedIsOpen,
    /// A wrong PIN is answered like the right one.
    AnyPinIsRight,
    /// A wrong PIN restarts the key by itself, as a watchdog would, and it forgets the wrong PINs since power-up.
    RestartsAfterWrongPin,
    /// The key's own verification takes everyone for its user.
    AnyoneIsTheUser,
    /// A token is still good after the power was off.
    TokenOutlivesPower,
    /// A token is still good after a reset.
    TokenOutlivesReset,
    /// A token is still good after another was given.
    TokenOutlivesNext,
    /// A token that was not for one relying party is not bound to that of its first use.
    TokenIsNotBound,
    /// The clock stops, and a token never ends.
    ClockStops,
    /// A token that was spent, or that is for another relying party, is taken as it was when it was given.
    TokenStaysNew,
    /// A change of the PIN leaves the tokens of the old one.
    TokenOutlivesPinChange,
    /// The block of counter values that was reserved is not durable.
    CounterComesBack,
    /// A new account is not durable.
    AccountGoes,
    /// The key answers that the user refused, and keeps the credential.
    RefusedIsKept,
    /// A reset leaves a record.
    ResetLeavesRecord,
    /// A reset leaves credentials.
    CredentialOutlivesReset,
    /// A deleted account is back with the power.
    DeletedComesBack,
    /// A power cut tears the record that is being written.
    CutTearsRecord,
    /// A walk through assertions goes on for every host.
    WalkIsForAll,
    /// A reset is taken at any time.
    ResetAtAnyTime,
    /// A reset does not ask for the long touch that the settings want.
    ResetByTap,
}

/// A key as it was, which answers where the present one refuses.
#[derive(Clone)]
pub(super) struct Ghost {
    key: Box<Authenticator<Bench>>,
    world: World,
}

/// Whether a key of the storage is that of an epoch's record of this kind (`store/epoch.rs`).
fn is_of(key: &[u8], kind: u8) -> bool {
    key.first() == Some(&b'E') && key.get(5) == Some(&kind)
}

impl World {
    /// The value that is written in place of this one.
    pub(super) fn bend(&mut self, key: &[u8], value: &[u8]) -> Vec<u8> {
        let old = self.records.get(key).cloned();
        let lowers = |old: &Vec<u8>| old.get(1) > value.get(1);
        let is_not_durable = match self.fault {
            Some(Fault::RetriesComeBack) => is_of(key, b'P') && old.as_ref().is_some_and(lowers),
            Some(Fault::CounterComesBack) => key == b"N",
            Some(Fault::AccountGoes) => is_of(key, b'C') && old.is_none(),
            _ => false,
        };
        if is_not_durable {
            self.undone.entry(key.to_vec()).or_insert(old);
            return value.to_vec();
        }
        self.undone.remove(key);
        let mut value = value.to_vec();
        if let (Some(Fault::CutTearsRecord), Some(old), true) = (self.fault, old, self.is_last_change())
            && old.len() == value.len()
        {
            let half = value.len() / 2;
            value[half..].copy_from_slice(&old[half..]);
        }
        value
    }

    /// A record is about to be removed.
    pub(super) fn let_go(&mut self, key: &[u8]) {
        let comes_back = match self.fault {
            Some(Fault::DeletedComesBack) => is_of(key, b'C'),
            Some(Fault::ResetLeavesRecord) => is_of(key, b'S'),
            _ => false,
        };
        if comes_back {
            let old = self.records.get(key).cloned();
            self.undone.insert(key.to_vec(), old);
        }
    }

    /// What was removed is made unreadable, after a reset.
    pub(super) fn scrub(&mut self) {
        if self.fault == Some(Fault::ResetLeavesRecord) {
            self.take_back();
        }
    }
}

impl Key {
    /// Keeps the key as it is before a message, or before the power goes (`None`), where its fault needs that later.
    pub(super) fn remember(&mut self, message: Option<&Message<'_>>) {
        let remembers = match (self.world.fault, message) {
            (Some(Fault::TokenOutlivesPower), None) => true,
            // Only that one remembers what was before the power went.
            (_, None) => {
                self.ghost = None;
                return;
            }
            (Some(Fault::TokenOutlivesReset | Fault::CredentialOutlivesReset), Some(message)) => {
                message.bytes.first() == Some(&0x07)
            }
            (Some(Fault::TokenOutlivesPinChange), Some(message)) => message.is_client_pin(0x04),
            (Some(Fault::TokenOutlivesNext), Some(message)) => {
                message.is_client_pin(0x05) || message.is_client_pin(0x09)
            }
            (Some(Fault::TokenIsNotBound), Some(message)) => message.is_silent_assertion() && self.ghost.is_none(),
            (Some(Fault::WalkIsForAll), Some(message)) => message.bytes.first() == Some(&0x08),
            // The credential that a first use makes is not known to it; the token that it spends is.
            (Some(Fault::TokenStaysNew), Some(message)) => {
                matches!(message.bytes.first(), Some(0x01 | 0x02)) && self.ghost.is_none()
            }
            _ => return,
        };
        if remembers && let Some(key) = &self.running {
            let mut world = self.world.clone();
            world.power_goes_after = None;
            let key = key.clone();
            self.ghost = Some(Ghost { key, world });
        }
    }

    /// What a key with this fault answers in place of this answer.
    pub(super) fn mislead(&mut self, message: &Message<'_>, answer: Vec<u8>) -> Vec<u8> {
        let (Some(fault), Some(&status)) = (self.world.fault, answer.first()) else {
            return answer;
        };
        let command = message.bytes.first();
        match fault {
            Fault::BlockedIsOpen if status == status::PIN_BLOCKED => {
                let mut open = self.clone();
                for (key, value) in &mut open.world.records {
                    // The retries (`store/pin.rs`).
                    if let (true, Some(retries)) = (is_of(key, b'P'), value.get_mut(1)) {
                        *retries = PIN_RETRIES;
                    }
                }
                return open.run(message);
            }
            Fault::AnyPinIsRight if status == status::PIN_INVALID => return vec![status::OK],
            Fault::RestartsAfterWrongPin if status == status::PIN_INVALID => {
                let now = self.world.now;
                let _ = self.power_cycle();
                self.world.now = now;
            }
            Fault::TokenOutlivesPower
            | Fault::TokenOutlivesReset
            | Fault::TokenStaysNew
            | Fault::TokenOutlivesNext
            | Fault::TokenIsNotBound
            | Fault::TokenOutlivesPinChange
                if status == status::PIN_AUTH_INVALID =>
            {
                return self.ask_ghost(message, answer);
            }
            Fault::CredentialOutlivesReset if status == status::NO_CREDENTIALS => {
                return self.ask_ghost(message, answer);
            }
            Fault::WalkIsForAll if command == Some(&0x08) && status == status::NOT_ALLOWED => {
                let other = Message {
                    channel: OWNER + STRANGER - message.channel,
                    ..*message
                };
                return self.ask_ghost(&other, answer);
            }
            Fault::RefusedIsKept if command == Some(&0x01) && status == status::OPERATION_DENIED => {
                let hand = std::mem::replace(&mut self.world.hand, Hand::Holds);
                self.run(message);
                self.world.hand = hand;
            }
            Fault::ResetAtAnyTime if command == Some(&0x07) && status == status::NOT_ALLOWED => {
                let now = std::mem::take(&mut self.world.now);
                let answer = self.run(message);
                self.world.now = now;
                return answer;
            }
            Fault::ResetByTap if command == Some(&0x07) && status == status::USER_ACTION_TIMEOUT => {
                self.world.hand = Hand::Holds;
                return self.run(message);
            }
            _ => {}
        }
        answer
    }

    fn ask_ghost(&mut self, message: &Message<'_>, answer: Vec<u8>) -> Vec<u8> {
        let Some(Ghost { key, world }) = self.ghost.clone() else {
            return answer;
        };
        let mut past = Key {
            running: Some(key),
            bench: self.bench.clone(),
            world,
            ghost: None,
            changes_of_power_up: 0,
        };
        past.world.now = self.world.now;
        past.run(message)
    }
}
