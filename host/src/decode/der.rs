//! ECDSA signatures in DER (X.690; WebAuthn Level 3 §6.5.5). Other signatures are bytes of their own length.

use super::item::bytes_of;
use super::tree::{Fault, Node, Value};

/// Explains a signature, which begins at `base`.
pub(super) fn explain(node: Node, signature: &[u8], base: usize, faults: &mut Vec<Fault>) -> Node {
    let node = node.value(Value::Bytes(signature.to_vec()));
    // Nothing tells what algorithm it is but its form: an Ed25519 signature may begin with the same byte.
    if signature.first() != Some(&0x30) || signature.len() == 64 {
        return node.meaning(bytes_of(signature.len()));
    }
    match sequence(signature) {
        Ok((r, s)) => {
            let number = |name, (at, bytes): (usize, &[u8])| Node::bytes(name, base + at, bytes);
            node.meaning("ECDSA, in DER")
                .members(vec![number("r", r), number("s", s)])
        }
        Err((at, what)) => {
            faults.push(Fault::new(
                base + at,
                format!("the signature is not DER: {what} (X.690 §8, §10)"),
            ));
            node
        }
    }
}

/// A part and where it begins.
type Part<'a> = (usize, &'a [u8]);

/// The two integers of a sequence that has nothing else; or where it is wrong, and how.
pub(super) fn sequence(der: &[u8]) -> Result<(Part<'_>, Part<'_>), (usize, String)> {
    let (begin, content) = value(der, 0, 0x30, "a SEQUENCE")?;
    let end = begin + content.len();
    if end < der.len() {
        return Err((end, format!("{} follow it", bytes_of(der.len() - end))));
    }
    let r = integer(der, begin)?;
    let s = integer(der, r.0 + r.1.len())?;
    let end_of_s = s.0 + s.1.len();
    match end_of_s == end {
        true => Ok((r, s)),
        false => Err((end_of_s, "its length does not fit its two numbers".to_owned())),
    }
}

fn integer(der: &[u8], at: usize) -> Result<Part<'_>, (usize, String)> {
    let (begin, number) = value(der, at, 0x02, "an INTEGER")?;
    match number {
        [] => Err((begin, "an INTEGER is empty".to_owned())),
        [0x80..=0xFF, ..] => Err((begin, "an INTEGER is negative".to_owned())),
        [0, 0..0x80, ..] => Err((begin, "an INTEGER has a zero byte too many".to_owned())),
        _ => Ok((begin, number)),
    }
}

fn value<'a>(der: &'a [u8], at: usize, tag: u8, name: &str) -> Result<Part<'a>, (usize, String)> {
    let early = || (der.len(), "it ends early".to_owned());
    let head = der.get(at..).unwrap_or_default();
    match head.first() {
        Some(found) if *found == tag => {}
        Some(found) => return Err((at, format!("here is 0x{found:02x}, and not {name}"))),
        None => return Err(early()),
    }
    let (begin, length) = match head.get(1..) {
        Some([short @ 0..=0x7F, ..]) => (at + 2, usize::from(*short)),
        Some([0x81, long @ 0x80..=0xFF, ..]) => (at + 3, usize::from(*long)),
        Some([0x81, _]) | Some([0x81, ..]) => return Err((at + 1, "a length is not in its shortest form".to_owned())),
        Some([_, ..]) => return Err((at + 1, "a length is longer than a signature".to_owned())),
        _ => return Err(early()),
    };
    let bytes = der.get(begin..).and_then(|rest| rest.get(..length)).ok_or_else(early)?;
    Ok((begin, bytes))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn each_mistake_is_told_with_its_place() {
        assert_eq!(
            sequence(b"\x30\x06\x02\x01\x05\x02\x01\x07"),
            Ok(((4, &b"\x05"[..]), (7, &b"\x07"[..])))
        );
        for (der, at, what) in [
            (&b"\x30\x06\x02\x01\x05\x02\x01"[..], 7, "ends early"),
            (b"\x30\x06\x02\x01\x05\x02\x01\x07\x00", 8, "1 byte follow it"),
            (b"\x30\x07\x02\x02\x00\x05\x02\x01\x07", 4, "zero byte too many"),
            (b"\x30\x06\x02\x01\x85\x02\x01\x07", 4, "negative"),
            (b"\x30\x06\x03\x01\x05\x02\x01\x07", 2, "not an INTEGER"),
            (b"\x30\x81\x06\x02\x01\x05\x02\x01\x07", 1, "shortest"),
            (b"\x30\x05\x02\x00\x02\x01\x07", 4, "empty"),
        ] {
            let error = sequence(der).unwrap_err();
            assert!(error.0 == at && error.1.contains(what), "{what}: {error:?}");
        }
    }

    proptest! {
        #[test]
        fn what_is_read_is_what_the_library_reads(der in proptest::collection::vec(any::<u8>(), 0..16)) {
            // Any strict reader of DER refuses what this one refuses, and more: numbers beyond the curve's.
            if p256::ecdsa::Signature::from_der(&der).is_ok() {
                prop_assert!(sequence(&der).is_ok());
            }
        }
    }
}
