//! CBOR as CTAP2 demands it from a key (CTAP 2.3 §8, message encoding): canonical, and nothing after it.

use std::cmp::Ordering;

use cbor4ii::core::dec::{Decode as _, Error as DecodeError};
use cbor4ii::core::{Value, enc::Encode as _, utils::BufWriter, utils::SliceReader};

/// Reads one canonical data item and returns it with the bytes that follow it.
///
/// Canonical means: shortest integers and lengths, definite lengths, map keys sorted and unique, no tags, no
/// floating-point numbers, nested at most 256 deep. The error says which rule was broken.
pub(crate) fn decode_prefix(bytes: &[u8]) -> Result<(Value, &[u8]), String> {
    let value = Value::decode(&mut SliceReader::new(bytes)).map_err(|error| match error {
        DecodeError::Eof { .. } => "ends too early".to_owned(),
        DecodeError::DepthOverflow { .. } => "is nested too deep".to_owned(),
        _ => "is not CBOR".to_owned(),
    })?;
    check(&value)?;
    // The writer knows one encoding for each value, the shortest; anything else in the input is not canonical.
    let rest = bytes.strip_prefix(encode(&value).as_slice());
    rest.map(|rest| (value, rest))
        .ok_or_else(|| "is not in the shortest encoding".to_owned())
}

/// Reads canonical CBOR that fills all the bytes.
pub(crate) fn decode(bytes: &[u8]) -> Result<Value, String> {
    match decode_prefix(bytes)? {
        (value, []) => Ok(value),
        (_, rest) => Err(format!("is followed by {} bytes too many", rest.len())),
    }
}

/// Writes a value; canonical if the keys of its maps are sorted.
pub(crate) fn encode(value: &Value) -> Vec<u8> {
    let mut writer = BufWriter::new(Vec::new());
    // Writing to memory fails only where memory ends; the result would then be refused as not canonical.
    let _ = value.encode(&mut writer);
    writer.into_inner()
}

/// The member of a map with a text key.
pub(crate) fn member<'a>(map: &'a [(Value, Value)], key: &str) -> Option<&'a Value> {
    map.iter()
        .find(|(name, _)| matches!(name, Value::Text(name) if name == key))
        .map(|(_, value)| value)
}

fn check(value: &Value) -> Result<(), String> {
    match value {
        Value::Array(items) => items.iter().try_for_each(check),
        Value::Map(members) => {
            members
                .iter()
                .try_for_each(|(key, value)| check(key).and_then(|()| check(value)))?;
            let keys: Vec<Vec<u8>> = members.iter().map(|(key, _)| encode(key)).collect();
            match keys.is_sorted_by(|a, b| canonical_order(a, b) == Ordering::Less) {
                true => Ok(()),
                false => Err("has a map whose keys are not sorted or not unique".to_owned()),
            }
        }
        Value::Tag(..) => Err("has a tag".to_owned()),
        Value::Float(_) => Err("has a floating-point number".to_owned()),
        _ => Ok(()),
    }
}

/// CTAP2 canonical order of encoded keys: major type, then length, then bytes.
fn canonical_order(a: &[u8], b: &[u8]) -> Ordering {
    let major = |key: &[u8]| key.first().map(|byte| byte >> 5);
    major(a).cmp(&major(b)).then(a.len().cmp(&b.len())).then(a.cmp(b))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_is_no_cbor_is_said_in_words() {
        for (bytes, said) in [
            (&b"\x42a"[..], "ends too early"),
            (b"\xff", "is not CBOR"),
            (&[0x81; 300], "is nested too deep"),
        ] {
            assert_eq!(decode(bytes), Err(said.to_owned()), "{bytes:02x?}");
        }
    }

    #[test]
    fn canonical_items_are_read() {
        for bytes in [
            &b"\xa0"[..],
            b"\x18\x18",
            b"\x3b\xff\xff\xff\xff\xff\xff\xff\xff",
            b"\xa3\x01\x02\x20\x01\x61a\xf5",
            b"\xa2\x62rk\xf5\x64plat\xf4",
        ] {
            let value = decode(bytes).unwrap();
            assert_eq!(encode(&value), bytes);
        }
        assert_eq!(decode_prefix(b"\xa0\x01").unwrap().1, b"\x01");
    }

    #[test]
    fn what_is_not_canonical_is_refused_with_the_reason() {
        for (bytes, reason) in [
            (&b"\x18\x17"[..], "shortest"),
            (b"\x58\x01a", "shortest"),
            (b"\x5f\x41a\xff", "shortest"),
            (b"\xbf\xff", "shortest"),
            (b"\xa2\x01\x01\x01\x01", "unique"),
            (b"\xa2\x02\x01\x01\x01", "sorted"),
            (b"\xa2\x64plat\xf4\x62rk\xf5", "sorted"),
            (b"\xa2\x20\x01\x01\x01", "sorted"),
            (b"\xc0\x61a", "tag"),
            (b"\xfb\0\0\0\0\0\0\0\0", "floating"),
            (b"\xa0\xa0", "1 bytes too many"),
            (b"\xa1", "ends too early"),
            (b"", "ends too early"),
            (b"\xff", "not CBOR"),
        ] {
            let error = decode(bytes).unwrap_err();
            assert!(error.contains(reason), "{bytes:02x?}: {error}");
        }
    }

    #[test]
    fn deep_nesting_and_boasted_lengths_are_errors() {
        assert!(decode(&[0x81; 100_000]).is_err());
        assert!(decode(b"\x9b\x7f\xff\xff\xff\xff\xff\xff\xff").is_err());
        assert!(decode(b"\x5b\x7f\xff\xff\xff\xff\xff\xff\xff").is_err());
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
            if let Ok((value, rest)) = decode_prefix(&bytes) {
                prop_assert_eq!([&encode(&value), rest].concat(), bytes);
            }
        }
    }
}
