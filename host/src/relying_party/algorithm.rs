//! How signatures are verified, and public keys read.
//!
//! `ring` verifies what it can. `fips204` verifies ML-DSA: it shares nothing with the key's `ml-dsa`. For ES256K and
//! ES512 there is no second well-kept implementation in Rust: key and relying party share `k256` and `p521` of
//! RustCrypto.

use ring::signature::{
    ECDSA_P256_SHA256_ASN1, ECDSA_P384_SHA384_ASN1, ED25519, RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey,
    VerificationAlgorithm,
};

use crate::webauthn::Algorithm;

mod key;
mod more;

pub(super) use key::{PublicKey, cose_algorithm};

/// Algorithms that differ in name only.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Family {
    P256,
    P384,
    P521,
    Secp256k1,
    Ed25519,
    MlDsa44,
    MlDsa65,
    MlDsa87,
    Rsa,
}

impl Algorithm {
    const fn family(self) -> Family {
        match self {
            Self::Es256 | Self::Esp256 => Family::P256,
            Self::Es384 | Self::Esp384 => Family::P384,
            Self::Es512 | Self::Esp512 => Family::P521,
            Self::Es256k => Family::Secp256k1,
            Self::EdDsa | Self::Ed25519 => Family::Ed25519,
            Self::MlDsa44 => Family::MlDsa44,
            Self::MlDsa65 => Family::MlDsa65,
            Self::MlDsa87 => Family::MlDsa87,
            Self::Rs256 => Family::Rsa,
        }
    }

    /// The key of a certificate, in the form for [`verify`](Self::verify). `None` where it is for another algorithm, or
    /// for one that certificates of security keys do not use.
    pub(super) fn certified(self, subject_public_key: &[u8]) -> Option<Vec<u8>> {
        let fits = match self.family() {
            Family::P256 => subject_public_key.len() == 65,
            Family::P384 => subject_public_key.len() == 97,
            // `ring` wants 2048 bits, and an exponent of at least three.
            Family::Rsa => subject_public_key.first() == Some(&0x30),
            _ => false,
        };
        fits.then(|| subject_public_key.to_vec())
    }

    /// Verifies a signature with [`PublicKey::bytes`].
    pub(super) fn verify(self, key: &[u8], message: &[u8], signature: &[u8]) -> Result<(), BadSignature> {
        let ring: &dyn VerificationAlgorithm = match self.family() {
            Family::P256 => &ECDSA_P256_SHA256_ASN1,
            Family::P384 => &ECDSA_P384_SHA384_ASN1,
            Family::Ed25519 => &ED25519,
            Family::Rsa => &RSA_PKCS1_2048_8192_SHA256,
            Family::P521 => return more::p521(key, message, signature).ok_or(BadSignature),
            Family::Secp256k1 => return more::secp256k1(key, message, signature).ok_or(BadSignature),
            Family::MlDsa44 => return more::ml_dsa_44(key, message, signature).ok_or(BadSignature),
            Family::MlDsa65 => return more::ml_dsa_65(key, message, signature).ok_or(BadSignature),
            Family::MlDsa87 => return more::ml_dsa_87(key, message, signature).ok_or(BadSignature),
        };
        UnparsedPublicKey::new(ring, key)
            .verify(message, signature)
            .map_err(|_| BadSignature)
    }
}

/// The key did not sign that message with this signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct BadSignature;

#[cfg(test)]
mod tests;
