//! Credentials whose IDs and private keys come from outside, for tests of relying parties. A key that protects anything
//! is built without this (feature `import`).
//!
//! Such a credential has a record, discoverable or not. Beside the ID that hosts know, the record holds what this key's
//! own IDs say, and the private key. Both are sealed for the relying party, as those IDs are:
//!
//! ```text
//! version (1) ‖ nonce (24) ‖ AES-256-GCM(algorithm (1) ‖ traits (1) ‖ user or ID (16) ‖ masked key (32)) ‖ tag (16)
//! ```
//!
//! The mask is derived from the master secret and the nonce. So an opened credential holds no secret, and a reset takes
//! the private key with all others. One write keeps the credential.

use core::fmt;

use heapless::Vec;
use rand_core::TryRng;
use zeroize::Zeroizing;

use super::credential_id::{Credential, Kind, MasterSecret, NONCE, TAG, TRAITS, Traits, USER, locator};
use super::credentials::Account;
use super::epoch::{RecordKey, next_key};
use super::record::Record;
use super::records::Store;
use crate::crypto::{Algorithm, PrivateKey, sha256};
use crate::limits::{MAX_CREDENTIAL_ID, RP_ID_MAX, STORAGE_VALUE_MAX, USER_ID_MAX};
use crate::platform::{Storage, StorageError};
use crate::status::Status;

/// IDs that hosts present never begin with this: what is sealed here is never shown to them.
const VERSION: u8 = 2;
const BODY: usize = TRAITS + USER + 32;
const SEALED: usize = 1 + NONCE + BODY + TAG;

/// A credential to import.
#[derive(Clone, Copy)]
pub struct Import<'a> {
    /// Its ID: 1 to [`MAX_CREDENTIAL_ID`] bytes.
    pub id: &'a [u8],
    /// Its relying party.
    pub rp_id: &'a str,
    /// The algorithm of its signatures.
    pub algorithm: Algorithm,
    /// The scalar or seed. Of algorithms whose private keys are longer, or derived from a seed of this key's own, none
    /// can be imported.
    pub private_key: &'a [u8; 32],
    /// `user.id`, for a discoverable credential: it replaces the account's older one.
    pub user_id: Option<&'a [u8]>,
    /// `user.name`.
    pub user_name: Option<&'a str>,
    /// `user.displayName`.
    pub user_display_name: Option<&'a str>,
    /// The counter: the next signature has one more.
    pub sign_count: u32,
    /// Its other properties.
    pub traits: Traits,
}

/// Why a credential was not imported.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ImportError {
    /// The ID is empty or too long.
    Id,
    /// The user's ID is empty or too long.
    UserId,
    /// The algorithm has no such private key.
    PrivateKey,
    /// There is a credential with this ID.
    Exists,
    /// The storage failed, or is full.
    Storage(StorageError),
    /// The random number generator failed.
    Rng,
}

impl fmt::Display for ImportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Id => write!(f, "a credential ID has 1 to {MAX_CREDENTIAL_ID} bytes"),
            Self::UserId => write!(f, "a user handle has 1 to {USER_ID_MAX} bytes"),
            Self::PrivateKey => f.write_str("the private key is none of this algorithm"),
            Self::Exists => f.write_str("there is a credential with this ID already"),
            Self::Storage(error) => error.fmt(f),
            Self::Rng => f.write_str("the random number generator failed"),
        }
    }
}

impl core::error::Error for ImportError {}

impl From<StorageError> for ImportError {
    fn from(error: StorageError) -> Self {
        Self::Storage(error)
    }
}

