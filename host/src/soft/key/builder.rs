//! How a soft key is to be.

use std::sync::{Arc, Mutex};

use brasskey_protocol::authenticator::{Backup, Config};
use brasskey_protocol::platform::{Abort, Seams, Storage};
use brasskey_protocol::rng::HealthyRng;
use brasskey_protocol::store::StartError;

use super::{Inner, SoftKey};
use crate::soft::clock::SoftClock;
use crate::soft::engine::{Engine, Observer};
use crate::soft::error::Error;
use crate::soft::hid::{Hid, SoftStatus};
use crate::soft::identity::Identity;
use crate::soft::log::LogEntry;
use crate::soft::platform::{CONFIG, SoftStorage};
use crate::soft::presence::button::Button;
use crate::soft::presence::{SoftPresence, Touch};
use crate::soft::rng::SoftRng;
use crate::soft::storage::MemoryStorage;
use crate::soft::verification::{UserVerification, Verifier};

/// How a [`SoftKey`] is to be.
pub struct Builder {
    touch: Touch,
    verification: UserVerification,
    storage: Option<Box<dyn Storage + Send>>,
    seed: Option<[u8; 32]>,
    clock: SoftClock,
    config: Config,
    identity: Option<Identity>,
    observer: Option<Observer>,
}

impl Builder {
    pub(super) fn new() -> Self {
        Self {
            touch: Touch::Unset,
            verification: UserVerification::Pin,
            storage: None,
            seed: None,
            clock: SoftClock::system(),
            config: CONFIG,
            identity: None,
            observer: None,
        }
    }

    /// Where touches come from. Until it is called, every request is refused ([`Touch::Unset`]).
    #[must_use]
    pub fn touch(mut self, touch: Touch) -> Self {
        self.touch = touch;
        self
    }

    /// **All but the default only for tests:** whether the key verifies its user by itself. Until it is called: by a PIN
    /// alone.
    #[must_use]
    pub fn user_verification(mut self, verification: UserVerification) -> Self {
        self.verification = verification;
        self
    }

    /// Where records are kept. Until it is called: in memory, gone with the key.
    #[must_use]
    pub fn storage(mut self, storage: impl Storage + Send + 'static) -> Self {
        self.storage = Some(Box::new(storage));
        self
    }

    /// Lists in getInfo also the algorithms that older browsers do not know (ESP256, Ed25519, ESP384, ESP512, ML-DSA): Firefox
    /// before mid-2026 then cannot use the key. Who asks for one of them gets it without this too.
    #[must_use]
    pub fn list_recent_algorithms(mut self, list: bool) -> Self {
        self.config.lists_recent_algorithms = list;
        self
    }

    /// The model that the key says it is, for a relying party that knows models. Until it is called: [`AAGUID`](crate::soft::AAGUID).
    /// Where
    /// the storage has attestation certificates, their model stays the key's: each certificate names it.
    #[must_use]
    pub fn aaguid(mut self, aaguid: [u8; 16]) -> Self {
        self.config.aaguid = aaguid;
        self
    }

    /// Whether new credentials may leave the key, as synced passkeys do: with the flags BE and BS, and a counter that
    /// stays at 0. Until it is called: they may not.
    #[must_use]
    pub fn backup(mut self, backup: Backup) -> Self {
        self.config.backup = backup;
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
            verification,
            storage,
            seed,
            clock,
            config,
            identity,
            observer,
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
        let seams = Seams {
            presence: SoftPresence::new(touch, button, Arc::clone(&verifier), abort),
            storage: SoftStorage(storage.unwrap_or_else(|| Box::new(MemoryStorage::new()))),
            rng: HealthyRng::new(rng),
            clock: clock.clone(),
            status: SoftStatus(Arc::clone(&hid)),
        };
        let key = SoftKey(Arc::new(Inner {
            engine: Arc::new(Engine::new(hid, seams, config, observer)),
            verifier,
            identity: match identity {
                Some(identity) => identity,
                None => Identity::random().map_err(|_| Error::Start(StartError::Rng))?,
            },
            plugs: Mutex::default(),
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
