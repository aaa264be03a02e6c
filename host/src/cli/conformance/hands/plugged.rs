//! A key outside this process, and who handles it.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use brasskey_conformance::broken::{Broken, break_off};
use brasskey_conformance::key::{Hand, Link};

use super::patient::Patient;
use super::person::Guide;
use super::relay::Relay;
use super::seat::Seat;
use super::{AWAY, INTERVAL, STARTING, lock, must, shell, wait};
use crate::cli::conformance::card::{Card, CardLink, SharedCard};
use crate::cli::conformance::control::Control;
use crate::cli::conformance::end::is_stopped;
use crate::cli::conformance::wire::{Line, Wire};
use crate::client::Channel;
use crate::transport::pcsc::{PcscCard, Sharing};
use crate::transport::{Address, Transport};

/// Who touches a key.
pub(super) enum Presser {
    Control(Control),
    Commands {
        touch: Option<Relay>,
        replug: Option<String>,
    },
    Person(Guide),
}

/// A key outside this process.
pub(super) struct Plugged {
    address: Mutex<Address>,
    /// How the key is known again, where it is on USB.
    seat: Mutex<Option<Seat>>,
    /// Whether it was unplugged on purpose, and nobody has opened it since.
    is_away: AtomicBool,
    pub(super) line: Arc<Line>,
    /// The card, as long as the key keeps its power.
    card: Mutex<Option<SharedCard>>,
    presser: Presser,
}

impl Plugged {
    pub(super) fn new(address: Address, presser: Presser) -> Self {
        let line = Arc::new(Line::new(matches!(address, Address::Hid(_))));
        Self {
            seat: Mutex::new(seat(&address)),
            address: Mutex::new(address),
            is_away: AtomicBool::new(false),
            line,
            card: Mutex::default(),
            presser,
        }
    }

    fn address(&self) -> Address {
        lock(&self.address).clone()
    }

    /// Ends a command that touches the key.
    pub(super) fn stop_touching(&self) {
        if let Presser::Commands { touch: Some(relay), .. } = &self.presser {
            relay.stop();
        }
    }

    /// How long the key may be away.
    pub(super) fn patience(&self) -> Duration {
        let is_expected = self.is_away.load(Ordering::Acquire) || matches!(self.presser, Presser::Person(_));
        if is_expected { AWAY } else { STARTING }
    }

    /// A connection to the key, wherever it is.
    fn open(&self) -> Option<Box<dyn Transport>> {
        let mut address = lock(&self.address);
        let opened = address.open().ok().or_else(|| {
            let elsewhere = lock(&self.seat).as_ref()?.find()?;
            let opened = elsewhere.open().ok()?;
            *address = elsewhere;
            Some(opened)
        })?;
        self.is_away.store(false, Ordering::Release);
        Some(opened)
    }

    /// Whether no connection broke, or the key has come back since.
    pub(super) fn is_there(&self) -> bool {
        let has_card = lock(&self.card).as_ref().is_none_or(|card| !card.is_gone());
        let is_broken = self.line.is_broken.load(Ordering::Acquire) || !has_card;
        if is_broken && self.answers() {
            self.line.is_broken.store(false, Ordering::Release);
            *lock(&self.card) = None;
            return true;
        }
        !is_broken
    }

    /// The key has not answered, and may be gone.
    pub(super) fn suspect(&self) {
        self.line.is_broken.store(true, Ordering::Release);
    }

    fn answers(&self) -> bool {
        match self.address() {
            Address::Pcsc(reader) => open_card(&reader).is_some(),
            _ => self.open().is_some_and(|transport| Channel::open(transport).is_ok()),
        }
    }

    /// Has the control endpoint do something.
    fn act(&self, control: &Control, path: &str, action: &str) {
        control.act(path, action).unwrap_or_else(|why| self.give_up(why));
    }

    /// The control endpoint failed. Where the key is gone, too, that is why.
    fn give_up(&self, why: String) -> ! {
        self.suspect();
        if self.is_there() {
            break_off(Broken::Hand(why));
        }
        panic!("{why}");
    }

