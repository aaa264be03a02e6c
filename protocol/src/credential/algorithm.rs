//! The algorithms that credentials sign with, and their COSE keys (RFC 9053, CTAP 2.3 §6.5.6).

use heapless::Vec;
use zeroize::Zeroizing;

use crate::cbor::Writer;
use crate::crypto::{ed25519, p256};
use crate::ctap2::Status;

/// A signature algorithm of the IANA COSE registry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Algorithm {
    /// ECDSA with P-256 and SHA-256.
    Es256,
    /// Ed25519.
    EdDsa,
}

/// A signature in the form WebAuthn wants: DER for ECDSA, 64 bytes for Ed25519.
pub type Signature = Vec<u8, 72>;

/// An encoded COSE_Key: 77 bytes for ES256, 42 for EdDSA.
pub type CoseKey = Vec<u8, 77>;

impl Algorithm {
    /// What this key offers, most preferred first: `algorithms` in getInfo.
    pub const OFFERED: [Self; 2] = [Self::Es256, Self::EdDsa];

    /// The COSE algorithm identifier.
    #[must_use]
    pub const fn cose(self) -> i64 {
        match self {
            Self::Es256 => -7,
            Self::EdDsa => -8,
        }
    }

    /// The algorithm with this COSE identifier, if this key offers it. A host may name any integer that CBOR has.
    #[must_use]
    pub fn from_cose(identifier: i128) -> Option<Self> {
        Self::OFFERED
            .into_iter()
            .find(|algorithm| i128::from(algorithm.cose()) == identifier)
    }
}

/// A private key: 32 secret bytes and what they are for.
pub struct PrivateKey {
    algorithm: Algorithm,
    secret: Zeroizing<[u8; 32]>,
}

impl PrivateKey {
    /// The key made of `candidate`, or `None` where the algorithm cannot use those bytes (P-256: once in 2³²).
    #[must_use]
    pub fn new(algorithm: Algorithm, candidate: Zeroizing<[u8; 32]>) -> Option<Self> {
        let usable = match algorithm {
            Algorithm::Es256 => p256::is_private_key(&candidate),
            Algorithm::EdDsa => true,
        };
        usable.then_some(Self {
            algorithm,
            secret: candidate,
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
            Algorithm::Es256 => p256::public_key(&self.secret).map_err(|_| Status::Other),
            Algorithm::EdDsa => Err(Status::Other),
        }
    }

    /// The public key as a COSE_Key with exactly the members of its algorithm (RFC 9053 §7).
    ///
    /// # Errors
    /// [`Status::Other`] where the cryptographic library fails.
    pub fn cose_key(&self) -> Result<CoseKey, Status> {
        let mut key = [0; 77];
        let mut writer = Writer::new(&mut key);
        match self.algorithm {
            Algorithm::Es256 => {
                let point = self.point()?;
                let (x, y) = point
                    .get(1..)
                    .unwrap_or(&[])
                    .split_at_checked(32)
                    .ok_or(Status::Other)?;
                // {kty: EC2, alg: ES256, crv: P-256, x, y}
                writer
                    .map(5)
                    .int(1)
                    .int(2)
                    .int(3)
                    .int(-7)
                    .int(-1)
                    .int(1)
                    .int(-2)
                    .bytes(x)
                    .int(-3)
                    .bytes(y);
            }
            Algorithm::EdDsa => {
                let x = ed25519::public_key(&self.secret);
                // {kty: OKP, alg: EdDSA, crv: Ed25519, x}
                writer
                    .map(4)
                    .int(1)
                    .int(1)
                    .int(3)
                    .int(-8)
                    .int(-1)
                    .int(6)
                    .int(-2)
                    .bytes(&x);
            }
        }
        let length = writer.finish().map_err(|_| Status::Other)?;
        key.get(..length)
            .and_then(|key| CoseKey::from_slice(key).ok())
            .ok_or(Status::Other)
    }

    /// Signs the parts, one behind the other.
    ///
    /// # Errors
    /// [`Status::Other`] where the cryptographic library fails.
    pub fn sign(&self, message: &[&[u8]]) -> Result<Signature, Status> {
        match self.algorithm {
            Algorithm::Es256 => p256::sign(&self.secret, message).map_err(|_| Status::Other),
            Algorithm::EdDsa => {
                let signature = ed25519::sign(&self.secret, message).map_err(|_| Status::Other)?;
                Signature::from_slice(&signature).map_err(|_| Status::Other)
            }
        }
    }
}
