use crate::testing::hex;

/// RFC 6979 appendix A.2.6.
#[cfg(feature = "es384")]
#[test]
fn rfc_6979_p384() {
    let key = hex("6b9d3dad2e1b8c1c05b19875b6659f4de23c3b667bf297ba9aa47740787137d896d5724e4c70a825f872c9ea60d2edf5");
    let x: [u8; 48] =
        hex("ec3a4e415b4e19a4568618029f427fa5da9a8bc4ae92e02e06aae5286b300c64def8f0ea9055866064a254515480bc13");
    let y: [u8; 48] =
        hex("8015d9b72d7d57244ea8ef9ac0c621896708a59367f9dfb9f54ca84b3f1c9db1288b231c3ae0d4fe7344fd2533264720");
    let point = super::p384::public_key(&key).unwrap();
    assert_eq!((point[0], &point[1..49], &point[49..]), (4, &x[..], &y[..]));

    let r: [u8; 48] =
        hex("94edbb92a5ecb8aad4736e56c691916b3f88140666ce9fa73d64c4ea95ad133c81a648152e44acf96e36dd1e80fabe46");
    let s: [u8; 48] =
        hex("99ef4aeb15f178cea1fe40db2603138f130e740a19624526203b6351d0a3a94fa329c145786e679e7b82c71a38628ac8");
    let signature = super::p384::sign(&key, &[b"sam", b"ple"]).unwrap();
    let expected = p384::ecdsa::Signature::from_scalars(r, s).unwrap().to_der();
    assert_eq!(signature, expected.as_bytes());
}

#[cfg(feature = "es384")]
#[test]
fn zero_and_the_order_are_no_private_keys_of_p384() {
    let order = hex("ffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973");
    for scalar in [[0; 48], order, [0xff; 48]] {
        assert!(!super::p384::is_private_key(&scalar));
        assert_eq!(super::p384::public_key(&scalar), Err(super::Failed));
        assert_eq!(super::p384::sign(&scalar, &[b"message"]), Err(super::Failed));
    }
}

/// RFC 6979 appendix A.2.7.
#[cfg(feature = "es512")]
#[test]
fn rfc_6979_p521() {
    let key = hex("00fad06daa62ba3b25d2fb40133da757205de67f5bb0018fee8c86e1b68c7e75ca\
         a896eb32f1f47c70855836a6d16fcc1466f6d8fbec67db89ec0c08b0e996b83538");
    let x: [u8; 66] = hex("01894550d0785932e00eaa23b694f213f8c3121f86dc97a04e5a7167db4e5bcd37\
         1123d46e45db6b5d5370a7f20fb633155d38ffa16d2bd761dcac474b9a2f5023a4");
    let y: [u8; 66] = hex("00493101c962cd4d2fddf782285e64584139c2f91b47f87ff82354d6630f746a28\
         a0db25741b5b34a828008b22acc23f924faafbd4d33f81ea66956dfeaa2bfdfcf5");
    let point = super::p521::public_key(&key).unwrap();
    assert_eq!((point[0], &point[1..67], &point[67..]), (4, &x[..], &y[..]));

    let r: [u8; 66] = hex("00c328fafcbd79dd77850370c46325d987cb525569fb63c5d3bc53950e6d4c5f17\
         4e25a1ee9017b5d450606add152b534931d7d4e8455cc91f9b15bf05ec36e377fa");
    let s: [u8; 66] = hex("00617cce7cf5064806c467f678d3b4080d6f1cc50af26ca209417308281b68af28\
         2623eaa63e5b5c0723d8b8c37ff0777b1a20f8ccb1dccc43997f1ee0e44da4a67a");
    let signature = super::p521::sign(&key, &[b"sam", b"ple"]).unwrap();
    let expected = p521::ecdsa::Signature::from_scalars(r, s).unwrap().to_der();
    assert_eq!(signature, expected.as_bytes());
}

#[cfg(feature = "es512")]
#[test]
fn zero_and_the_order_are_no_private_keys_of_p521() {
    let order = hex("01ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff\
         fffa51868783bf2f966b7fcc0148f709a5d03bb5c9b8899c47aebb6fb71e91386409");
    for scalar in [[0; 66], order, [0xff; 66]] {
        assert!(!super::p521::is_private_key(&scalar));
        assert_eq!(super::p521::public_key(&scalar), Err(super::Failed));
        assert_eq!(super::p521::sign(&scalar, &[b"message"]), Err(super::Failed));
    }
}

/// The vector that implementations of secp256k1 share for deterministic signatures: the key is one.
#[cfg(feature = "es256k")]
#[test]
fn deterministic_secp256k1() {
    let key = hex("0000000000000000000000000000000000000000000000000000000000000001");
    let generator: [u8; 65] = hex("0479be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f817\
         98483ada7726a3c4655da4fbfc0e1108a8fd17b448a68554199c47d08ffb10d4b8");
    assert_eq!(super::secp256k1::public_key(&key).unwrap(), generator);

    let r: [u8; 32] = hex("934b1ea10a4b3c1757e2b0c017d0b6143ce3c9a7e6a4a49860d7a6ab210ee3d8");
    let s: [u8; 32] = hex("2442ce9d2b916064108014783e923ec36b49743e2ffa1c4496f01a512aafd9e5");
    let signature = super::secp256k1::sign(&key, &[b"Satoshi ", b"Nakamoto"]).unwrap();
    let expected = k256::ecdsa::Signature::from_scalars(r, s).unwrap().to_der();
    assert_eq!(signature, expected.as_bytes());
}

#[cfg(feature = "es256k")]
#[test]
fn zero_and_the_order_are_no_private_keys_of_secp256k1() {
    let order = hex("fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141");
    for scalar in [[0; 32], order, [0xff; 32]] {
        assert!(!super::secp256k1::is_private_key(&scalar));
        assert_eq!(super::secp256k1::public_key(&scalar), Err(super::Failed));
        assert_eq!(super::secp256k1::sign(&scalar, &[b"message"]), Err(super::Failed));
    }
}