    /// Waits for a key that is gone, unless the run ends.
    pub(super) fn comes_back(&self) -> bool {
        let until = Instant::now() + self.patience();
        while Instant::now() < until && !is_stopped() {
            if self.is_there() {
                return true;
            }
            thread::sleep(INTERVAL);
        }
        false
    }

    /// The card in this reader: the one that hosts have already, or the one that comes.
    fn card(&self, reader: &str) -> SharedCard {
        let mut shared = lock(&self.card);
        if let Some(card) = shared.as_ref().filter(|card| !card.is_gone()) {
            return card.clone();
        }
        // The reader would not let go of it.
        *shared = None;
        let card = wait(AWAY, "the card cannot be opened", || open_card(reader));
        shared.insert(SharedCard::new(card)).clone()
    }
}

fn seat(address: &Address) -> Option<Seat> {
    matches!(address, Address::Hid(_)).then(|| Seat::of(address))
}

fn open_card(reader: &str) -> Option<Card> {
    let mut card = Card::new(Box::new(PcscCard::connect(reader, Sharing::Shared).ok()?));
    card.answers().then_some(card)
}

impl Hand for Plugged {
    fn connect(&self) -> Box<dyn Link> {
        let address = self.address();
        let link: Box<dyn Link> = match &address {
            Address::Pcsc(reader) => Box::new(CardLink::new(self.card(reader))),
            _ => {
                self.line.is_broken.store(true, Ordering::Release);
                let transport = wait(self.patience(), "the key cannot be opened", || self.open());
                self.line.is_broken.store(false, Ordering::Release);
                Box::new(Wire::new(transport, Arc::clone(&self.line)))
            }
        };
        match &self.presser {
            Presser::Person(guide) => Box::new(Patient::new(link, guide.clone())),
            Presser::Commands { touch: Some(relay), .. } => Box::new(Patient::new(link, relay.clone())),
            _ => link,
        }
    }

    fn wait_until_asked(&self) {
        // The others see it: the key has said so over CTAP2, and does not wait over U2F.
        if let Presser::Control(control) = &self.presser {
            let asked = control.wait_until_asked();
            assert!(
                asked.unwrap_or_else(|why| self.give_up(why)),
                "expected the key to wait for a touch, it does not"
            );
        }
    }

    fn can_touch(&self) -> bool {
        !matches!(self.presser, Presser::Commands { touch: None, .. })
    }

    fn is_sure(&self) -> bool {
        matches!(self.presser, Presser::Control(_))
    }

    fn press(&self) {
        match &self.presser {
            Presser::Control(control) => self.act(control, "/v1/button", "press"),
            Presser::Commands { touch: Some(relay), .. } => relay.press(),
            Presser::Commands { .. } => break_off(Broken::Hand("nobody touches the key".to_owned())),
            Presser::Person(guide) => guide.press(),
        }
    }

    fn release(&self) {
        match &self.presser {
            Presser::Control(control) => self.act(control, "/v1/button", "release"),
            Presser::Person(guide) => guide.release(),
            Presser::Commands { .. } => {}
        }
    }

    fn touch(&self) {
        match &self.presser {
            Presser::Person(guide) => guide.touch(),
            Presser::Commands { touch: Some(relay), .. } => relay.touch(),
            _ => {
                self.wait_until_asked();
                self.press();
                self.release();
            }
        }
    }

    fn decline(&self) {
        match &self.presser {
            Presser::Control(control) => self.act(control, "/v1/button", "deny"),
            _ => panic!("nobody says no"),
        }
    }

    fn power_cycle(&self) {
        *lock(&self.card) = None;
        *lock(&self.seat) = seat(&self.address());
        self.is_away.store(true, Ordering::Release);
        match &self.presser {
            Presser::Control(control) => self.act(control, "/v1/power", "cycle"),
            Presser::Commands {
                replug: Some(replug), ..
            } => must(shell(replug)),
            Presser::Commands { .. } => break_off(Broken::Hand("nobody unplugs the key".to_owned())),
            Presser::Person(guide) => {
                let back = guide.replug(self.address());
                *lock(&self.address) = back;
            }
        }
    }

    fn advance(&self, milliseconds: u64) -> bool {
        if let Presser::Person(guide) = &self.presser {
            guide.wait(milliseconds);
        }
        false
    }
}
