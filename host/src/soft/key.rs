//! The soft key as a library: built, connected to, touched and switched off.

use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use brasskey_protocol::authenticator::Config;
use brasskey_protocol::credential::StartError;
use brasskey_protocol::ctaphid::Report;
use brasskey_protocol::platform::{Abort, Seams, Storage};
use brasskey_protocol::rng::HealthyRng;
use serde::Serialize;

use super::clock::SoftClock;
use super::error::Error;
use super::identity::Identity;
use super::lock;
use super::log::LogEntry;
use super::peer::{Peer, Queue};
use super::platform::{CONFIG, SoftStorage};
use super::plug::{Plug, Plugs};
use super::presence::button::Button;
use super::presence::{SoftPresence, Touch, Waiting};
use super::rng::SoftRng;
use super::storage::MemoryStorage;
use super::token::{Observer, SoftStatus, Token};
use crate::transport::{Transport, TransportError};

/// A security key in this process. Clones are handles to the same key, which lives as long as one of them, one
/// [`Connection`] or one server.
#[derive(Clone)]
pub struct SoftKey(Arc<Inner>);

struct Inner {
    token: Arc<Token>,
    identity: Identity,
    plugs: Mutex<Plugs>,
    worker: Mutex<Option<JoinHandle<()>>>,
    timer: Mutex<Option<JoinHandle<()>>>,
}

/// How a [`SoftKey`] is to be.
pub struct Builder {
    touch: Touch,
    storage: Option<Box<dyn Storage + Send>>,
    seed: Option<[u8; 32]>,
    clock: SoftClock,
    config: Config,
    identity: Option<Identity>,
    observer: Option<Observer>,
}

/// What a key does at the moment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct State {
    /// Whether the key is switched on.
    pub powered: bool,
    /// Whether the button is held.
    pub held: bool,
    /// The request that waits for a touch.
    pub waiting: Option<Waiting>,
}

impl Builder {
    /// Where touches come from. Until it is called, every request is refused ([`Touch::Unset`]).
    #[must_use]
    pub fn touch(mut self, touch: Touch) -> Self {
        self.touch = touch;
        self
    }

    /// Where records are kept. Until it is called: in memory, gone with the key.
    #[must_use]
    pub fn storage(mut self, storage: impl Storage + Send + 'static) -> Self {
        self.storage = Some(Box::new(storage));
        self
    }

    /// Lists in getInfo also the algorithms that older browsers do not know (ESP256, Ed25519, ESP384, ML-DSA): Firefox
    /// before mid-2026 then cannot use the key. Who asks for one of them gets it without this too.
    #[must_use]
    pub fn list_recent_algorithms(mut self, list: bool) -> Self {
        self.config.lists_recent_algorithms = list;
        self
    }

    /// What the key is called on USB. Until it is called: a key without a name, and with a serial number of its own.
    #[must_use]
    pub fn identity(mut self, identity: Identity) -> Self {
        self.identity = Some(identity);
        self
    }

    /// Tells `observer` of each command when it has been answered. The key waits while it runs.
    #[must_use]
    pub fn observer(mut self, observer: impl Fn(LogEntry) + Send + Sync + 'static) -> Self {
        self.observer = Some(Box::new(observer));
        self
    }

    /// **Only for tests:** draws all randomness from `seed`, so that anyone who knows it knows the key's secrets.
    #[must_use]
    pub fn seed(mut self, seed: [u8; 32]) -> Self {
        self.seed = Some(seed);
        self
    }

    /// **Only for tests:** the key's clock stands still until [`SoftKey::advance`].
    #[must_use]
    pub fn scripted_clock(mut self) -> Self {
        self.clock = SoftClock::scripted();
        self
    }

    /// Makes the key and switches it on.
    ///
    /// # Errors
    /// [`Error::Start`] where the key refuses what the storage holds, [`Error::Thread`] where the system gives no
    /// thread.
    pub fn build(self) -> Result<SoftKey, Error> {
        let Self {
            touch,
            storage,
            seed,
            clock,
            config,
            identity,
            observer,
        } = self;
        let button = Arc::new(Button::new(clock.clone()));
        let abort = Arc::new(Abort::new());
        let rng = match seed {
            Some(seed) => SoftRng::seeded(seed),
            None => SoftRng::system().map_err(|_| Error::Start(StartError::Rng))?,
        };
        let waits = touch.waits();
        let token = Arc::new(Token::new(
            !waits,
            clock.clone(),
            Arc::clone(&button),
            Arc::clone(&abort),
            observer,
        ));
        let seams = Seams {
            presence: SoftPresence::new(touch, button, abort),
            storage: SoftStorage(storage.unwrap_or_else(|| Box::new(MemoryStorage::new()))),
            rng: HealthyRng::new(rng),
            clock: clock.clone(),
            status: SoftStatus(Arc::downgrade(&token)),
        };
        token.equip(seams, config);
        let key = SoftKey(Arc::new(Inner {
            token,
            identity: match identity {
                Some(identity) => identity,
                None => Identity::random().map_err(|_| Error::Start(StartError::Rng))?,
            },
            plugs: Mutex::default(),
            worker: Mutex::default(),
            timer: Mutex::default(),
        }));
        if waits {
            key.employ()?;
        }
        if !clock.is_scripted() {
            key.start(&key.0.timer, "brasskey-timer", Token::keep_time)?;
        }
        key.power_on()?;
        Ok(key)
    }
}

