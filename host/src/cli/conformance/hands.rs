//! The key that was named, and who touches it and unplugs it.

mod awaiting;
mod command;
mod patient;
mod person;
mod plugged;
mod relay;
mod seat;

use std::io::IsTerminal as _;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use brasskey_conformance::broken::{Broken, break_off};
use brasskey_conformance::key::{Hand, Link, Need, Profile};
use brasskey_conformance::run::{Bench, caught};
use brasskey_conformance::trace::Tape;

use super::HandArgs;
use super::control::Control;
use super::end::is_stopped;
use super::wire::Wire;
use crate::cli::failure::Failure;
use crate::cli::output::Output;
use crate::client::Key;
use crate::soft::{SoftKey, Touch};
use crate::text::escape;
use crate::transport::pcsc::{PcscCard, Sharing};
use crate::transport::{self, Address, DeviceSpec, TransportError};
use command::shell;
use person::Guide;
use plugged::{Plugged, Presser};
use relay::Relay;

/// How long a key may be away while it is unplugged.
const AWAY: Duration = Duration::from_secs(60);
/// How long a key may be away that nobody has unplugged on purpose: a fault that a check found may make it start anew.
const STARTING: Duration = Duration::from_secs(5);
/// How often the computer is asked what is plugged in.
const INTERVAL: Duration = Duration::from_millis(250);
/// CTAP 2.3 §6.1.2 asks for ten seconds at least; a key that waits longer is waited for.
const USER_ACTION_TIMEOUT: u64 = 30_000;

/// The key under test.
pub(super) struct Subject {
    hand: Arc<dyn Hand>,
    /// The same, where the key is outside this process.
    plugged: Option<Arc<Plugged>>,
    profile: &'static Profile,
    reset_command: Option<String>,
    /// What to call it: escaped.
    pub(super) label: String,
    /// Where it is, outside this process.
    pub(super) address: Option<Address>,
    /// What a person is told.
    pub(super) guide: Guide,
    /// Whether it is a smart card.
    pub(super) is_card: bool,
    /// Whether a person touches it.
    pub(super) is_person: bool,
    /// Whether it is gone when the command ends.
    pub(super) is_ephemeral: bool,
    /// Whether anybody touches it.
    pub(super) touches: bool,
    /// Whether nobody can keep a finger on it.
    pub(super) is_brief: bool,
    /// Whether anybody unplugs it.
    pub(super) replugs: bool,
    /// What else the hand can do.
    pub(super) needs: Vec<Need>,
}

impl Subject {
    fn new(hand: Arc<dyn Hand>, label: String, needs: Vec<Need>) -> Self {
        // One for each run of the command: what it holds may as well live as long as that.
        let has = Vec::leak(needs.clone());
        let profile = Box::leak(Box::new(Profile {
            has,
            only: None,
            user_action_timeout: USER_ACTION_TIMEOUT,
        }));
        Self {
            hand,
            plugged: None,
            profile,
            reset_command: None,
            label,
            is_card: false,
            address: None,
            guide: Guide::default(),
            is_person: false,
            is_ephemeral: false,
            touches: true,
            is_brief: false,
            replugs: true,
            needs,
        }
    }

    /// Whether a connection to the key broke, and it does not come back.
    pub(super) fn is_gone(&self, output: &Output) -> bool {
        let Some(plugged) = self.plugged.as_ref().filter(|plugged| !plugged.is_there()) else {
            return false;
        };
        let seconds = plugged.patience().as_secs();
        output.notice(&format!("{} is gone: it may come back within {seconds} s", self.label));
        !plugged.comes_back()
    }

    /// The key was waited for in vain: [`is_gone`](Self::is_gone) looks whether it is there.
    pub(super) fn suspect(&self) {
        if let Some(plugged) = &self.plugged {
            plugged.suspect();
        }
    }

    /// Whether the key has answered another program since this was asked last.
    pub(super) fn had_others(&self) -> bool {
        self.plugged.as_ref().is_some_and(|plugged| plugged.line.had_others())
    }

    /// Whether a program that uses the key meanwhile is noticed, or there can be none. Elsewhere such a program moves
    /// counters and retries, and nobody knows why.
    pub(super) fn sees_others(&self) -> bool {
        self.plugged.as_ref().is_none_or(|plugged| plugged.line.is_shared)
    }

    /// Whether anybody can make the key as new.
    pub(super) fn can_be_reset(&self) -> bool {
        self.replugs || self.reset_command.is_some()
    }

    /// Nobody touches the key any more for what it was asked before.
    pub(super) fn stop_touching(&self) {
        if let Some(plugged) = &self.plugged {
            plugged.stop_touching();
        }
    }

    /// The key, watched.
    pub(super) fn bench(&self, tape: Tape) -> Bench {
        let reset = self.reset_command.clone().map(|command| {
            // It stops the run where it fails.
            let reset: Box<dyn Fn() -> Result<(), String>> = Box::new(move || caught(|| must(shell(&command))));
            reset
        });
        Bench::new(
            self.profile,
            Arc::clone(&self.hand),
            tape,
            reset,
            // A reader takes its time to see that a card is back.
            self.replugs && !self.is_person && !self.is_card,
        )
    }
}

