//! The `p256` crate: portable, no_std, small.

use ecdsa::hazmat::sign_prehashed_rfc6979;
use heapless::Vec;
use p256::elliptic_curve::Group;
use p256::elliptic_curve::point::AffineCoordinates;
use p256::{AffinePoint, NistP256, NonZeroScalar, ProjectivePoint, PublicKey};
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::bytes::concat;
use crate::crypto::sha256;

/// A DER-encoded ECDSA signature: 70 to 72 bytes nearly always, never more than 72.
pub type Signature = Vec<u8, 72>;

/// The library could not compute: what was given is not a private key, or not a point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Failed;

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
    // Not by SEC1: its encoder asks first whether the point is the identity, which no private key gives.
    Ok(concat(&[&[4], &point.x(), &point.y()]))
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
