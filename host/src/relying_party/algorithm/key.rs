//! Credential public keys, read from their COSE encoding (RFC 9053 §7, RFC 8230 §4, RFC 9864, RFC 9964).

use cbor4ii::core::Value;
use ring::agreement::{self, EphemeralPrivateKey};
use ring::rand::SystemRandom;

use super::{Family, more};
use crate::cbor;
use crate::webauthn::Algorithm;

/// The sizes of RSA moduli, in bytes: 2048 to 8192 bits.
const RSA_MODULUS: std::ops::RangeInclusive<usize> = 256..=1024;
/// The longest RSA exponent, in bytes.
const RSA_EXPONENT_MAX: usize = 4;

/// A credential public key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::relying_party) struct PublicKey {
    pub(in crate::relying_party) algorithm: Algorithm,
    /// As [`Algorithm::verify`] takes it: an uncompressed point, the 32 bytes of Ed25519, the key of ML-DSA, or an
    /// RSAPublicKey in DER.
    pub(in crate::relying_party) bytes: Vec<u8>,
}

impl PublicKey {
    /// Reads a COSE key with exactly the members that WebAuthn Level 3 §5.8.5 allows, and refuses what is no key: a
    /// point that is not on its curve, or one of so small an order that a signature fits any message.
    pub(in crate::relying_party) fn parse(cose: &[u8]) -> Result<Self, String> {
        let Value::Map(members) = cbor::decode_canonical(cose).map_err(|why| format!("the public key {why}"))? else {
            return Err("the public key is not a map".to_owned());
        };
        let algorithm = match algorithm_of(&members) {
            None => return Err("the public key does not name its algorithm".to_owned()),
            Some(id) => {
                Algorithm::from_cose(id).ok_or_else(|| format!("algorithm {id} is none that can be verified"))?
            }
        };
        let bytes = match algorithm.family() {
            Family::P256 => point(&members, 1, 32, is_on_p256),
            Family::P384 => point(&members, 2, 48, is_on_p384),
            Family::P521 => point(&members, 3, 66, more::is_on_p521),
            Family::Secp256k1 => point(&members, 8, 32, more::is_on_secp256k1),
            Family::Ed25519 => ed25519(&members),
            Family::MlDsa44 => ml_dsa(&members, 1312),
            Family::MlDsa65 => ml_dsa(&members, 1952),
            Family::MlDsa87 => ml_dsa(&members, 2592),
            Family::Rsa => rsa(&members),
        }?;
        Ok(Self { algorithm, bytes })
    }
}

/// The `alg` member of a COSE key, known or not.
pub(in crate::relying_party) fn cose_algorithm(cose: &[u8]) -> Option<i64> {
    match cbor::decode_canonical(cose) {
        Ok(Value::Map(members)) => algorithm_of(&members),
        _ => None,
    }
}

fn algorithm_of(members: &[(Value, Value)]) -> Option<i64> {
    members.iter().find_map(|member| match member {
        (Value::Integer(3), Value::Integer(id)) => i64::try_from(*id).ok(),
        _ => None,
    })
}

/// The values of exactly the members that `labels` name, in the order of the encoding.
fn exactly<const N: usize>(members: &[(Value, Value)], labels: [i128; N]) -> Result<[&Value; N], String> {
    let same = members.iter().map(|(label, _)| label).eq(&labels.map(Value::Integer));
    let values: Vec<&Value> = members.iter().map(|(_, value)| value).collect();
    values
        .try_into()
        .ok()
        .filter(|_| same)
        .ok_or_else(|| "the public key does not have exactly the members of its algorithm".to_owned())
}

fn is(value: &Value, number: i128, what: &str) -> Result<(), String> {
    match *value == Value::Integer(number) {
        true => Ok(()),
        false => Err(format!("the {what} of the public key is not that of its algorithm")),
    }
}

fn sized<'a>(value: &'a Value, size: usize, what: &str) -> Result<&'a [u8], String> {
    match value {
        Value::Bytes(bytes) if bytes.len() == size => Ok(bytes),
        _ => Err(format!("the {what} of the public key is not of {size} bytes")),
    }
}

/// EC2: an uncompressed point. Infinity has no coordinates, so it cannot be written.
fn point(members: &[(Value, Value)], curve: i128, size: usize, is_on: fn(&[u8]) -> bool) -> Result<Vec<u8>, String> {
    let [kty, _, crv, x, y] = exactly(members, [1, 3, -1, -2, -3])?;
    is(kty, 2, "type")?;
    is(crv, curve, "curve")?;
    let point = [
        &[0x04][..],
        sized(x, size, "x coordinate")?,
        sized(y, size, "y coordinate")?,
    ]
    .concat();
    match is_on(&point) {
        true => Ok(point),
        false => Err("the public key is not a point on its curve".to_owned()),
    }
}

