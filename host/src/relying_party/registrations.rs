//! The relying-party file: which accounts registered which credentials, so that a later process can sign in with them.
//!
//! One JSON file, readable by its owner only. It is replaced as a whole and atomically, under a lock that other
//! processes respect; the lock is a file beside it, because the file itself changes identity with every replacement.

mod error;
mod format;

use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

pub use error::{RegistrationsError, Unchanged};
pub(super) use format::base64url;

use super::{Authentication, Credential};
use crate::private::{self, Others};

/// The relying-party file.
#[derive(Debug, Clone)]
pub struct RegistrationsFile {
    path: PathBuf,
}

impl RegistrationsFile {
    /// The file at a path. It and its directory are made when something is first stored.
    pub fn at(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into() }
    }

    /// Reads the accounts; a missing file has none.
    pub fn load(&self) -> Result<Accounts, RegistrationsError> {
        // A replacement is atomic, so a reader needs no lock.
        match self.read() {
            Ok(json) => format::parse(&json).map_err(|why| why.at(&self.path)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Accounts::default()),
            Err(error) => Err(RegistrationsError::io(&self.path, error)),
        }
    }

    /// Reads the accounts, lets them be changed, and stores them durably before it returns. Another process that does
    /// the same waits. If the change is refused, nothing is written.
    pub fn update<T>(
        &self,
        change: impl FnOnce(&mut Accounts) -> Result<T, Unchanged>,
    ) -> Result<T, RegistrationsError> {
        let at_path = |error| RegistrationsError::io(&self.path, error);
        let directory = match self.path.parent() {
            Some(parent) if parent != Path::new("") => parent,
            _ => Path::new("."),
        };
        // Before anything is made beside it: it may be another program's, and so may a lock of that name.
        self.load()?;
        private::make_directory(directory).map_err(at_path)?;
        let mut lock_path = self.path.clone().into_os_string();
        lock_path.push(".lock");
        let mut options = private::options();
        options.write(true).create(true).truncate(false);
        let lock = private::open(&options, lock_path.as_ref(), Others::Read).map_err(at_path)?;
        // Released when `lock` is dropped, by whatever way.
        lock.lock().map_err(at_path)?;
        let mut accounts = self.load()?;
        let result = change(&mut accounts).map_err(RegistrationsError::Unchanged)?;
        private::replace(&self.path, &format::write(&accounts)).map_err(at_path)?;
        Ok(result)
    }

    /// Who can write to it decides who signs in.
    fn read(&self) -> io::Result<Vec<u8>> {
        let mut json = Vec::new();
        private::open(private::options().read(true), &self.path, Others::Read)?.read_to_end(&mut json)?;
        Ok(json)
    }
}

/// What the file holds.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Accounts {
    accounts: Vec<Account>,
}

/// An account at a relying party.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Account {
    /// The RP ID.
    pub rp_id: String,
    /// The account name, unique within the RP ID.
    pub name: String,
    /// The user handle.
    #[serde(with = "base64url")]
    pub user_handle: Vec<u8>,
    /// The account's registrations, oldest first.
    pub registrations: Vec<Registration>,
}

/// A credential registered to an account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Registration {
    /// What its owner calls it, unique within the account.
    pub name: String,
    /// When it was registered: seconds since 1970, UTC.
    pub created: u64,
    /// The credential.
    #[serde(flatten)]
    pub credential: Credential,
}

impl Accounts {
    /// Every account.
    pub fn iter(&self) -> impl Iterator<Item = &Account> {
        self.accounts.iter()
    }

    /// The account of a name at a relying party.
    pub fn account(&self, rp_id: &str, name: &str) -> Option<&Account> {
        self.accounts
            .iter()
            .find(|account| account.rp_id == rp_id && account.name == name)
    }

    /// Adds a registration, and the account if it is new. `limit` is how many the account may have, if the relying
    /// party has a limit.
    pub fn add(
        &mut self,
        rp_id: &str,
        account: &str,
        user_handle: &[u8],
        name: &str,
        credential: Credential,
        limit: Option<usize>,
    ) -> Result<&Registration, Unchanged> {
        // §7.1 step 27: a credential ID belongs to one account.
        if self
            .accounts
            .iter()
            .any(|account| account.registration(&credential.id).is_some())
        {
            return Err(Unchanged::AlreadyRegistered);
        }
        let position = self
            .accounts
            .iter()
            .position(|known| known.rp_id == rp_id && known.name == account);
        let position = match position {
            Some(position) => position,
            None => {
                let (rp_id, name, user_handle) = (rp_id.to_owned(), account.to_owned(), user_handle.to_vec());
                self.accounts.push(Account {
                    rp_id,
                    name,
                    user_handle,
                    registrations: Vec::new(),
                });
                self.accounts.len() - 1
            }
        };
        let account = &mut self.accounts[position];
        if limit.is_some_and(|limit| account.registrations.len() >= limit) {
            return Err(Unchanged::Full);
        }
        account.check_free(name)?;
        let created = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .map_or(0, |time| time.as_secs());
        account.registrations.push(Registration {
            name: name.to_owned(),
            created,
            credential,
        });
        account.registrations.last().ok_or(Unchanged::Unknown)
    }

    /// Stores the counter of a sign-in. It is never lowered: if another sign-in with the same key was stored in the
    /// meantime, the higher counter stays.
    pub fn record(&mut self, credential_id: &[u8], authentication: &Authentication) -> Result<(), Unchanged> {
        let registrations = self.accounts.iter_mut().flat_map(|account| &mut account.registrations);
        let mut found = registrations.filter(|registration| registration.credential.id == credential_id);
        let credential = &mut found.next().ok_or(Unchanged::Unknown)?.credential;
        credential.counter = credential.counter.max(authentication.counter);
        Ok(())
    }

    /// Renames a registration.
    pub fn rename(&mut self, rp_id: &str, account: &str, name: &str, new_name: &str) -> Result<(), Unchanged> {
        let account = self.account_mut(rp_id, account)?;
        if name != new_name {
            account.check_free(new_name)?;
        }
        let mut named = account
            .registrations
            .iter_mut()
            .filter(|registration| registration.name == name);
        named.next().ok_or(Unchanged::Unknown)?.name = new_name.to_owned();
        Ok(())
    }

    /// Removes a registration.
    pub fn remove(&mut self, rp_id: &str, account: &str, name: &str) -> Result<Registration, Unchanged> {
        let account = self.account_mut(rp_id, account)?;
        let position = account
            .registrations
            .iter()
            .position(|registration| registration.name == name);
        position
            .map(|position| account.registrations.remove(position))
            .ok_or(Unchanged::Unknown)
    }

    fn account_mut(&mut self, rp_id: &str, name: &str) -> Result<&mut Account, Unchanged> {
        let mut accounts = self.accounts.iter_mut();
        accounts
            .find(|account| account.rp_id == rp_id && account.name == name)
            .ok_or(Unchanged::Unknown)
    }
}

impl Account {
    /// The registration of a credential ID.
    pub fn registration(&self, credential_id: &[u8]) -> Option<&Registration> {
        self.registrations
            .iter()
            .find(|registration| registration.credential.id == credential_id)
    }

    fn check_free(&self, name: &str) -> Result<(), Unchanged> {
        match self.registrations.iter().any(|registration| registration.name == name) {
            true => Err(Unchanged::NameTaken),
            false => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests;
