//! Keys and signatures of every algorithm, and keys that are none.

use p256::ecdsa::signature::Signer as _;

use super::*;

fn number(value: i128) -> Vec<u8> {
    crate::cbor::encode(&cbor4ii::core::Value::Integer(value))
}

fn bytes(value: &[u8]) -> Vec<u8> {
    crate::cbor::encode(&cbor4ii::core::Value::Bytes(value.to_vec()))
}

fn ec2(alg: i64, curve: i128, point: &[u8]) -> Vec<u8> {
    let (x, y) = point[1..].split_at(point.len() / 2);
    [
        &[0xA5, 0x01, 0x02, 0x03][..],
        &number(alg.into()),
        b"\x20",
        &number(curve),
        b"\x21",
        &bytes(x),
        b"\x22",
        &bytes(y),
    ]
    .concat()
}

fn okp(alg: i64, point: &[u8; 32]) -> Vec<u8> {
    [
        &[0xA4, 0x01, 0x01, 0x03][..],
        &number(alg.into()),
        b"\x20\x06\x21",
        &bytes(point),
    ]
    .concat()
}

fn akp(alg: i64, key: &[u8]) -> Vec<u8> {
    [&[0xA3, 0x01, 0x07, 0x03][..], &number(alg.into()), b"\x20", &bytes(key)].concat()
}

fn rsa(n: &[u8], e: &[u8]) -> Vec<u8> {
    [
        &[0xA4, 0x01, 0x03, 0x03][..],
        &number(-257),
        b"\x20",
        &bytes(n),
        b"\x21",
        &bytes(e),
    ]
    .concat()
}

const MESSAGE: &[u8] = b"authenticator data and a hash";

/// The modulus of an RSA key that OpenSSL made, and its signature of [`MESSAGE`].
const RSA_MODULUS: &str = concat!(
    "88880f98ff05e1a0dac87af23f39debe22db5082a83f964c3090a6d7e5b554d8",
    "c2b454ca4b29c5d9c22f58301de17e87c6386c60860373599c713202c632eafc",
    "1f15131836e511c05f4f624fd4c72038800050b51d8012286b11985bdc586ee6",
    "60f4dbff6ad05f41176a3c881bf0650a3dd417a216fbf52fd1ecb03a26e385c0",
    "df9a162342e120f719519796562a93bc9b4e34a956a9e1054bf8dc759b7d2c69",
    "bc66dbb946e86fbb2a0c912cddf261f5dd48dfe7f9ed8bc806343191d20797ae",
    "fad887d059cfdbb484396a9a192324f8558bad03de35426477453e253526c1a9",
    "66a372b3112557f7085cb41c0bec118dd682afdaa22244ac34f153aa9fd0cfeb",
);
const RSA_SIGNATURE: &str = concat!(
    "516aebeed88540503b252d402f2cbb4b02881a5cd71cd8b64cce78fbd901166c",
    "13a5f3e705be2550a546bb3f45ca402cc4e93e1a1031fc9da8420dba1886204a",
    "45183966e301c74054ab6921515bbb4b70aab6f4dd0aa3214079a9b1022c2117",
    "2a6df7253f567fbcfed20e69ad1b66733d466778b03e3ddb7d4c4f6fe429ca63",
    "acabae6d8723f915e71cb9c52b824566b5871abf2bb0f60f2f01eea8a845ec59",
    "0b8362122a6641e95d1e0af197ea4194e7252931e33c6fb4fe4bff782f878886",
    "4495ea56057184862cff03f24a09dcbc47a414cd82def84d9e5b440f5c680966",
    "d79d3ceabea85e17e200d0136edb479c885a0eac52f972333ea453a2955c54bd",
);

