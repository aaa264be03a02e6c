//! Credentials: their sealed IDs, the discoverable ones' records, their keys and counters.
//!
//! Nothing secret is stored for a credential. Its ID carries a random nonce and what must be known of it, sealed by
//! the key; the private key is derived from the key's master secret, that nonce and the RP ID hash. A discoverable
//! credential has a record besides, for what its relying party shall find without knowing the ID.

mod accounts;
mod algorithm;
mod changes;
mod counter;
mod epoch;
mod id;
#[cfg(feature = "import")]
mod import;
mod root;
mod store;

pub use accounts::Account;
pub use algorithm::{Algorithm, CoseKey, PrivateKey, Signature};
pub use changes::Changes;
pub use counter::{Counters, Occasion};
pub use epoch::{Epoch, RecordKey};
pub use id::{CredProtect, Credential, CredentialId, Kind, MasterSecret, Traits};
#[cfg(feature = "import")]
pub use import::{Import, ImportError};
pub use root::StartError;
pub use store::{Newest, Record, Store, read_record, write_record};

#[cfg(test)]
mod tests;