/// The key gives no channel.
pub(super) fn silent(why: String) -> Failure {
    Failure::Verification(format!("the key cannot be asked what it is: {why}"))
}

/// The key that the user means, in the hand that they name.
pub(super) fn open(device: Option<&DeviceSpec>, args: &HandArgs, output: &Output) -> Result<Subject, Failure> {
    let address = match device {
        Some(DeviceSpec::Soft(None)) if args.is_given() => {
            return Err(Failure::usage(
                "the soft token in memory needs nobody who touches it, unplugs it or resets it",
                "leave out --control and commands",
            ));
        }
        Some(DeviceSpec::Soft(None)) => return soft(),
        Some(DeviceSpec::Soft(Some(name))) => {
            return Err(Failure::usage(
                format!("the soft token {name} keeps accounts in a file"),
                "use --device soft, which is in memory, or start it with `brasskey token` and name its address",
            ));
        }
        Some(DeviceSpec::Address(address)) => seat::listed(address.clone()),
        None => plugged_in()?,
    };
    // So that what is missing or in use is told as everywhere.
    match &address {
        Address::Pcsc(reader) => drop(PcscCard::connect(reader, Sharing::Shared).map_err(TransportError::from)?),
        address => drop(Key::open(address.open()?)?),
    }
    let guide = Guide::default();
    let presser = match args {
        HandArgs { control: Some(url), .. } => Presser::Control(Control::new(url, args.control_token_file.as_deref())?),
        HandArgs {
            touch_command: None,
            replug_command: None,
            ..
        } if std::io::stdin().is_terminal() && output.is_interactive() => Presser::Person(guide.clone()),
        _ => Presser::Commands {
            touch: args.touch_command.clone().map(Relay::new),
            replug: args.replug_command.clone(),
        },
    };
    let is_person = matches!(presser, Presser::Person(_));
    let (touches, replugs) = match &presser {
        Presser::Commands { touch, replug } => (touch.is_some(), replug.is_some()),
        _ => (true, true),
    };
    let is_brief = matches!(presser, Presser::Commands { .. });
    let needs = match presser {
        Presser::Control(_) => vec![Need::Decline, Need::ManyTouches],
        Presser::Commands { touch: Some(_), .. } => vec![Need::ManyTouches],
        _ => Vec::new(),
    };
    let label = escape(&address.to_string()).into_owned();
    let is_card = matches!(address, Address::Pcsc(_));
    let plugged = Arc::new(Plugged::new(address.clone(), presser));
    Ok(Subject {
        plugged: Some(Arc::clone(&plugged)),
        reset_command: args.reset_command.clone(),
        is_card,
        address: Some(address),
        guide,
        is_person,
        touches,
        is_brief,
        replugs,
        ..Subject::new(plugged, label, needs)
    })
}

/// A soft token in memory, whose clock is the run's.
fn soft() -> Result<Subject, Failure> {
    let key = SoftKey::builder().touch(Touch::Control).scripted_clock().build()?;
    let label = "soft token in memory (software)".to_owned();
    Ok(Subject {
        is_ephemeral: true,
        ..Subject::new(
            Arc::new(Soft(key)),
            label,
            vec![Need::Clock, Need::Decline, Need::ManyTouches],
        )
    })
}

fn plugged_in() -> Result<Address, Failure> {
    let listed = transport::list()?;
    match &listed[..] {
        [only] => Ok(only.address.clone()),
        [] => Err(Failure::NoKey),
        several => Err(Failure::usage(
            format!("{} security keys are plugged in", several.len()),
            "name one with --device; `brasskey list` shows them",
        )),
    }
}

/// Ends the check, and the run, where the hand cannot do its part.
fn must(result: Result<(), String>) {
    if let Err(why) = result {
        break_off(Broken::Hand(why));
    }
}

fn lock<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Waits until `look` has found what it looks for, no longer than `patience`, unless the run ends.
fn wait<T>(patience: Duration, failure: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let begun = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(!is_stopped(), "the run was ended");
        if begun.elapsed() > patience {
            break_off(Broken::Nobody(failure.to_owned()));
        }
        thread::sleep(INTERVAL);
    }
}

/// The soft token in this process.
struct Soft(SoftKey);

impl Hand for Soft {
    fn connect(&self) -> Box<dyn Link> {
        Box::new(Wire::new(Box::new(self.0.connect()), Arc::default()))
    }

    fn wait_until_asked(&self) {
        let asked = self.0.wait_until_asked(Duration::from_secs(5));
        assert!(asked.is_some(), "expected the key to wait for a touch, it does not");
    }

    fn press(&self) {
        self.0.press();
    }

    fn release(&self) {
        self.0.release();
    }

    fn decline(&self) {
        self.0.decline();
    }

    fn power_cycle(&self) {
        if let Err(error) = self.0.power_cycle() {
            panic!("the soft token does not start: {error}");
        }
    }

    fn advance(&self, milliseconds: u64) -> bool {
        self.0.advance(milliseconds);
        true
    }
}
