//! A relying party's cryptography, by ring.

use cbc::cipher::block_padding::NoPadding;
use cbc::cipher::{BlockModeDecrypt as _, KeyIvInit as _};
use ciborium::Value;
use fips204::traits::{SerDes as _, Verifier as _};
use fips204::{ml_dsa_44, ml_dsa_65};
use ring::aead::AES_128_GCM;
use ring::signature::{
    ECDSA_P256_SHA256_ASN1, ECDSA_P384_SHA384_ASN1, ED25519, UnparsedPublicKey, VerificationAlgorithm,
};
use ring::{digest, hkdf};

use super::Host;
use super::cbor::{array, encode};
use super::ctap2::{get_assertion_by, make_credential, make_discoverable, mc, parameters};
use super::response::flags;
use crate::host::read::Read as _;

/// COSE algorithm identifiers.
#[expect(missing_docs, reason = "the standard's names")]
pub mod algorithm {
    pub const ES256: i64 = -7;
    pub const EDDSA: i64 = -8;
    pub const ESP256: i64 = -9;
    pub const ED25519: i64 = -19;
    pub const ES384: i64 = -35;
    pub const ES512: i64 = -36;
    pub const ES256K: i64 = -47;
    pub const ML_DSA_44: i64 = -48;
    pub const ML_DSA_65: i64 = -49;
    pub const ESP384: i64 = -51;
    pub const ESP512: i64 = -52;
}

/// The algorithms whose signatures can be verified here.
pub const VERIFIABLE: [i64; 11] = [
    algorithm::ES256,
    algorithm::EDDSA,
    algorithm::ESP256,
    algorithm::ED25519,
    algorithm::ES384,
    algorithm::ES512,
    algorithm::ES256K,
    algorithm::ML_DSA_44,
    algorithm::ML_DSA_65,
    algorithm::ESP384,
    algorithm::ESP512,
];

/// A signature counter has grown, or the key has none: it is always zero then (WebAuthn Level 3 §6.1.1).
///
/// # Panics
/// Where neither is so.
#[track_caller]
pub fn grew(last: u32, count: u32) {
    assert!(
        count > last || (count, last) == (0, 0),
        "expected a counter above {last}, or none, the key answered {count}"
    );
}

/// What the relying party asks to be signed: any 32 bytes do.
pub const CLIENT_DATA_HASH: [u8; 32] = *b"the hash of the client's data...";

/// The SHA-256 of `bytes`.
#[must_use]
pub fn sha256(bytes: &[u8]) -> [u8; 32] {
    let digest = digest::digest(&digest::SHA256, bytes);
    digest.as_ref().try_into().expect("32 bytes")
}

/// A credential's public key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicKey {
    /// Its COSE algorithm.
    pub algorithm: i64,
    /// An uncompressed point; 32 bytes of Ed25519; the encoded key of ML-DSA.
    pub key: Vec<u8>,
    /// The COSE_Key as it was encoded.
    pub cose: Vec<u8>,
}

impl PublicKey {
    /// A P-256 key from its uncompressed point, as U2F has it.
    #[must_use]
    pub fn es256(point: [u8; 65]) -> Self {
        let mut members = vec![(1, 2.into()), (3, algorithm::ES256.into()), (-1, 1.into())];
        members.extend([(-2, point[1..33].into()), (-3, point[33..].into())]);
        let members: Vec<(Value, Value)> = members
            .into_iter()
            .map(|(label, value)| (label.into(), value))
            .collect();
        Self::of(&Value::Map(members))
    }

    /// Reads a COSE_Key with exactly the members that its algorithm gives it, in canonical order (RFC 9053 §7,
    /// RFC 9864, the ML-DSA registrations).
    #[must_use]
    #[track_caller]
    pub fn of(cose_key: &Value) -> Self {
        let members = cose_key.entries().iter();
        let members: Vec<(i128, &Value)> = members.map(|(label, value)| (label.number(), value)).collect();
        let number = |value: &Value| -> i64 { value.number() };
        let bytes = |value: &Value| value.bytes().clone();
        let (algorithm, key) = match members[..] {
            [(1, kty), (3, alg), (-1, crv), (-2, x), (-3, y)] => {
                let (x, y) = (bytes(x), bytes(y));
                let (curve, size) = match number(alg) {
                    algorithm::ES256 | algorithm::ESP256 => (1, 32),
                    algorithm::ES384 | algorithm::ESP384 => (2, 48),
                    algorithm::ES512 | algorithm::ESP512 => (3, 66),
                    algorithm::ES256K => (8, 32),
                    other => panic!("{other} is no algorithm of an elliptic curve"),
                };
                same!((number(kty), number(crv)), (2, curve));
                same!((x.len(), y.len()), (size, size));
                (number(alg), [vec![0x04], x, y].concat())
            }
            [(1, kty), (3, alg), (-1, crv), (-2, x)] => {
                assert!(matches!(number(alg), algorithm::EDDSA | algorithm::ED25519));
                same!((number(kty), number(crv), bytes(x).len()), (1, 6, 32));
                (number(alg), bytes(x))
            }
            [(1, kty), (3, alg), (-1, key)] => {
                let size = match number(alg) {
                    algorithm::ML_DSA_44 => 1312,
                    algorithm::ML_DSA_65 => 1952,
                    other => panic!("{other} is no ML-DSA"),
                };
                same!((number(kty), bytes(key).len()), (7, size));
                (number(alg), bytes(key))
            }
            _ => panic!(
                "expected a COSE_Key of WebAuthn, the key answered {}",
                crate::words::shown(cose_key)
            ),
        };
        let cose = encode(cose_key);
        Self { algorithm, key, cose }
    }

