//! The algorithms that credentials sign with, and their COSE keys (RFC 9053, RFC 9864, RFC 9964; CTAP 2.3 §6.5.6).
//!
//! ES256 and EdDSA are what the world uses; ESP256 and Ed25519 are the same by the names of RFC 9864 and cost nothing.
//! The others are Cargo features, so that a chip takes what fits: `es384` (ES384, ESP384), `es512` (ES512, ESP512),
//! `es256k` (ES256K) and `ml-dsa` (ML-DSA-44, ML-DSA-65).

use heapless::Vec;
use zeroize::Zeroizing;

use crate::cbor::Writer;
use crate::status::Status;

mod ecdsa;
mod eddsa;
#[cfg(feature = "ml-dsa")]
mod ml_dsa;

/// A signature algorithm of the IANA COSE registry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Algorithm {
    /// ECDSA with P-256 and SHA-256.
    Es256,
    /// Ed25519.
    EdDsa,
    /// ECDSA with P-384 and SHA-384.
    #[cfg(feature = "es384")]
    Es384,
    /// ECDSA with P-521 and SHA-512.
    #[cfg(feature = "es512")]
    Es512,
    /// ECDSA with secp256k1 and SHA-256.
    #[cfg(feature = "es256k")]
    Es256k,
    /// ES256 by the name that also fixes the curve.
    Esp256,
    /// EdDSA by the name that also fixes the curve.
    Ed25519,
    /// ES384 by the name that also fixes the curve.
    #[cfg(feature = "es384")]
    Esp384,
    /// ES512 by the name that also fixes the curve.
    #[cfg(feature = "es512")]
    Esp512,
    /// ML-DSA-44.
    #[cfg(feature = "ml-dsa")]
    MlDsa44,
    /// ML-DSA-65.
    #[cfg(feature = "ml-dsa")]
    MlDsa65,
}

/// The longest signature of those that are built in.
const SIGNATURE_MAX: usize = if cfg!(feature = "ml-dsa") {
    3309
} else if cfg!(feature = "es512") {
    139
} else if cfg!(feature = "es384") {
    104
} else {
    72
};

/// The longest COSE_Key of those that are built in.
const COSE_KEY_MAX: usize = if cfg!(feature = "ml-dsa") {
    1962
} else if cfg!(feature = "es512") {
    146
} else if cfg!(feature = "es384") {
    110
} else {
    78
};

/// A signature in the form WebAuthn wants (Level 3 §6.5.6): DER for ECDSA, the raw bytes for the others.
pub type Signature = Vec<u8, SIGNATURE_MAX>;

/// An encoded COSE_Key: 77 bytes for ES256, 42 for EdDSA, 1962 for ML-DSA-65.
pub type CoseKey = Vec<u8, COSE_KEY_MAX>;

/// A family of algorithms. Each makes its private keys of 32 secret bytes in its own way.
trait Family {
    /// Whether these bytes make a private key.
    fn accepts(&self, seed: &[u8; 32]) -> bool;

    /// Writes the COSE_Key, with `alg` as its algorithm and exactly the members that the family has.
    fn write_cose_key(&self, seed: &[u8; 32], alg: i64, writer: &mut Writer<'_>) -> Result<(), Status>;

    /// Signs the parts, one after the other.
    fn sign(&self, seed: &[u8; 32], message: &[&[u8]]) -> Result<Signature, Status>;
}

impl Algorithm {
    /// What is built in, most preferred first. Those with recent identifiers come last.
    pub const SUPPORTED: &'static [Self] = &[
        Self::Es256,
        Self::EdDsa,
        #[cfg(feature = "es384")]
        Self::Es384,
        #[cfg(feature = "es512")]
        Self::Es512,
        #[cfg(feature = "es256k")]
        Self::Es256k,
        Self::Esp256,
        Self::Ed25519,
        #[cfg(feature = "es384")]
        Self::Esp384,
        #[cfg(feature = "es512")]
        Self::Esp512,
        #[cfg(feature = "ml-dsa")]
        Self::MlDsa44,
        #[cfg(feature = "ml-dsa")]
        Self::MlDsa65,
    ];

