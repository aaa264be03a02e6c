//! COSE keys (RFC 9052 §7, RFC 9053 §7), as credentials and key agreement have them.

use super::item::{Item, Kind};
use super::shape::{Shape, explain as explain_item, plain};
use super::tree::{Fault, Node};
use super::words::{ALGORITHMS, UNKNOWN};
use crate::webauthn::Algorithm;

/// Key types (IANA COSE registry).
const KEY_TYPES: &[(i64, &str, &str)] = &[
    (1, "OKP", "a point of an Edwards or Montgomery curve"),
    (2, "EC2", "a point with two coordinates"),
    (3, "RSA", ""),
    (4, "Symmetric", "a secret key, which no answer may have"),
    (7, "AKP", "a key of an algorithm that fixes all else, such as ML-DSA"),
];

/// Curves (IANA COSE registry).
const CURVES: &[(i64, &str, &str)] = &[
    (1, "P-256", ""),
    (2, "P-384", ""),
    (3, "P-521", ""),
    (4, "X25519", ""),
    (5, "X448", ""),
    (6, "Ed25519", ""),
    (7, "Ed448", ""),
    (8, "secp256k1", ""),
];

/// The algorithm of key agreement, which signs nothing (CTAP 2.3 §6.5.6).
const KEY_AGREEMENT: i128 = -25;

/// Explains the COSE key in `item`.
pub(super) fn explain(node: Node, item: &Item<'_>, faults: &mut Vec<Fault>) -> Node {
    let node = node.section("RFC 9053 §7");
    let Kind::Map(entries) = &item.kind else {
        faults.push(Fault::new(item.start, "the public key is not a map"));
        return plain(node, item, faults);
    };
    let kind = item.numbered(1).and_then(Item::as_integer).unwrap_or(0);
    let mut members = Vec::new();
    for (key, value) in entries {
        let number = key.as_integer();
        let (name, shape) = match (number, kind) {
            (Some(1), _) => ("kty", Shape::Named(KEY_TYPES)),
            (Some(2), _) => ("kid", Shape::Bytes),
            (Some(3), _) => ("alg", Shape::Number),
            (Some(4), _) => ("key_ops", Shape::Any),
            (Some(-1), 1 | 2) => ("crv", Shape::Named(CURVES)),
            (Some(-2), 1 | 2) => ("x", Shape::Bytes),
            (Some(-3), 2) => ("y", Shape::Any),
            (Some(-1), 3) => ("n", Shape::Bytes),
            (Some(-2), 3) => ("e", Shape::Bytes),
            (Some(-1), 7) => ("pub", Shape::Bytes),
            _ => ("a member that public keys do not have", Shape::Any),
        };
        let mut part = explain_item(name, value, &shape, faults);
        part.number = number.and_then(|number| i64::try_from(number).ok());
        part.offset = Some(key.start);
        if name == "alg" {
            part.meaning = value.as_integer().map(algorithm);
        }
        members.push(part);
    }
    let node = node.members(members);
    match item.numbered(3).and_then(Item::as_integer) {
        Some(KEY_AGREEMENT) => node.meaning("for key agreement"),
        _ => node,
    }
}

/// An algorithm in words.
pub(super) fn algorithm(id: i128) -> String {
    if id == KEY_AGREEMENT {
        return "ECDH-ES + HKDF-256: what the standard names here, though it is no HKDF".to_owned();
    }
    let known = ALGORITHMS.iter().find(|(known, ..)| i128::from(*known) == id);
    known.map_or(UNKNOWN.to_owned(), |(_, name, words)| format!("{name}: {words}"))
}

/// The verdict on a credential's key: whether it is one, as the relying party reads it.
pub(super) fn verdict(cose: &[u8]) -> Result<String, String> {
    let (algorithm, bytes) = crate::relying_party::public_key(cose)?;
    let size = bytes.len();
    Ok(match algorithm {
        Algorithm::Rs256 => format!("an {} key", algorithm.name()),
        _ => format!(
            "a key of {}, {size} bytes, on its curve where it has one",
            algorithm.name()
        ),
    })
}
