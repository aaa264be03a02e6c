//! P-256: ECDSA with SHA-256 (FIPS 186-5, RFC 6979) and ECDH (NIST SP 800-56A), by one of two libraries.
//!
//! A PC uses graviola, whose assembly is some four times faster than [`rustcrypto`] and formally verified; where the
//! processor lacks what that needs, it falls back. A chip uses `comb`, which takes the arithmetic of the same library
//! and adds a table in flash. All are constant-time.

use heapless::Vec;
use zeroize::Zeroizing;

/// A DER-encoded ECDSA signature: 70 to 72 bytes nearly always, never more than 72.
pub type Signature = Vec<u8, 72>;

#[cfg(any(test, feature = "flash-tables"))]
pub mod comb;
#[cfg(feature = "flash-tables")]
use comb as portable;
#[cfg(not(feature = "flash-tables"))]
use rustcrypto as portable;

/// The library could not compute: what was given is not a private key, or not a point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Failed;

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

/// Signs the parts, one behind the other.
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

/// The `p256` crate: portable, no_std, small.
pub mod rustcrypto {
    use ecdsa::hazmat::sign_prehashed_rfc6979;
    use p256::elliptic_curve::Group;
    use p256::elliptic_curve::point::AffineCoordinates;
    use p256::elliptic_curve::sec1::ToSec1Point;
    use p256::{AffinePoint, NistP256, NonZeroScalar, ProjectivePoint, PublicKey};
    use sha2::Sha256;
    use zeroize::Zeroizing;

    use super::{Failed, Signature};
    use crate::crypto::sha256;

    pub(super) fn scalar(bytes: &[u8; 32]) -> Option<Zeroizing<NonZeroScalar>> {
        NonZeroScalar::from_repr((*bytes).into())
            .into_option()
            .map(Zeroizing::new)
    }

    /// See [`super::public_key`].
    ///
    /// # Errors
    /// [`Failed`] where `scalar` is not a private key.
    pub fn public_key(scalar: &[u8; 32]) -> Result<[u8; 65], Failed> {
        let scalar = self::scalar(scalar).ok_or(Failed)?;
        let point = ProjectivePoint::mul_by_generator(&scalar).to_affine();
        point.to_sec1_point(false).as_bytes().try_into().map_err(|_| Failed)
    }

    /// See [`super::sign`]. Deterministic (RFC 6979).
    ///
    /// # Errors
    /// [`Failed`] where `scalar` is not a private key.
    pub fn sign(scalar: &[u8; 32], message: &[&[u8]]) -> Result<Signature, Failed> {
        let scalar = self::scalar(scalar).ok_or(Failed)?;
        // `SigningKey` would compute the public key as well and so double the time of a sign-in.
        let (signature, _) = sign_prehashed_rfc6979::<NistP256, Sha256>(&scalar, &sha256(message), &[]);
        Signature::from_slice(signature.to_der().as_bytes()).map_err(|_| Failed)
    }

    /// See [`super::diffie_hellman`].
    ///
    /// # Errors
    /// [`Failed`] where `scalar` is not a private key, or `point` not an uncompressed point of the curve.
    pub fn diffie_hellman(scalar: &[u8; 32], point: &[u8; 65]) -> Result<Zeroizing<[u8; 32]>, Failed> {
        let scalar = self::scalar(scalar).ok_or(Failed)?;
        // Not by SEC1: its decoder brings along the decompression that no message of ours needs, 4 kB of it.
        let (&[4], coordinates) = point.split_first_chunk::<1>().ok_or(Failed)? else {
            return Err(Failed);
        };
        let (x, y) = coordinates.split_first_chunk::<32>().ok_or(Failed)?;
        let y: &[u8; 32] = y.try_into().map_err(|_| Failed)?;
        let point = AffinePoint::from_coordinates(x.into(), y.into())
            .into_option()
            .ok_or(Failed)?;
        let point = PublicKey::from_affine(point).map_err(|_| Failed)?;
        let shared = p256::ecdh::diffie_hellman(&*scalar, point.as_affine());
        Ok(Zeroizing::new((*shared.raw_secret_bytes()).into()))
    }
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