    /// `algorithms` in getInfo. The identifiers of RFC 9864 and RFC 9964 are in it only with `recent`: Firefox before
    /// mid-2026 refuses all of getInfo, and so the key, for one number that it does not know. Relying parties get these
    /// algorithms anyway when they name them in pubKeyCredParams.
    #[must_use]
    pub fn listed(recent: bool) -> &'static [Self] {
        let first_recent = Self::SUPPORTED.iter().position(|algorithm| algorithm.is_recent());
        match first_recent.and_then(|index| Self::SUPPORTED.get(..index)) {
            Some(known) if !recent => known,
            _ => Self::SUPPORTED,
        }
    }

    /// Whether the identifier is newer than browsers that are in use.
    const fn is_recent(self) -> bool {
        match self {
            Self::Es256 | Self::EdDsa => false,
            #[cfg(feature = "es384")]
            Self::Es384 => false,
            #[cfg(feature = "es512")]
            Self::Es512 => false,
            #[cfg(feature = "es256k")]
            Self::Es256k => false,
            _ => true,
        }
    }

    /// The COSE algorithm identifier.
    #[must_use]
    pub const fn cose(self) -> i64 {
        match self {
            Self::Es256 => -7,
            Self::EdDsa => -8,
            Self::Esp256 => -9,
            Self::Ed25519 => -19,
            #[cfg(feature = "es384")]
            Self::Es384 => -35,
            #[cfg(feature = "es512")]
            Self::Es512 => -36,
            #[cfg(feature = "es256k")]
            Self::Es256k => -47,
            #[cfg(feature = "ml-dsa")]
            Self::MlDsa44 => -48,
            #[cfg(feature = "ml-dsa")]
            Self::MlDsa65 => -49,
            #[cfg(feature = "es384")]
            Self::Esp384 => -51,
            #[cfg(feature = "es512")]
            Self::Esp512 => -52,
        }
    }

    /// The algorithm with this COSE identifier, if it is built in. A host may send any integer that CBOR has.
    #[must_use]
    pub fn from_cose(identifier: i128) -> Option<Self> {
        let mut supported = Self::SUPPORTED.iter().copied();
        supported.find(|algorithm| i128::from(algorithm.cose()) == identifier)
    }

    /// The byte that stands for the algorithm in credential IDs. Never reuse one.
    pub(crate) const fn code(self) -> u8 {
        match self {
            Self::Es256 => 1,
            Self::EdDsa => 2,
            Self::Esp256 => 3,
            Self::Ed25519 => 4,
            #[cfg(feature = "es384")]
            Self::Es384 => 5,
            #[cfg(feature = "es384")]
            Self::Esp384 => 6,
            #[cfg(feature = "es256k")]
            Self::Es256k => 7,
            #[cfg(feature = "ml-dsa")]
            Self::MlDsa44 => 8,
            #[cfg(feature = "ml-dsa")]
            Self::MlDsa65 => 9,
            #[cfg(feature = "es512")]
            Self::Es512 => 10,
            #[cfg(feature = "es512")]
            Self::Esp512 => 11,
        }
    }

    /// The algorithm that a byte in a credential ID stands for, if it is built in.
    pub(crate) fn from_code(code: u8) -> Option<Self> {
        let mut supported = Self::SUPPORTED.iter().copied();
        supported.find(|algorithm| algorithm.code() == code)
    }

    /// Whether the 32 secret bytes are the private key in its usual encoding. This is so for P-256, Ed25519, secp256k1
    /// and ML-DSA.
    #[cfg(feature = "import")]
    pub(crate) fn takes_its_seed_as_it_is(self) -> bool {
        matches!(self.cose(), -7 | -8 | -9 | -19 | -49..=-47)
    }

    fn family(self) -> &'static dyn Family {
        match self {
            Self::Es256 | Self::Esp256 => &ecdsa::P256,
            Self::EdDsa | Self::Ed25519 => &eddsa::Ed25519,
            #[cfg(feature = "es384")]
            Self::Es384 | Self::Esp384 => &ecdsa::P384,
            #[cfg(feature = "es512")]
            Self::Es512 | Self::Esp512 => &ecdsa::P521,
            #[cfg(feature = "es256k")]
            Self::Es256k => &ecdsa::Secp256k1,
            #[cfg(feature = "ml-dsa")]
            Self::MlDsa44 => &ml_dsa::MlDsa44,
            #[cfg(feature = "ml-dsa")]
            Self::MlDsa65 => &ml_dsa::MlDsa65,
        }
    }
}

/// A private key: 32 secret bytes and what they are for.
pub struct PrivateKey {
    algorithm: Algorithm,
    seed: Zeroizing<[u8; 32]>,
}

impl PrivateKey {
    /// The key of the bytes `candidate`; `None` where the algorithm cannot use them (P-256: once in 2³²).
    #[must_use]
    pub fn new(algorithm: Algorithm, candidate: Zeroizing<[u8; 32]>) -> Option<Self> {
        algorithm.family().accepts(&candidate).then_some(Self {
            algorithm,
            seed: candidate,
        })
    }

    /// The algorithm that the key signs with.
    #[must_use]
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// The public key of an ES256 key as an uncompressed point, for U2F.
    ///
    /// # Errors
    /// [`Status::Other`] for a key of another algorithm.
    pub fn point(&self) -> Result<[u8; 65], Status> {
        match self.algorithm {
            Algorithm::Es256 => ecdsa::p256_point(&self.seed),
            _ => Err(Status::Other),
        }
    }

    /// The public key as a COSE_Key with exactly the members of its algorithm (RFC 9053 §7, RFC 9964 §3).
    ///
    /// # Errors
    /// [`Status::Other`] where the cryptographic library fails.
    pub fn cose_key(&self) -> Result<CoseKey, Status> {
        let mut key = CoseKey::new();
        key.resize_default(COSE_KEY_MAX).map_err(|_| Status::Other)?;
        let mut writer = Writer::new(&mut key);
        let algorithm = self.algorithm;
        algorithm
            .family()
            .write_cose_key(&self.seed, algorithm.cose(), &mut writer)?;
        let length = writer.finish().map_err(|_| Status::Other)?;
        key.truncate(length);
        Ok(key)
    }

    /// Signs the parts, one after the other.
    ///
    /// # Errors
    /// [`Status::Other`] where the cryptographic library fails.
    pub fn sign(&self, message: &[&[u8]]) -> Result<Signature, Status> {
        self.algorithm.family().sign(&self.seed, message)
    }
}

#[cfg(test)]
mod tests;
