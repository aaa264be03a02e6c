//! Runs a plan: each check on a fresh key, and what came of it.

mod fault;

use std::cell::{Cell, RefCell};
use std::sync::Arc;
use std::time::{Duration, Instant};

use ciborium::Value;

use crate::broken::{self, Broken};
use crate::host::cbor::{Form, reading};
use crate::host::ctap2::{GET_INFO, RESET, SELECTION, ga, get_assertion, make_credential, mc, status};
use crate::host::response::Response;
use crate::host::{Host, command, oath, u2f};
use crate::key::{Hand, Key, Pins, Profile};
use crate::outcome::{Checked, Outcome, Subject};
use crate::plan::{Info, Presence, Step};
use crate::suites::Level;
use crate::trace::{Left, Tape, Watched, hex};
use crate::words::shown;
pub(crate) use fault::again;
pub use fault::{Fault, caught, caught_at};

/// After how many times in a row nobody is asked any more for what nobody does.
const GIVES_UP: u32 = 3;
/// How often a key that is busy with another program is asked what it is, and the pause between.
const ASKED_AT_MOST: u32 = 40;
const BUSY_PAUSE: Duration = Duration::from_millis(50);
/// More than five seconds (CTAP 2.3 §6.6), in milliseconds.
const LONG_TOUCH: u64 = 5_100;

/// What the checks' website is.
const RP_ID: &str = "example.com";

impl Host {
    /// Asks for a touch that nothing follows from, and takes that back where the key waits for it:
    /// authenticatorSelection, and before CTAP 2.1 a registration with an empty pinUvAuthParam (CTAP 2.0 §5.1 step 1).
    fn presence(&mut self, info: &Info) -> Presence {
        let versions = info.texts(0x01);
        let selects = versions
            .iter()
            .any(|version| version > &"FIDO_2_0".to_owned() && version.starts_with("FIDO_2_"));
        let answer = if selects {
            self.untouched(SELECTION)
        } else if info.option("clientPin").is_some() {
            let request = make_credential(RP_ID, b"1");
            self.untouched(
                request
                    .with(mc::PIN_UV_AUTH_PARAM, Value::Bytes(Vec::new()))
                    .with(mc::PIN_UV_AUTH_PROTOCOL, 1),
            )
        } else {
            None
        };
        match answer.map(|answer| answer.status) {
            Some(status::OK | status::PIN_NOT_SET | status::PIN_INVALID) => Presence::TouchesItself,
            Some(status::OPERATION_DENIED) => Presence::Refuses,
            _ => Presence::Waits,
        }
    }

    /// Whether the key has a passkey for the checks' website.
    fn has_account(&mut self) -> bool {
        let silent = Value::Map(vec![("up".into(), false.into())]);
        let answer = self.untouched(get_assertion(RP_ID).with(ga::OPTIONS, silent));
        answer.is_some_and(|answer| answer.status == status::OK)
    }
}

/// A key under test, and its recording.
pub struct Bench {
    key: Key,
    tape: Tape,
    /// What else makes the key fresh, where that is not authenticatorReset: a command of the user's.
    reset: Option<Box<dyn Fn() -> Result<(), String>>>,
    /// Whether a power cycle is nobody's work.
    cheap_power: bool,
    /// Why the run cannot go on.
    broken: RefCell<Option<Broken>>,
    /// How often in a row the key could not be made as new, and why not.
    stale: RefCell<(u32, String)>,
    /// How many checks in a row nobody touched it for.
    untouched: Cell<u32>,
}

impl Bench {
    /// The key in this hand. `reset` makes it as new, in place of authenticatorReset.
    /// With `cheap_power` it is switched off and on before each check, so that nothing waits from the one before.
    #[must_use]
    pub fn new(
        profile: &'static Profile,
        hand: Arc<dyn Hand>,
        tape: Tape,
        reset: Option<Box<dyn Fn() -> Result<(), String>>>,
        cheap_power: bool,
    ) -> Self {
        crate::second_reader::relent();
        Self {
            key: Key::new(profile, Box::new(Watched::new(hand, tape.clone()))).with_notes(),
            tape,
            reset,
            cheap_power,
            broken: RefCell::default(),
            stale: RefCell::default(),
            untouched: Cell::default(),
        }
    }

    /// Why the run cannot go on: whoever handles the key cannot do that.
    #[must_use]
    pub fn broken(&self) -> Option<Broken> {
        self.broken.borrow().clone()
    }

    /// The recording.
    #[must_use]
    pub fn tape(&self) -> &Tape {
        &self.tape
    }

