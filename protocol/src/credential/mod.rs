//! Credentials: their sealed IDs, the discoverable ones' records, their keys and counters.
//!
//! Nothing secret is stored for a credential. Its ID carries a random nonce and what must be known of it, sealed by
//! the key; the private key is derived from the key's master secret, that nonce and the RP ID hash. A discoverable
//! credential has a record besides, for what its relying party shall find without knowing the ID.

mod algorithm;
mod counter;
mod id;
mod root;
mod store;

pub use algorithm::{Algorithm, CoseKey, PrivateKey, Signature};
pub use counter::Counters;
pub use id::{CredProtect, Credential, CredentialId, Kind, MasterSecret, Traits};
pub use root::StartError;
pub use store::{Epoch, Newest, Record, RecordKey, Store, read_record, write_record};

#[cfg(test)]
mod tests;
