//! The hand on a broken key.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use brasskey_conformance::host::ctap2::status;
use brasskey_conformance::host::{Message, command};
use brasskey_conformance::key::{Hand, Link};

use super::defect::{Act, Defect};
use super::ear::Ear;
use super::forge::Forge;
use super::secrets::Secrets;
use super::wire::Wire;

/// How long a host waits for a key that may never answer. The core answers at once, but computers are busy.
pub const PATIENCE: Duration = Duration::from_secs(2);

/// What was asked and what was answered.
pub type Exchange = (Message, Message);

/// What all hosts of a broken key share.
pub(super) struct World {
    pub(super) hand: Box<dyn Hand>,
    pub(super) defect: Defect,
    memory: Mutex<Memory>,
    /// What the key said; none where nobody wants to know.
    log: Option<Arc<Mutex<Vec<Exchange>>>>,
}

/// What a defect remembers.
#[derive(Default)]
pub(super) struct Memory {
    /// How often the key has lost its power by itself.
    pub(super) power: u32,
    /// Whether there was an answer after which it goes wrong.
    pub(super) has_happened: bool,
    /// The answer that it repeats.
    pub(super) first: Option<Vec<u8>>,
    /// Whether a request waits: that it does anyway, or that a power cut tears.
    pub(super) is_running: bool,
    /// Whether a power cut has torn what it wrote.
    pub(super) is_torn: bool,
    /// What it answers to that.
    pub(super) pretends: Option<u16>,
    pub(super) ear: Ear,
    /// Whether its button is held.
    pub(super) is_held: bool,
    /// Whether it says something unasked.
    pub(super) murmurs: bool,
    /// Whether it did anything otherwise.
    pub(super) has_differed: bool,
    pub(super) secrets: Secrets,
    forge: Forge,
}

impl World {
    pub(super) fn memory(&self) -> MutexGuard<'_, Memory> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_forged(&self) -> bool {
        use Act::{NamesUsers, Nothing, Signs, SignsCounter, SignsFlags, SignsForAnother, SignsWithout};
        matches!(
            self.defect.act,
            SignsFlags(..)
                | SignsCounter(..)
                | SignsForAnother
                | SignsWithout(..)
                | Signs(..)
                | NamesUsers(_)
                | Nothing
        )
    }

    /// Whether messages with this command are put together, and the answers to them.
    pub(super) fn listens_to(&self, command: u8) -> bool {
        let is_forged = || matches!(command, command::CBOR | command::MSG) && self.is_forged();
        let is_cancel = || command == command::CANCEL && matches!(self.defect.act, Act::DoesItAnyway);
        let is_noted =
            || matches!(command, command::CBOR | command::MSG | command::OATH | command::APDU) && self.log.is_some();
        let is_meant = self.defect.when.carrier == command;
        is_meant || is_forged() || is_cancel() || is_noted()
    }

    /// Touches the key all the same, where that is the defect; it says that it was not touched.
    pub(super) fn does_it_anyway(&self, pretended: u8) -> bool {
        let is_so = matches!(self.defect.act, Act::DoesItAnyway) && self.memory().is_running;
        if is_so {
            self.memory().pretends = Some(pretended.into());
            self.hand.touch();
        }
        is_so
    }

    pub(super) fn note(&self, request: &Message, answer: &Message) {
        if let Some(log) = &self.log {
            let mut log = log.lock().unwrap_or_else(PoisonError::into_inner);
            log.push((request.clone(), answer.clone()));
        }
    }

    pub(super) fn forge(&self, request: &Message, answer: &mut Message, is_meant: bool) {
        if self.is_forged() {
            let act = if is_meant { self.defect.act } else { Act::Nothing };
            self.memory().forge.sign(request, answer, act);
        }
    }

    pub(super) fn begin_anew(&self) {
        self.hand.power_cycle();
        self.memory().power += 1;
    }
}

/// A key that is broken on purpose.
pub struct Broken(Arc<World>);

impl Broken {
    /// The key in this hand, with a defect.
    #[must_use]
    pub fn new(hand: Box<dyn Hand>, defect: Defect) -> Self {
        Self(Arc::new(World {
            hand,
            defect,
            memory: Mutex::default(),
            log: None,
        }))
    }

    /// Whether it has done anything otherwise yet, as far as messages show.
    pub fn differs(&self) -> impl Fn() -> bool + use<> {
        let world = Arc::clone(&self.0);
        move || world.memory().has_differed
    }

    /// The key in this hand, without a defect, and what it says.
    #[must_use]
    pub fn overheard(hand: Box<dyn Hand>, log: Arc<Mutex<Vec<Exchange>>>) -> Self {
        Self(Arc::new(World {
            hand,
            defect: Defect::NONE,
            memory: Mutex::default(),
            log: Some(log),
        }))
    }
}

impl Hand for Broken {
    fn connect(&self) -> Box<dyn Link> {
        Box::new(Wire::new(Arc::clone(&self.0)))
    }

    fn wait_until_asked(&self) {
        self.0.hand.wait_until_asked();
    }

    fn press(&self) {
        self.0.memory().is_held = true;
        self.0.hand.press();
    }

    fn release(&self) {
        self.0.memory().is_held = false;
        self.0.hand.release();
    }

    fn decline(&self) {
        if !self.0.does_it_anyway(status::OPERATION_DENIED) {
            self.0.hand.decline();
        }
    }

    fn power_cycle(&self) {
        if matches!(self.0.defect.act, Act::KeepsPower) && self.0.memory().has_happened {
            return;
        }
        self.0.hand.power_cycle();
        let mut memory = self.0.memory();
        memory.has_happened = false;
        if matches!(self.0.defect.act, Act::Tears(_)) {
            memory.is_torn |= std::mem::take(&mut memory.is_running);
        }
    }

    fn advance(&self, milliseconds: u64) -> bool {
        let has_happened = self.0.memory().has_happened;
        match self.0.defect.act {
            Act::Stands if has_happened => true,
            Act::Hurries(times) if has_happened => self.0.hand.advance(milliseconds * times),
            Act::DoesItAnyway if milliseconds >= 1000 && self.0.does_it_anyway(status::USER_ACTION_TIMEOUT) => true,
            Act::Murmurs if milliseconds >= 1000 => {
                let mut memory = self.0.memory();
                memory.murmurs = !memory.is_running;
                drop(memory);
                self.0.hand.advance(milliseconds)
            }
            _ => self.0.hand.advance(milliseconds),
        }
    }
}
