//! The discoverable credentials as authenticatorCredentialManagement sees them: listed, counted, changed, deleted.
//!
//! A list goes on behind the key it reached, so that each step costs the same however many credentials there are.
//! Only whole ones are listed and counted: hosts ask for as many steps as the first answer promised.

use super::epoch::{RecordKey, next_key};
use super::id::{Credential, Kind};
use super::store::{RECORD_MAX, Record, Store, write_record};
use crate::limits::{RESERVED_RECORDS, STORAGE_KEY_MAX, STORAGE_VALUE_MAX};
use crate::platform::{Storage, StorageError};

/// A discoverable credential that is whole: its record can be read, and its ID opens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Account<'v> {
    /// Where its record is.
    pub key: RecordKey,
    /// The SHA-256 of the whole RP ID.
    pub rp_id_hash: [u8; 32],
    /// What its ID says.
    pub credential: Credential,
    /// What its record says.
    pub record: Record<'v>,
}

impl Store {
    /// How many discoverable credentials there are. A damaged one, which is not listed, takes its place all the same.
    ///
    /// # Errors
    /// The storage's.
    pub fn count(&self, storage: &mut impl Storage) -> Result<u32, StorageError> {
        let prefix = self.epoch.credential_prefix();
        let mut count = 0;
        let mut last: Option<RecordKey> = None;
        while let Some(key) = next_key(storage, &prefix, last.as_ref().map(RecordKey::bytes))? {
            count += 1;
            last = Some(key);
        }
        Ok(count)
    }

    /// How many more discoverable credentials fit for certain: beside what the key keeps besides, which must find its
    /// place also when a host made as many as it could.
    ///
    /// # Errors
    /// The storage's.
    pub fn remaining(&self, storage: &mut impl Storage) -> Result<u32, StorageError> {
        Ok(storage.room(RECORD_MAX)?.saturating_sub(RESERVED_RECORDS))
    }