    /// Has checks set these PINs, where none were chosen before.
    pub fn set_pins(&self, pins: Pins) {
        self.key.set_pins(pins);
    }

    /// The PINs that checks set.
    #[must_use]
    pub fn pins(&self) -> Pins {
        self.key.pins()
    }

    /// Asks the key what it is.
    ///
    /// # Errors
    /// Why it gave no channel.
    pub fn ask(&self) -> Result<(Info, Subject), String> {
        let mut host = self.patiently(|| self.key.host())?;
        let mut subject = Subject::default();
        let answer = self
            .patiently(|| host.exchange(command::CBOR, GET_INFO))
            .unwrap_or_default();
        let mut info = Info {
            get_info: None,
            // Status word 0x9000 after `U2F_V2` (FIDO U2F Raw Message Formats §6).
            u2f: self
                .patiently(|| host.exchange(command::MSG, u2f::VERSION))
                .is_ok_and(|answer| answer == b"U2F_V2\x90\x00"),
            oath: self
                .patiently(|| host.exchange(command::OATH, &oath::select()))
                .is_ok_and(|answer| answer.ends_with(&[0x90, 0x00])),
            // Bit 0 of the capabilities (CTAP 2.3 §11.2.9.1.3).
            wink: self
                .patiently(|| host.init(host.channel))
                .is_ok_and(|(_, answer)| answer[16] & 0x01 != 0),
            // No seconds: it locks nothing (CTAP 2.3 §11.2.9.2.2).
            lock: self
                .patiently(|| host.exchange(command::LOCK, &[0]))
                .is_ok_and(|answer| answer.is_empty()),
            presence: Presence::default(),
            has_account: false,
        };
        if let [status::OK, body @ ..] = &answer[..]
            && let Ok(Value::Map(members)) = ciborium::from_reader::<Value, _>(body)
        {
            let members = members.into_iter().filter_map(|(key, value)| {
                let key = key.as_integer()?.try_into().ok()?;
                Some((key, value))
            });
            info.get_info = Some(members.collect());
            subject.get_info = Some(hex(&answer));
            let said = self.tape.messages().into_iter();
            subject.get_info_decoded = said
                .filter(|message| message.from_key && message.payload == hex(&answer))
                .find_map(|message| message.decoded);
        }
        info.presence = self.patiently(|| host.presence(&info)).unwrap_or_default();
        info.has_account = info.option("rk") == Some(true) && self.patiently(|| host.has_account()).unwrap_or_default();
        // A key whose getInfo nobody can read is no key without CTAP2.
        if answer.first() == Some(&status::OK) && info.get_info.is_none() {
            return Err(format!(
                "its answer to getInfo is not CBOR that CTAP2 has: {}",
                shown(&answer)
            ));
        }
        // What is told to the user beforehand is what checks set.
        self.set_pins(info.pins());
        subject.versions = info.texts(0x01);
        if info.u2f && info.get_info.is_none() {
            subject.versions.push("U2F_V2".to_owned());
        }
        subject.extensions = info.texts(0x02);
        subject.options = info.options();
        subject.aaguid = info
            .get_info
            .as_ref()
            .and_then(|info| Some(hex(info.get(&0x03)?.as_bytes()?)));
        Ok((info, subject))
    }

    /// Asks again where the key was busy with another program (CTAP 2.3 §11.2.5.1).
    fn patiently<T>(&self, mut ask: impl FnMut() -> T) -> Result<T, String> {
        let mut tries = 0;
        loop {
            self.tape.take_busy();
            let answer = caught(&mut ask);
            tries += 1;
            if answer.is_ok() || tries == ASKED_AT_MOST || !self.tape.take_busy() {
                return answer;
            }
            std::thread::sleep(BUSY_PAUSE);
        }
    }

    /// Makes the key as new, where it is not.
    ///
    /// # Errors
    /// What the key or the hand did instead.
    pub fn freshen(&self) -> Result<(), String> {
        let left = self.tape.left();
        if left.is_nothing() {
            return Ok(());
        }
        if let Some(reset) = &self.reset {
            reset()?;
            self.tape.set_left(Left::default());
            return Ok(());
        }
        caught(|| {
            if left.fido {
                self.key.power_cycle();
            }
            let mut host = self.key.host();
            if left.fido {
                let answer = self.reset_by(&mut host);
                status::of("authenticatorReset", answer.status, status::OK);
            }
            if left.oath {
                let answer = host.exchange(command::OATH, &oath::reset());
                assert!(answer.ends_with(&[0x90, 0x00]), "the one-time codes cannot be reset");
            }
        })?;
        self.tape.set_left(Left::default());
        Ok(())
    }

