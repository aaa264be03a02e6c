//! Signature algorithms and public keys.
//!
//! `ring` verifies where it can. ML-DSA is verified with `fips204`, which shares nothing with the key's `ml-dsa`. For
//! ES256K and ES512 no second implementation in Rust is kept well: there, key and relying party share the arithmetic of
//! RustCrypto (`k256`, `p521`), and no more.

use ring::signature::{
    ECDSA_P256_SHA256_ASN1, ECDSA_P384_SHA384_ASN1, ED25519, RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey,
    VerificationAlgorithm,
};

mod key;
mod more;

pub(super) use key::{PublicKey, cose_algorithm};

/// An algorithm that this relying party can verify (IANA COSE registry).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "cli", derive(clap::ValueEnum))]
pub enum Algorithm {
    /// ECDSA on P-256 with SHA-256, signatures in DER.
    Es256,
    /// EdDSA on Ed25519.
    #[cfg_attr(feature = "cli", value(name = "eddsa"))]
    EdDsa,
    /// ECDSA on P-384 with SHA-384.
    Es384,
    /// ECDSA on P-521 with SHA-512.
    Es512,
    /// ECDSA on secp256k1 with SHA-256.
    Es256k,
    /// ES256 by the name that also fixes the curve.
    Esp256,
    /// ES384 by that name.
    Esp384,
    /// ES512 by that name.
    Esp512,
    /// EdDSA by that name.
    Ed25519,
    /// ML-DSA-44.
    #[cfg_attr(feature = "cli", value(name = "ml-dsa-44"))]
    MlDsa44,
    /// ML-DSA-65.
    #[cfg_attr(feature = "cli", value(name = "ml-dsa-65"))]
    MlDsa65,
    /// ML-DSA-87.
    #[cfg_attr(feature = "cli", value(name = "ml-dsa-87"))]
    MlDsa87,
    /// RSA with PKCS #1 v1.5 padding and SHA-256.
    Rs256,
}

/// What algorithms have in common that differ in name only.
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
    /// Every algorithm, the most widely supported first.
    pub const ALL: [Self; 13] = [
        Self::Es256,
        Self::EdDsa,
        Self::Es384,
        Self::Es512,
        Self::Es256k,
        Self::Esp256,
        Self::Esp384,
        Self::Esp512,
        Self::Ed25519,
        Self::MlDsa44,
        Self::MlDsa65,
        Self::MlDsa87,
        Self::Rs256,
    ];

    /// What a website asks for that has no wishes of its own, most preferred first.
    pub const USUAL: [Self; 2] = [Self::Es256, Self::EdDsa];

    /// The COSE identifier.
    pub const fn cose(self) -> i64 {
        match self {
            Self::Es256 => -7,
            Self::EdDsa => -8,
            Self::Es384 => -35,
            Self::Es512 => -36,
            Self::Es256k => -47,
            Self::Esp256 => -9,
            Self::Esp384 => -51,
            Self::Esp512 => -52,
            Self::Ed25519 => -19,
            Self::MlDsa44 => -48,
            Self::MlDsa65 => -49,
            Self::MlDsa87 => -50,
            Self::Rs256 => -257,
        }
    }

    /// The name in the COSE registry.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Es256 => "ES256",
            Self::EdDsa => "EdDSA",
            Self::Es384 => "ES384",
            Self::Es512 => "ES512",
            Self::Es256k => "ES256K",
            Self::Esp256 => "ESP256",
            Self::Esp384 => "ESP384",
            Self::Esp512 => "ESP512",
            Self::Ed25519 => "Ed25519",
            Self::MlDsa44 => "ML-DSA-44",
            Self::MlDsa65 => "ML-DSA-65",
            Self::MlDsa87 => "ML-DSA-87",
            Self::Rs256 => "RS256",
        }
    }

    /// The algorithm of a COSE identifier.
    pub fn from_cose(identifier: i64) -> Option<Self> {
        Self::ALL.into_iter().find(|algorithm| algorithm.cose() == identifier)
    }

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

    /// The key of a certificate, as [`verify`](Self::verify) takes it; `None` where it is for another algorithm, or for
    /// one that no certificate of a security key has.
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

    /// Verifies a signature by [`PublicKey::bytes`].
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

/// A signature that the key did not make over that message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct BadSignature;

#[cfg(test)]
mod tests;