    /// The first account of a relying party behind `after` in the order of keys.
    ///
    /// # Errors
    /// The storage's.
    pub fn next_account<'v>(
        &self,
        storage: &mut impl Storage,
        rp_id_hash: &[u8; 32],
        after: Option<&RecordKey>,
        value: &'v mut [u8; STORAGE_VALUE_MAX],
    ) -> Result<Option<Account<'v>>, StorageError> {
        let prefix = self.epoch.rp_prefix(rp_id_hash);
        self.next_whole(storage, &prefix, after.map(RecordKey::bytes), value, |record| {
            record.full_rp_id_hash() == *rp_id_hash
        })
    }

    /// An account of the first relying party behind that of `after`, in the order of keys.
    ///
    /// # Errors
    /// The storage's.
    pub fn next_relying_party<'v>(
        &self,
        storage: &mut impl Storage,
        after: Option<&RecordKey>,
        value: &'v mut [u8; STORAGE_VALUE_MAX],
    ) -> Result<Option<Account<'v>>, StorageError> {
        let prefix = self.epoch.credential_prefix();
        let behind = after.map(behind_relying_party);
        self.next_whole(storage, &prefix, behind.as_ref().map(|key| &key[..]), value, |_| true)
    }

    /// How many accounts the relying party has.
    ///
    /// # Errors
    /// The storage's.
    pub fn count_accounts(&self, storage: &mut impl Storage, rp_id_hash: &[u8; 32]) -> Result<u32, StorageError> {
        let mut value = [0; STORAGE_VALUE_MAX];
        let mut count = 0;
        let mut last: Option<RecordKey> = None;
        while let Some(account) = self.next_account(storage, rp_id_hash, last.as_ref(), &mut value)? {
            count += 1;
            last = Some(account.key);
        }
        Ok(count)
    }

    /// How many relying parties have accounts.
    ///
    /// # Errors
    /// The storage's.
    pub fn count_relying_parties(&self, storage: &mut impl Storage) -> Result<u32, StorageError> {
        let mut value = [0; STORAGE_VALUE_MAX];
        let mut count = 0;
        let mut last: Option<RecordKey> = None;
        while let Some(account) = self.next_relying_party(storage, last.as_ref(), &mut value)? {
            count += 1;
            last = Some(account.key);
        }
        Ok(count)
    }

    /// The account with this credential ID. Without an RP ID hash, which would open the ID, all are looked through.
    ///
    /// # Errors
    /// The storage's.
    pub fn account_by_id<'v>(
        &self,
        storage: &mut impl Storage,
        id: &[u8],
        rp_id_hash: Option<&[u8; 32]>,
        value: &'v mut [u8; STORAGE_VALUE_MAX],
    ) -> Result<Option<Account<'v>>, StorageError> {
        let wanted = |record: &Record<'_>| record.id == id;
        let Some(rp_id_hash) = rp_id_hash else {
            return self.next_whole(storage, &self.epoch.credential_prefix(), None, value, wanted);
        };
        let opened = self.open(storage, id, rp_id_hash)?;
        let opened = opened.filter(|credential| matches!(credential.kind, Kind::Discoverable(_)));
        match opened.and_then(|credential| self.epoch.record_key(rp_id_hash, credential.kind)) {
            Some(key) => self.next_whole(storage, key.bytes(), None, value, wanted),
            None => Ok(None),
        }
    }

    /// Keeps a record, in one piece: the account's older one, if any, is gone when this one is there.
    ///
    /// # Errors
    /// The storage's; [`StorageError::Full`] leaves the older one where it is.
    pub fn keep(
        &mut self,
        storage: &mut impl Storage,
        key: &RecordKey,
        record: &Record<'_>,
    ) -> Result<(), StorageError> {
        if self.remaining(storage)? == 0 && storage.read(key.bytes(), &mut [0; STORAGE_VALUE_MAX])?.is_none() {
            return Err(StorageError::Full);
        }
        self.changes.announce(storage)?;
        write_record(storage, key, record)
    }

    /// Removes an account.
    ///
    /// # Errors
    /// The storage's: the account is still there, or not.
    pub fn delete(&mut self, storage: &mut impl Storage, account: &Account<'_>) -> Result<(), StorageError> {
        self.changes.announce(storage)?;
        storage.remove(account.key.bytes())?;
        self.counters.forget(&account.credential.nonce);
        Ok(())
    }

    /// What encCredStoreState says: another after each change of the discoverable credentials and after a reset.
    #[must_use]
    pub fn state(&self) -> [u8; 16] {
        self.changes.state(&self.secret)
    }

    /// The first whole account that is `wanted`, behind `after` among the keys that begin with `prefix`.
    pub(super) fn next_whole<'v>(
        &self,
        storage: &mut impl Storage,
        prefix: &[u8],
        after: Option<&[u8]>,
        value: &'v mut [u8; STORAGE_VALUE_MAX],
        wanted: impl Fn(&Record<'_>) -> bool,
    ) -> Result<Option<Account<'v>>, StorageError> {
        let mut next = next_key(storage, prefix, after)?;
        while let Some(key) = next {
            let length = storage.read(key.bytes(), value)?;
            let whole = length
                .and_then(|length| Record::decode(value.get(..length)?))
                .filter(&wanted)
                .and_then(|record| self.open_whole(&key, &record));
            if let Some((credential, rp_id_hash)) = whole {
                let record = length.and_then(|length| Record::decode(value.get(..length)?));
                return Ok(record.map(|record| Account {
                    key,
                    rp_id_hash,
                    credential,
                    record,
                }));
            }
            next = next_key(storage, prefix, Some(key.bytes()))?;
        }
        Ok(None)
    }

    /// The credential of a record that is in its own place, and its RP ID hash; `None` for a damaged one.
    fn open_whole(&self, key: &RecordKey, record: &Record<'_>) -> Option<(Credential, [u8; 32])> {
        let rp_id_hash = record.full_rp_id_hash();
        let credential = self.credential(record, &rp_id_hash)?;
        (self.epoch.record_key(&rp_id_hash, credential.kind)? == *key).then_some((credential, rp_id_hash))
    }
}

/// Comes after all keys of the relying party and before those of the next.
fn behind_relying_party(key: &RecordKey) -> [u8; STORAGE_KEY_MAX] {
    let mut behind = [0xff; STORAGE_KEY_MAX];
    let rp = key.bytes().iter().take(RecordKey::RP_PREFIX);
    behind.iter_mut().zip(rp).for_each(|(to, from)| *to = *from);
    behind
}
