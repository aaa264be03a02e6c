//! The signature algorithms that websites ask for.

/// A signature algorithm (IANA COSE registry).
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

    /// What a website asks for that has no special needs, most preferred first.
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
}
