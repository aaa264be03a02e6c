//! The primitives, each behind a small module, so that a platform can choose who computes them.

pub mod ed25519;
pub mod p256;

use aes_gcm::Aes256Gcm;
use ed25519_dalek::{SigningKey, hazmat::ExpandedSecretKey};
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256, Sha512};
use zeroize::{ZeroizeOnDrop, Zeroizing};

/// Secrets that the libraries hold are wiped too: without the features that see to it this does not compile. An HMAC
/// is two states of its hash.
const _: () = {
    const fn wipes<T: ZeroizeOnDrop>() {}
    wipes::<Aes256Gcm>();
    wipes::<SigningKey>();
    wipes::<ExpandedSecretKey>();
    wipes::<Sha256>();
    wipes::<Sha512>();
};

/// The SHA-256 of the parts, one behind the other.
#[must_use]
pub fn sha256(parts: &[&[u8]]) -> [u8; 32] {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(part);
    }
    hash.finalize().into()
}

/// The HMAC-SHA-256 of the parts under a 32-byte key.
#[must_use]
pub fn hmac_sha256(key: &[u8; 32], parts: &[&[u8]]) -> Zeroizing<[u8; 32]> {
    // HMAC pads a short key with zeros to the hash's block (RFC 2104 §2); a whole block cannot have a wrong length.
    let mut block = Zeroizing::new([0; 64]);
    block.iter_mut().zip(key).for_each(|(to, from)| *to = *from);
    let mut mac = Hmac::<Sha256>::new((&*block).into());
    for part in parts {
        mac.update(part);
    }
    Zeroizing::new(mac.finalize().into_bytes().into())
}
