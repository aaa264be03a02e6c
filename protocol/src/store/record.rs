//! The record of a discoverable credential.

use super::epoch::RecordKey;
use crate::cbor::{Item, Writer};
use crate::crypto::sha256;
use crate::limits::{CRED_BLOB_MAX, RP_ID_MAX, SEALED_CREDENTIAL_ID, STORAGE_VALUE_MAX, USER_ID_MAX, USER_NAME_MAX};
use crate::platform::{Storage, StorageError};

/// What the key keeps of a discoverable credential besides its ID.
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
    /// credBlob (CTAP 2.3 §12.2): at most [`CRED_BLOB_MAX`] bytes of the relying party's. Empty: none.
    pub cred_blob: &'a [u8],
    /// The SHA-256 of the RP ID, where that is longer than what is kept of it.
    pub rp_id_hash: Option<&'a [u8; 32]>,
    /// For an imported credential, whose ID says nothing: algorithm, traits and private key, sealed as IDs are.
    pub imported: Option<&'a [u8]>,
}

impl<'a> Record<'a> {
    /// Reads the record at `key`; `None` also for one that is damaged.
    pub(super) fn read(
        storage: &mut impl Storage,
        key: &RecordKey,
        value: &'a mut [u8; STORAGE_VALUE_MAX],
    ) -> Result<Option<Self>, StorageError> {
        let length = storage.read(key.bytes(), value)?;
        Ok(length.and_then(|length| Self::decode(value.get(..length)?)))
    }

    /// Writes the record, in one piece: from that moment the account's older one, if any, is gone.
    ///
    /// # Errors
    /// [`StorageError::Full`] leaves the older one where it is.
    pub(super) fn write(&self, storage: &mut impl Storage, key: &RecordKey) -> Result<(), StorageError> {
        let mut value = [0; STORAGE_VALUE_MAX];
        let length = self.encode(&mut value)?;
        storage.write(key.bytes(), value.get(..length).ok_or(StorageError::Failed)?)
    }

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

    pub(super) fn encode(&self, value: &mut [u8; STORAGE_VALUE_MAX]) -> Result<usize, StorageError> {
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
        // This has the same length for every value: counting needs no room.
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
