//! The store: a storage, and what the key knows of it since power-up.

use rand_core::TryRng;

use super::changes::{self, Changes};
use super::counter::Counters;
use super::credential_id::MasterSecret;
use super::epoch::Epoch;
use super::oath::root::{self as oath, Oath};
use super::pin::{self, Pin};
use super::root::{Root, StartError};
use super::settings::{self, Settings};
use crate::limits::STORAGE_KEY_MAX;
use crate::platform::{Storage, StorageError};
use crate::status::{Status, key_store_error};

/// The records of the running key, and its secret.
///
/// Where a method fails without a word on its errors, the storage failed.
#[derive(Clone)]
pub(crate) struct Store<S> {
    pub(crate) storage: S,
    /// The epoch of all its records.
    pub(super) epoch: Epoch,
    /// Seals credential IDs and derives their keys.
    pub(crate) secret: MasterSecret,
    /// The signature counters.
    pub(crate) counters: Counters,
    /// Counts the changes of the discoverable credentials.
    changes: Changes,
    /// What the one-time codes depend on.
    pub(super) oath: Oath,
}

impl<S: Storage> Store<S> {
    /// Power-up: reads the root record, or makes one for a new key, and finishes a reset that a power cut ended.
    ///
    /// # Errors
    /// [`StartError`], together with the storage. What was stored is still there, except what an unfinished reset
    /// removes.
    pub(crate) fn start(mut storage: S, rng: &mut impl TryRng) -> Result<Self, (S, StartError)> {
        let started = Root::start(&mut storage, rng).and_then(|root| Ok((root, oath::start(&mut storage, rng)?)));
        let (root, oath) = match started {
            Ok(started) => started,
            Err(error) => return Err((storage, error)),
        };
        let mut store = Self {
            storage,
            epoch: root.epoch,
            secret: MasterSecret::new(&root.secret),
            counters: Counters::default(),
            changes: Changes::default(),
            oath,
        };
        match store.read() {
            Ok(()) => Ok(store),
            Err(error) => Err((store.storage, error.into())),
        }
    }

    fn read(&mut self) -> Result<(), StorageError> {
        self.take_places()?;
        self.counters = Counters::start(&mut self.storage)?;
        self.changes = self.read_changes()?;
        Ok(())
    }

    /// Forgets every credential. One write of the root record does it; the rest is cleaning up.
    ///
    /// # Errors
    /// [`Status::KeyStoreFull`] where there is no room, not even for the new root: then nothing was changed.
    /// [`Status::Other`] where storage or randomness fails. The storage then holds the old secret or the new one, and
    /// this store must not be used again: start another, which also finishes the reset.
    pub(crate) fn reset(&mut self, rng: &mut impl TryRng) -> Result<(), Status> {
        let epoch = self.epoch.0.checked_add(1).map(Epoch).ok_or(Status::Other)?;
        let mut root = Root::new(epoch, true, rng).ok_or(Status::Other)?;
        root.write(&mut self.storage).map_err(key_store_error)?;
        self.epoch = root.epoch;
        self.secret = MasterSecret::new(&root.secret);
        root.finish_reset(&mut self.storage)?;
        self.take_places()?;
        self.changes = self.read_changes()?;
        Ok(())
    }

    /// The PIN. A damaged record is an error: it is not to be taken for no PIN.
    pub(crate) fn pin(&mut self) -> Result<Pin, StorageError> {
        match self.read_own(pin::TAG)? {
            None => Ok(Pin::NONE),
            Some(record) => Pin::decode(&record).ok_or(StorageError::Failed),
        }
    }

    /// Keeps the PIN, in one write.
    pub(crate) fn write_pin(&mut self, pin: &Pin) -> Result<(), StorageError> {
        self.write_own(pin::TAG, &*pin.encode())
    }

    /// The settings. A damaged record is an error: it is not to be taken for those of a new key.
    pub(crate) fn settings(&mut self) -> Result<Settings, StorageError> {
        match self.read_own(settings::TAG)? {
            None => Ok(Settings::default()),
            Some(record) => Settings::decode(&record).ok_or(StorageError::Failed),
        }
    }

    /// Keeps the settings, in one write.
    pub(crate) fn write_settings(&mut self, settings: &Settings) -> Result<(), StorageError> {
        self.write_own(settings::TAG, &settings.encode())
    }

    /// What encCredStoreState says: another value after each change of the discoverable credentials and after a reset.
    pub(crate) fn state(&self) -> [u8; 16] {
        self.changes.state(&self.secret)
    }

    /// To be called before each change of the discoverable credentials. Where it fails, the change must not be made.
    pub(super) fn announce_change(&mut self) -> Result<(), StorageError> {
        let next = self.changes.next();
        self.write_own(changes::TAG, &next.encode())?;
        self.changes = next;
        Ok(())
    }

    fn read_changes(&mut self) -> Result<Changes, StorageError> {
        Ok(self
            .read_own(changes::TAG)?
            .map_or_else(Changes::default, Changes::decode))
    }

    /// Writes the records of an epoch that must always find room. Later, accounts may have filled the storage, and
    /// without a PIN or a count of the changes nobody could delete one. Where the storage is full already, the key goes
    /// on without.
    fn take_places(&mut self) -> Result<(), StorageError> {
        self.take_place(pin::TAG, &*Pin::NONE.encode())?;
        self.take_place(settings::TAG, &Settings::default().encode())?;
        self.take_place(changes::TAG, &Changes::default().encode())
    }

    /// Writes the epoch's one record of a kind, where there is none and there is room for it.
    fn take_place(&mut self, kind: u8, record: &[u8]) -> Result<(), StorageError> {
        let mut found = [0; STORAGE_KEY_MAX];
        let key = self.epoch.key(kind);
        // Whether it is there, whatever it holds: no other key begins with this one.
        if self.storage.next_key(&key, None, &mut found)?.is_some() {
            return Ok(());
        }
        match self.storage.write(&key, record) {
            Err(StorageError::Full) => Ok(()),
            outcome => outcome,
        }
    }

    /// Reads the epoch's one record of a kind. One of another length was not written by any version of this key.
    fn read_own<const N: usize>(&mut self, kind: u8) -> Result<Option<[u8; N]>, StorageError> {
        let mut record = [0; N];
        match self.storage.read(&self.epoch.key(kind), &mut record)? {
            None => Ok(None),
            Some(length) if length == N => Ok(Some(record)),
            Some(_) => Err(StorageError::Failed),
        }
    }

    fn write_own(&mut self, kind: u8, record: &[u8]) -> Result<(), StorageError> {
        self.storage.write(&self.epoch.key(kind), record)
    }
}
