//! A relying party's cryptography, by ring.

use ciborium::Value;
use ring::digest;
use ring::signature::{ECDSA_P256_SHA256_ASN1, ED25519, UnparsedPublicKey, VerificationAlgorithm};

use super::ctap2::algorithm;

/// The SHA-256 of `bytes`.
#[must_use]
pub fn sha256(bytes: &[u8]) -> [u8; 32] {
    let digest = digest::digest(&digest::SHA256, bytes);
    digest.as_ref().try_into().expect("32 bytes")
}

/// A credential's public key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PublicKey {
    /// P-256, as an uncompressed point.
    Es256([u8; 65]),
    /// Ed25519.
    EdDsa([u8; 32]),
}

impl PublicKey {
    /// Reads a COSE_Key with exactly the members that RFC 9053 §7 has for it, in canonical order.
    #[must_use]
    #[track_caller]
    pub fn of(cose_key: &Value) -> Self {
        let members = cose_key.as_map().expect("a map").iter();
        let members: Vec<(i128, &Value)> = members
            .map(|(label, value)| (label.as_integer().expect("an integer label").into(), value))
            .collect();
        let coordinate = |value: &Value| -> [u8; 32] {
            let bytes = value.as_bytes().expect("a byte string");
            bytes.as_slice().try_into().expect("32 bytes")
        };
        let is = |value: &Value, number: i64| *value == number.into();
        match members[..] {
            [(1, kty), (3, alg), (-1, crv), (-2, x), (-3, y)] if is(kty, 2) && is(alg, algorithm::ES256) => {
                assert!(is(crv, 1), "P-256");
                let point = [&[0x04][..], &coordinate(x), &coordinate(y)].concat();
                Self::Es256(point.try_into().expect("65 bytes"))
            }
            [(1, kty), (3, alg), (-1, crv), (-2, x)] if is(kty, 1) && is(alg, algorithm::EDDSA) => {
                assert!(is(crv, 6), "Ed25519");
                Self::EdDsa(coordinate(x))
            }
            _ => panic!("neither ES256 nor EdDSA: {cose_key:?}"),
        }
    }

    /// Its COSE algorithm.
    #[must_use]
    pub fn algorithm(&self) -> i64 {
        match self {
            Self::Es256(_) => algorithm::ES256,
            Self::EdDsa(_) => algorithm::EDDSA,
        }
    }

    /// The signature over the parts is by this key.
    ///
    /// # Panics
    /// Where it is not.
    #[track_caller]
    pub fn verify(&self, parts: &[&[u8]], signature: &[u8]) {
        let (algorithm, key): (&dyn VerificationAlgorithm, &[u8]) = match self {
            Self::Es256(point) => (&ECDSA_P256_SHA256_ASN1, point),
            Self::EdDsa(key) => (&ED25519, key),
        };
        let valid = UnparsedPublicKey::new(algorithm, key).verify(&parts.concat(), signature);
        assert!(valid.is_ok(), "the signature is not by this key");
    }
}
