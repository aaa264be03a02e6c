//! How often the discoverable credentials changed: what encCredStoreState stands for (CTAP 2.3 §6.4).
//!
//! The count goes up in storage before each change, so that no two contents of the store have the same count, whatever
//! a power cut leaves. A cut between the two counts a change that was not made, which harms nobody.

use super::credential_id::MasterSecret;
use crate::bytes::first;

/// The kind of the record: eight bytes.
pub(super) const TAG: u8 = b'V';

/// The change counter of one epoch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Changes(u64);

impl Changes {
    pub(super) fn decode(record: [u8; 8]) -> Self {
        Self(u64::from_be_bytes(record))
    }

    pub(super) fn encode(self) -> [u8; 8] {
        self.0.to_be_bytes()
    }

    /// The count after one more change.
    pub(super) fn next(self) -> Self {
        Self(self.0.wrapping_add(1))
    }

    /// The credential store state: 16 bytes that stand for this count, until the next reset.
    pub(super) fn state(self, secret: &MasterSecret) -> [u8; 16] {
        first(&secret.device_secret("credential store state", &self.encode()))
    }
}
