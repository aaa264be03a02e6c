//! `getPublicKey()` and `getPublicKeyAlgorithm()` (WebAuthn Level 3 §5.2.1): the public key of a registration, for
//! websites that read neither CBOR nor COSE.

use cbor4ii::core::Value;

/// A COSE key of type OKP (RFC 9053 §7).
const OKP: i128 = 1;
/// A COSE key of type EC2.
const EC2: i128 = 2;

/// What a `SubjectPublicKeyInfo` (RFC 5280 §4.1) begins with, to the first byte of the point; then the length of one
/// coordinate. By curve (RFC 9053 §7.1, RFC 8812 §4.4).
const CURVES: [(i128, i128, &[u8], usize); 5] = [
    (
        EC2,
        1,
        b"\x30\x59\x30\x13\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07\x03\x42\0\x04",
        32,
    ),
    (
        EC2,
        2,
        b"\x30\x76\x30\x10\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x05\x2b\x81\x04\0\x22\x03\x62\0\x04",
        48,
    ),
    (
        EC2,
        3,
        b"\x30\x81\x9b\x30\x10\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x05\x2b\x81\x04\0\x23\x03\x81\x86\0\x04",
        66,
    ),
    (
        EC2,
        8,
        b"\x30\x56\x30\x10\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x05\x2b\x81\x04\0\x0a\x03\x42\0\x04",
        32,
    ),
    (OKP, 6, b"\x30\x2a\x30\x05\x06\x03\x2b\x65\x70\x03\x21\0", 32),
];

/// The COSE algorithm identifier of a COSE key, where it has one.
pub(super) fn algorithm(key: &Value) -> Option<i64> {
    i64::try_from(integer(key, 3)?).ok()
}

/// The key as DER; `None` for one of another kind. Browsers, too, know only some.
pub(super) fn subject_public_key_info(key: &Value) -> Option<Vec<u8>> {
    let (kind, curve) = (integer(key, 1)?, integer(key, -1)?);
    let &(_, _, head, length) = CURVES.iter().find(|known| (known.0, known.1) == (kind, curve))?;
    let mut der = head.to_vec();
    let coordinates: &[i128] = if kind == EC2 { &[-2, -3] } else { &[-2] };
    for &label in coordinates {
        match member(key, label)? {
            Value::Bytes(coordinate) if coordinate.len() == length => der.extend(coordinate),
            _ => return None,
        }
    }
    Some(der)
}

fn integer(key: &Value, label: i128) -> Option<i128> {
    match member(key, label)? {
        Value::Integer(value) => Some(*value),
        _ => None,
    }
}

fn member(key: &Value, label: i128) -> Option<&Value> {
    let Value::Map(members) = key else {
        return None;
    };
    let (_, value) = members.iter().find(|(name, _)| *name == Value::Integer(label))?;
    Some(value)
}
