//! What the key keeps: a root record, and a record for each discoverable credential.
//!
//! | key | value |
//! |---|---|
//! | `R` | schema (1) ‖ whether a reset is to be finished (1) ‖ epoch (4) ‖ master secret (32) |
//! | `E` ‖ epoch (4) ‖ `C` ‖ RP (16) ‖ user (16) | a [`Record`] in CBOR |
//! | `E` ‖ epoch (4) ‖ `I` ‖ RP (16) ‖ ID (16) | a [`Record`] of an imported credential that is not discoverable |
//! | `E` ‖ epoch (4) ‖ `L` … | the large-blob array, in chunks |
//! | `E` ‖ epoch (4) ‖ `P` | the PIN, see [`Pin`] |
//! | `E` ‖ epoch (4) ‖ `S` | the settings, see [`Settings`] |
//! | `E` ‖ epoch (4) ‖ `V` | how often the discoverable credentials changed, see [`Changes`] |
//! | `N` | the shared signature counter, see [`Counters`] |
//!
//! RP, user and ID are the first 16 bytes of the SHA-256 of the RP ID, of the user ID and of the credential ID. So an account has one key:
//! replacing its credential is a single atomic write, a relying party's accounts lie side by side, and finding them
//! costs the same however many others there are. Everything hangs on the root: a reset writes a new epoch and secret
//! there, and from that moment no record and no credential ID of another epoch exists. What is left of them, whatever
//! it is, is collected and made unreadable then, or at the next start.

use rand_core::TryRng;

use super::changes::Changes;
use super::counter::Counters;
use super::epoch::{Epoch, RecordKey, next_key};
use super::id::{Credential, MasterSecret};
use super::root::{Root, StartError};
use crate::cbor::{Item, Writer};
use crate::crypto::sha256;
use crate::ctap2::{Status, key_store_error};
use crate::limits::{CRED_BLOB_MAX, RP_ID_MAX, SEALED_CREDENTIAL_ID, STORAGE_VALUE_MAX, USER_ID_MAX, USER_NAME_MAX};
use crate::pin::Pin;
use crate::platform::{Storage, StorageError};
use crate::settings::Settings;

/// What is kept of a discoverable credential besides what its ID says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Record<'a> {
    /// The credential ID.
    pub id: &'a [u8],
    /// The RP ID, at most [`RP_ID_MAX`] bytes of it.
    pub rp_id: &'a str,
    /// `user.id`.
    pub user_id: &'a [u8],
    /// `user.name`, at most [`USER_NAME_MAX`] bytes of it.
    pub user_name: Option<&'a str>,
    /// `user.displayName`, at most [`USER_NAME_MAX`] bytes of it.
    pub user_display_name: Option<&'a str>,
    /// Grows with each credential of a relying party: the newest has the largest.
    pub sequence: u32,
    /// The end of the block of counter values reserved last.
    pub counter_reserved: u32,
    /// credBlob (CTAP 2.3 §12.2): at most [`CRED_BLOB_MAX`] bytes that the relying party left here. Empty: none.
    pub cred_blob: &'a [u8],
    /// The SHA-256 of the RP ID, where that is longer than what is kept of it.
    pub rp_id_hash: Option<&'a [u8; 32]>,
    /// What an imported credential's ID does not say, its private key among it: sealed as other IDs are.
    pub imported: Option<&'a [u8]>,
}

impl<'a> Record<'a> {
    pub(super) fn decode(value: &'a [u8]) -> Option<Self> {
        let (item, []) = Item::split(value)? else {
            return None;
        };
        let mut record = Record {
            id: &[],
            rp_id: "",
            user_id: &[],
            user_name: None,
            user_display_name: None,
            sequence: 0,
            counter_reserved: 0,
            cred_blob: &[],
            rp_id_hash: None,
            imported: None,
        };
        for (key, value) in item.map().ok()? {
            match key.uint().ok()? {
                1 => record.id = value.bytes().ok()?,
                2 => record.rp_id = value.text().ok()?,
                3 => record.user_id = value.bytes().ok()?,
                4 => record.user_name = Some(value.text().ok()?),
                5 => record.user_display_name = Some(value.text().ok()?),
                6 => record.sequence = value.uint().ok()?.try_into().ok()?,
                7 => record.counter_reserved = u32::from_be_bytes(value.bytes().ok()?.try_into().ok()?),
                8 => record.cred_blob = value.bytes().ok()?,
                9 => record.rp_id_hash = Some(value.bytes().ok()?.try_into().ok()?),
                10 => record.imported = Some(value.bytes().ok()?),
                _ => {}
            }
        }
        Some(record)
    }

