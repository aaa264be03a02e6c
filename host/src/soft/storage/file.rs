//! Records in a file that only its owner can read.

mod error;
mod owner;
mod place;
mod records;
mod shared;
mod system;
#[cfg(test)]
mod tests;

use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use brasskey_protocol::limits::{STORAGE_KEY_MAX, STORAGE_VALUE_MAX};
use brasskey_protocol::platform::{Storage, StorageError};
use zeroize::Zeroizing;

use self::place::{Held, make_durable, replace};
use self::records::Records;
use self::system::Identity;
use super::seal::cipher::{Cipher, OVERHEAD};
use super::seal::{Header, KeyringOnly, NewSeal, Seal, Unlock};
use super::{CAPACITY, check_size, copy, room};
use crate::private::is_full;
pub use error::{StorageOpenError, StorageOpenProblem};

/// Records in a `redb` database. Each write is one transaction, and durable before the call returns.
///
/// The file has mode 0600, and no other process can use it while it is open. Beside it there may be `FILE.owner`
/// (see [`Announcer`]) and, for a moment, `FILE.brasskey-new`, which then replaces the file.
///
/// Where somebody deletes, moves or replaces the open file, nothing more can be kept in it: reads go on, and every
/// write fails with [`StorageError::Failed`] and changes nothing, and so does [`Storage::check`].
pub struct FileStorage {
    path: PathBuf,
    records: Records,
    /// The file that the records are in.
    identity: Identity,
    is_new: bool,
    /// Whether [`Self::on_trouble`] was told that the file is not at `path` any more.
    is_lost: bool,
    on_trouble: Option<Box<dyn Fn(Trouble) + Send>>,
    seal: Seal,
    /// What seals and opens the values of the records, where the file is sealed.
    cipher: Option<Cipher>,
    capacity: u32,
}

impl FileStorage {
    /// Opens the state file at `path`, or makes a new one where there is none.
    ///
    /// A missing directory is made with mode 0700. A file that is sealed with a passphrase is refused, as
    /// [`Self::open_with`] does with [`KeyringOnly`].
    ///
    /// # Errors
    /// [`StorageOpenError`]. What the file holds does not change.
    pub fn open(path: impl Into<PathBuf>) -> Result<Self, StorageOpenError> {
        Self::open_with(path, &mut KeyringOnly)
    }

    /// As [`Self::open`], but also opens a sealed file, with what `unlock` has.
    ///
    /// # Errors
    /// [`StorageOpenError`]. What the file holds does not change.
    pub fn open_with(path: impl Into<PathBuf>, unlock: &mut dyn Unlock) -> Result<Self, StorageOpenError> {
        Self::at(path.into(), |path| Self::open_at(path, unlock))
    }

    /// Makes a state file that is sealed from the beginning. There must be none at `path`.
    ///
    /// # Errors
    /// [`StorageOpenError`], with nothing left at `path`. [`StorageOpenProblem::Locked`] also where another process has
    /// made one.
    pub fn make(path: impl Into<PathBuf>, new: NewSeal) -> Result<Self, StorageOpenError> {
        Self::at(path.into(), |path| Self::make_at(path, new))
    }

    /// Whether there is something at `path`, which [`Self::make`] would refuse.
    #[must_use]
    pub fn is_at(path: &Path) -> bool {
        fs::symlink_metadata(path).is_ok()
    }

    fn at(
        path: PathBuf,
        open: impl FnOnce(PathBuf) -> Result<Self, StorageOpenProblem>,
    ) -> Result<Self, StorageOpenError> {
        // So that a scrub finds it also after a change of the working directory.
        let opened = std::path::absolute(&path)
            .map_err(StorageOpenProblem::from)
            .and_then(open);
        match opened {
            Ok(storage) => Ok(storage),
            Err(StorageOpenProblem::Locked { .. }) => {
                let holder = owner::holder(&path);
                let problem = StorageOpenProblem::Locked { holder };
                Err(StorageOpenError { path, problem })
            }
            Err(problem) => Err(StorageOpenError { path, problem }),
        }
    }

