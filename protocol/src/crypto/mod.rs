//! The primitives, each behind a small module, so that each platform can choose a library for them; and the algorithms
//! that credentials sign with.

pub mod aes_cbc;
mod algorithm;
#[cfg(any(feature = "es384", feature = "es512", feature = "es256k"))]
pub mod ecdsa;
pub mod ed25519;
pub mod hmac;
#[cfg(feature = "ml-dsa")]
pub mod ml_dsa;
pub mod p256;

pub use algorithm::{Algorithm, CoseKey, PrivateKey, Signature};

use ::hmac::{Hmac, KeyInit, Mac};
use aes::{Aes128, Aes256};
use aes_gcm::Aes256Gcm;
use ed25519_dalek::{SigningKey, hazmat::ExpandedSecretKey};
use sha1::Sha1;
use sha2::{Digest, Sha256, Sha512};
use zeroize::{ZeroizeOnDrop, Zeroizing};

use crate::bytes::fill;

/// The libraries wipe their secrets too: without the features for that, this does not compile. An HMAC is two states of
/// its hash.
const _: () = {
    const fn wipes<T: ZeroizeOnDrop>() {}
    wipes::<Aes256Gcm>();
    wipes::<cbc::Encryptor<Aes128>>();
    wipes::<cbc::Encryptor<Aes256>>();
    wipes::<cbc::Decryptor<Aes256>>();
    wipes::<SigningKey>();
    wipes::<ExpandedSecretKey>();
    wipes::<hmac::HmacKey>();
    wipes::<hmac::HmacTag>();
    wipes::<Sha1>();
    wipes::<Sha256>();
    wipes::<Sha512>();
    #[cfg(feature = "ml-dsa")]
    wipes::<::ml_dsa::SigningKey<::ml_dsa::MlDsa65>>();
};

/// The SHA-256 of the parts, one after the other.
#[must_use]
pub fn sha256(parts: &[&[u8]]) -> [u8; 32] {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(part);
    }
    hash.finalize().into()
}

/// HKDF-SHA-256 (RFC 5869) with the salt of 32 zero bytes and the output of 32 bytes that CTAP uses throughout. Its
/// first bytes are the shorter outputs.
#[must_use]
pub fn hkdf_sha256(input_key: &[u8; 32], info: &[u8]) -> Zeroizing<[u8; 32]> {
    let pseudorandom_key = MacKey::new(&[0; 32]).authenticate(&[input_key]);
    MacKey::new(&pseudorandom_key).authenticate(&[info, &[1]])
}

/// A 32-byte key for HMAC-SHA-256, prepared once for many messages. Wiped when dropped.
#[derive(Clone)]
pub struct MacKey(Hmac<Sha256>);

impl MacKey {
    /// Prepares the key.
    #[must_use]
    pub fn new(key: &[u8; 32]) -> Self {
        // HMAC pads a short key with zeros to the hash's block (RFC 2104 §2). A whole block cannot have a wrong length.
        let mut block = Zeroizing::new([0; 64]);
        fill(&mut *block, &[key, &[0; 32]]);
        Self(Hmac::new((&*block).into()))
    }

    /// The HMAC of the parts, one after the other.
    #[must_use]
    pub fn authenticate(&self, parts: &[&[u8]]) -> Zeroizing<[u8; 32]> {
        let mut mac = self.0.clone();
        for part in parts {
            mac.update(part);
        }
        Zeroizing::new(mac.finalize().into_bytes().into())
    }
}