    fn encode(&self, value: &mut [u8; STORAGE_VALUE_MAX]) -> Result<usize, StorageError> {
        let optional = [
            self.user_name.is_some(),
            self.user_display_name.is_some(),
            !self.cred_blob.is_empty(),
            self.rp_id_hash.is_some(),
            self.imported.is_some(),
        ];
        let mut writer = Writer::new(value);
        writer.map(5 + optional.map(usize::from).iter().sum::<usize>());
        writer.uint(1).bytes(self.id);
        writer.uint(2).text(tail(self.rp_id, RP_ID_MAX));
        writer.uint(3).bytes(self.user_id);
        for (key, name) in [(4, self.user_name), (5, self.user_display_name)] {
            if let Some(name) = name {
                writer.uint(key).text(start(name, USER_NAME_MAX));
            }
        }
        writer.uint(6).uint(self.sequence.into());
        // Of one length whatever its value: counting needs no room.
        writer.uint(7).bytes(&self.counter_reserved.to_be_bytes());
        if !self.cred_blob.is_empty() {
            writer.uint(8).bytes(self.cred_blob);
        }
        if let Some(rp_id_hash) = self.rp_id_hash {
            writer.uint(9).bytes(rp_id_hash);
        }
        if let Some(imported) = self.imported {
            writer.uint(10).bytes(imported);
        }
        writer.finish().map_err(|_| StorageError::Full)
    }

    /// The SHA-256 of the whole RP ID.
    pub(super) fn full_rp_id_hash(&self) -> [u8; 32] {
        self.rp_id_hash
            .copied()
            .unwrap_or_else(|| sha256(&[self.rp_id.as_bytes()]))
    }
}

/// The longest record: all its parts at their longest, the hash of an RP ID, and 40 bytes for what is around them.
pub(super) const RECORD_MAX: usize =
    SEALED_CREDENTIAL_ID + RP_ID_MAX + USER_ID_MAX + 2 * USER_NAME_MAX + CRED_BLOB_MAX + 32 + 40;
const _: () = assert!(RECORD_MAX <= STORAGE_VALUE_MAX);

/// At most `max` bytes of the start of `text`, never half a character.
fn start(text: &str, max: usize) -> &str {
    text.get(..text.floor_char_boundary(max)).unwrap_or(text)
}

/// At most `max` bytes of the end of `text`: the part of a domain name that says whose it is.
fn tail(text: &str, max: usize) -> &str {
    text.get(text.ceil_char_boundary(text.len().saturating_sub(max))..)
        .unwrap_or(text)
}

/// The newest account of a relying party, and how many there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Newest {
    /// Its record.
    pub key: RecordKey,
    /// Its place in the order of creation.
    pub sequence: u32,
    /// How many accounts were looked at, this one among them.
    pub count: u32,
}

/// The record at `key`; `None` also for one that is damaged. It hides its own account, which can be registered anew,
/// and not the others of its relying party.
///
/// # Errors
/// The storage's.
pub fn read_record<'v>(
    storage: &mut impl Storage,
    key: &RecordKey,
    value: &'v mut [u8; STORAGE_VALUE_MAX],
) -> Result<Option<Record<'v>>, StorageError> {
    let length = storage.read(key.bytes(), value)?;
    Ok(length.and_then(|length| Record::decode(value.get(..length)?)))
}

/// Writes a record, in one piece: the account's older one, if any, is gone when this one is there.
///
/// # Errors
/// The storage's; [`StorageError::Full`] leaves the older one where it is.
pub fn write_record(storage: &mut impl Storage, key: &RecordKey, record: &Record<'_>) -> Result<(), StorageError> {
    let mut value = [0; STORAGE_VALUE_MAX];
    let length = record.encode(&mut value)?;
    storage.write(key.bytes(), value.get(..length).ok_or(StorageError::Failed)?)
}

/// The records of an epoch that shall never want for room.
fn take_places(storage: &mut impl Storage, epoch: Epoch) -> Result<(), StorageError> {
    Pin::take_place(storage, epoch)?;
    Settings::take_place(storage, epoch)?;
    Changes::take_place(storage, epoch)
}

