//! Attestation (WebAuthn Level 3 §8; CTAP 2.3 §6.1.2 steps 9 and 19).
//!
//! Self attestation by default: it proves that the key holds the private key, and links no two accounts. Whoever makes
//! keys may [`install`] a certificate that a whole batch of them shares, and one for enterprises, which names the
//! single key and is used only where its owner has switched that on. Both belong to the hardware: a reset leaves them.
//!
//! | format | signed by the credential | by the batch certificate | by the enterprise certificate |
//! |---|---|---|---|
//! | `packed` | without a certificate installed | with one installed | where granted |
//! | `fido-u2f` | – | installed, or the public one | – |
//! | `none` | – | – | – |

mod certificate;
mod format;
mod statement;

pub use certificate::{Certificate, Enterprise, InstallError, Provision, install, installed};
pub use format::{Format, Preference};

pub(crate) use certificate::{Installed, for_u2f, is_vendor_facilitated};
pub(crate) use statement::{Plan, Subject};
