//! The credentials: opened by their IDs, found by their relying parties, listed, counted, changed and deleted.
//!
//! A list continues after the record key that it reached. So each step costs the same, however many credentials there
//! are. Only whole credentials are listed and counted: hosts ask for as many steps as the first answer promised.

use rand_core::TryRng;

use super::counter::Occasion;
use super::credential_id::{Credential, Kind};
use super::epoch::{RecordKey, next_key};
use super::record::{RECORD_MAX, Record};
use super::records::Store;
use crate::limits::{RESERVED_RECORDS, STORAGE_VALUE_MAX};
use crate::platform::{Storage, StorageError};
use crate::status::Status;

/// The newest account of a relying party, and how many there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Newest {
    /// Its record.
    pub(crate) key: RecordKey,
    /// Its place in the order of creation.
    pub(crate) sequence: u32,
    /// How many accounts were considered, including this one.
    pub(crate) count: u32,
}

/// A discoverable credential that is whole: its record can be read, and its ID opens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Account<'v> {
    /// The key of its record.
    pub key: RecordKey,
    /// The SHA-256 of the whole RP ID.
    pub rp_id_hash: [u8; 32],
    /// What its ID says.
    pub credential: Credential,
    /// What its record says.
    pub record: Record<'v>,
}

impl<S: Storage> Store<S> {
    /// Opens a credential ID that a host presents for the relying party. `None` where it is not ours, or where the
    /// discoverable credential was deleted or replaced.
    pub(crate) fn open(&mut self, id: &[u8], rp_id_hash: &[u8; 32]) -> Result<Option<Credential>, StorageError> {
        let Some(credential) = self.secret.open(id, rp_id_hash) else {
            #[cfg(feature = "import")]
            return self.find_imported(id, rp_id_hash);
            #[cfg(not(feature = "import"))]
            return Ok(None);
        };
        let Some(key) = self.epoch.record_key(rp_id_hash, credential.kind) else {
            return Ok(Some(credential));
        };
        let mut value = [0; STORAGE_VALUE_MAX];
        let record = Record::read(&mut self.storage, &key, &mut value)?;
        Ok(record.is_some_and(|record| record.id == id).then_some(credential))
    }

    /// The credential of a record; `None` for one that this key did not write.
    pub(crate) fn credential(&self, record: &Record<'_>, rp_id_hash: &[u8; 32]) -> Option<Credential> {
        match record.imported {
            None => self.secret.open(record.id, rp_id_hash),
            #[cfg(feature = "import")]
            Some(sealed) => self.secret.open_imported(sealed, rp_id_hash),
            #[cfg(not(feature = "import"))]
            Some(_) => None,
        }
    }