    /// Resets the key, with a long touch where a check before has set that (CTAP 2.3 §6.11.4).
    fn reset_by(&self, host: &mut Host) -> Response {
        let info = caught(|| host.info()).unwrap_or_default();
        if info.get(&0x18).and_then(Value::as_bool) != Some(true) {
            return host.touched_if_asked(RESET);
        }
        host.asked(RESET);
        self.key.press();
        if !self.key.advance(LONG_TOUCH) {
            std::thread::sleep(Duration::from_millis(LONG_TOUCH));
        }
        let answer = host.answer();
        self.key.release();
        answer
    }

    /// Ends the run, where no other check has more luck.
    fn end_with(&self, broken: Option<&Broken>) {
        if let Some(broken) = broken.filter(|broken| broken.is_final()) {
            self.broken.replace(Some(broken.clone()));
        }
    }

    /// Readies the key for a check.
    fn ready(&self, erase: bool) -> Result<(), String> {
        let (times, why) = self.stale.borrow().clone();
        if erase && times >= GIVES_UP {
            return Err(why);
        }
        // Of what was broken off before, nobody is to hear.
        drop(broken::take());
        let result = match erase {
            true => self
                .freshen()
                .map_err(|why| format!("the key could not be made as new: {why}")),
            false => Ok(()),
        };
        let mut stale = self.stale.borrow_mut();
        *stale = result
            .as_ref()
            .err()
            .map_or_else(Default::default, |why| (stale.0 + 1, why.clone()));
        result?;
        match self.cheap_power {
            true => caught(|| self.key.power_cycle()),
            false => Ok(()),
        }
    }

    /// Why a check that failed was not tried in truth.
    fn excuse(&self) -> Option<String> {
        let broken = broken::take();
        self.end_with(broken.as_ref());
        let why = match broken {
            Some(Broken::Hand(why)) => return Some(why),
            Some(Broken::Nobody(why)) => Some(why),
            None if self.key.is_sure() => None,
            None => self.tape.unmet().map(str::to_owned),
        };
        self.untouched.set(match why {
            Some(_) => self.untouched.get() + 1,
            None => 0,
        });
        why
    }

    /// Tries one step.
    #[must_use]
    pub fn try_step(&self, step: &Step, erase: bool) -> Checked {
        let mut checked = Checked {
            area: step.suite.to_owned(),
            name: step.name(),
            section: step.check.section.to_owned(),
            level: step.check.level,
            outcome: Outcome::Pass,
            message: None,
            place: None,
            exception: None,
            milliseconds: 0,
            exchange: Vec::new(),
        };
        if let Some((outcome, why)) = &step.skipped {
            (checked.outcome, checked.message) = (*outcome, Some(why.clone()));
            return checked;
        }
        if step.cost.touches > 0 && self.untouched.get() >= GIVES_UP {
            checked.outcome = Outcome::NotTried;
            checked.message = Some("nobody touches the key".to_owned());
            return checked;
        }
        if let Err(why) = self.ready(erase) {
            self.end_with(broken::take().as_ref());
            checked.outcome = Outcome::NotTried;
            checked.message = Some(why);
            return checked;
        }
        self.tape.rewind();
        let begun = Instant::now();
        // What the key did between two checks is not theirs.
        drop(self.key.take_notes());
        let result = caught_at(|| reading(Form::Lenient, || (step.check.run)(&self.key)));
        checked.milliseconds = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
        if let Err(fault) = result {
            let fault = fault.of_check(step.check.name);
            checked.exchange = self.tape.messages();
            let excuse = self.excuse();
            checked.outcome = match step.check.level {
                _ if self.tape.is_stopped() || excuse.is_some() => Outcome::NotTried,
                Level::Must => Outcome::Fail,
                Level::Should => Outcome::Warn,
            };
            (checked.message, checked.place) = match excuse {
                Some(why) => (Some(why), None),
                None => (Some(fault.words), fault.place),
            };
            // What a check that broke off may have left is not known; a token or a blocked PIN, for one.
            if erase {
                let left = self.tape.left();
                self.tape.set_left(Left { fido: true, ..left });
            }
        } else {
            if step.cost.touches > 0 {
                self.untouched.set(0);
            }
            let notes = self.key.take_notes();
            if !notes.is_empty() {
                checked.outcome = Outcome::Warn;
                checked.message = Some(notes.join("; "));
                checked.exchange = self.tape.messages();
            }
        }
        checked
    }
}
