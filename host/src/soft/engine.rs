//! What runs requests: the authenticator behind CTAPHID and smart cards, and the power of all.
//!
//! Reports come in on any thread by [`Engine::receive`] and leave through their channel's [`Host`]. A request runs on
//! the thread that brought it where nobody can be waited for and that thread may take its time, and otherwise on a
//! worker, as those of cards do. Locks are taken in the order processor, CTAPHID; only the processor's is held while
//! the key waits for its user.

use std::sync::{Arc, TryLockError};

use brasskey_protocol::authenticator::{Authenticator, Config};
use brasskey_protocol::ctaphid::{Report, Request};
use brasskey_protocol::limits::MAX_MESSAGE;
use brasskey_protocol::platform::{Platform, Seams, UserPresence as _};
use brasskey_protocol::rng::HealthyRng;
use brasskey_protocol::store::StartError;
use web_time::Instant;
use zeroize::Zeroize;

use super::clock::SoftClock;
use super::hid::{Hid, Next, SoftIndicator};
use super::host::{Host, HostId};
use super::lock;
use super::log::{Command, LogEntry, Record, Status};
use super::presence::SoftPresence;
use super::rng::SoftRng;
use super::storage::{AnyStorage, MemoryStorage};
use super::sync::{Mutex, MutexGuard};

/// The seams of the soft key.
#[derive(Debug)]
pub enum SoftPlatform {}

impl Platform for SoftPlatform {
    type UserPresence = SoftPresence;
    type Storage = AnyStorage;
    type Rng = SoftRng;
    type Clock = SoftClock;
    type Indicator = SoftIndicator;
}

/// Hears of each command.
pub(super) type Observer = Box<dyn Fn(LogEntry) + Send + Sync>;

/// All that the key's threads share.
pub(super) struct Engine {
    pub(super) hid: Arc<Hid>,
    processor: Mutex<Processor>,
    observer: Option<Observer>,
}

/// The authenticator and its two buffers. It runs one request at a time.
pub(super) struct Processor {
    /// While the key is on.
    authenticator: Option<Box<Authenticator<SoftPlatform>>>,
    /// What it runs on, while the key is off.
    seams: Option<Seams<SoftPlatform>>,
    config: Config,
    message: Box<[u8; MAX_MESSAGE]>,
    response: Box<[u8; MAX_MESSAGE]>,
}

impl Engine {
    /// A key that is switched off.
    pub(super) fn new(hid: Arc<Hid>, seams: Seams<SoftPlatform>, config: Config, observer: Option<Observer>) -> Self {
        let processor = Processor {
            authenticator: None,
            seams: Some(seams),
            config,
            message: Box::new([0; MAX_MESSAGE]),
            response: Box::new([0; MAX_MESSAGE]),
        };
        Self {
            hid,
            processor: Mutex::new(processor),
            observer,
        }
    }

    /// Takes in a report that `from` sent.
    pub(super) fn receive(&self, from: &Arc<dyn Host>, report: &Report) {
        match self.hid.receive(from, report) {
            Next::Nothing => {}
            Next::Run => self.run(),
            Next::Observe(record) => self.observe(&record),
        }
    }

    /// Forgets a host that is gone; what it asked for ends as if it had cancelled.
    pub(super) fn disconnect(&self, host: HostId) {
        self.hid.disconnect(host);
    }

    /// The worker: runs requests until the key goes.
    pub(super) fn work(&self) {
        while self.hid.wait_for_work() {
            self.run();
        }
    }

    /// Runs requests until none waits.
    fn run(&self) {
        let mut processor = lock(&self.processor);
        while let Some(running) = self.hid.take_request(&mut processor.message) {
            let start = Instant::now();
            let request = &running.request;
            let command = Command::of(request.kind, processor.message(request.length));
            let response = processor.run(request);
            let waited = self.hid.button.take_waited();
            let record = Record {
                time: running.begun,
                channel: request.channel,
                command,
                status: Status::of(request.kind, response),
                duration: start.elapsed().saturating_sub(waited),
                waited,
            };
            let length = response.len();
            let has_responded = self.hid.respond(&running, response, record);
            processor.wipe(request.length, length);
            if !has_responded {
                return;
            }
            self.observe(&record);
        }
    }

    fn observe(&self, record: &Record) {
        if let Some(observer) = &self.observer {
            observer(record.into());
        }
    }

    /// Cuts the power: channels, locks, prompts and whatever the authenticator remembers are gone, and a running
    /// request ends without an answer.
    pub(super) fn power_off(&self) {
        self.hid.power_off();
        lock(&self.processor).power_off();
    }

    /// Switches the key on, where it is off.
    pub(super) fn power_on(&self) -> Result<(), StartError> {
        let mut processor = lock(&self.processor);
        if let Some(seams) = processor.seams.take() {
            self.hid.clock.restart();
            processor.power_on(seams)?;
            self.hid.power_on();
        }
        Ok(())
    }

    /// While the key is off: makes another key of it. `records` becomes what it ran on.
    pub(super) fn exchange(&self, records: &mut MemoryStorage, rng: SoftRng) {
        if let Some(seams) = &mut lock(&self.processor).seams
            && let AnyStorage::Memory(own) = &mut seams.storage
        {
            std::mem::swap(own, records);
            seams.rng = HealthyRng::new(rng);
        }
    }

    /// What runs requests, unless one runs.
    pub(super) fn try_processor(&self) -> Option<MutexGuard<'_, Processor>> {
        match self.processor.try_lock() {
            Err(TryLockError::WouldBlock) => None,
            Ok(processor) => Some(processor),
            Err(TryLockError::Poisoned(processor)) => Some(processor.into_inner()),
        }
    }
}

impl Processor {
    /// The authenticator; `None` while the key is off.
    pub(super) fn authenticator(&mut self) -> Option<&mut Authenticator<SoftPlatform>> {
        self.authenticator.as_deref_mut()
    }

    fn message(&self, length: usize) -> &[u8] {
        self.message.get(..length).unwrap_or_default()
    }

    /// Runs the request whose message is in the buffer. A key that is off answers nothing.
    fn run(&mut self, request: &Request) -> &[u8] {
        let length = match &mut self.authenticator {
            Some(key) => key.answer(request, &*self.message, &mut self.response),
            None => 0,
        };
        self.response.get(..length).unwrap_or_default()
    }

    /// Leaves nothing of a message and its response: a smart card is told secrets, and tells codes, as they are.
    fn wipe(&mut self, message: usize, response: usize) {
        let message = self.message.get_mut(..message);
        let response = self.response.get_mut(..response);
        message.into_iter().chain(response).for_each(Zeroize::zeroize);
    }

    /// Forgets everything volatile, and takes back what the user is asked.
    fn power_off(&mut self) {
        if let Some(authenticator) = self.authenticator.take() {
            let mut seams = authenticator.into_seams();
            seams.presence.forget();
            self.seams = Some(seams);
        }
    }

    /// Starts on what the storage holds.
    fn power_on(&mut self, seams: Seams<SoftPlatform>) -> Result<(), StartError> {
        match Authenticator::new(seams, self.config) {
            Ok(authenticator) => {
                self.authenticator = Some(Box::new(authenticator));
                Ok(())
            }
            Err((seams, error)) => {
                self.seams = Some(seams);
                Err(error)
            }
        }
    }
}