/// The secrets and records of the running key.
pub struct Store {
    /// The epoch of all its records.
    pub epoch: Epoch,
    /// Seals credential IDs and derives their keys.
    pub secret: MasterSecret,
    /// The signature counters.
    pub counters: Counters,
    /// Counts the changes of the discoverable credentials.
    pub(super) changes: Changes,
}

impl Store {
    /// Power-up: reads the root record, or makes one for a new key, and finishes a reset that a power cut ended.
    ///
    /// # Errors
    /// [`StartError`]; what was stored is then as it was, but for what a reset had left behind.
    pub fn start(storage: &mut impl Storage, rng: &mut impl TryRng) -> Result<Self, StartError> {
        let mut root = match Root::read(storage)? {
            Some(root) => root,
            None => {
                let root = Root::new(Epoch(0), false, rng).ok_or(StartError::Rng)?;
                root.write(storage)?;
                root
            }
        };
        if root.reset_unfinished {
            root.finish_reset(storage)?;
        }
        take_places(storage, root.epoch)?;
        Ok(Self {
            epoch: root.epoch,
            secret: MasterSecret::new(&root.secret),
            counters: Counters::start(storage)?,
            changes: Changes::read(storage, root.epoch)?,
        })
    }

    /// Forgets every credential: one write of the root record does it, the rest is cleaning up.
    ///
    /// # Errors
    /// [`Status::KeyStoreFull`] where there is no room, not even for the new root: then nothing was changed.
    /// [`Status::Other`] where storage or randomness fails. The storage then holds the old secret or the new one, and
    /// this store must not be used again: start another, which also finishes the reset.
    pub fn reset(&mut self, storage: &mut impl Storage, rng: &mut impl TryRng) -> Result<(), Status> {
        let epoch = self.epoch.0.checked_add(1).map(Epoch).ok_or(Status::Other)?;
        let mut root = Root::new(epoch, true, rng).ok_or(Status::Other)?;
        root.write(storage).map_err(key_store_error)?;
        self.epoch = root.epoch;
        self.secret = MasterSecret::new(&root.secret);
        root.finish_reset(storage)?;
        take_places(storage, self.epoch)?;
        self.changes = Changes::read(storage, self.epoch)?;
        Ok(())
    }

    /// Opens a credential ID that a host presents for the relying party. `None` where it is not ours, or names a
    /// discoverable credential that was deleted or replaced.
    ///
    /// # Errors
    /// The storage's.
    pub fn open(
        &self,
        storage: &mut impl Storage,
        id: &[u8],
        rp_id_hash: &[u8; 32],
    ) -> Result<Option<Credential>, StorageError> {
        let Some(credential) = self.secret.open(id, rp_id_hash) else {
            #[cfg(feature = "import")]
            return self.find_imported(storage, id, rp_id_hash);
            #[cfg(not(feature = "import"))]
            return Ok(None);
        };
        let Some(key) = self.epoch.record_key(rp_id_hash, credential.kind) else {
            return Ok(Some(credential));
        };
        let mut value = [0; STORAGE_VALUE_MAX];
        let record = read_record(storage, &key, &mut value)?;
        Ok(record.is_some_and(|record| record.id == id).then_some(credential))
    }

    /// The credential of a record; `None` for one that this key did not write.
    #[must_use]
    pub fn credential(&self, record: &Record<'_>, rp_id_hash: &[u8; 32]) -> Option<Credential> {
        match record.imported {
            None => self.secret.open(record.id, rp_id_hash),
            #[cfg(feature = "import")]
            Some(sealed) => self.secret.open_imported(sealed, rp_id_hash),
            #[cfg(not(feature = "import"))]
            Some(_) => None,
        }
    }

    /// The newest account of the relying party among those that `usable` accepts and that are older than `before`.
    ///
    /// # Errors
    /// The storage's.
    pub fn newest(
        &self,
        storage: &mut impl Storage,
        rp_id_hash: &[u8; 32],
        before: Option<u32>,
        usable: impl Fn(&Credential) -> bool,
    ) -> Result<Option<Newest>, StorageError> {
        let prefix = self.epoch.rp_prefix(rp_id_hash);
        let mut newest: Option<Newest> = None;
        let mut after: Option<RecordKey> = None;
        let mut value = [0; STORAGE_VALUE_MAX];
        while let Some(key) = next_key(storage, &prefix, after.as_ref().map(RecordKey::bytes))? {
            after = Some(key);
            let Some(record) = read_record(storage, &key, &mut value)? else {
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
}
