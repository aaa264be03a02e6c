//! Records in a file that only its owner can read.

mod error;
mod owner;
mod records;
mod shared;
mod system;
#[cfg(test)]
mod tests;

use std::ffi::OsString;
use std::fmt;
use std::fs::{self, File, Metadata, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use brasskey_protocol::limits::{STORAGE_KEY_MAX, STORAGE_VALUE_MAX};
use brasskey_protocol::platform::{Storage, StorageError};
use redb::backends::FileBackend;
use zeroize::Zeroizing;

use self::records::Records;
use self::system::{check_mode, is_at, sync_directory};
use super::seal::cipher::{Cipher, OVERHEAD};
use super::seal::{Header, NewSeal, Seal, Unlock};
use super::{CAPACITY, check_size, copy, room};
use crate::private;
pub use error::{StorageOpenError, StorageOpenProblem};

/// How often the file may be replaced while it is being opened before it counts as in use.
const ATTEMPTS: usize = 8;

/// Records in a `redb` database, one transaction a write, durable before the call returns.
///
/// The file has mode 0600 and belongs to this process alone while it is open. Beside it there may be `FILE.owner`
/// (see [`Announcer`]) and, for a moment, `FILE.brasskey-new`, which is to take the file's place.
pub struct FileStorage {
    path: PathBuf,
    records: Records,
    seal: Seal,
    /// Of a sealed file: what seals and opens the values of its records.
    cipher: Option<Cipher>,
    capacity: u32,
}

impl FileStorage {
    /// Opens the state file at `path`, or makes a new one where there is none or an empty one.
    ///
    /// A missing directory is made with mode 0700. A file that is sealed with a passphrase is refused, as by
    /// [`Self::open_with`] with `&mut ()`.
    ///
    /// # Errors
    /// [`StorageOpenError`]; what the file holds is as it was.
    pub fn open(path: impl Into<PathBuf>) -> Result<Self, StorageOpenError> {
        Self::open_with(path, &mut ())
    }

    /// As [`Self::open`], also where the file is sealed and `unlock` has what opens it.
    ///
    /// # Errors
    /// [`StorageOpenError`]; what the file holds is as it was.
    pub fn open_with(path: impl Into<PathBuf>, unlock: &mut dyn Unlock) -> Result<Self, StorageOpenError> {
        Self::at(path.into(), |path| Self::open_at(path, unlock))
    }

    /// Makes a state file that has its seal from the first, where there is none at `path` or an empty one.
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
        fs::symlink_metadata(path).is_ok_and(|metadata| metadata.len() > 0)
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
        let mut storage = Self {
            records: open(&path, None)?,
            path,
            seal: Seal::None,
            cipher: None,
            capacity: CAPACITY,
        };
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
        let records = open(&path, header.as_deref())?;
        // No two seals are alike, so another one is another process's.
        if records.header() != header.as_deref() {
            return Err(StorageOpenProblem::Locked { holder: None });
        }
        Ok(Self {
            path,
            records,
            seal,
            cipher,
            capacity: CAPACITY,
        })
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
        self.records = replaced.map_err(|problem| self.problem(problem))?;
        self.seal = seal;
        self.cipher = cipher;
        sync_directory(directory(&self.path)).map_err(|error| self.problem(error.into()))
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
        // Before the lock goes: afterwards the note may be another process's.
        owner::withdraw(&self.path);
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
            Some(cipher) => self.records.set(key, Some(&cipher.seal(key, value)?)),
            None => self.records.set(key, Some(value)),
        }
    }

    fn remove(&mut self, key: &[u8]) -> Result<(), StorageError> {
        check_size(key, &[])?;
        self.records.set(key, None)
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
        let Self { path, records, .. } = self;
        *records = replace(path, |fresh| Ok(records.copy_to(fresh)?)).map_err(|_| StorageError::Failed)?;
        sync_directory(directory(path)).map_err(|_| StorageError::Failed)
    }
}

