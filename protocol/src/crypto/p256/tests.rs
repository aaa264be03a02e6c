use ecdsa::signature::Verifier;
use p256::ecdsa::{DerSignature, VerifyingKey};
use proptest::prelude::*;

use super::*;
use crate::testing::hex;

/// RFC 6979 appendix A.2.5: private key, public key.
const KEY: [u8; 32] = hex("c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721");
const X: [u8; 32] = hex("60fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6");
const Y: [u8; 32] = hex("7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299");

fn verifies(point: &[u8; 65], message: &[u8], signature: &[u8]) -> bool {
    let key = VerifyingKey::from_sec1_bytes(point).unwrap();
    DerSignature::try_from(signature).is_ok_and(|signature| key.verify(message, &signature).is_ok())
}

#[test]
fn rfc_6979_public_key() {
    for public_key in [public_key, rustcrypto::public_key, comb::public_key] {
        let point = public_key(&KEY).unwrap();
        assert_eq!((point[0], &point[1..33], &point[33..]), (4, &X[..], &Y[..]));
    }
}

#[test]
fn rfc_6979_signatures() {
    for (message, r, s) in [
        (
            "sample",
            hex("efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716"),
            hex("f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8"),
        ),
        (
            "test",
            hex("f1abb023518351cd71d881567b1ea663ed3efcf6c5132b354f28d3b0b7d38367"),
            hex("019f4113742a2b14bd25926b49c649155f267e60d3814b4c0cc84250e46f0083"),
        ),
    ] {
        let (head, tail) = message.as_bytes().split_at(2);
        let expected = p256::ecdsa::Signature::from_scalars(r, s).unwrap().to_der();
        for sign in [rustcrypto::sign, comb::sign] {
            assert_eq!(sign(&KEY, &[head, tail]).unwrap(), expected.as_bytes());
        }
    }
}

#[test]
fn zero_and_the_order_are_no_private_keys() {
    let order = hex("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551");
    for scalar in [[0; 32], order, [0xff; 32]] {
        assert!(!is_private_key(&scalar));
        for public_key in [public_key, rustcrypto::public_key, comb::public_key] {
            assert_eq!(public_key(&scalar), Err(Failed));
        }
        for sign in [sign, rustcrypto::sign, comb::sign] {
            assert_eq!(sign(&scalar, &[b"message"]), Err(Failed));
        }
    }
}

/// NIST CAVS 14.1, ECC CDH primitive, P-256, count 0: the peer's point, the private key, the X coordinate.
#[test]
fn cavs_key_agreement() {
    let x: [u8; 32] = hex("700c48f77f56584c5cc632ca65640db91b6bacce3a4df6b42ce7cc838833d287");
    let y: [u8; 32] = hex("db71e509e3fd9b060ddb20ba5c51dcc5948d46fbf640dfe0441782cab85fa4ac");
    let scalar = hex("7d7dc5f71eb29ddaf80d6214632eeae03d9058af1fb6d22ed80badb62bc1a534");
    let shared = hex("46fc62106420ff012e54a434fbdd2d25ccc5852060561e68040dd7778997bd7b");
    let mut point = [4; 65];
    point[1..33].copy_from_slice(&x);
    point[33..].copy_from_slice(&y);
    assert_eq!(*diffie_hellman(&scalar, &point).unwrap(), shared);
    assert_eq!(*rustcrypto::diffie_hellman(&scalar, &point).unwrap(), shared);
    point[64] ^= 1;
    assert_eq!(diffie_hellman(&scalar, &point), Err(Failed));
    assert_eq!(rustcrypto::diffie_hellman(&scalar, &point), Err(Failed));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn the_backends_agree_and_verify(scalar: [u8; 32], message: [u8; 40]) {
        prop_assume!(is_private_key(&scalar));
        let point = public_key(&scalar).unwrap();
        prop_assert_eq!(point, rustcrypto::public_key(&scalar).unwrap());
        prop_assert!(verifies(&point, &message, &sign(&scalar, &[&message]).unwrap()));
        prop_assert!(verifies(&point, &message, &rustcrypto::sign(&scalar, &[&message]).unwrap()));
    }

    #[test]
    fn both_sides_of_a_key_agreement_come_to_the_same_by_either_backend(ours: [u8; 32], theirs: [u8; 32]) {
        prop_assume!(is_private_key(&ours) && is_private_key(&theirs));
        let shared = diffie_hellman(&ours, &public_key(&theirs).unwrap()).unwrap();
        prop_assert_eq!(&shared, &diffie_hellman(&theirs, &public_key(&ours).unwrap()).unwrap());
        prop_assert_eq!(&shared, &rustcrypto::diffie_hellman(&ours, &public_key(&theirs).unwrap()).unwrap());
    }
}
