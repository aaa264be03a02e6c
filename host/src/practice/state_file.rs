//! The file that keeps a practice account: JSON, for its owner only, and for one process at a time.
//!
//! It is replaced as a whole and atomically: a power cut leaves the state before the change or the one after it. The
//! lock is a file beside it, because the file itself changes identity with every replacement.

use std::fs::{File, TryLockError};
use std::io::{self, ErrorKind, Read as _};
use std::path::{Path, PathBuf};

use brasskey_aws::account::Account;
use zeroize::Zeroizing;

use super::error::Error;
use crate::private::{self, Others};

/// The longest file that is read: many times what an account of some hundred users and all its sign-ins takes.
const LENGTH_MAX: u64 = 64 << 20;

/// The file, while this process has it.
#[derive(Debug)]
pub(super) struct StateFile {
    path: PathBuf,
    /// Locked until it is dropped.
    _lock: File,
}

impl StateFile {
    /// Takes the file, and reads the account in it; there is none where the file is missing.
    pub(super) fn open(path: PathBuf) -> Result<(Self, Option<Account>), Error> {
        // Before anything is made beside it: it may be another program's, and so may a lock of that name.
        read(&path)?;
        private::make_directory(directory(&path)).map_err(|source| Error::state(&path, source))?;
        let lock = lock(&path)?;
        // Another process may have changed it until now.
        let account = read(&path)?;
        Ok((Self { path, _lock: lock }, account))
    }

    /// What the file of an account has.
    pub(super) fn json(&self, account: &Account) -> Result<Zeroizing<Vec<u8>>, Error> {
        let json = account.to_json();
        json.map_err(|error| Error::state(&self.path, io::Error::other(error.to_string())))
    }

    /// Replaces the file.
    pub(super) fn save(&self, json: &[u8]) -> Result<(), Error> {
        private::replace(&self.path, json).map_err(|source| Error::state(&self.path, source))
    }
}

fn directory(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if parent != Path::new("") => parent,
        _ => Path::new("."),
    }
}

fn lock(path: &Path) -> Result<File, Error> {
    let mut lock_path = path.to_owned().into_os_string();
    lock_path.push(".lock");
    let mut options = private::options();
    options.write(true).create(true).truncate(false);
    let lock = private::open(&options, lock_path.as_ref(), Others::Read);
    let lock = lock.map_err(|source| Error::state(path, source))?;
    match lock.try_lock() {
        Ok(()) => Ok(lock),
        Err(TryLockError::WouldBlock) => Err(Error::InUse(path.to_owned())),
        Err(TryLockError::Error(source)) => Err(Error::state(path, source)),
    }
}

fn read(path: &Path) -> Result<Option<Account>, Error> {
    let file = match private::open(private::options().read(true), path, Others::Nothing) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(Error::state(path, error)),
    };
    let mut json = Zeroizing::new(Vec::new());
    let length = file.take(LENGTH_MAX + 1).read_to_end(&mut json);
    length.map_err(|source| Error::state(path, source))?;
    if u64::try_from(json.len()).map_or(true, |length| length > LENGTH_MAX) {
        return Err(Error::damaged(path, "it is too long"));
    }
    let account = Account::from_json(&json);
    account
        .map(Some)
        .map_err(|error| Error::damaged(path, error.to_string()))
}