impl MasterSecret {
    /// Seals the part of an imported credential that its record keeps secret.
    fn seal_imported(
        &self,
        rng: &mut impl TryRng,
        rp_id_hash: &[u8; 32],
        new: &Import<'_>,
    ) -> Result<Vec<u8, SEALED>, ImportError> {
        let mut nonce = [0; NONCE];
        rng.try_fill_bytes(&mut nonce).map_err(|_| ImportError::Rng)?;
        let (discoverable, locator) = match new.user_id {
            Some(user_id) => (true, locator(user_id)),
            None => (false, locator(new.id)),
        };
        let credential = Credential {
            algorithm: new.algorithm,
            kind: Kind::NonDiscoverable,
            traits: new.traits,
            nonce,
            imported: None,
        };
        let mask = self.mask(&credential, rp_id_hash);
        let masked = new.private_key.iter().zip(mask.iter()).map(|(key, mask)| key ^ mask);
        let bits = new.traits.encode() << 1 | u8::from(discoverable);
        let parts = [new.algorithm.code(), bits].into_iter().chain(locator).chain(masked);
        let mut body = parts.collect::<Vec<u8, BODY>>();
        let tag = self.encrypt(VERSION, &nonce, rp_id_hash, &mut body);
        let tag = tag.map_err(|_| ImportError::Storage(StorageError::Failed))?;
        Ok([VERSION].into_iter().chain(nonce).chain(body).chain(tag).collect())
    }

    /// Opens the sealed part of an imported credential's record.
    pub(super) fn open_imported(&self, sealed: &[u8], rp_id_hash: &[u8; 32]) -> Option<Credential> {
        let (&[VERSION], rest) = sealed.split_first_chunk::<1>()? else {
            return None;
        };
        let (nonce, rest) = rest.split_first_chunk::<NONCE>()?;
        let (sealed, tag) = rest.split_last_chunk::<TAG>()?;
        let mut body: [u8; BODY] = sealed.try_into().ok()?;
        self.decrypt(VERSION, nonce, rp_id_hash, &mut body, tag)?;
        let (&[algorithm, bits], rest) = body.split_first_chunk::<TRAITS>()?;
        let (&locator, masked) = rest.split_first_chunk::<USER>()?;
        Some(Credential {
            algorithm: Algorithm::from_code(algorithm)?,
            kind: match bits & 1 {
                0 => Kind::Imported(locator),
                _ => Kind::Discoverable(locator),
            },
            traits: Traits::decode(bits >> 1)?,
            nonce: *nonce,
            imported: Some(masked.try_into().ok()?),
        })
    }

    /// The private key that was masked.
    pub(super) fn unmask(
        &self,
        credential: &Credential,
        rp_id_hash: &[u8; 32],
        masked: &[u8; 32],
    ) -> Result<PrivateKey, Status> {
        let mut key = self.mask(credential, rp_id_hash);
        key.iter_mut().zip(masked).for_each(|(key, masked)| *key ^= masked);
        PrivateKey::new(credential.algorithm, key).ok_or(Status::Other)
    }

    fn mask(&self, credential: &Credential, rp_id_hash: &[u8; 32]) -> Zeroizing<[u8; 32]> {
        self.derive(credential, rp_id_hash, &[b"imported private key", &[0]])
    }
}

impl<S: Storage> Store<S> {
    /// The imported credential of the relying party that hosts know by this ID.
    pub(super) fn find_imported(
        &mut self,
        id: &[u8],
        rp_id_hash: &[u8; 32],
    ) -> Result<Option<Credential>, StorageError> {
        let mut value = [0; STORAGE_VALUE_MAX];
        let prefix = self.epoch.rp_prefix(rp_id_hash);
        // One that is not discoverable has its place by its ID; the accounts are looked through.
        let mut next = self.epoch.record_key(rp_id_hash, Kind::Imported(locator(id)));
        let mut account: Option<RecordKey> = None;
        while let Some(key) = next {
            let record = Record::read(&mut self.storage, &key, &mut value)?;
            let record = record.filter(|record| record.id == id && record.imported.is_some());
            if let Some(credential) = record.and_then(|record| self.credential(&record, rp_id_hash)) {
                return Ok(Some(credential));
            }
            next = next_key(&mut self.storage, &prefix, account.as_ref().map(RecordKey::bytes))?;
            account = next;
        }
        Ok(None)
    }

