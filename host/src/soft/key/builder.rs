//! Settings of a soft key.

use std::sync::Arc;

use brasskey_protocol::authenticator::{Backup, Config};
use brasskey_protocol::ctaphid::Report;
use brasskey_protocol::platform::{Abort, Seams, Storage};
use brasskey_protocol::rng::HealthyRng;
use brasskey_protocol::store::StartError;

use super::{Inner, SoftKey};
use crate::soft::about::CONFIG;
use crate::soft::clock::SoftClock;
use crate::soft::engine::{Engine, Observer};
use crate::soft::error::Error;
use crate::soft::hid::{Direction, Hid, Listener, SoftIndicator};
use crate::soft::identity::Identity;
use crate::soft::log::LogEntry;
use crate::soft::presence::button::Button;
use crate::soft::presence::{SoftPresence, Touch};
use crate::soft::rng::SoftRng;
use crate::soft::storage::{AnyStorage, MemoryStorage};
use crate::soft::sync::{AtomicU64, Mutex};
use crate::soft::verification::{UserVerification, Verifier};

/// The settings of a [`SoftKey`] that is to be made.
pub struct Builder {
    touch: Touch,
    verification: UserVerification,
    storage: AnyStorage,
    seed: Option<[u8; 32]>,
    clock: SoftClock,
    config: Config,
    identity: Option<Identity>,
    observer: Option<Observer>,
    listener: Option<Listener>,
}

impl Builder {
    pub(super) fn new() -> Self {
        Self {
            touch: Touch::Unset,
            verification: UserVerification::Pin,
            storage: AnyStorage::Memory(MemoryStorage::new()),
            seed: None,
            clock: SoftClock::system(),
            config: CONFIG,
            identity: None,
            observer: None,
            listener: None,
        }
    }

    /// Where touches come from. Without this, every request is refused ([`Touch::Unset`]).
    #[must_use]
    pub fn touch(mut self, touch: Touch) -> Self {
        self.touch = touch;
        self
    }

    /// Whether the key verifies its user by itself. Without this, only by a PIN. **All other values are for tests.**
    #[must_use]
    pub fn user_verification(mut self, verification: UserVerification) -> Self {
        self.verification = verification;
        self
    }

    /// Where records are kept. Without this, in memory: they are gone with the key.
    #[must_use]
    pub fn storage(mut self, storage: impl Storage + Send + 'static) -> Self {
        self.storage = AnyStorage::Other(Box::new(storage));
        self
    }

    /// Whether getInfo also lists the algorithms that older browsers do not know (ESP256, Ed25519, ESP384, ESP512,
    /// ML-DSA). Firefox before mid-2026 cannot use a key that lists them. A website that asks for one of them gets it
    /// in either case.
    #[must_use]
    pub fn list_recent_algorithms(mut self, list: bool) -> Self {
        self.config.lists_recent_algorithms = list;
        self
    }

    /// The model that the key reports, for a relying party that knows models. Without this,
    /// [`AAGUID`](crate::soft::AAGUID). Where the storage has attestation certificates, the key reports the model that
    /// they name.
    #[must_use]
    pub fn aaguid(mut self, aaguid: [u8; 16]) -> Self {
        self.config.aaguid = aaguid;
        self
    }

    /// Whether new credentials may leave the key, as synced passkeys do: they have the flags BE and BS, and a counter
    /// that stays at 0. Without this, they may not.
    #[must_use]
    pub fn backup(mut self, backup: Backup) -> Self {
        self.config.backup = backup;
        self
    }

    /// The name and number of the key on USB. Without this, no name and a random serial number.
    #[must_use]
    pub fn identity(mut self, identity: Identity) -> Self {
        self.identity = Some(identity);
        self
    }

    /// Calls `observer` for each command, after its answer. The key waits until it returns.
    #[must_use]
    pub fn observer(mut self, observer: impl Fn(LogEntry) + Send + Sync + 'static) -> Self {
        self.observer = Some(Box::new(observer));
        self
    }

    /// Calls `listener` for each report of CTAPHID between the key and its hosts. The key waits until it returns. Smart
    /// cards send none.
    #[must_use]
    pub fn listener(mut self, listener: impl FnMut(Direction, &Report) + Send + 'static) -> Self {
        self.listener = Some(Box::new(listener));
        self
    }

    /// **Only for tests:** derives all random numbers from `seed`. Anyone who knows it knows the key's secrets.
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
            verification,
            storage,
            seed,
            clock,
            config,
            identity,
            observer,
            listener,
        } = self;
        let button = Arc::new(Button::new(clock.clone()));
        let verifier = Arc::new(Verifier::new(verification));
        let abort = Arc::new(Abort::new());
        let rng = match seed {
            Some(seed) => SoftRng::seeded(seed),
            None => SoftRng::system().map_err(|_| Error::Start(StartError::Rng))?,
        };
        let waits = touch.waits();
        let hid = Arc::new(Hid::new(waits, clock.clone(), Arc::clone(&button), Arc::clone(&abort)));
        if let Some(listener) = listener {
            hid.listen(listener);
        }
        let seams = Seams {
            presence: SoftPresence::new(touch, button, Arc::clone(&verifier), abort),
            storage,
            rng: HealthyRng::new(rng),
            clock: clock.clone(),
            indicator: SoftIndicator(Arc::clone(&hid)),
        };
        let key = SoftKey(Arc::new(Inner {
            engine: Arc::new(Engine::new(hid, seams, config, observer)),
            verifier,
            identity: match identity {
                Some(identity) => identity,
                None => Identity::random().map_err(|_| Error::Start(StartError::Rng))?,
            },
            plugs: Mutex::default(),
            power_cuts: AtomicU64::new(0),
            worker: Mutex::default(),
            timer: Mutex::default(),
        }));
        if waits {
            key.start_worker()?;
        }
        if !clock.is_scripted() {
            key.start(&key.0.timer, "brasskey-timer", |engine| engine.hid.keep_time())?;
        }
        key.power_on()?;
        Ok(key)
    }
}
