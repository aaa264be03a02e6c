//! ECDSA with P-256 on a chip: multiples of the base point from a table in flash.
//!
//! The `p256` crate multiplies any point by 256 doublings and 64 additions, or keeps tables in memory. A key and a
//! signature need multiples of the base point G only, so 8 kB of constants do: 10 doublings and 44 additions, by the
//! comb of Lim and Lee ("More Flexible Exponentiation with Precomputation", CRYPTO '94) over the signed digits of
//! Hamburg ("Fast and compact elliptic-curve cryptography", <https://eprint.iacr.org/2012/309>, §3.3).
//!
//! **Digits.** With D = `BITS` and c = (k + 2^D − 1) / 2 mod n, the bits of c give k as a sum of D digits, each of them
//! 1 or −1 and none 0: Σ (2 c_i − 1) 2^i = 2c − (2^D − 1) ≡ k (mod n).
//!
//! **Comb.** Bit i = `SPACING` · (tooth · `TABLES` + table) + column. Every column adds one point of each table: the
//! sum over the teeth of ±2^(`SPACING` · (tooth · `TABLES` + table)) G. In the table the highest tooth is positive;
//! where it is not, the point of the opposite signs is negated. So a table has 2^(`TEETH` − 1) points.
//!
//! **No secret in time or addresses.** A point is chosen by reading all of its table. One formula without exceptions
//! adds and doubles. Field and scalars are those of `p256`, which is constant-time: on an emulated Cortex-M0+ the
//! cycles are one number. What is inverted is masked all the same: before crypto-bigint 0.7.11 the compiler had made a
//! branch of a step of the inversion.

use p256::ecdsa;
use p256::elliptic_curve::Curve;
use p256::elliptic_curve::bigint::U256;
use p256::elliptic_curve::ff::PrimeField;
use p256::elliptic_curve::ops::Reduce;
use p256::elliptic_curve::point::AffineCoordinates;
use p256::elliptic_curve::sec1::ToSec1Point;
use p256::elliptic_curve::subtle::{Choice, ConditionallySelectable, ConstantTimeEq};
use p256::{AffinePoint, FieldBytes, NistP256, Scalar};
use rfc6979::KGenerator;
use sha2::Sha256;
use zeroize::{Zeroize, Zeroizing};

use super::rustcrypto::{self, Failed, Signature};
use crate::crypto::sha256;

mod table;
use table::{ALL_ONES, Affine, ENTRIES, FieldElement, SPACING, TABLE, TABLES, TEETH};

/// See [`super::public_key`].
///
/// # Errors
/// [`Failed`] where `scalar` is not a private key.
pub fn public_key(scalar: &[u8; 32]) -> Result<[u8; 65], Failed> {
    let scalar = rustcrypto::scalar(scalar).ok_or(Failed)?;
    let point = multiply_base_point(&scalar)?;
    point.to_sec1_point(false).as_bytes().try_into().map_err(|_| Failed)
}

/// See [`super::sign`]. Deterministic (RFC 6979).
///
/// # Errors
/// [`Failed`] where `scalar` is not a private key.
pub fn sign(scalar: &[u8; 32], message: &[&[u8]]) -> Result<Signature, Failed> {
    let key = rustcrypto::scalar(scalar).ok_or(Failed)?;
    let digest = sha256(message);
    let mut nonce = Zeroizing::new([0; 32]);
    KGenerator::<Sha256, U256>::new(scalar, &digest, &[], &NistP256::ORDER).fill_next_k(&mut *nonce);
    let nonce = rustcrypto::scalar(&nonce).ok_or(Failed)?;
    // FIPS 186-5 §6.4.1 steps 5 to 11. `r` or `s` is zero, and another nonce due, once in 2^255 signatures.
    let r = Scalar::reduce(&multiply_base_point(&nonce)?.x());
    let mask = mask(b"inversion", &nonce);
    let inverse = Zeroizing::new((**nonce * *mask).invert().into_option().ok_or(Failed)? * *mask);
    let s = *inverse * (Scalar::reduce(&FieldBytes::from(digest)) + r * **key);
    let signature = ecdsa::Signature::from_scalars(r, s).map_err(|_| Failed)?;
    Signature::from_slice(signature.to_der().as_bytes()).map_err(|_| Failed)
}

