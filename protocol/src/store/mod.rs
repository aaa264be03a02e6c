//! What the key keeps: a root record, records of its epoch, a few that outlive a reset, and the accounts of one-time
//! codes with a root of their own.
//!
//! | key | value | file |
//! |---|---|---|
//! | `R` | schema (1) ‖ whether a reset must be finished (1) ‖ epoch (4) ‖ master secret (32) | `root.rs` |
//! | `E` ‖ epoch (4) ‖ `C` ‖ RP (16) ‖ user (16) | a [`Record`] in CBOR | `record.rs` |
//! | `E` ‖ epoch (4) ‖ `I` ‖ RP (16) ‖ ID (16) | the same, imported and not discoverable | `import.rs` |
//! | `E` ‖ epoch (4) ‖ `L` … | the large-blob array, in chunks | `large_blobs.rs` |
//! | `E` ‖ epoch (4) ‖ `P` | the PIN | `pin.rs` |
//! | `E` ‖ epoch (4) ‖ `S` | the settings | `settings.rs` |
//! | `E` ‖ epoch (4) ‖ `V` | how often the discoverable credentials changed | `changes.rs` |
//! | `N` | the shared signature counter | `counter.rs` |
//! | `A`, `X` | attestation certificates | [`attestation`] |
//! | `O` | the root of the one-time codes | `oath/root.rs` |
//! | `T` ‖ name (16) | an account of one-time codes | `oath/account.rs` |
//!
//! RP, user, ID and name are the first 16 bytes of the SHA-256 of the RP ID, of the user ID, of the credential ID and
//! of the account's name. So an account has one key: replacing its credential is a single atomic write, a relying
//! party's accounts lie side by side, and finding them costs the same, however many others there are. Everything hangs
//! on the root: a reset writes a new epoch and secret there, and from that moment no record and no credential ID of
//! another epoch exists. What is left of them is removed and made unreadable then, or at the next start. OATH has a
//! reset of its own, which works likewise.
//!
//! Nothing secret is stored for a credential. Its ID carries a random nonce and what the key must know of it, sealed by
//! the key; the private key is derived from the key's master secret, that nonce and the RP ID hash
//! (`credential_id.rs`). A discoverable credential has a record besides, for what its relying party must find without
//! the ID.

pub mod attestation;
mod changes;
mod counter;
mod credential_id;
mod credentials;
mod epoch;
#[cfg(feature = "import")]
mod import;
mod large_blobs;
pub(crate) mod oath;
mod pin;
mod record;
mod records;
mod root;
mod settings;

pub(crate) use counter::Occasion;
pub use credential_id::{CredProtect, Credential, CredentialId, Kind, Traits};
pub use credentials::Account;
pub(crate) use credentials::Newest;
pub use epoch::RecordKey;
#[cfg(feature = "import")]
pub use import::{Import, ImportError};
pub(crate) use large_blobs::{TRAILER, Upload};
pub(crate) use pin::Pin;
pub use record::Record;
pub(crate) use records::Store;
pub use root::StartError;
pub(crate) use settings::{RpIdHashes, Settings};

#[cfg(test)]
mod tests;
