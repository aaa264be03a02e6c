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

/// Records in a `redb` database, one transaction a write, durable before the call returns.
///
/// The file has mode 0600 and belongs to this process alone while it is open. Beside it there may be `FILE.owner`
/// (see [`Announcer`]) and, for a moment, `FILE.brasskey-new`, which is to take the file's place.
///
/// Where the file is deleted, moved or replaced under the storage, nothing more can be kept in it: reads go on, every
/// write fails with [`StorageError::Failed`] and changes nothing.
pub struct FileStorage {
    path: PathBuf,
    records: Records,
    /// The file that the records are in.
    identity: Identity,
    is_new: bool,
    /// Whether it was said that the file is not at `path` any more.
    is_lost: bool,
    on_loss: Option<Box<dyn Fn() + Send>>,
    seal: Seal,
    /// Of a sealed file: what seals and opens the values of its records.
    cipher: Option<Cipher>,
    capacity: u32,
}

impl FileStorage {
    /// Opens the state file at `path`, or makes a new one where there is none.
    ///
    /// A missing directory is made with mode 0700. A file that is sealed with a passphrase is refused, as by
    /// [`Self::open_with`] with [`KeyringOnly`].
    ///
    /// # Errors
    /// [`StorageOpenError`]; what the file holds is as it was.
    pub fn open(path: impl Into<PathBuf>) -> Result<Self, StorageOpenError> {
        Self::open_with(path, &mut KeyringOnly)
    }

    /// As [`Self::open`], also where the file is sealed and `unlock` has what opens it.
    ///
    /// # Errors
    /// [`StorageOpenError`]; what the file holds is as it was.
    pub fn open_with(path: impl Into<PathBuf>, unlock: &mut dyn Unlock) -> Result<Self, StorageOpenError> {
        Self::at(path.into(), |path| Self::open_at(path, unlock))
    }

    /// Makes a state file that has its seal from the first, where there is none at `path`.
    ///
    /// # Errors
    /// [`StorageOpenError`], with nothing left at `path`; [`StorageOpenProblem::Locked`] also where somebody made one
    /// already.
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
        // A later change of the working directory must not lead a scrub astray.
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
        // No two seals are alike, so another one is another process's.
        if held.records.header() != header.as_deref() {
            return Err(StorageOpenProblem::Locked { holder: None });
        }
        let mut storage = Self::of(path, held);
        storage.seal = seal;
        storage.cipher = cipher;
        Ok(storage)
    }

    /// A file as if it were not sealed.
    fn of(path: PathBuf, held: Held) -> Self {
        Self {
            path,
            records: held.records,
            identity: held.identity,
            is_new: held.is_new,
            is_lost: false,
            on_loss: None,
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

    /// Has `say` called when the file turns out to be deleted, moved or replaced.
    pub fn on_loss(&mut self, say: impl Fn() + Send + 'static) {
        self.on_loss = Some(Box::new(say));
    }

    /// Whether the records are still those of the file at the path. Nobody would find again what is written elsewhere.
    fn is_in_place(&mut self) -> bool {
        let is_lost = !self.identity.is_at(&self.path).unwrap_or(false);
        if is_lost && !self.is_lost {
            self.on_loss.iter().for_each(|say| say());
        }
        self.is_lost = is_lost;
        !is_lost
    }

    /// Sets a record, or removes it. Looked at before, so that what is refused changes nothing, and after: the file may go
    /// in between.
    fn set(&mut self, key: &[u8], value: Option<&[u8]>) -> Result<(), StorageError> {
        if !self.is_in_place() {
            return Err(StorageError::Failed);
        }
        self.records.set(key, value)?;
        self.is_in_place().then_some(()).ok_or(StorageError::Failed)
    }

    /// What it takes, beside the file, to read its secrets.
    #[must_use]
    pub fn seal(&self) -> Seal {
        self.seal
    }

    /// Seals the file anew, or takes its seal away: a new file takes its place, in one step, with every record sealed by
    /// a new key. Copies of the file, and what the disk has kept of it, are as they were.
    ///
    /// # Errors
    /// [`StorageOpenError`]; what the file holds is as it was.
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

    /// The way to note how this token is reached, also once the storage is in other hands. The note goes when the
    /// storage is dropped.
    #[must_use]
    pub fn announcer(&self) -> Announcer {
        Announcer(self.path.clone())
    }
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

    /// Notes that `device`, a value for `--device`, reaches the token, for the hint that another process gets when it
    /// finds the file locked.
    ///
    /// # Errors
    /// Those of writing a file beside the state file.
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
        // Before the lock goes: afterwards the note may be another process's. So it is where the file is another's.
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

    /// The disk may be full before that; a write then says so.
    fn room(&mut self, _length: usize) -> Result<u32, StorageError> {
        Ok(room(self.capacity, self.records.len()?))
    }

    /// Puts a new file with the records there are in place of the old one.
    fn scrub(&mut self) -> Result<(), StorageError> {
        if !self.is_in_place() {
            return Err(StorageError::Failed);
        }
        let Self { path, records, .. } = self;
        let replaced = replace(path, |fresh| Ok(records.copy_to(fresh)?));
        (self.records, self.identity) = replaced.map_err(|problem| match problem {
            StorageOpenProblem::Io(error) if is_full(&error) => StorageError::Full,
            _ => StorageError::Failed,
        })?;
        make_durable(&self.path).map_err(|_| StorageError::Failed)
    }
}
