//! The soft key as a library: make it, connect to it, touch it, switch it off.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use brasskey_protocol::ctaphid::Report;
use brasskey_protocol::platform::Clock as _;
use serde::Serialize;

use super::cards::{CardHost, Carrier, Incoming, Kind};
use super::engine::Engine;
use super::error::Error;
use super::hid::Hid;
use super::host::{Host, HostId, Plug, Plugs, Queue};
use super::identity::Identity;
use super::lock;
use super::log::LogEntry;
use super::presence::Waiting;
use super::sync::thread::{self, JoinHandle};
use super::sync::{AtomicU64, Mutex};
use super::verification::{UserVerification, Verifier};
use crate::transport::{Transport, TransportError};

mod builder;

pub use builder::Builder;

/// A security key in this process. Clones are handles to the same key. It lives as long as one of them, one
/// [`Connection`] or one server.
#[derive(Clone)]
pub struct SoftKey(Arc<Inner>);

struct Inner {
    engine: Arc<Engine>,
    verifier: Arc<Verifier>,
    identity: Identity,
    plugs: Mutex<Plugs>,
    power_cuts: AtomicU64,
    worker: Mutex<Option<JoinHandle<()>>>,
    timer: Mutex<Option<JoinHandle<()>>>,
}

/// What a key does now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct State {
    /// Whether the key is switched on.
    pub powered: bool,
    /// Whether the button is held.
    pub held: bool,
    /// The request that waits for a touch.
    pub waiting: Option<Waiting>,
}

impl SoftKey {
    /// The settings of a new key.
    #[must_use]
    pub fn builder() -> Builder {
        Builder::new()
    }

    /// Plugs the key into a host of this process.
    #[must_use]
    pub fn connect(&self) -> Connection {
        Connection {
            key: self.clone(),
            queue: Queue::new(),
        }
    }

    /// Presses the button. A button already held when a request comes does not answer it.
    pub fn press(&self) {
        self.hid().button.press();
    }

    /// Releases the button.
    pub fn release(&self) {
        self.hid().button.release();
    }

    /// Presses and releases the button.
    pub fn pulse(&self) {
        self.press();
        self.release();
    }

    /// Refuses the request that waits, as a person does at a prompt.
    pub fn decline(&self) {
        self.hid().button.decline();
    }

    /// How the key verifies its user.
    #[must_use]
    pub fn user_verification(&self) -> UserVerification {
        self.0.verifier.policy
    }

    /// **Only for tests:** says whether the user is verified from now on, where [`UserVerification::Control`] asks.
    pub fn set_user_verified(&self, verified: bool) {
        self.0.verifier.set(verified);
    }

    /// Cuts the power: everything volatile is gone, its card is out of every reader, and a running request ends without
    /// an answer. What the key has acknowledged stays.
    pub fn power_off(&self) {
        let plugs = lock(&self.0.plugs);
        plugs.unplug();
        self.0.power_cuts.fetch_add(1, Ordering::AcqRel);
        self.0.engine.power_off();
    }

    /// Switches the key on, where it is off.
    ///
    /// # Errors
    /// [`Error::Start`] where the key refuses what its storage holds. Where it has a
    /// [`UhidServer`](super::server::UhidServer), also the errors of that.
    pub fn power_on(&self) -> Result<(), Error> {
        let plugs = lock(&self.0.plugs);
        if self.hid().is_on() {
            return Ok(());
        }
        self.0.engine.power_on().map_err(Error::Start)?;
        plugs.plug_in()
    }

    /// Plugs `plug` in while the key is on, and from then on whenever it is switched on.
    pub(super) fn attach(&self, plug: &Arc<impl Plug + 'static>) -> Result<(), Error> {
        self.start_worker()?;
        let mut plugs = lock(&self.0.plugs);
        if self.hid().is_on() {
            plug.plug_in()?;
        }
        plugs.add(plug);
        Ok(())
    }

    /// The name and number of the key on USB.
    #[must_use]
    pub fn identity(&self) -> &Identity {
        &self.0.identity
    }

    /// Unplugs the key and plugs it in again.
    ///
    /// # Errors
    /// As [`Self::power_on`].
    pub fn power_cycle(&self) -> Result<(), Error> {
        self.power_off();
        self.power_on()
    }

    /// How often the power was cut. A request that was sent before a cut is never answered.
    #[must_use]
    pub fn power_cuts(&self) -> u64 {
        self.0.power_cuts.load(Ordering::Acquire)
    }

