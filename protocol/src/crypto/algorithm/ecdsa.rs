//! ECDSA: EC2 keys (RFC 9053 §7.1.1) and DER signatures.

use super::{Family, Signature};
use crate::cbor::Writer;
#[cfg(any(feature = "es384", feature = "es512", feature = "es256k"))]
use crate::crypto::ecdsa;
use crate::crypto::p256;
use crate::status::Status;

/// The public point of a P-256 key.
pub(super) fn p256_point(seed: &[u8; 32]) -> Result<[u8; 65], Status> {
    p256::public_key(seed).map_err(|_| Status::Other)
}

/// ES256 and ESP256. The seed is the scalar.
pub(super) struct P256;

impl Family for P256 {
    fn accepts(&self, seed: &[u8; 32]) -> bool {
        p256::is_private_key(seed)
    }

    fn write_cose_key(&self, seed: &[u8; 32], alg: i64, writer: &mut Writer<'_>) -> Result<(), Status> {
        write_ec2_key(alg, 1, &p256_point(seed)?, writer)
    }

    fn sign(&self, seed: &[u8; 32], message: &[&[u8]]) -> Result<Signature, Status> {
        let signature = p256::sign(seed, message).map_err(|_| Status::Other)?;
        Signature::from_slice(&signature).map_err(|_| Status::Other)
    }
}

/// ES384 and ESP384. The scalar is the SHA-384 of the seed. It has the length that the curve needs, and is no private
/// key only once in some 2¹⁹⁰ seeds.
#[cfg(feature = "es384")]
pub(super) struct P384;

#[cfg(feature = "es384")]
impl P384 {
    fn scalar(seed: &[u8; 32]) -> zeroize::Zeroizing<[u8; 48]> {
        use sha2::Digest as _;
        zeroize::Zeroizing::new(sha2::Sha384::digest(seed).into())
    }
}

#[cfg(feature = "es384")]
impl Family for P384 {
    fn accepts(&self, seed: &[u8; 32]) -> bool {
        ecdsa::p384::is_private_key(&Self::scalar(seed))
    }

    fn write_cose_key(&self, seed: &[u8; 32], alg: i64, writer: &mut Writer<'_>) -> Result<(), Status> {
        let point = ecdsa::p384::public_key(&Self::scalar(seed)).map_err(|_| Status::Other)?;
        write_ec2_key(alg, 2, &point, writer)
    }

    fn sign(&self, seed: &[u8; 32], message: &[&[u8]]) -> Result<Signature, Status> {
        let signature = ecdsa::p384::sign(&Self::scalar(seed), message).map_err(|_| Status::Other)?;
        Signature::from_slice(&signature).map_err(|_| Status::Other)
    }
}

/// ES512 and ESP512. The scalar has 521 bits of two SHA-512: nine bits of that of the seed and a one, then all of that
/// of the seed. It is no private key only once in some 2²⁵⁶ seeds.
#[cfg(feature = "es512")]
pub(super) struct P521;

#[cfg(feature = "es512")]
impl P521 {
    fn scalar(seed: &[u8; 32]) -> zeroize::Zeroizing<[u8; 66]> {
        use sha2::{Digest as _, Sha512};
        use zeroize::Zeroizing;
        let low = Zeroizing::new(<[u8; 64]>::from(Sha512::digest(seed)));
        let high = Zeroizing::new(<[u8; 64]>::from(
            Sha512::new().chain_update(seed).chain_update([1]).finalize(),
        ));
        let [first, second, ..] = *high;
        let mut scalar = Zeroizing::new([0; 66]);
        crate::bytes::fill(&mut *scalar, &[&[first & 1, second], &*low]);
        scalar
    }
}

#[cfg(feature = "es512")]
impl Family for P521 {
    fn accepts(&self, seed: &[u8; 32]) -> bool {
        ecdsa::p521::is_private_key(&Self::scalar(seed))
    }

    fn write_cose_key(&self, seed: &[u8; 32], alg: i64, writer: &mut Writer<'_>) -> Result<(), Status> {
        let point = ecdsa::p521::public_key(&Self::scalar(seed)).map_err(|_| Status::Other)?;
        write_ec2_key(alg, 3, &point, writer)
    }

    fn sign(&self, seed: &[u8; 32], message: &[&[u8]]) -> Result<Signature, Status> {
        let signature = ecdsa::p521::sign(&Self::scalar(seed), message).map_err(|_| Status::Other)?;
        Signature::from_slice(&signature).map_err(|_| Status::Other)
    }
}

/// ES256K (RFC 8812 §3). The seed is the scalar.
#[cfg(feature = "es256k")]
pub(super) struct Secp256k1;

#[cfg(feature = "es256k")]
impl Family for Secp256k1 {
    fn accepts(&self, seed: &[u8; 32]) -> bool {
        ecdsa::secp256k1::is_private_key(seed)
    }

    fn write_cose_key(&self, seed: &[u8; 32], alg: i64, writer: &mut Writer<'_>) -> Result<(), Status> {
        let point = ecdsa::secp256k1::public_key(seed).map_err(|_| Status::Other)?;
        write_ec2_key(alg, 8, &point, writer)
    }

    fn sign(&self, seed: &[u8; 32], message: &[&[u8]]) -> Result<Signature, Status> {
        let signature = ecdsa::secp256k1::sign(seed, message).map_err(|_| Status::Other)?;
        Signature::from_slice(&signature).map_err(|_| Status::Other)
    }
}

/// {kty: EC2, alg, crv, x, y} of an uncompressed point.
fn write_ec2_key(alg: i64, curve: i64, point: &[u8], writer: &mut Writer<'_>) -> Result<(), Status> {
    let (_, coordinates) = point.split_first().ok_or(Status::Other)?;
    let (x, y) = coordinates
        .split_at_checked(coordinates.len() / 2)
        .ok_or(Status::Other)?;
    writer.map(5).int(1).int(2).int(3).int(alg).int(-1).int(curve);
    writer.int(-2).bytes(x).int(-3).bytes(y);
    Ok(())
}