    fn open_at(path: PathBuf, unlock: &mut dyn Unlock) -> Result<Self, StorageOpenProblem> {
        let held = place::open(&path, None)?;
        let mut storage = Self::of(path, held);
        if let Some(header) = storage.records.header() {
            let header = Header::decode(header).ok_or(StorageOpenProblem::Corrupt)?;
            storage.seal = header.seal();
            storage.cipher = Some(header.unlock(unlock)?);
        }
        Ok(storage)
    }

    fn make_at(path: PathBuf, new: NewSeal) -> Result<Self, StorageOpenProblem> {
        let seal = new.seal;
        let (header, cipher) = new.into_parts();
        let held = place::open(&path, header.as_deref())?;
        // No two seals are alike, so a different one is from another process.
        if held.records.header() != header.as_deref() {
            return Err(StorageOpenProblem::Locked { holder: None });
        }
        let mut storage = Self::of(path, held);
        storage.seal = seal;
        storage.cipher = cipher;
        Ok(storage)
    }

    /// The file, read as if it were not sealed.
    fn of(path: PathBuf, held: Held) -> Self {
        Self {
            path,
            records: held.records,
            identity: held.identity,
            is_new: held.is_new,
            is_lost: false,
            on_trouble: None,
            seal: Seal::None,
            cipher: None,
            capacity: CAPACITY,
        }
    }

    /// Whether there was no such file before it was opened.
    #[must_use]
    pub fn is_new(&self) -> bool {
        self.is_new
    }

    /// Has `say` called when the file keeps nothing: the key has no word for the reason. A loss is said once, and what
    /// the system says each time.
    pub fn on_trouble(&mut self, say: impl Fn(Trouble) + Send + 'static) {
        self.on_trouble = Some(Box::new(say));
    }

    fn tell(&self, trouble: Trouble) {
        if let Some(say) = &self.on_trouble {
            say(trouble);
        }
    }

    /// Whether the open file is still the one at the path. Nobody would find again what is written to another.
    fn is_in_place(&mut self) -> bool {
        let is_lost = !self.identity.is_at(&self.path).unwrap_or(false);
        if is_lost && !self.is_lost {
            self.tell(Trouble::Lost);
        }
        self.is_lost = is_lost;
        !is_lost
    }

    /// Sets a record, or removes it. Checks the file's place before, so that a refused write changes nothing, and
    /// after, since the file may be moved in between.
    fn set(&mut self, key: &[u8], value: Option<&[u8]>) -> Result<(), StorageError> {
        if !self.is_in_place() {
            return Err(StorageError::Failed);
        }
        let result = self.records.set(key, value);
        if let Some(error) = self.records.refusal.take() {
            self.tell(Trouble::Io(error));
        }
        result?;
        self.is_in_place().then_some(()).ok_or(StorageError::Failed)
    }

    /// What somebody needs besides the file to read its secrets.
    #[must_use]
    pub fn seal(&self) -> Seal {
        self.seal
    }

    /// Seals the file with a new key, or removes its seal: in one step, a new file with all records replaces it. Copies
    /// of the old file, and what the disk still has of it, do not change.
    ///
    /// # Errors
    /// [`StorageOpenError`]. What the file holds does not change.
    pub fn reseal(&mut self, new: NewSeal) -> Result<(), StorageOpenError> {
        if !self.is_in_place() {
            return Err(self.problem(StorageOpenProblem::Lost));
        }
        let seal = new.seal;
        let (header, cipher) = new.into_parts();
        let convert = |key: &[u8], value: &[u8]| {
            let mut value = Zeroizing::new(value.to_vec());
            let plain = match &self.cipher {
                Some(cipher) => cipher.open(key, &mut value)?,
                None => &value,
            };
            match &cipher {
                Some(cipher) => cipher.seal(key, plain).ok(),
                None => Some(plain.to_vec()),
            }
        };
        let records = &mut self.records;
        let replaced = replace(&self.path, |fresh| Ok(records.convert_to(fresh, header, convert)?));
        (self.records, self.identity) = replaced.map_err(|problem| self.problem(problem))?;
        self.seal = seal;
        self.cipher = cipher;
        make_durable(&self.path).map_err(|error| self.problem(error.into()))
    }