/// A key of the algorithm, and its signature of [`MESSAGE`].
fn example(algorithm: Algorithm) -> (Vec<u8>, Vec<u8>) {
    use fips204::traits::{SerDes as _, Signer as _};
    let alg = algorithm.cose();
    macro_rules! ecdsa {
        ($curve:ident, $size:literal, $number:literal) => {{
            let secret = $curve::ecdsa::SigningKey::from_slice(&[1; $size]).unwrap();
            let signature: $curve::ecdsa::Signature = secret.sign(MESSAGE);
            let point = secret.verifying_key().to_sec1_point(false);
            (
                ec2(alg, $number, point.as_bytes()),
                signature.to_der().as_bytes().to_vec(),
            )
        }};
    }
    macro_rules! ml_dsa {
        ($name:ident) => {{
            use fips204::traits::KeyGen as _;
            let (public, secret) = fips204::$name::KG::keygen_from_seed(&[1; 32]);
            let signature = secret.try_sign_with_seed(&[2; 32], MESSAGE, &[]).unwrap();
            (akp(alg, &public.into_bytes()), signature.to_vec())
        }};
    }
    match algorithm.family() {
        Family::P256 => ecdsa!(p256, 32, 1),
        Family::P384 => ecdsa!(p384, 48, 2),
        Family::P521 => {
            let mut secret = [1; 66];
            secret[0] = 0;
            let secret = p521::ecdsa::SigningKey::from_slice(&secret).unwrap();
            let signature: p521::ecdsa::Signature = secret.sign(MESSAGE);
            let point = secret.verifying_key().to_sec1_point(false);
            (ec2(alg, 3, point.as_bytes()), signature.to_der().as_bytes().to_vec())
        }
        Family::Secp256k1 => ecdsa!(k256, 32, 8),
        Family::Ed25519 => {
            let secret = ed25519_dalek::SigningKey::from_bytes(&[1; 32]);
            let signature = ed25519_dalek::Signer::sign(&secret, MESSAGE);
            (
                okp(alg, secret.verifying_key().as_bytes()),
                signature.to_bytes().to_vec(),
            )
        }
        Family::MlDsa44 => ml_dsa!(ml_dsa_44),
        Family::MlDsa65 => ml_dsa!(ml_dsa_65),
        Family::MlDsa87 => ml_dsa!(ml_dsa_87),
        Family::Rsa => {
            let hex = |text: &str| -> Vec<u8> {
                let pairs = text.as_bytes().chunks(2);
                pairs
                    .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap())
                    .collect()
            };
            (rsa(&hex(RSA_MODULUS), &[1, 0, 1]), hex(RSA_SIGNATURE))
        }
    }
}

#[test]
fn every_algorithm_is_verified_and_no_signature_fits_another_message() {
    for algorithm in Algorithm::ALL {
        let (cose, mut signature) = example(algorithm);
        let name = algorithm.name();
        assert_eq!(cose_algorithm(&cose), Some(algorithm.cose()), "{name}");
        let key = PublicKey::parse(&cose).unwrap_or_else(|why| panic!("{name}: {why}"));
        assert_eq!(key.algorithm, algorithm);
        let verify = |message: &[u8], signature: &[u8]| algorithm.verify(&key.bytes, message, signature);
        assert_eq!(verify(MESSAGE, &signature), Ok(()), "{name}");
        assert_eq!(verify(b"another", &signature), Err(BadSignature), "{name}");
        assert_eq!(verify(MESSAGE, &[]), Err(BadSignature), "{name}");
        *signature.last_mut().unwrap() ^= 1;
        assert_eq!(verify(MESSAGE, &signature), Err(BadSignature), "{name}");
    }
}

#[test]
fn identifiers_and_names_are_different_for_each() {
    for one in Algorithm::ALL {
        assert_eq!(Algorithm::from_cose(one.cose()), Some(one));
        let same = Algorithm::ALL.iter().filter(|other| other.name() == one.name());
        assert_eq!(same.count(), 1);
    }
    assert_eq!(Algorithm::from_cose(-65_535), None);
}

#[test]
fn a_signature_with_a_large_s_is_one() {
    let (cose, signature) = example(Algorithm::Es256k);
    let key = PublicKey::parse(&cose).unwrap();
    let low = k256::ecdsa::Signature::from_der(&signature).unwrap();
    let (r, s) = low.split_scalars();
    let high = k256::ecdsa::Signature::from_scalars(r.to_bytes(), (-*s).to_bytes()).unwrap();
    assert_ne!(low, high);
    let high = high.to_der();
    assert_eq!(Algorithm::Es256k.verify(&key.bytes, MESSAGE, high.as_bytes()), Ok(()));
}

#[test]
fn points_that_are_not_on_their_curve_are_refused() {
    for algorithm in [Algorithm::Es256, Algorithm::Es384, Algorithm::Es512, Algorithm::Es256k] {
        let (mut cose, _) = example(algorithm);
        *cose.last_mut().unwrap() ^= 1;
        let why = PublicKey::parse(&cose).unwrap_err();
        assert!(why.contains("not a point"), "{}: {why}", algorithm.name());
    }
    // (0, 0), which some take for the point at infinity.
    for (algorithm, curve, size) in [(-7, 1, 32), (-35, 2, 48), (-36, 3, 66), (-47, 8, 32)] {
        let zero = ec2(algorithm, curve, &vec![0; 2 * size + 1]);
        assert!(
            PublicKey::parse(&zero).unwrap_err().contains("not a point"),
            "{algorithm}"
        );
    }
    // A point of another curve, and another curve's number.
    let (es256k, _) = example(Algorithm::Es256k);
    let point = PublicKey::parse(&es256k).unwrap().bytes;
    assert!(PublicKey::parse(&ec2(-7, 1, &point)).is_err());
    assert!(PublicKey::parse(&ec2(-7, 8, &point)).unwrap_err().contains("curve"));
}

