//! The relying party: it trusts nothing that a key says about itself and re-derives everything from the raw bytes.
//!
//! Every step of WebAuthn Level 3 §7.1 and §7.2 is a check of its own, computed from the bytes and explained whether it
//! passes or not. After them comes one more, `independent verification`: the whole answer goes through the relying-party
//! library [`caden`](webauthn), which shares no code with the key, nor with our checks beyond `ring`. What our checks
//! pass and the library refuses is refused.
//!
//! Why `caden`: it verifies ES256 and EdDSA, `packed` with and without certificates, and `fido-u2f`, on `ring`, which
//! none of the key's backends (graviola, p256, ed25519-dalek) touches. Looked at and left: `webauthn-rs-core` 0.6.2
//! (p256 0.14, the key's own; no EdDSA), `webauthn_rp` 0.3.0 (RustCrypto; no certificates, no `fido-u2f`),
//! `passkey-auth` (RustCrypto), `webauthn-kit` (expects raw `r ‖ s` where WebAuthn has DER). `caden` calls itself a
//! learning project: that is why it has the last word and not the only one. What it leaves open is checked here: the
//! credential ID, user verification at registration, canonical CBOR and trailing bytes, the statement of `none`,
//! formats it does not know, and the algorithms that it does not know: of ES256, ES384, EdDSA and RS256 it has an
//! opinion, of the others there is none, and the check says so.
//!
//! The other algorithms are verified with what the key does not sign with, where there is such a thing: `ring` for all on
//! P-256, P-384 and Ed25519 and for RSA, `fips204` for ML-DSA. For ES256K and ES512 there is no second implementation in
//! Rust that is kept well: there, key and relying party share `k256` and `p521`.

mod algorithm;
mod attestation;
mod authentication;
pub(crate) mod authenticator_data;
mod ceremony;
mod challenge;
mod extensions;
mod independent;
pub mod profile;
mod registration;
pub mod registrations;
mod report;

#[cfg(test)]
mod tests;

pub use algorithm::Algorithm;
pub use authentication::{Authentication, ExpectedAuthentication, verify_authentication};
pub use challenge::{Challenge, NoRandomness};
pub use registration::{Credential, ExpectedRegistration, verify_registration};
pub use report::{Check, Outcome, Report};