/// `scalar` times the base point.
///
/// The coordinates start from a mask (Coron, "Resistance against Differential Power Analysis for Elliptic Curve
/// Cryptosystems", CHES '99, §5.3), so that what is inverted in the end tells nothing. What a fault has pushed off the
/// curve is not given away.
fn multiply_base_point(scalar: &Scalar) -> Result<AffinePoint, Failed> {
    let digits = Zeroizing::new((*scalar + ALL_ONES).multiply(&Scalar::TWO_INV).to_bytes());
    let bit = |index: usize| {
        digits
            .iter()
            .rev()
            .nth(index / 8)
            .map_or(0, |byte| byte >> (index % 8) & 1)
    };
    let mut sum = Zeroizing::new(Projective {
        // Never too great for a field element: n is less than p.
        y: FieldElement::from_repr(mask(b"coordinates", scalar).to_bytes())
            .into_option()
            .ok_or(Failed)?,
        ..Projective::IDENTITY
    });
    for column in (0..SPACING).rev() {
        *sum = sum.add(&sum);
        for (table, entries) in TABLE.iter().enumerate() {
            let digit = |tooth| bit(SPACING * (tooth * TABLES + table) + column);
            let opposite = 1 ^ digit(TEETH - 1);
            let signs = (0..TEETH - 1).fold(0, |signs, tooth| signs | (digit(tooth) ^ opposite) << tooth);
            *sum = sum.add(&Zeroizing::new(select(entries, signs, Choice::from(opposite))));
        }
    }
    let inverse = sum.z.invert().into_option().ok_or(Failed)?;
    let (x, y) = (sum.x.multiply(&inverse), sum.y.multiply(&inverse));
    AffinePoint::from_coordinates(&x.to_bytes(), &y.to_bytes())
        .into_option()
        .ok_or(Failed)
}

/// A scalar that only those can tell who know `secret`.
fn mask(purpose: &[u8], secret: &Scalar) -> Zeroizing<Scalar> {
    let secret = Zeroizing::new(<[u8; 32]>::from(secret.to_bytes()));
    let hash = Zeroizing::new(sha256(&[purpose, &*secret]));
    Zeroizing::new(Scalar::reduce(&FieldBytes::from(*hash)))
}

/// The point at `index`, or its negative. Reads all of the table.
fn select(entries: &[Affine; ENTRIES], index: u8, negative: Choice) -> Projective {
    let mut point = Affine::ZERO;
    for (position, entry) in (0_u8..).zip(entries) {
        let chosen = position.ct_eq(&index);
        point.x.conditional_assign(&entry.x, chosen);
        point.y.conditional_assign(&entry.y, chosen);
    }
    point.y.conditional_assign(&point.y.neg(), negative);
    Projective {
        x: point.x,
        y: point.y,
        z: FieldElement::ONE,
    }
}

/// The point (X / Z, Y / Z), or the identity where Z is 0.
#[derive(Clone, Copy, Zeroize)]
struct Projective {
    x: FieldElement,
    y: FieldElement,
    z: FieldElement,
}

impl Projective {
    const IDENTITY: Self = Self {
        x: FieldElement::ZERO,
        y: FieldElement::ONE,
        z: FieldElement::ZERO,
    };

    /// The sum of any two points, also of equal ones and of the identity (Renes, Costello and Batina, "Complete
    /// addition formulas for prime order elliptic curves", <https://eprint.iacr.org/2015/1060>, algorithm 4).
    fn add(&self, other: &Self) -> Self {
        /// NIST SP 800-186 §3.2.1.3.
        const B: FieldElement =
            FieldElement::from_hex_vartime("5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604b");
        let xx = self.x * other.x;
        let yy = self.y * other.y;
        let zz = self.z * other.z;
        let xy = (self.x + self.y) * (other.x + other.y) - (xx + yy);
        let yz = (self.y + self.z) * (other.y + other.z) - (yy + zz);
        let xz = (self.x + self.z) * (other.x + other.z) - (xx + zz);
        let b_zz = triple(xz - B * zz);
        let zz = triple(zz);
        let b_xz = triple(B * xz - (zz + xx));
        let xx = triple(xx) - zz;
        let (below, above) = (yy - b_zz, yy + b_zz);
        Self {
            x: above * xy - yz * b_xz,
            y: above * below + xx * b_xz,
            z: below * yz + xy * xx,
        }
    }
}

fn triple(a: FieldElement) -> FieldElement {
    a.double() + a
}

#[cfg(test)]
mod tests;