    fn problem(&self, problem: StorageOpenProblem) -> StorageOpenError {
        let path = self.path.clone();
        StorageOpenError { path, problem }
    }

    /// Notes how this soft token is reached, also after the storage was moved into a key. Dropping the storage removes
    /// the note.
    #[must_use]
    pub fn announcer(&self) -> Announcer {
        Announcer(self.path.clone())
    }
}

/// Why a state file keeps nothing.
#[derive(Debug)]
pub enum Trouble {
    /// It was deleted, moved or replaced.
    Lost,
    /// The system says so: the disk is full, for example.
    Io(io::Error),
}

/// Notes how the token that has a state file open is reached.
#[derive(Clone, Debug)]
pub struct Announcer(PathBuf);

impl Announcer {
    /// The state file, as an absolute path.
    #[must_use]
    pub fn state(&self) -> &Path {
        &self.0
    }

    /// Notes that `device`, a value for `--device`, reaches the soft token. Another process that finds the file locked
    /// shows it in a hint.
    ///
    /// # Errors
    /// Where no file can be written beside the state file.
    pub fn announce(&self, device: &str) -> io::Result<()> {
        owner::announce(&self.0, device)
    }
}

impl fmt::Debug for FileStorage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FileStorage")
            .field("path", &self.path)
            .finish_non_exhaustive()
    }
}

impl Drop for FileStorage {
    fn drop(&mut self) {
        // While the lock is held: after that the note may be another process's, as it is where the file was replaced.
        if self.identity.is_at(&self.path).unwrap_or(false) {
            owner::withdraw(&self.path);
        }
    }
}

impl Storage for FileStorage {
    fn read(&mut self, key: &[u8], value: &mut [u8]) -> Result<Option<usize>, StorageError> {
        let Some(cipher) = &self.cipher else {
            return self.records.read(key, value);
        };
        let mut sealed = Zeroizing::new([0; STORAGE_VALUE_MAX + OVERHEAD]);
        let Some(length) = self.records.read(key, &mut *sealed)? else {
            return Ok(None);
        };
        let sealed = sealed.get_mut(..length).ok_or(StorageError::Failed)?;
        let plain = cipher.open(key, sealed).ok_or(StorageError::Failed)?;
        copy(plain, value).map(Some)
    }

    fn write(&mut self, key: &[u8], value: &[u8]) -> Result<(), StorageError> {
        check_size(key, value)?;
        if self.room(value.len())? == 0 && !self.records.contains(key)? {
            return Err(StorageError::Full);
        }
        match &self.cipher {
            Some(cipher) => {
                let sealed = cipher.seal(key, value)?;
                self.set(key, Some(&sealed))
            }
            None => self.set(key, Some(value)),
        }
    }

    fn remove(&mut self, key: &[u8]) -> Result<(), StorageError> {
        check_size(key, &[])?;
        self.set(key, None)
    }

    fn next_key(
        &mut self,
        prefix: &[u8],
        after: Option<&[u8]>,
        key: &mut [u8; STORAGE_KEY_MAX],
    ) -> Result<Option<usize>, StorageError> {
        self.records.next_key(prefix, after, key)
    }

    /// The disk may be full earlier: then a write says so.
    fn room(&mut self, _length: usize) -> Result<u32, StorageError> {
        Ok(room(self.capacity, self.records.len()?))
    }

    fn check(&mut self) -> Result<(), StorageError> {
        self.is_in_place().then_some(()).ok_or(StorageError::Failed)
    }

    /// Replaces the file with a new one that has only the records there are.
    fn scrub(&mut self) -> Result<(), StorageError> {
        if !self.is_in_place() {
            return Err(StorageError::Failed);
        }
        let Self { path, records, .. } = self;
        let replaced = replace(path, |fresh| Ok(records.copy_to(fresh)?));
        (self.records, self.identity) = replaced.map_err(|problem| {
            let StorageOpenProblem::Io(error) = problem else {
                return StorageError::Failed;
            };
            let is_full = is_full(&error);
            self.tell(Trouble::Io(error));
            if is_full {
                StorageError::Full
            } else {
                StorageError::Failed
            }
        })?;
        make_durable(&self.path).map_err(|_| StorageError::Failed)
    }
}
