//! What tests of relying parties do with a key's credentials: import, list, count anew and delete them.

use zeroize::Zeroizing;

use super::{Authenticator, Backup};
use crate::crypto::CoseKey;
use crate::limits::STORAGE_VALUE_MAX;
use crate::platform::{Platform, StorageError};
use crate::status::Status;
use crate::store::{Account, Import, ImportError, RecordKey};

impl<P: Platform> Authenticator<P> {
    /// Keeps a credential whose private key comes from outside.
    ///
    /// # Errors
    /// [`ImportError`]: nothing was kept, unless the storage failed.
    pub fn import(&mut self, new: &Import<'_>) -> Result<(), ImportError> {
        self.store.import(&mut self.rng, new)
    }

    /// Shows each credential that has a record: the discoverable ones, and those that were imported.
    ///
    /// # Errors
    /// [`StorageError::Failed`].
    pub fn each_recorded(&mut self, mut show: impl FnMut(&Self, &Account<'_>)) -> Result<(), StorageError> {
        let mut value = [0; STORAGE_VALUE_MAX];
        for prefix in self.store.recorded_prefixes() {
            let mut after: Option<RecordKey> = None;
            loop {
                let after_key = after.as_ref().map(RecordKey::bytes);
                let next = self.store.next_whole(&prefix, after_key, &mut value, |_| true)?;
                let Some(account) = next else { break };
                show(self, &account);
                after = Some(account.key);
            }
        }
        Ok(())
    }

    /// Whether credentials may leave the key.
    #[must_use]
    pub fn backup(&self) -> Backup {
        self.config.backup
    }

    /// The counter of an account as it stands.
    #[must_use]
    pub fn sign_count_of(&self, account: &Account<'_>) -> u32 {
        self.store.sign_count_of(account)
    }

    /// The public key of an account.
    ///
    /// # Errors
    /// [`Status::Other`] where the cryptographic library fails.
    pub fn public_key_of(&self, account: &Account<'_>) -> Result<CoseKey, Status> {
        let Account {
            credential, rp_id_hash, ..
        } = account;
        self.store.secret.private_key(credential, rp_id_hash)?.cose_key()
    }

    /// The key of an account's large blobs.
    #[must_use]
    pub fn large_blob_key_of(&self, account: &Account<'_>) -> Zeroizing<[u8; 32]> {
        let Account {
            credential, rp_id_hash, ..
        } = account;
        self.store.secret.large_blob_key(credential, rp_id_hash)
    }

    /// Deletes the credential with this ID, if it has a record: `false` where there is none.
    ///
    /// # Errors
    /// [`StorageError::Failed`].
    pub fn delete_recorded(&mut self, id: &[u8]) -> Result<bool, StorageError> {
        self.store.delete_recorded(id)
    }

    /// Sets the counter of the credential with this ID, if it has a record: `false` where there is none. The next
    /// signature has one more.
    ///
    /// # Errors
    /// [`StorageError::Failed`].
    pub fn set_sign_count_of(&mut self, id: &[u8], count: u32) -> Result<bool, StorageError> {
        self.store.set_sign_count_of(id, count)
    }

    /// Sets the counter that all credentials without a record share. The next signature has more.
    ///
    /// # Errors
    /// [`StorageError::Failed`].
    pub fn set_shared_sign_count(&mut self, count: u32) -> Result<(), StorageError> {
        self.store.set_shared_sign_count(count)
    }

    /// Puts an array of large blobs, with its hash, in the place of the valid one.
    ///
    /// # Errors
    /// [`StorageError::Full`] also where it is too long.
    pub fn replace_large_blobs(&mut self, serialized: &[u8]) -> Result<(), StorageError> {
        // An upload that a host began would be written to the same place.
        self.pending = None;
        self.store.replace_large_blobs(serialized)
    }
}
