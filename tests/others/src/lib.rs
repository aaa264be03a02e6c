//! # Other people's keys
//!
//! What the keys of others need to be held to the standards by `brasskey conformance`: reports by UDP, a finger, and
//! somebody who unplugs them. Each program in `src/bin` is one key.
//!
//! | module | what it is |
//! |---|---|
//! | [`wire`] | reports by UDP, and what a hand does, which comes the same way |
//! | [`finger`] | a touch, as keys ask for it |
//! | [`engine`] | our CTAPHID, for keys that know messages and no reports |

/// The model that keys claim to be that have none of their own.
pub const AAGUID: [u8; 16] = *b"brasskey: others";

pub mod engine;
pub mod finger;
pub mod wire;

/// A certificate that says nothing and its private key, for keys that cannot do without: WebAuthn Level 3 §8.2.1 has
/// what is in it. `tests/others/README.md` has the command that made it.
pub mod attestation {
    /// X.509, DER.
    pub const CERTIFICATE: &[u8] = include_bytes!("../attestation/certificate.der");
    /// The scalar of P-256.
    pub const PRIVATE_KEY: &[u8; 32] = include_bytes!("../attestation/private-key");
}
