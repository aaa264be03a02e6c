//! Signature algorithms and public keys, verified with `ring`.

use cbor4ii::core::Value;
use ring::agreement::{self, EphemeralPrivateKey};
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_ASN1, ED25519, UnparsedPublicKey, VerificationAlgorithm};

use crate::cbor;

/// A CBOR integer in a pattern.
macro_rules! label {
    ($number:pat) => {
        Value::Integer($number)
    };
}

/// An algorithm that this relying party can verify.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Algorithm {
    /// ECDSA on P-256 with SHA-256, signatures in DER.
    Es256,
    /// EdDSA on Ed25519.
    EdDsa,
}

impl Algorithm {
    /// Every algorithm, the most widely supported first.
    pub const ALL: [Self; 2] = [Self::Es256, Self::EdDsa];

    /// The COSE identifier.
    pub const fn cose(self) -> i64 {
        match self {
            Self::Es256 => -7,
            Self::EdDsa => -8,
        }
    }

    /// The name in the COSE registry.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Es256 => "ES256",
            Self::EdDsa => "EdDSA",
        }
    }

    /// The algorithm of a COSE identifier.
    pub fn from_cose(identifier: i64) -> Option<Self> {
        Self::ALL.into_iter().find(|algorithm| algorithm.cose() == identifier)
    }

    /// Verifies a signature. `key` is an uncompressed point for ES256 (65 bytes), 32 bytes for EdDSA.
    pub(super) fn verify(self, key: &[u8], message: &[u8], signature: &[u8]) -> Result<(), BadSignature> {
        let algorithm: &dyn VerificationAlgorithm = match self {
            Self::Es256 => &ECDSA_P256_SHA256_ASN1,
            Self::EdDsa => &ED25519,
        };
        UnparsedPublicKey::new(algorithm, key)
            .verify(message, signature)
            .map_err(|_| BadSignature)
    }
}

/// A signature that the key did not make over that message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct BadSignature;

/// A credential public key, read from its COSE encoding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct PublicKey {
    pub(super) algorithm: Algorithm,
    /// As [`Algorithm::verify`] takes it.
    pub(super) bytes: Vec<u8>,
}

impl PublicKey {
    /// Reads a COSE key with exactly the members that WebAuthn Level 3 §5.8.5 allows; for P-256 the point is on the
    /// curve. An Ed25519 key is 32 bytes of which any may be meant; a bad one verifies nothing.
    pub(super) fn parse(cose: &[u8]) -> Result<Self, String> {
        let Value::Map(members) = cbor::decode(cose).map_err(|why| format!("the public key {why}"))? else {
            return Err("the public key is not a map".to_owned());
        };
        match members.as_slice() {
            [
                (label!(1), label!(2)),
                (label!(3), label!(-7)),
                (label!(-1), label!(1)),
                (label!(-2), x),
                (label!(-3), y),
            ] => {
                let (Value::Bytes(x), Value::Bytes(y)) = (x, y) else {
                    return Err("the coordinates of the public key are not bytes".to_owned());
                };
                if x.len() != 32 || y.len() != 32 {
                    return Err("the coordinates of the public key are not of 32 bytes".to_owned());
                }
                let bytes = [&[0x04][..], x, y].concat();
                if !is_on_p256(&bytes) {
                    return Err("the public key is not a point on P-256".to_owned());
                }
                Ok(Self {
                    algorithm: Algorithm::Es256,
                    bytes,
                })
            }
            [
                (label!(1), label!(1)),
                (label!(3), label!(-8)),
                (label!(-1), label!(6)),
                (label!(-2), Value::Bytes(x)),
            ] if x.len() == 32 => Ok(Self {
                algorithm: Algorithm::EdDsa,
                bytes: x.clone(),
            }),
            _ => Err(match cose_algorithm(cose) {
                Some(id) if Algorithm::from_cose(id).is_none() => {
                    format!("algorithm {id} is none that can be verified")
                }
                _ => "the public key does not have exactly the members of its algorithm".to_owned(),
            }),
        }
    }
}

/// The `alg` member of a COSE key, known or not.
pub(super) fn cose_algorithm(cose: &[u8]) -> Option<i64> {
    let Ok(Value::Map(members)) = cbor::decode(cose) else {
        return None;
    };
    members.iter().find_map(|(label, value)| match (label, value) {
        (label!(3), Value::Integer(id)) => i64::try_from(*id).ok(),
        _ => None,
    })
}

/// `ring` checks a point only where it computes with it; a key agreement that is thrown away does.
fn is_on_p256(point: &[u8]) -> bool {
    let peer = agreement::UnparsedPublicKey::new(&agreement::ECDH_P256, point);
    EphemeralPrivateKey::generate(&agreement::ECDH_P256, &SystemRandom::new())
        .and_then(|private| agreement::agree_ephemeral(private, &peer, |_| ()))
        .is_ok()
}
