//! P-256: ECDSA with SHA-256 (FIPS 186-5, RFC 6979) and ECDH (NIST SP 800-56A), by one of two libraries.
//!
//! A PC uses graviola, whose assembly is some four times faster than [`rustcrypto`] and formally verified; where the
//! processor lacks what that needs, it falls back. A chip uses `comb`, which takes the arithmetic of the same library
//! and adds a table in flash. All are constant-time.

use zeroize::Zeroizing;

#[cfg(any(test, feature = "flash-tables"))]
pub mod comb;
pub mod rustcrypto;

pub use rustcrypto::{Failed, Signature};

#[cfg(feature = "flash-tables")]
use comb as portable;
#[cfg(not(feature = "flash-tables"))]
use rustcrypto as portable;

/// Whether `scalar` is a private key: greater than zero and less than the group's order.
#[must_use]
pub fn is_private_key(scalar: &[u8; 32]) -> bool {
    rustcrypto::scalar(scalar).is_some()
}

/// The public key of a private one, as an uncompressed point: 0x04, X, Y.
///
/// # Errors
/// [`Failed`] where `scalar` is not a private key.
pub fn public_key(scalar: &[u8; 32]) -> Result<[u8; 65], Failed> {
    #[cfg(feature = "graviola")]
    if ::graviola::util::is_cpu_supported() {
        return graviola::public_key(scalar);
    }
    portable::public_key(scalar)
}

/// Signs the parts, one after the other.
///
/// # Errors
/// [`Failed`] where `scalar` is not a private key.
pub fn sign(scalar: &[u8; 32], message: &[&[u8]]) -> Result<Signature, Failed> {
    #[cfg(feature = "graviola")]
    if ::graviola::util::is_cpu_supported() {
        return graviola::sign(scalar, message);
    }
    portable::sign(scalar, message)
}

/// The X coordinate of the point that both sides of a key agreement come to.
///
/// # Errors
/// [`Failed`] where `scalar` is not a private key, or `point` not an uncompressed point of the curve.
pub fn diffie_hellman(scalar: &[u8; 32], point: &[u8; 65]) -> Result<Zeroizing<[u8; 32]>, Failed> {
    #[cfg(feature = "graviola")]
    if ::graviola::util::is_cpu_supported() {
        return graviola::diffie_hellman(scalar, point);
    }
    rustcrypto::diffie_hellman(scalar, point)
}

/// graviola: for PCs.
#[cfg(feature = "graviola")]
mod graviola {
    use ::graviola::hashing::Sha256;
    use ::graviola::key_agreement::p256::{PublicKey, StaticPrivateKey};
    use ::graviola::signing::ecdsa::{P256, SigningKey};

    use super::{Failed, Signature, Zeroizing};

    pub(super) fn public_key(scalar: &[u8; 32]) -> Result<[u8; 65], Failed> {
        let key = StaticPrivateKey::from_bytes(scalar).map_err(|_| Failed)?;
        Ok(key.public_key_uncompressed())
    }

    /// Hedged: deterministic as RFC 6979, with added randomness of the operating system.
    pub(super) fn sign(scalar: &[u8; 32], message: &[&[u8]]) -> Result<Signature, Failed> {
        let private_key = StaticPrivateKey::from_bytes(scalar).map_err(|_| Failed)?;
        let key = SigningKey::<P256> { private_key };
        let mut signature = [0; 80];
        let signature = key.sign_asn1::<Sha256>(message, &mut signature).map_err(|_| Failed)?;
        Signature::from_slice(signature).map_err(|_| Failed)
    }

    pub(super) fn diffie_hellman(scalar: &[u8; 32], point: &[u8; 65]) -> Result<Zeroizing<[u8; 32]>, Failed> {
        let key = StaticPrivateKey::from_bytes(scalar).map_err(|_| Failed)?;
        let point = PublicKey::from_x962_uncompressed(point).map_err(|_| Failed)?;
        let shared = key.diffie_hellman(&point).map_err(|_| Failed)?;
        Ok(Zeroizing::new(shared.0))
    }
}

#[cfg(test)]
mod tests;
