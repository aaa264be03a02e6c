//! The accounts of one-time codes (OATH), and the root that they depend on.
//!
//! They have nothing in common with FIDO's credentials but the storage: the root has a secret of its own, so a reset of
//! one leaves the other. A reset writes a new root; from that moment no secret of an older record opens, and what is
//! left of the records is removed and made unreadable before anything else is done.
//!
//! One write decides here too: an account is one record, and so is the root. Only a renaming takes two records. The
//! root says first what is to become of them, so that a power cut neither loses nor doubles an account.

mod account;
pub(super) mod root;

use rand_core::TryRng;

use super::record::RECORD_MAX;
use super::records::Store;
use crate::limits::{RESERVED_RECORDS, STORAGE_VALUE_MAX};
use crate::platform::{Storage, StorageError};

pub(crate) use account::{Account, AccountKey, Kind, Name, Properties, read_name};
pub(crate) use root::AccessCode;
use root::{Oath, Root, Unfinished};

impl<S: Storage> Store<S> {
    /// The root, with nothing unfinished.
    ///
    /// # Errors
    /// [`StorageError::Full`] where there has been no room for one so far, and is none now. [`StorageError::Failed`]
    /// where it is damaged, or a change of it failed: then the next power-up shows what it is.
    pub(crate) fn oath_root(&mut self, rng: &mut impl TryRng) -> Result<&Root, StorageError> {
        if self.oath.is_missing {
            let root = Root::new(Unfinished::Nothing, rng).ok_or(StorageError::Failed)?;
            root.write(&mut self.storage)?;
            self.oath = Oath {
                root: Some(root),
                is_missing: false,
            };
        }
        self.root()
    }

    fn root(&self) -> Result<&Root, StorageError> {
        self.oath.root.as_ref().ok_or(StorageError::Failed)
    }

    /// Changes the root and what depends on it. Where this fails, nothing is done with the accounts until the next
    /// power-up: only then the storage shows what was written.
    fn change_root(
        &mut self,
        change: impl FnOnce(&mut Root, &mut S) -> Result<(), StorageError>,
    ) -> Result<(), StorageError> {
        let mut root = self.oath.root.take().ok_or(StorageError::Failed)?;
        change(&mut root, &mut self.storage)?;
        self.oath.root = Some(root);
        Ok(())
    }

    /// Sets the access code, or removes it.
    pub(crate) fn set_access_code(&mut self, code: Option<AccessCode>) -> Result<(), StorageError> {
        self.change_root(|root, storage| {
            root.access_code = code;
            root.write(storage)
        })
    }

    /// The account with this name.
    ///
    /// # Errors
    /// [`StorageError::Failed`] also where its record is damaged: it can be deleted or replaced.
    pub(crate) fn oath_account(&mut self, name: &str) -> Result<Option<Account>, StorageError> {
        let key = AccountKey::of(name);
        if !key.is_there(&mut self.storage)? {
            return Ok(None);
        }
        let account = self.open_account(&key)?;
        account.map(Some).ok_or(StorageError::Failed)
    }

    /// Whether there is a record for this name, also one that is damaged.
    pub(crate) fn has_oath_account(&mut self, name: &str) -> Result<bool, StorageError> {
        AccountKey::of(name).is_there(&mut self.storage)
    }

    /// The first whole account after `after`, in the order of keys. A damaged record hides its own account, but not the
    /// others.
    pub(crate) fn next_oath_account(
        &mut self,
        after: Option<&AccountKey>,
    ) -> Result<Option<(AccountKey, Account)>, StorageError> {
        let mut next = AccountKey::next(&mut self.storage, after)?;
        while let Some(key) = next {
            if let Some(account) = self.open_account(&key)? {
                return Ok(Some((key, account)));
            }
            next = AccountKey::next(&mut self.storage, Some(&key))?;
        }
        Ok(None)
    }

    /// The account of a record; `None` for one that is damaged.
    fn open_account(&mut self, key: &AccountKey) -> Result<Option<Account>, StorageError> {
        let mut record = [0; STORAGE_VALUE_MAX];
        let length = self.storage.read(key.bytes(), &mut record)?;
        let sealing = &self.root()?.sealing;
        Ok(length.and_then(|length| Account::decode(key, record.get(..length)?, sealing)))
    }

    /// Keeps a new account, or one in the place of another that has its name.
    ///
    /// # Errors
    /// [`StorageError::Full`]: nothing was changed. A new account leaves the room that FIDO's settings may need.
    pub(crate) fn keep_oath_account(&mut self, account: &Account, rng: &mut impl TryRng) -> Result<(), StorageError> {
        if !self.has_oath_account(&account.name)? && self.storage.room(RECORD_MAX)? <= RESERVED_RECORDS {
            return Err(StorageError::Full);
        }
        self.write_oath_account(account, rng)
    }

    /// Writes an account's record, in one piece. What it replaces is not shorter where it has the same name and secret,
    /// so there is room.
    pub(crate) fn write_oath_account(&mut self, account: &Account, rng: &mut impl TryRng) -> Result<(), StorageError> {
        let record = account.encode(&self.root()?.sealing, rng).ok_or(StorageError::Failed)?;
        self.storage.write(AccountKey::of(&account.name).bytes(), &record)
    }

    /// Removes the record for this name.
    pub(crate) fn delete_oath_account(&mut self, name: &str) -> Result<(), StorageError> {
        self.storage.remove(AccountKey::of(name).bytes())
    }

    /// Gives an account a name that no record has.
    ///
    /// A power cut leaves the account with its old name or with its new one. After the first write the root knows both,
    /// so that the next start removes the old record if the new one is there; if not, the renaming did not happen.
    ///
    /// # Errors
    /// [`StorageError::Full`] where there is no room for both records: nothing was changed.
    pub(crate) fn rename_oath_account(
        &mut self,
        mut account: Account,
        name: Name,
        rng: &mut impl TryRng,
    ) -> Result<(), StorageError> {
        let old = AccountKey::of(&account.name);
        let new = AccountKey::of(&name);
        account.name = name;
        let record = account.encode(&self.root()?.sealing, rng).ok_or(StorageError::Failed)?;
        let mut is_full = false;
        self.change_root(|root, storage| {
            root.unfinished = Unfinished::Renaming { old, new };
            root.write(storage)?;
            match storage.write(new.bytes(), &record) {
                Err(StorageError::Full) => is_full = true,
                outcome => outcome?,
            }
            root.finish(storage)
        })?;
        if is_full { Err(StorageError::Full) } else { Ok(()) }
    }

    /// Forgets every account and the access code. One write of the root does it; the rest is cleaning up. This also
    /// mends a root that is damaged.
    ///
    /// # Errors
    /// [`StorageError::Full`] where there is no room for a root, which can only be where there was none: nothing was
    /// changed. [`StorageError::Failed`]: the accounts are still there, or gone.
    pub(crate) fn reset_oath(&mut self, rng: &mut impl TryRng) -> Result<(), StorageError> {
        let mut root = Root::new(Unfinished::Reset, rng).ok_or(StorageError::Failed)?;
        let written = root.write(&mut self.storage);
        if written == Err(StorageError::Full) {
            return written;
        }
        self.oath = Oath {
            root: None,
            is_missing: false,
        };
        written?;
        root.finish(&mut self.storage)?;
        self.oath.root = Some(root);
        Ok(())
    }
}
