//! The keys of the records that a reset removes. They all begin with their epoch.

use super::credential_id::Kind;
use crate::bytes::{concat, first};
use crate::limits::STORAGE_KEY_MAX;
use crate::platform::{Storage, StorageError};

/// Begins the keys of all records that a reset removes.
pub(super) const OF_EPOCH: u8 = b'E';
const CREDENTIAL: u8 = b'C';
#[cfg(feature = "import")]
const IMPORTED: u8 = b'I';

/// Counts the resets. For the key, records of another epoch do not exist.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Epoch(pub(super) u32);

impl Epoch {
    pub(super) fn prefix(self) -> [u8; 5] {
        let [a, b, c, d] = self.0.to_be_bytes();
        [OF_EPOCH, a, b, c, d]
    }

    /// The key of the epoch's one record of a kind.
    pub(super) fn key(self, kind: u8) -> [u8; 6] {
        let [e, a, b, c, d] = self.prefix();
        [e, a, b, c, d, kind]
    }

    /// Begins the keys of all credentials.
    pub(super) fn credential_prefix(self) -> [u8; 6] {
        self.key(CREDENTIAL)
    }

    /// Begins the keys of all imported credentials that are not discoverable.
    #[cfg(feature = "import")]
    pub(super) fn imported_prefix(self) -> [u8; 6] {
        self.key(IMPORTED)
    }

    /// Begins the keys of a relying party's credentials.
    pub(super) fn rp_prefix(self, rp_id_hash: &[u8; 32]) -> [u8; RecordKey::RP_PREFIX] {
        concat(&[&self.credential_prefix(), &first::<16, 32>(rp_id_hash)])
    }

    /// The key of the record of a discoverable or an imported credential; `None` for another kind.
    pub(super) fn record_key(self, rp_id_hash: &[u8; 32], kind: Kind) -> Option<RecordKey> {
        let (tag, locator) = match kind {
            Kind::NonDiscoverable => return None,
            Kind::Discoverable(user) => (CREDENTIAL, user),
            #[cfg(feature = "import")]
            Kind::Imported(id) => (IMPORTED, id),
        };
        let rp = first::<16, 32>(rp_id_hash);
        Some(RecordKey(concat(&[&self.key(tag), &rp, &locator])))
    }
}

/// The key of a discoverable credential's record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RecordKey([u8; 38]);

impl RecordKey {
    /// The bytes that all accounts of a relying party have in common.
    pub(super) const RP_PREFIX: usize = 22;

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// Comes after all keys of the relying party and before those of the next.
    pub(super) fn after_relying_party(&self) -> [u8; STORAGE_KEY_MAX] {
        let rp: [u8; Self::RP_PREFIX] = first(&self.0);
        concat(&[&rp, &[0xff; STORAGE_KEY_MAX - Self::RP_PREFIX]])
    }
}

/// The first key of a credential's record that begins with `prefix` and comes after `after`.
pub(super) fn next_key(
    storage: &mut impl Storage,
    prefix: &[u8],
    after: Option<&[u8]>,
) -> Result<Option<RecordKey>, StorageError> {
    let mut found = [0; STORAGE_KEY_MAX];
    let Some(length) = storage.next_key(prefix, after, &mut found)? else {
        return Ok(None);
    };
    let key = found.get(..length).and_then(|key| key.try_into().ok());
    key.map(|key| Some(RecordKey(key))).ok_or(StorageError::Failed)
}
