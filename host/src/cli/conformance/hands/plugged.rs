//! A key outside this process, and who handles it.

use std::sync::Mutex;

use brasskey_conformance::key::{Hand, Link};

use super::patient::Patient;
use super::person::Guide;
use super::{lock, must, shell, wait};
use crate::cli::conformance::card::{Card, CardLink, SharedCard};
use crate::cli::conformance::control::Control;
use crate::cli::conformance::wire::Wire;
use crate::transport::Address;
use crate::transport::pcsc::{PcscCard, Sharing};

/// Who touches a key.
pub(super) enum Presser {
    Control(Control),
    Commands {
        touch: Option<String>,
        replug: Option<String>,
    },
    Person(Guide),
}

/// A key outside this process.
pub(super) struct Plugged {
    address: Mutex<Address>,
    /// The card, as long as the key keeps its power.
    card: Mutex<Option<SharedCard>>,
    presser: Presser,
}

impl Plugged {
    pub(super) fn new(address: Address, presser: Presser) -> Self {
        Self {
            address: Mutex::new(address),
            card: Mutex::default(),
            presser,
        }
    }

    fn address(&self) -> Address {
        lock(&self.address).clone()
    }

    /// The card in this reader: the one that hosts have already, or the one that comes.
    fn card(&self, reader: &str) -> SharedCard {
        let mut shared = lock(&self.card);
        if let Some(card) = shared.as_ref().filter(|card| !card.is_gone()) {
            return card.clone();
        }
        // The reader would not let go of it.
        *shared = None;
        let card = wait("the card cannot be opened", || {
            let mut card = Card::new(Box::new(PcscCard::connect(reader, Sharing::Shared).ok()?));
            card.answers().then_some(card)
        });
        shared.insert(SharedCard::new(card)).clone()
    }
}

impl Hand for Plugged {
    fn connect(&self) -> Box<dyn Link> {
        let address = self.address();
        let link: Box<dyn Link> = match &address {
            Address::Pcsc(reader) => Box::new(CardLink::new(self.card(reader))),
            address => {
                let transport = wait("the key cannot be opened", || address.open().ok());
                // The computer gives each program that has a key open all of its reports.
                let is_shared = matches!(address, Address::Hid(_));
                Box::new(Wire::new(transport, is_shared))
            }
        };
        match &self.presser {
            Presser::Person(guide) => Box::new(Patient::new(link, guide.clone())),
            _ => link,
        }
    }

    fn wait_until_asked(&self) {
        // The others see it: the key has said so over CTAP2, and does not wait over U2F.
        if let Presser::Control(control) = &self.presser {
            control.wait_until_asked();
        }
    }

    fn can_touch(&self) -> bool {
        !matches!(self.presser, Presser::Commands { touch: None, .. })
    }

    fn press(&self) {
        match &self.presser {
            Presser::Control(control) => control.act("/v1/button", "press"),
            Presser::Commands { touch: Some(touch), .. } => must(shell(touch)),
            Presser::Commands { .. } => panic!("nobody touches the key"),
            Presser::Person(guide) => guide.press(),
        }
    }

    fn release(&self) {
        match &self.presser {
            Presser::Control(control) => control.act("/v1/button", "release"),
            Presser::Person(guide) => guide.release(),
            Presser::Commands { .. } => {}
        }
    }

    fn touch(&self) {
        if let Presser::Person(guide) = &self.presser {
            return guide.touch();
        }
        self.wait_until_asked();
        self.press();
        self.release();
    }

    fn decline(&self) {
        match &self.presser {
            Presser::Control(control) => control.act("/v1/button", "deny"),
            _ => panic!("nobody says no"),
        }
    }

    fn power_cycle(&self) {
        *lock(&self.card) = None;
        match &self.presser {
            Presser::Control(control) => control.act("/v1/power", "cycle"),
            Presser::Commands {
                replug: Some(replug), ..
            } => must(shell(replug)),
            Presser::Commands { .. } => panic!("nobody unplugs the key"),
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