    /// The time since power-up, by the key's own clock.
    #[must_use]
    pub fn uptime(&self) -> Duration {
        Duration::from_millis(self.hid().clock.now())
    }

    /// What the key does now.
    #[must_use]
    pub fn state(&self) -> State {
        let hid = self.hid();
        State {
            powered: hid.is_on(),
            held: hid.button.is_held(),
            waiting: hid.button.waiting(),
        }
    }

    /// Waits until the key waits for a touch, at most for `timeout`, and returns the request that waits.
    #[must_use]
    pub fn wait_until_asked(&self, timeout: Duration) -> Option<Waiting> {
        self.hid().button.wait_until_asked(timeout)
    }

    /// The last thousand commands that were answered, the oldest first.
    #[must_use]
    pub fn log(&self) -> Vec<LogEntry> {
        self.hid().log()
    }

    /// **Only for tests:** moves the clock of [`Builder::scripted_clock`], and does what falls due. Does not move any
    /// other clock.
    pub fn advance(&self, milliseconds: u64) {
        self.hid().advance(milliseconds);
    }

    /// Takes in a report that `from` sent.
    pub(super) fn receive(&self, from: &Arc<dyn Host>, report: &Report) {
        self.0.engine.receive(from, report);
    }

    /// Forgets a host that is gone.
    pub(super) fn disconnect(&self, host: HostId) {
        self.0.engine.disconnect(host);
    }

    /// Puts the key as a smart card into a reader. While the key is off there is no card.
    pub(super) fn insert_card(&self, kind: Kind, host: Arc<dyn CardHost>, carrier: Box<dyn Carrier>) {
        self.hid().insert_card(kind, host, carrier);
    }

    /// Takes the card out of a reader; what it was asked for ends.
    pub(super) fn remove_card(&self, reader: HostId) {
        self.hid().remove_card(reader);
    }

    /// Takes in what a reader sent to its card.
    pub(super) fn receive_from_reader(&self, reader: HostId, incoming: Incoming<'_>) {
        self.hid().receive_from_reader(reader, incoming);
    }

    pub(super) fn engine(&self) -> &Engine {
        &self.0.engine
    }

    fn hid(&self) -> &Hid {
        &self.0.engine.hid
    }

    /// Starts the worker, which runs the requests that must not run on the thread that brings them.
    fn start_worker(&self) -> Result<(), Error> {
        self.start(&self.0.worker, "brasskey-worker", Engine::work)
    }

    /// Starts a thread, unless it runs already.
    fn start(&self, thread: &Mutex<Option<JoinHandle<()>>>, name: &str, run: fn(&Engine)) -> Result<(), Error> {
        let mut thread = lock(thread);
        if thread.is_none() {
            let engine = Arc::clone(&self.0.engine);
            let builder = thread::Builder::new().name(name.into());
            *thread = Some(builder.spawn(move || run(&engine)).map_err(Error::Thread)?);
        }
        Ok(())
    }
}

impl std::fmt::Debug for SoftKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SoftKey")
            .field("state", &self.state())
            .finish_non_exhaustive()
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.engine.hid.end();
        for thread in [&self.worker, &self.timer]
            .into_iter()
            .filter_map(|thread| lock(thread).take())
        {
            // A thread that panicked has said so on stderr.
            let _ = thread.join();
        }
    }
}

/// One host's end of a key in the same process. Dropping it cancels what it asked for.
#[derive(Debug)]
pub struct Connection {
    key: SoftKey,
    queue: Arc<Queue>,
}

impl Connection {
    /// Sends one report. Where no request waits for anybody ([`Touch::Auto`](super::Touch::Auto)), the answers are
    /// there when it returns.
    pub fn send(&self, report: &Report) {
        let host: Arc<dyn Host> = Arc::clone(&self.queue) as _;
        self.key.receive(&host, report);
    }

    /// The next report from the key, or `None` when `timeout` has passed.
    #[must_use]
    pub fn receive(&self, timeout: Duration) -> Option<Report> {
        self.queue.pop(timeout)
    }
}

impl Transport for Connection {
    fn send(&mut self, report: &Report) -> Result<(), TransportError> {
        Self::send(self, report);
        Ok(())
    }

    fn receive(&mut self, timeout: Duration) -> Result<Option<Report>, TransportError> {
        Ok(Self::receive(self, timeout))
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.key.disconnect(self.queue.id());
    }
}

#[cfg(test)]
mod tests;