/// OKP: Ed25519. `ring` takes any 32 bytes; with a point of small order, one signature fits every message or many.
fn ed25519(members: &[(Value, Value)]) -> Result<Vec<u8>, String> {
    let [kty, _, crv, x] = exactly(members, [1, 3, -1, -2])?;
    is(kty, 1, "type")?;
    is(crv, 6, "curve")?;
    let bytes: &[u8; 32] = sized(x, 32, "point")?
        .try_into()
        .map_err(|_| "the public key is not of 32 bytes".to_owned())?;
    // RFC 8032 §5.1.3: y is less than 2²⁵⁵ − 19. More is another name for a small y.
    let is_canonical = bytes[0] < 0xED || bytes[1..31].iter().any(|&byte| byte != 0xFF) || bytes[31] & 0x7F != 0x7F;
    match ed25519_dalek::VerifyingKey::from_bytes(bytes) {
        Ok(key) if is_canonical && !key.is_weak() => Ok(bytes.to_vec()),
        Ok(key) if key.is_weak() => Err("the public key is a point of small order: anybody can sign for it".to_owned()),
        _ => Err("the public key is not a point on its curve".to_owned()),
    }
}

/// AKP: ML-DSA. Any bytes of the right size are a key.
fn ml_dsa(members: &[(Value, Value)], size: usize) -> Result<Vec<u8>, String> {
    let [kty, _, key] = exactly(members, [1, 3, -1])?;
    is(kty, 7, "type")?;
    Ok(sized(key, size, "value")?.to_vec())
}

/// RSA: modulus and exponent, each without leading zeros, as an RSAPublicKey (RFC 8017 §A.1.1).
fn rsa(members: &[(Value, Value)]) -> Result<Vec<u8>, String> {
    let [kty, _, n, e] = exactly(members, [1, 3, -1, -2])?;
    is(kty, 3, "type")?;
    let (Value::Bytes(n), Value::Bytes(e)) = (n, e) else {
        return Err("the modulus or exponent of the public key is not bytes".to_owned());
    };
    let is_odd = |number: &[u8]| number.last().is_some_and(|last| last % 2 == 1);
    let (first, is_long_enough) = (n.first().copied().unwrap_or(0), RSA_MODULUS.contains(&n.len()));
    if !is_long_enough || first == 0 || n.len() == *RSA_MODULUS.start() && first < 0x80 || !is_odd(n) {
        return Err("the RSA modulus is not an odd number of 2048 to 8192 bits".to_owned());
    }
    // With an exponent of one, every message is its own signature.
    if e.len() > RSA_EXPONENT_MAX || e.first() == Some(&0) || e.as_slice() == [1] || !is_odd(e) {
        return Err("the RSA exponent is not an odd number from 3 to 2³² − 1".to_owned());
    }
    let der = |tag: u8, contents: &[u8]| {
        let length = contents.len().to_be_bytes();
        let skip = length.iter().take_while(|&&byte| byte == 0).count();
        let length = &length[skip..];
        let mut encoded = vec![tag];
        if contents.len() >= 0x80 {
            // At most two bytes of length.
            encoded.push(0x80 | u8::try_from(length.len()).unwrap_or(0));
        }
        encoded.extend(length);
        encoded.extend(contents);
        encoded
    };
    // A number whose first bit is set has a zero before it, or it would be negative.
    let integer = |number: &[u8]| match number.first() {
        Some(0x80..) => der(0x02, &[&[0], number].concat()),
        _ => der(0x02, number),
    };
    Ok(der(0x30, &[integer(n), integer(e)].concat()))
}

/// `ring` checks a point only where it computes with it; a key agreement that is thrown away does.
fn is_on(curve: &'static agreement::Algorithm, point: &[u8]) -> bool {
    let peer = agreement::UnparsedPublicKey::new(curve, point);
    EphemeralPrivateKey::generate(curve, &SystemRandom::new())
        .and_then(|private| agreement::agree_ephemeral(private, &peer, |_| ()))
        .is_ok()
}

fn is_on_p256(point: &[u8]) -> bool {
    is_on(&agreement::ECDH_P256, point)
}

fn is_on_p384(point: &[u8]) -> bool {
    is_on(&agreement::ECDH_P384, point)
}
