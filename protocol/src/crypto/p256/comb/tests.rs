use p256::ProjectivePoint;
use p256::elliptic_curve::Group;
use p256::test_vectors::group::{ADD_TEST_VECTORS, MUL_TEST_VECTORS};
use proptest::prelude::*;

use super::*;

/// 2^`exponent` modulo the order.
fn power(exponent: usize) -> Scalar {
    (0..exponent).fold(Scalar::ONE, |power, _| power.double())
}

fn agrees(scalar: Scalar) {
    let expected = ProjectivePoint::mul_by_generator(&scalar).to_affine();
    assert_eq!(multiply_base_point(&scalar), Ok(expected), "{scalar:?}");
}

#[test]
fn the_tables_hold_the_sums_of_their_teeth() {
    for (table, entries) in TABLE.iter().enumerate() {
        for (signs, entry) in entries.iter().enumerate() {
            let sum = (0..TEETH).fold(Scalar::ZERO, |sum, tooth| {
                let power = power(SPACING * (tooth * TABLES + table));
                let positive = tooth == TEETH - 1 || signs >> tooth & 1 == 1;
                sum + if positive { power } else { -power }
            });
            let expected = ProjectivePoint::mul_by_generator(&sum).to_affine();
            assert_eq!((entry.x.to_bytes(), entry.y.to_bytes()), (expected.x(), expected.y()));
        }
    }
}

/// <http://point-at-infinity.org/ecc/nisttv>
#[test]
fn published_multiples_of_the_base_point() {
    let small = (1_u64..)
        .zip(ADD_TEST_VECTORS)
        .map(|(k, (x, y))| (Scalar::from(k), x, y));
    let large = MUL_TEST_VECTORS
        .iter()
        .map(|(k, x, y)| (Scalar::reduce(&FieldBytes::from(*k)), x, y));
    for (scalar, x, y) in small.chain(large) {
        let point = public_key(&scalar.to_bytes().into()).unwrap();
        assert_eq!((point[0], &point[1..33], &point[33..]), (4, &x[..], &y[..]));
    }
}

/// The ends of the range, few bits, many bits; all digits −1, and all but one.
#[test]
fn unusual_scalars() {
    agrees(-ALL_ONES);
    for bit in 0..256 {
        let power = power(bit);
        for scalar in [power, -power, power.double() - ALL_ONES] {
            agrees(scalar);
        }
    }
}

#[test]
fn no_multiple_is_the_identity() {
    assert_eq!(multiply_base_point(&Scalar::ZERO), Err(Failed));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn the_same_points_and_signatures_as_by_p256(scalar: [u8; 32], message: [u8; 40]) {
        let scalar = Scalar::reduce(&FieldBytes::from(scalar)).to_bytes().into();
        prop_assert_eq!(public_key(&scalar), rustcrypto::public_key(&scalar));
        prop_assert_eq!(sign(&scalar, &[&message]), rustcrypto::sign(&scalar, &[&message]));
    }
}