/// Every encoding of a point whose order divides eight, canonical or not (RFC 8032 §5.1.3, "Taming the many EdDSAs").
fn small_order() -> Vec<[u8; 32]> {
    let word = |first: u8, middle: u8, last: u8| {
        let mut bytes = [middle; 32];
        (bytes[0], bytes[31]) = (first, last);
        bytes
    };
    let order_eight = [
        [
            0x26, 0xE8, 0x95, 0x8F, 0xC2, 0xB2, 0x27, 0xB0, 0x45, 0xC3, 0xF4, 0x89, 0xF2, 0xEF, 0x98, 0xF0, 0xD5, 0xDF,
            0xAC, 0x05, 0xD3, 0xC6, 0x33, 0x39, 0xB1, 0x38, 0x02, 0x88, 0x6D, 0x53, 0xFC, 0x05,
        ],
        [
            0xC7, 0x17, 0x6A, 0x70, 0x3D, 0x4D, 0xD8, 0x4F, 0xBA, 0x3C, 0x0B, 0x76, 0x0D, 0x10, 0x67, 0x0F, 0x2A, 0x20,
            0x53, 0xFA, 0x2C, 0x39, 0xCC, 0xC6, 0x4E, 0xC7, 0xFD, 0x77, 0x92, 0xAC, 0x03, 0x7A,
        ],
    ];
    let mut found = vec![
        word(0, 0, 0),
        word(1, 0, 0),
        word(0xEC, 0xFF, 0x7F),
        word(0xED, 0xFF, 0x7F),
        word(0xEE, 0xFF, 0x7F),
    ];
    found.extend(order_eight);
    let negative: Vec<_> = found
        .iter()
        .map(|bytes| {
            let mut bytes = *bytes;
            bytes[31] |= 0x80;
            bytes
        })
        .collect();
    found.extend(negative);
    found
}

#[test]
fn ed25519_points_of_small_order_are_refused() {
    for algorithm in [Algorithm::EdDsa, Algorithm::Ed25519] {
        for point in small_order() {
            let refused = PublicKey::parse(&okp(algorithm.cose(), &point));
            assert!(refused.is_err(), "{point:02x?}");
        }
    }
    let why = PublicKey::parse(&okp(-8, &small_order()[1])).unwrap_err();
    assert!(why.contains("small order"), "{why}");
    // y = 2 is on no point, and 2²⁵⁵ − 16 another name for y = 3.
    let mut two = [0; 32];
    two[0] = 2;
    assert!(PublicKey::parse(&okp(-8, &two)).is_err());
    let mut three = [0xFF; 32];
    (three[0], three[31]) = (0xF0, 0x7F);
    assert!(PublicKey::parse(&okp(-8, &three)).is_err());
}

#[test]
fn without_that_a_constant_signature_would_fit_every_message() {
    // The neutral element as the key: R = S·B − h·A = 0 for S = 0 and any h.
    let mut neutral = [0; 32];
    neutral[0] = 1;
    let mut signature = [0; 64];
    signature[0] = 1;
    for message in [&b"one"[..], b"two"] {
        assert_eq!(Algorithm::EdDsa.verify(&neutral, message, &signature), Ok(()));
    }
}

#[test]
fn rsa_keys_have_a_size_and_an_exponent_that_hold() {
    let mut n = vec![0xC3; 256];
    assert!(PublicKey::parse(&rsa(&n, &[1, 0, 1])).is_ok());
    assert!(PublicKey::parse(&rsa(&n, &[3])).is_ok());
    for exponent in [&[][..], &[0], &[1], &[2], &[0, 3], &[1, 0, 0, 0, 1]] {
        let why = PublicKey::parse(&rsa(&n, exponent)).unwrap_err();
        assert!(why.contains("exponent"), "{exponent:?}: {why}");
    }
    let modulus = |n: &[u8]| PublicKey::parse(&rsa(n, &[1, 0, 1])).unwrap_err().contains("modulus");
    assert!(modulus(&n[..255]) && modulus(&[]) && modulus(&vec![0xC3; 1025]));
    n[0] = 0x7F;
    assert!(modulus(&n), "2047 bits");
    n[0] = 0xC3;
    n[255] = 0xC2;
    assert!(modulus(&n), "an even one");
    n[255] = 0xC3;
    n.insert(0, 0);
    assert!(modulus(&n), "a leading zero");
}

#[test]
fn keys_have_exactly_the_members_of_their_algorithm() {
    for algorithm in Algorithm::ALL {
        let (cose, _) = example(algorithm);
        let mut more = cose.clone();
        more[0] += 1;
        more.extend(b"\x61a\x01");
        let mut other_type = cose.clone();
        other_type[2] = 9;
        for wrong in [&more, &other_type] {
            assert!(PublicKey::parse(wrong).is_err(), "{}", algorithm.name());
        }
    }
    assert!(PublicKey::parse(b"\xA1\x01\x02").unwrap_err().contains("does not name"));
    assert!(
        PublicKey::parse(b"\xA1\x03\x00")
            .unwrap_err()
            .contains("none that can be verified")
    );
}