    /// Keeps a credential whose private key comes from outside.
    pub(crate) fn import(&mut self, rng: &mut impl TryRng, new: &Import<'_>) -> Result<(), ImportError> {
        if new.id.is_empty() || new.id.len() > MAX_CREDENTIAL_ID {
            return Err(ImportError::Id);
        }
        if new.user_id.is_some_and(|id| id.is_empty() || id.len() > USER_ID_MAX) {
            return Err(ImportError::UserId);
        }
        if !new.algorithm.takes_its_seed_as_it_is()
            || PrivateKey::new(new.algorithm, Zeroizing::new(*new.private_key)).is_none()
        {
            return Err(ImportError::PrivateKey);
        }
        let rp_id_hash = sha256(&[new.rp_id.as_bytes()]);
        let is_own = self.open(new.id, &rp_id_hash)?.is_some();
        if is_own || self.find_recorded(new.id)?.is_some() {
            return Err(ImportError::Exists);
        }
        let newest = self.newest(&rp_id_hash, None, |_| true)?;
        let sealed = self.secret.seal_imported(rng, &rp_id_hash, new)?;
        let kind = match new.user_id {
            Some(user_id) => Kind::discoverable(user_id),
            None => Kind::Imported(locator(new.id)),
        };
        let key = self.epoch.record_key(&rp_id_hash, kind);
        let record = Record {
            id: new.id,
            rp_id: new.rp_id,
            user_id: new.user_id.unwrap_or_default(),
            user_name: new.user_name,
            user_display_name: new.user_display_name,
            sequence: newest.map_or(0, |newest| newest.sequence.saturating_add(1)),
            counter_reserved: new.sign_count,
            cred_blob: &[],
            rp_id_hash: (new.rp_id.len() > RP_ID_MAX).then_some(&rp_id_hash),
            imported: Some(&sealed),
        };
        let key = key.ok_or(StorageError::Failed)?;
        Ok(self.keep(&key, &record)?)
    }

    /// What the keys of all credentials that have records begin with: the discoverable ones', the imported ones'.
    pub(crate) fn recorded_prefixes(&self) -> [[u8; 6]; 2] {
        [self.epoch.credential_prefix(), self.epoch.imported_prefix()]
    }

    /// The counter of an account as it stands.
    pub(crate) fn sign_count_of(&self, account: &Account<'_>) -> u32 {
        let Account { credential, record, .. } = account;
        self.counters.own(&credential.nonce, record.counter_reserved)
    }

    /// Deletes the credential with this ID, if it has a record: `false` where there is none.
    pub(crate) fn delete_recorded(&mut self, id: &[u8]) -> Result<bool, StorageError> {
        let mut value = [0; STORAGE_VALUE_MAX];
        let Some(account) = self.recorded(id, &mut value)? else {
            return Ok(false);
        };
        self.delete(&account)?;
        Ok(true)
    }

    /// Sets the counter of the credential with this ID, if it has a record: `false` where there is none.
    pub(crate) fn set_sign_count_of(&mut self, id: &[u8], count: u32) -> Result<bool, StorageError> {
        let mut value = [0; STORAGE_VALUE_MAX];
        let Some(account) = self.recorded(id, &mut value)? else {
            return Ok(false);
        };
        let record = Record {
            counter_reserved: count,
            ..account.record
        };
        record.write(&mut self.storage, &account.key)?;
        self.counters.forget(&account.credential.nonce);
        Ok(true)
    }

    /// Sets the counter that all credentials without a record share.
    pub(crate) fn set_shared_sign_count(&mut self, count: u32) -> Result<(), StorageError> {
        self.counters.set_shared(&mut self.storage, count)
    }

    fn recorded<'v>(
        &mut self,
        id: &[u8],
        value: &'v mut [u8; STORAGE_VALUE_MAX],
    ) -> Result<Option<Account<'v>>, StorageError> {
        match self.find_recorded(id)? {
            Some(key) => self.next_whole(key.bytes(), None, value, |_| true),
            None => Ok(None),
        }
    }

    /// The key of the record with this credential ID.
    fn find_recorded(&mut self, id: &[u8]) -> Result<Option<RecordKey>, StorageError> {
        let mut value = [0; STORAGE_VALUE_MAX];
        for prefix in self.recorded_prefixes() {
            if let Some(account) = self.next_whole(&prefix, None, &mut value, |record| record.id == id)? {
                return Ok(Some(account.key));
            }
        }
        Ok(None)
    }
}

#[cfg(test)]
mod tests;
