//! Whole sessions from bytes, for the fuzz target `sessions`: any history, however long, with power cuts, and with
//! records that are damaged while the power is off.

use std::fmt::Write as _;

use super::action::{ALPHABET, Action, Grant};
use super::invariants::Invariant;
use super::ledger::{Event, Pin};
use super::search::Step;
use super::state::State;
use super::world::Bench;
use brasskey_protocol::limits::PIN_RETRIES;

/// The longest session, in steps.
const STEPS: usize = 64;

/// Plays the session that these bytes say: a byte below the alphabet's length is an action; one below twice that is an
/// action that a power cut ends, with the change of the storage in the byte behind; any other damages a record, which
/// the two bytes behind say, and turns the power off and on.
///
/// # Errors
/// The invariant that does not hold, and the steps until then.
pub fn play(bytes: &[u8]) -> Result<(), String> {
    let mut state = State::new(&Bench::default(), None);
    let mut rest = bytes.iter().copied();
    let mut played = String::new();
    for _ in 0..STEPS {
        let Some(byte) = rest.next() else { break };
        let mut next = || rest.next().unwrap_or_default();
        let action = ALPHABET[usize::from(byte) % ALPHABET.len()];
        let taken = match usize::from(byte) / ALPHABET.len() {
            0 => {
                note(&mut played, action, 0);
                state.take(action)
            }
            1 => {
                let after = 1 + usize::from(next() % 16);
                note(&mut played, action, after);
                state.cut_short(action, after)
            }
            _ => {
                let (place, bits) = (next(), next());
                let _ = writeln!(played, "  damage ({byte}, {place}, {bits})");
                state.damage(byte, place, bits)
            }
        };
        taken.map_err(|broken| format!("{broken:?} does not hold after\n{played}"))?;
    }
    let probed = state.probe();
    probed.map_err(|broken| format!("{broken:?} does not hold, asked on the quiet, after\n{played}"))
}

fn note(played: &mut String, action: Action, after: usize) {
    let step = Step {
        action,
        cut: (after, 0),
    };
    let _ = writeln!(played, "  {step}");
}

impl State {
    /// Does an action with a power cut, where it changes the storage so often, and else the whole action.
    fn cut_short(&mut self, action: Action, after: usize) -> Result<(), &'static Invariant> {
        let mut whole = self.clone();
        whole.take(action)?;
        let changes = whole.key.world.changes - self.key.world.changes;
        if after <= changes {
            let moments = std::mem::take(&mut whole.moments);
            *self = self.cut(action, after, 0, &moments)?;
        } else {
            *self = whole;
        }
        Ok(())
    }

    /// Turns the power off, flips bits of a record, and turns it on again. What the key tells of its PIN from then on
    /// is what is known of it.
    fn damage(&mut self, record: u8, place: u8, bits: u8) -> Result<(), &'static Invariant> {
        let records = &mut self.key.world.records;
        let which = usize::from(record) % records.len().max(1);
        let Some(value) = records.values_mut().nth(which) else {
            return Ok(());
        };
        let place = usize::from(place) % value.len().max(1);
        if let Some(byte) = value.get_mut(place) {
            *byte ^= bits;
        }
        self.ledger.is_damaged = true;
        let started = self.key.power_cycle().is_ok();
        self.happens(Event::PowerUp { started })?;
        if let Some(retries) = self.retries() {
            // More retries than the standard has would be more guesses than it allows.
            assert!(
                retries <= u64::from(PIN_RETRIES),
                "a damaged record gives {retries} retries"
            );
            self.ledger.guesses = PIN_RETRIES - u8::try_from(retries).unwrap_or_default();
        }
        if self.ledger.guesses < PIN_RETRIES {
            let mut pins = [Pin::First, Pin::Second].into_iter();
            self.ledger.pin = pins.find(|pin| self.opens(*pin));
        }
        Ok(())
    }

    /// Whether a copy of the key gives a token for this PIN.
    fn opens(&self, pin: Pin) -> bool {
        let mut copy = self.clone();
        copy.unseen = true;
        copy.ledger.pin = Some(pin);
        copy.ledger.token = None;
        copy.token(Grant::Manage).is_ok() && copy.ledger.token.is_some()
    }
}
