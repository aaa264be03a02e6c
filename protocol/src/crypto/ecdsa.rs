//! ECDSA with the curves for which one library is enough (FIPS 186-5, RFC 6979): P-384, P-521 and secp256k1, in
//! constant time. P-256, which every credential but few uses, is in [`p256`](super::p256).

/// The library could not compute: nothing about the input causes this.
pub use super::p256::Failed;

/// A module for one curve: the functions of [`p256`](super::p256), for scalars, points and signatures of its sizes.
macro_rules! curve {
    (
        $(#[$documentation:meta])*
        mod $name:ident: $curve:ident of $library:ident with $hash:ident,
        scalar $scalar:literal, point $point:literal, signature $signature:literal
    ) => {
        $(#[$documentation])*
        pub mod $name {
            use ecdsa::hazmat::sign_prehashed_rfc6979;
            use heapless::Vec;
            use $library::elliptic_curve::group::Group;
            use $library::elliptic_curve::sec1::ToSec1Point;
            use $library::{$curve, NonZeroScalar, ProjectivePoint};
            use sha2::{Digest, $hash};
            use zeroize::Zeroizing;

            use super::Failed;

            #[doc = concat!("A DER-encoded signature, at most ", stringify!($signature), " bytes.")]
            pub type Signature = Vec<u8, $signature>;

            fn scalar(bytes: &[u8; $scalar]) -> Option<Zeroizing<NonZeroScalar>> {
                NonZeroScalar::from_repr((*bytes).into())
                    .into_option()
                    .map(Zeroizing::new)
            }

            /// Whether `scalar` is a private key: greater than zero and less than the group's order.
            #[must_use]
            pub fn is_private_key(scalar: &[u8; $scalar]) -> bool {
                self::scalar(scalar).is_some()
            }

            /// The public key of a private one, as an uncompressed point: 0x04, X, Y.
            ///
            /// # Errors
            /// [`Failed`] where `scalar` is not a private key.
            pub fn public_key(scalar: &[u8; $scalar]) -> Result<[u8; $point], Failed> {
                let scalar = self::scalar(scalar).ok_or(Failed)?;
                let point = <ProjectivePoint as Group>::mul_by_generator(&scalar).to_affine();
                point.to_sec1_point(false).as_bytes().try_into().map_err(|_| Failed)
            }

            /// Signs the parts, one after the other. Deterministic (RFC 6979).
            ///
            /// # Errors
            /// [`Failed`] where `scalar` is not a private key.
            pub fn sign(scalar: &[u8; $scalar], message: &[&[u8]]) -> Result<Signature, Failed> {
                let scalar = self::scalar(scalar).ok_or(Failed)?;
                let mut hash = $hash::new();
                message.iter().for_each(|part| hash.update(part));
                let (signature, _) = sign_prehashed_rfc6979::<$curve, $hash>(&scalar, &hash.finalize(), &[]);
                Signature::from_slice(signature.to_der().as_bytes()).map_err(|_| Failed)
            }
        }
    };
}

#[cfg(feature = "es384")]
curve! {
    /// P-384 with SHA-384.
    mod p384: NistP384 of p384 with Sha384, scalar 48, point 97, signature 104
}

#[cfg(feature = "es512")]
curve! {
    /// P-521 with SHA-512.
    mod p521: NistP521 of p521 with Sha512, scalar 66, point 133, signature 139
}

#[cfg(feature = "es256k")]
curve! {
    /// secp256k1 with SHA-256. Of the two values that sign, the lower one is taken, as that curve's users expect.
    mod secp256k1: Secp256k1 of k256 with Sha256, scalar 32, point 65, signature 72
}

#[cfg(test)]
mod tests;