impl SoftKey {
    /// Begins to describe a key.
    #[must_use]
    pub fn builder() -> Builder {
        Builder {
            touch: Touch::Unset,
            storage: None,
            seed: None,
            clock: SoftClock::system(),
            config: CONFIG,
            identity: None,
            observer: None,
        }
    }

    /// Plugs the key into a host of this process.
    #[must_use]
    pub fn connect(&self) -> Connection {
        Connection {
            key: self.clone(),
            queue: Arc::default(),
        }
    }

    /// Presses the button. A button already held when a request comes does not answer it.
    pub fn press(&self) {
        self.token().button.press();
    }

    /// Releases the button.
    pub fn release(&self) {
        self.token().button.release();
    }

    /// Presses and releases the button.
    pub fn pulse(&self) {
        self.press();
        self.release();
    }

    /// Refuses the request that waits, as a person does at a prompt.
    pub fn decline(&self) {
        self.token().button.decline();
    }

    /// Cuts the power: everything volatile is gone, and a running request ends without an answer. What was
    /// acknowledged is kept.
    pub fn power_off(&self) {
        let plugs = lock(&self.0.plugs);
        plugs.pull_out();
        self.token().power_off();
    }

    /// Switches the key on, where it is off.
    ///
    /// # Errors
    /// [`Error::Start`] where the key refuses what its storage holds; those of [`UhidServer`](super::server::UhidServer)
    /// where there is one.
    pub fn power_on(&self) -> Result<(), Error> {
        let plugs = lock(&self.0.plugs);
        if self.token().is_on() {
            return Ok(());
        }
        self.token().power_on().map_err(Error::Start)?;
        plugs.put_in()
    }

    /// Plugs `plug` in while the key is on, and from then on whenever it is switched on.
    pub(super) fn attach(&self, plug: &Arc<impl Plug + 'static>) -> Result<(), Error> {
        self.employ()?;
        let mut plugs = lock(&self.0.plugs);
        if self.token().is_on() {
            plug.put_in()?;
        }
        plugs.add(plug);
        Ok(())
    }

    /// What the key is called on USB.
    #[must_use]
    pub fn identity(&self) -> &Identity {
        &self.0.identity
    }

    /// Unplugs the key and plugs it in again.
    ///
    /// # Errors
    /// Those of [`Self::power_on`].
    pub fn power_cycle(&self) -> Result<(), Error> {
        self.power_off();
        self.power_on()
    }

    /// What the key does at the moment.
    #[must_use]
    pub fn state(&self) -> State {
        let token = self.token();
        State {
            powered: token.is_on(),
            held: token.button.is_held(),
            waiting: token.button.waiting(),
        }
    }

    /// Waits until the key waits for a touch, at most for `timeout`, and says for what.
    #[must_use]
    pub fn wait_until_asked(&self, timeout: Duration) -> Option<Waiting> {
        self.token().button.wait_until_asked(timeout)
    }

    /// The last thousand commands, the oldest first.
    #[must_use]
    pub fn log(&self) -> Vec<LogEntry> {
        self.token().log()
    }

    /// **Only for tests:** moves the clock of [`Builder::scripted_clock`] and does what falls due. Any other clock
    /// goes on by itself.
    pub fn advance(&self, milliseconds: u64) {
        self.token().advance(milliseconds);
    }

    pub(super) fn token(&self) -> &Arc<Token> {
        &self.0.token
    }

    /// Has a worker run the requests that must not run on the thread that brings them.
    fn employ(&self) -> Result<(), Error> {
        self.start(&self.0.worker, "brasskey-worker", Token::work)
    }

    /// Starts a thread, unless it runs already.
    fn start(&self, thread: &Mutex<Option<JoinHandle<()>>>, name: &str, run: fn(&Token)) -> Result<(), Error> {
        let mut thread = lock(thread);
        if thread.is_none() {
            let token = Arc::clone(self.token());
            let builder = thread::Builder::new().name(name.into());
            *thread = Some(builder.spawn(move || run(&token)).map_err(Error::Thread)?);
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
        self.token.end();
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
    /// Sends one report. Where nobody needs to be waited for, the answers are there when it returns.
    pub fn send(&self, report: &Report) {
        self.key.token().receive(&self.peer(), report);
    }

    /// The next report from the key, or `None` when `timeout` has passed.
    #[must_use]
    pub fn receive(&self, timeout: Duration) -> Option<Report> {
        self.queue.pop(timeout)
    }

    fn peer(&self) -> Peer {
        Peer::Queue(Arc::clone(&self.queue))
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
        self.key.token().disconnect(&self.peer());
    }
}

#[cfg(test)]
mod tests;