    /// The record at `key`; `None` also for one that is damaged. A damaged record hides its own account, which can be
    /// registered anew, but not the others of its relying party.
    pub(crate) fn record<'v>(
        &mut self,
        key: &RecordKey,
        value: &'v mut [u8; STORAGE_VALUE_MAX],
    ) -> Result<Option<Record<'v>>, StorageError> {
        Record::read(&mut self.storage, key, value)
    }

    /// The key of the record of a credential that has one.
    pub(crate) fn record_key(&self, rp_id_hash: &[u8; 32], kind: Kind) -> Option<RecordKey> {
        self.epoch.record_key(rp_id_hash, kind)
    }

    /// The newest account of the relying party among those that `usable` accepts and that are older than `before`.
    pub(crate) fn newest(
        &mut self,
        rp_id_hash: &[u8; 32],
        before: Option<u32>,
        usable: impl Fn(&Credential) -> bool,
    ) -> Result<Option<Newest>, StorageError> {
        let prefix = self.epoch.rp_prefix(rp_id_hash);
        let mut newest: Option<Newest> = None;
        let mut after: Option<RecordKey> = None;
        let mut value = [0; STORAGE_VALUE_MAX];
        while let Some(key) = next_key(&mut self.storage, &prefix, after.as_ref().map(RecordKey::bytes))? {
            after = Some(key);
            let Some(record) = Record::read(&mut self.storage, &key, &mut value)? else {
                continue;
            };
            if before.is_some_and(|before| record.sequence >= before)
                || !self
                    .credential(&record, rp_id_hash)
                    .is_some_and(|credential| usable(&credential))
            {
                continue;
            }
            let count = newest.map_or(0, |newest| newest.count).saturating_add(1);
            newest = Some(match newest {
                Some(newest) if newest.sequence > record.sequence => Newest { count, ..newest },
                _ => Newest {
                    key,
                    sequence: record.sequence,
                    count,
                },
            });
        }
        Ok(newest)
    }

    /// The counter that a signature carries. For a credential that may leave the key it never changes: it is 0, unless
    /// the credential was imported with another value.
    ///
    /// # Errors
    /// [`Status::Other`] where storage or randomness fails: then no signature may leave.
    pub(crate) fn sign_count(
        &mut self,
        rng: &mut impl TryRng,
        credential: &Credential,
        rp_id_hash: &[u8; 32],
        occasion: Occasion,
    ) -> Result<u32, Status> {
        let counters = &mut self.counters;
        let may_leave = credential.traits.backup_eligible;
        let Some(key) = self.epoch.record_key(rp_id_hash, credential.kind) else {
            return match occasion {
                _ if may_leave => Ok(0),
                Occasion::Silent => Ok(counters.shared()),
                _ => counters.next_shared(&mut self.storage, rng, occasion),
            };
        };
        let mut value = [0; STORAGE_VALUE_MAX];
        let record = Record::read(&mut self.storage, &key, &mut value)?.ok_or(Status::Other)?;
        let (nonce, reserved) = (&credential.nonce, record.counter_reserved);
        if may_leave || occasion == Occasion::Silent {
            return Ok(counters.own(nonce, reserved));
        }
        let reserve = |counter_reserved| {
            let record = Record {
                counter_reserved,
                ..record
            };
            record.write(&mut self.storage, &key)
        };
        Ok(counters.next_own(nonce, reserved, occasion.limit(), reserve)?)
    }

    /// How many discoverable credentials there are, with the damaged ones: they are not listed, but take room.
    pub(crate) fn count(&mut self) -> Result<u32, StorageError> {
        let prefix = self.epoch.credential_prefix();
        let mut count = 0;
        let mut last: Option<RecordKey> = None;
        while let Some(key) = next_key(&mut self.storage, &prefix, last.as_ref().map(RecordKey::bytes))? {
            count += 1;
            last = Some(key);
        }
        Ok(count)
    }

    /// How many more discoverable credentials certainly fit. What else the key keeps must still find room when a host
    /// made as many credentials as it could.
    pub(crate) fn remaining(&mut self) -> Result<u32, StorageError> {
        Ok(self.storage.room(RECORD_MAX)?.saturating_sub(RESERVED_RECORDS))
    }

    /// The first account of a relying party after `after`, in the order of keys.
    pub(crate) fn next_account<'v>(
        &mut self,
        rp_id_hash: &[u8; 32],
        after: Option<&RecordKey>,
        value: &'v mut [u8; STORAGE_VALUE_MAX],
    ) -> Result<Option<Account<'v>>, StorageError> {
        let prefix = self.epoch.rp_prefix(rp_id_hash);
        self.next_whole(&prefix, after.map(RecordKey::bytes), value, |record| {
            record.full_rp_id_hash() == *rp_id_hash
        })
    }

    /// An account of the first relying party after that of `after`, in the order of keys.
    pub(crate) fn next_relying_party<'v>(
        &mut self,
        after: Option<&RecordKey>,
        value: &'v mut [u8; STORAGE_VALUE_MAX],
    ) -> Result<Option<Account<'v>>, StorageError> {
        let prefix = self.epoch.credential_prefix();
        let behind = after.map(RecordKey::after_relying_party);
        self.next_whole(&prefix, behind.as_ref().map(|key| &key[..]), value, |_| true)
    }

    /// How many accounts the relying party has.
    pub(crate) fn count_accounts(&mut self, rp_id_hash: &[u8; 32]) -> Result<u32, StorageError> {
        let mut value = [0; STORAGE_VALUE_MAX];
        let mut count = 0;
        let mut last: Option<RecordKey> = None;
        while let Some(account) = self.next_account(rp_id_hash, last.as_ref(), &mut value)? {
            count += 1;
            last = Some(account.key);
        }
        Ok(count)
    }

    /// How many relying parties have accounts.
    pub(crate) fn count_relying_parties(&mut self) -> Result<u32, StorageError> {
        let mut value = [0; STORAGE_VALUE_MAX];
        let mut count = 0;
        let mut last: Option<RecordKey> = None;
        while let Some(account) = self.next_relying_party(last.as_ref(), &mut value)? {
            count += 1;
            last = Some(account.key);
        }
        Ok(count)
    }

    /// The account with this credential ID. Without an RP ID hash, which would open the ID, this searches all accounts.
    pub(crate) fn account_by_id<'v>(
        &mut self,
        id: &[u8],
        rp_id_hash: Option<&[u8; 32]>,
        value: &'v mut [u8; STORAGE_VALUE_MAX],
    ) -> Result<Option<Account<'v>>, StorageError> {
        let wanted = |record: &Record<'_>| record.id == id;
        let Some(rp_id_hash) = rp_id_hash else {
            return self.next_whole(&self.epoch.credential_prefix(), None, value, wanted);
        };
        let opened = self.open(id, rp_id_hash)?;
        let opened = opened.filter(|credential| matches!(credential.kind, Kind::Discoverable(_)));
        match opened.and_then(|credential| self.epoch.record_key(rp_id_hash, credential.kind)) {
            Some(key) => self.next_whole(key.bytes(), None, value, wanted),
            None => Ok(None),
        }
    }

    /// Writes a record, in one piece: from that moment the account's older one, if any, is gone.
    ///
    /// # Errors
    /// [`StorageError::Full`] leaves the older one where it is.
    pub(crate) fn keep(&mut self, key: &RecordKey, record: &Record<'_>) -> Result<(), StorageError> {
        if self.remaining()? == 0 && self.storage.read(key.bytes(), &mut [0; STORAGE_VALUE_MAX])?.is_none() {
            return Err(StorageError::Full);
        }
        self.announce_change()?;
        record.write(&mut self.storage, key)
    }

    /// Removes an account. Where this fails, the account is still there, or not.
    pub(crate) fn delete(&mut self, account: &Account<'_>) -> Result<(), StorageError> {
        self.announce_change()?;
        self.storage.remove(account.key.bytes())?;
        self.counters.forget(&account.credential.nonce);
        Ok(())
    }

    /// The first whole account that is `wanted`, after `after` among the keys that begin with `prefix`.
    pub(crate) fn next_whole<'v>(
        &mut self,
        prefix: &[u8],
        after: Option<&[u8]>,
        value: &'v mut [u8; STORAGE_VALUE_MAX],
        wanted: impl Fn(&Record<'_>) -> bool,
    ) -> Result<Option<Account<'v>>, StorageError> {
        let mut next = next_key(&mut self.storage, prefix, after)?;
        while let Some(key) = next {
            let length = self.storage.read(key.bytes(), value)?;
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
            next = next_key(&mut self.storage, prefix, Some(key.bytes()))?;
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
