//! The relying party: it trusts nothing that a key says about itself, and computes everything from the raw bytes.
//!
//! Every step of WebAuthn Level 3 §7.1 and §7.2 is a check of its own, and says why it passed or failed. One more check
//! comes last, `second reader`: the relying-party library [`caden`](webauthn) reads the whole answer too. If it refuses
//! what our checks accept, the answer is refused. It is not an independent verification, because our checks and `caden`
//! both use `ring`. Neither shares code with the key.
//!
//! `caden` knows ES256, ES384, EdDSA and RS256, `packed` with and without certificates, and `fido-u2f`. For other
//! algorithms there is no second reader, and the check says so. `caden` calls itself a learning project: so it may
//! refuse an answer, but its consent alone is not enough. What it leaves open is checked here: the credential ID, user
//! verification at registration, canonical CBOR and trailing bytes, the statement of `none`, and what it does not know.
//!
//! Signatures are verified with other code than the key's, where there is any: `ring` for P-256, P-384, Ed25519 and
//! RSA, `fips204` for ML-DSA. For ES256K and ES512 there is no second well-kept implementation in Rust: there, key and
//! relying party share `k256` and `p521`.

mod algorithm;
mod attestation;
mod authentication;
mod checks;
mod extensions;
pub mod profile;
mod registration;
pub mod registrations;
mod report;
mod second_reader;
mod single;

#[cfg(test)]
mod tests;

pub use authentication::{Authentication, ExpectedAuthentication, verify_authentication};
pub use registration::{Credential, ExpectedRegistration, verify_registration};
pub use report::{Check, Outcome, Report};
pub(crate) use single::{attestation as judge_attestation, public_key, signature as judge_signature};
