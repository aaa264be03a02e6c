//! CBOR as CTAP2 has it (CTAP 2.3 §8). It is written canonically. It is read canonically, where a relying party judges,
//! or leniently, where a client reads what any key sends.

use std::collections::BTreeSet;
use std::convert::Infallible;

use cbor4ii::core::dec::{Decode as _, Error as DecodeError, Read, Reference};
use cbor4ii::core::{RawValue, Value};

mod write;

use write::order;
pub(crate) use write::{bytes, encode, sort, text, text_map};

/// How deep the decoder follows before it gives up. It counts a map or array twice, and what is in it once.
const DECODER_STEPS: usize = 32;

/// One value and the bytes after it; `None` also for what the decoder does not know.
pub(crate) fn decode_prefix(bytes: &[u8]) -> Option<(Value, &[u8])> {
    read(bytes).ok()
}

/// One value and nothing after it; `None` also for what the decoder does not know.
pub(crate) fn decode(bytes: &[u8]) -> Option<Value> {
    match decode_prefix(bytes)? {
        (value, []) => Some(value),
        _ => None,
    }
}

/// Reads one canonical data item and returns it with the bytes that follow it.
///
/// Canonical means: shortest integers and lengths, definite lengths, map keys sorted and unique, no tags, no
/// floating-point numbers. The error says which rule was broken.
pub(crate) fn decode_canonical_prefix(bytes: &[u8]) -> Result<(Value, &[u8]), String> {
    let (value, rest) = read(bytes).map_err(|error| match error {
        DecodeError::Eof { .. } => "ends too early",
        DecodeError::DepthOverflow { .. } => "is nested too deep",
        _ => "is not CBOR",
    })?;
    let encoded = bytes.strip_suffix(rest).unwrap_or(bytes);
    match departure(&value, encoded) {
        None => Ok((value, rest)),
        Some(how) => Err(how.to_owned()),
    }
}

/// Reads canonical CBOR that fills all the bytes.
pub(crate) fn decode_canonical(bytes: &[u8]) -> Result<Value, String> {
    match decode_canonical_prefix(bytes)? {
        (value, []) => Ok(value),
        (_, [_]) => Err("is followed by 1 byte too many".to_owned()),
        (_, rest) => Err(format!("is followed by {} bytes too many", rest.len())),
    }
}

fn read(bytes: &[u8]) -> Result<(Value, &[u8]), DecodeError<Infallible>> {
    let mut reader = Reader::new(bytes);
    let value = Value::decode(&mut reader)?;
    Ok((value, reader.rest()))
}

/// How `value`, which was read from `encoded`, departs from the canonical form.
pub(crate) fn departure(value: &Value, encoded: &[u8]) -> Option<&'static str> {
    // The writer knows one encoding for each value, the shortest; anything else is not canonical.
    uncanonical_part(value).or((encode(value) != encoded)
        .then_some("has a number or a length that is not in its shortest form, or a length that is left open"))
}

/// The same, but for the length of its parts: what is decoded has lost it.
fn uncanonical_part(value: &Value) -> Option<&'static str> {
    match value {
        Value::Array(elements) => elements.iter().find_map(uncanonical_part),
        Value::Map(entries) => entries
            .iter()
            .find_map(|(key, value)| uncanonical_part(key).or_else(|| uncanonical_part(value)))
            .or_else(|| {
                let keys = || entries.iter().map(|(key, _)| order(key));
                if keys().is_sorted_by(|one, other| one < other) {
                    None
                } else if keys().collect::<BTreeSet<_>>().len() < entries.len() {
                    Some("has a map with a key twice")
                } else {
                    Some("has a map whose keys are out of order")
                }
            }),
        Value::Tag(..) => Some("has a tag"),
        Value::Float(_) => Some("has a floating-point number"),
        _ => None,
    }
}

/// The elements of an array with nothing after it, each as it was encoded.
pub(crate) fn array_elements(bytes: &[u8]) -> Option<Vec<&[u8]>> {
    if bytes.first()? >> 5 != 4 {
        return None;
    }
    let mut reader = Reader::new(bytes);
    let elements = Vec::<RawValue<'_>>::decode(&mut reader).ok()?;
    let whole = reader.left.is_empty();
    whole.then(|| elements.iter().map(RawValue::as_bytes).collect())
}

/// The member of a map with a text key.
pub(crate) fn member<'a>(map: &'a [(Value, Value)], key: &str) -> Option<&'a Value> {
    map.iter()
        .find(|(name, _)| matches!(name, Value::Text(name) if name == key))
        .map(|(_, value)| value)
}

/// A reader of bytes in memory with a limit of nesting that suits messages this small.
pub(crate) struct Reader<'a> {
    left: &'a [u8],
    steps: usize,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self {
            left: bytes,
            steps: DECODER_STEPS,
        }
    }

    /// What was not read yet.
    pub(crate) fn rest(&self) -> &'a [u8] {
        self.left
    }
}

impl<'a> Read<'a> for Reader<'a> {
    type Error = Infallible;

    fn fill<'short>(&'short mut self, want: usize) -> Result<Reference<'a, 'short>, Infallible> {
        Ok(Reference::Long(self.left.get(..want).unwrap_or(self.left)))
    }

    fn advance(&mut self, count: usize) {
        self.left = self.left.get(count..).unwrap_or_default();
    }

    fn step_in(&mut self) -> bool {
        let allowed = self.steps > 0;
        self.steps = self.steps.saturating_sub(1);
        allowed
    }

    fn step_out(&mut self) {
        self.steps += 1;
    }
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
            assert_eq!(decode_canonical(bytes), Err(said.to_owned()), "{bytes:02x?}");
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
            let value = decode_canonical(bytes).unwrap();
            assert_eq!(encode(&value), bytes);
        }
        assert_eq!(decode_canonical_prefix(b"\xa0\x01").unwrap().1, b"\x01");
    }

    #[test]
    fn what_is_not_canonical_is_refused_with_the_reason() {
        for (bytes, reason) in [
            (&b"\x18\x17"[..], "shortest"),
            (b"\x58\x01a", "shortest"),
            (b"\x5f\x41a\xff", "shortest"),
            (b"\xbf\xff", "shortest"),
            (b"\xa2\x01\x01\x01\x01", "a key twice"),
            (b"\xa2\x02\x01\x01\x01", "out of order"),
            (b"\xa2\x64plat\xf4\x62rk\xf5", "out of order"),
            (b"\xa2\x20\x01\x01\x01", "out of order"),
            (b"\xc0\x61a", "tag"),
            (b"\xfb\0\0\0\0\0\0\0\0", "floating"),
            (b"\xa0\xa0", "1 byte too many"),
            (b"\xa1", "ends too early"),
            (b"", "ends too early"),
            (b"\xff", "not CBOR"),
        ] {
            let error = decode_canonical(bytes).unwrap_err();
            assert!(error.contains(reason), "{bytes:02x?}: {error}");
        }
    }

    #[test]
    fn deep_nesting_and_boasted_lengths_are_errors() {
        assert!(decode_canonical(&[0x81; 100_000]).is_err());
        assert!(decode_canonical(b"\x9b\x7f\xff\xff\xff\xff\xff\xff\xff").is_err());
        assert!(decode_canonical(b"\x5b\x7f\xff\xff\xff\xff\xff\xff\xff").is_err());
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
            if let Ok((value, rest)) = decode_canonical_prefix(&bytes) {
                prop_assert_eq!([&encode(&value), rest].concat(), bytes);
            }
        }
    }
}