    /// The signature over the parts is by this key.
    ///
    /// # Panics
    /// Where it is not.
    #[track_caller]
    pub fn verify(&self, parts: &[&[u8]], signature: &[u8]) {
        let message = parts.concat();
        let by_ring = |algorithm: &'static dyn VerificationAlgorithm| {
            UnparsedPublicKey::new(algorithm, &self.key)
                .verify(&message, signature)
                .is_ok()
        };
        let valid = match self.algorithm {
            algorithm::ES256 | algorithm::ESP256 => by_ring(&ECDSA_P256_SHA256_ASN1),
            algorithm::ES384 | algorithm::ESP384 => by_ring(&ECDSA_P384_SHA384_ASN1),
            algorithm::EDDSA | algorithm::ED25519 => by_ring(&ED25519),
            // ring does not know the curve.
            algorithm::ES512 | algorithm::ESP512 => {
                let key = p521::ecdsa::VerifyingKey::from_sec1_bytes(&self.key).expect("a point");
                let signature = p521::ecdsa::Signature::from_der(signature).expect("DER");
                p521::ecdsa::signature::Verifier::verify(&key, &message, &signature).is_ok()
            }
            algorithm::ES256K => {
                let key = k256::ecdsa::VerifyingKey::from_sec1_bytes(&self.key).expect("a point");
                let signature = k256::ecdsa::Signature::from_der(signature).expect("DER");
                k256::ecdsa::signature::Verifier::verify(&key, &message, &signature).is_ok()
            }
            algorithm::ML_DSA_44 => ml_dsa_44::PublicKey::try_from_bytes(sized(&self.key))
                .expect("a key")
                .verify(&message, &sized(signature), &[]),
            algorithm::ML_DSA_65 => ml_dsa_65::PublicKey::try_from_bytes(sized(&self.key))
                .expect("a key")
                .verify(&message, &sized(signature), &[]),
            other => panic!("{other} is no algorithm of these tests"),
        };
        assert!(
            valid,
            "expected a signature by this key, {signature:02x?} does not verify"
        );
    }
}

#[track_caller]
fn sized<const N: usize>(bytes: &[u8]) -> [u8; N] {
    bytes.try_into().expect("the size of ML-DSA")
}

/// Decrypts encIdentifier or encCredStoreState of getInfo with the persistent token (CTAP 2.3 §6.4).
#[must_use]
#[track_caller]
pub fn decrypt_info(token: &[u8], info: &str, value: &[u8]) -> Vec<u8> {
    let mut key = [0; 16];
    hkdf::Salt::new(hkdf::HKDF_SHA256, &[0; 32])
        .extract(token)
        .expand(&[info.as_bytes()], &AES_128_GCM)
        .and_then(|okm| okm.fill(&mut key))
        .expect("16 bytes");
    let (iv, ciphertext) = value.split_first_chunk::<16>().expect("an IV");
    let mut buffer = ciphertext.to_vec();
    cbc::Decryptor::<aes::Aes128>::new(&key.into(), iv.into())
        .decrypt_padded::<NoPadding>(&mut buffer)
        .expect("whole blocks")
        .to_vec()
}

impl Host {
    /// Registers with this algorithm and signs in, with a discoverable credential and with another one.
    #[track_caller]
    pub fn registers_and_signs_in(&mut self, algorithm: i64) {
        for request in [
            make_credential("example.com", b"1"),
            make_discoverable("example.com", b"1"),
        ] {
            let made = self.make(&request.with(mc::PUB_KEY_CRED_PARAMS, array([parameters(algorithm)])));
            same!(made.public_key.algorithm, algorithm);
            let assertion = self.assert(&get_assertion_by("example.com", &[&made.id]));
            assertion.verify(&made.public_key, "example.com", flags::UP);
        }
    }
}
