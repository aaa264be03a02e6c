//! A key with a vendor's certificates.

use std::sync::LazyLock;

use brasskey::attestation_lab::{Lab, Model};
use brasskey::soft::storage::MemoryStorage;

/// The model's AAGUID.
pub const AAGUID: [u8; 16] = *b"a vendor's model";
/// The relying party that may ask for vendor-facilitated enterprise attestation.
pub const RP_ID: &str = "enterprise.example";

static LAB: LazyLock<Lab> = LazyLock::new(|| {
    let model = Model {
        aaguid: AAGUID,
        name: "Model One".to_owned(),
        organization: "Example".to_owned(),
        country: "DE".to_owned(),
    };
    Lab::new(model).expect("certificates")
});

/// The certificate of the batch, and that of the one key (DER).
pub fn certificates() -> [&'static [u8]; 2] {
    [LAB.batch.der(), LAB.enterprise.der()]
}

pub(super) fn storage() -> MemoryStorage {
    let mut storage = MemoryStorage::new();
    LAB.install(&mut storage, &[RP_ID]).expect("certificates installed");
    storage
}