/// Opens the database at `path`, or makes one there whose values will be sealed as `header` says.
fn open(path: &Path, header: Option<&[u8]>) -> Result<Records, StorageOpenProblem> {
    private::make_directory(directory(path))?;
    for _ in 0..ATTEMPTS {
        let file = open_file(path)?;
        let metadata = file.metadata()?;
        check_file(&metadata)?;
        if !is_at(path, &metadata)? {
            continue;
        }
        if let Some(records) = take(path, file, &metadata, header)? {
            return Ok(records);
        }
    }
    Err(StorageOpenProblem::Locked { holder: None })
}

/// Locks `file`, found at `path`, and opens the database in it; None where another process put a new file in its place
/// before the lock was ours.
fn take(
    path: &Path,
    file: File,
    metadata: &Metadata,
    header: Option<&[u8]>,
) -> Result<Option<Records>, StorageOpenProblem> {
    if metadata.len() > 0 {
        let records = Records::open(FileBackend::new(file)?)?;
        if !is_at(path, metadata)? {
            return Ok(None);
        }
        owner::withdraw(path);
        // A copy that a killed process was making. Where this fails the next scrub says so.
        let _ = fs::remove_file(new_file(path));
        return Ok(Some(records));
    }
    file.try_lock().map_err(|error| match error {
        TryLockError::WouldBlock => StorageOpenProblem::Locked { holder: None },
        TryLockError::Error(error) => error.into(),
    })?;
    if !is_at(path, metadata)? {
        return Ok(None);
    }
    owner::withdraw(path);
    let begin = |fresh: &mut Records| match header {
        Some(header) => Ok(fresh.begin(header)?),
        None => Ok(()),
    };
    let made = replace(path, begin).and_then(|records| {
        sync_directory(directory(path))?;
        Ok(records)
    });
    if made.is_err() {
        // Nothing is in it. Where it stays all the same, the next one to open it finds an empty file.
        let _ = fs::remove_file(path);
    }
    made.map(Some)
}

/// Makes a whole state file beside `path`, with what `fill` puts there, and renames it to `path`: a power cut at any moment
/// leaves the one or the other. The caller holds the lock of what is there, lets go of it once the new one has its name,
/// and makes the rename durable. The new one was locked before it got its name: nobody else came in between.
fn replace(
    path: &Path,
    fill: impl FnOnce(&mut Records) -> Result<(), StorageOpenProblem>,
) -> Result<Records, StorageOpenProblem> {
    let new = new_file(path);
    match fs::remove_file(&new) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error.into()),
        _ => {}
    }
    let file = private::options().read(true).write(true).create_new(true).open(&new)?;
    let fill_and_name = || {
        let mut records = Records::open(FileBackend::new(file)?)?;
        fill(&mut records)?;
        fs::rename(&new, path)?;
        Ok(records)
    };
    fill_and_name().inspect_err(|_| {
        // It may hold secrets. Where it stays, the next one to open the state file tries again.
        let _ = fs::remove_file(&new);
    })
}

fn open_file(path: &Path) -> Result<File, StorageOpenProblem> {
    match fs::symlink_metadata(path) {
        // Looked at before it is opened: opening a device can have effects.
        Ok(metadata) => check_file(&metadata)?,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            match private::options().read(true).write(true).create_new(true).open(path) {
                // Another process was faster.
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                created => return Ok(created?),
            }
        }
        Err(error) => return Err(error.into()),
    }
    Ok(OpenOptions::new().read(true).write(true).open(path)?)
}

fn check_file(metadata: &Metadata) -> Result<(), StorageOpenProblem> {
    let file_type = metadata.file_type();
    if file_type.is_symlink() {
        return Err(StorageOpenProblem::NotAFile("a symbolic link"));
    }
    if file_type.is_dir() {
        return Err(StorageOpenProblem::NotAFile("a directory"));
    }
    if !file_type.is_file() {
        return Err(StorageOpenProblem::NotAFile("a device, a pipe or a socket"));
    }
    check_mode(metadata)
}

fn new_file(path: &Path) -> PathBuf {
    beside(path, ".brasskey-new")
}

/// `path` with `suffix` after its file name.
fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(suffix);
    name.into()
}

fn directory(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}
