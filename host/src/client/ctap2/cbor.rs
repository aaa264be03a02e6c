//! CBOR as CTAP2 has it (CTAP 2.3 §8): written canonically, read with suspicion.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::convert::Infallible;
use std::fmt;

use cbor4ii::core::dec::{Decode, Error as DecodeError, Read, Reference};
use cbor4ii::core::types::Map;
use cbor4ii::core::{RawValue, Value};

use crate::client::error::Malformed;

mod write;

pub(in crate::client) use write::encode;
use write::order;
pub(super) use write::{Parameters, bytes, text, text_map};

/// What the standard allows; a key that nests deeper is reported.
const STANDARD_DEPTH: usize = 4;
/// How deep the decoder follows before it gives up. It counts a map or array twice, and what is in it once.
const DECODER_STEPS: usize = 32;

/// A way in which a key's answer departs from the standard without being unusable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Oddity {
    /// Not in CTAP2's canonical form: order, shortest lengths, no duplicates, no tags or floating point.
    NotCanonical,
    /// Maps and arrays nested more than four deep.
    TooDeep,
    /// So many bytes follow the map.
    TrailingBytes(usize),
    /// A member came twice; the first counts.
    Duplicate(i128),
    /// A member's key is not a number; it was passed over.
    KeyNotANumber,
    /// A required member is missing.
    Missing(&'static str),
    /// A member has the wrong type, or a part of it has; what could not be read was passed over.
    WrongType(&'static str),
    /// A member has a value that the standard rules out.
    WrongValue(&'static str),
}

impl fmt::Display for Oddity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotCanonical => f.write_str("the answer is not in canonical form"),
            Self::TooDeep => f.write_str("the answer is nested more than four deep"),
            Self::TrailingBytes(count) => write!(f, "{count} bytes follow the answer"),
            Self::Duplicate(key) => write!(f, "member {key} comes twice"),
            Self::KeyNotANumber => f.write_str("a member's key is not a number"),
            Self::Missing(member) => write!(f, "{member} is missing"),
            Self::WrongType(member) => write!(f, "{member} has the wrong type"),
            Self::WrongValue(member) => write!(f, "{member} has a value that the standard rules out"),
        }
    }
}

/// The members of a map with numbers as keys, as a key sent them. Each is taken out once; [`finish`](Self::finish)
/// returns what nobody knew.
pub(super) struct Members<'a> {
    members: BTreeMap<i128, &'a [u8]>,
    oddities: Vec<Oddity>,
}

impl<'a> Members<'a> {
    pub(super) fn read(bytes: &'a [u8]) -> Result<Self, Malformed> {
        if bytes.first().is_some_and(|first| first >> 5 != 5) {
            return Err(Malformed::NotAMap);
        }
        let mut reader = Limited::new(bytes);
        let Map(entries) = Map::<Vec<(RawValue<'a>, RawValue<'a>)>>::decode(&mut reader).map_err(malformed)?;
        let mut read = Self {
            members: BTreeMap::new(),
            oddities: Vec::new(),
        };
        let (map, trailing) = bytes.split_at(bytes.len() - reader.left.len());
        read.judge(map, trailing);
        for (key, value) in entries {
            match decode(key.as_bytes()) {
                Some(Value::Integer(key)) => match read.members.entry(key) {
                    Entry::Vacant(place) => _ = place.insert(value.as_bytes()),
                    Entry::Occupied(_) => read.odd(Oddity::Duplicate(key)),
                },
                _ => read.odd(Oddity::KeyNotANumber),
            }
        }
        Ok(read)
    }

    fn judge(&mut self, map: &[u8], trailing: &[u8]) {
        let value = decode(map);
        if !value
            .as_ref()
            .is_some_and(|value| is_canonical(value) && encode(value) == map)
        {
            self.odd(Oddity::NotCanonical);
        }
        if value.is_some_and(|value| depth(&value) > STANDARD_DEPTH) {
            self.odd(Oddity::TooDeep);
        }
        if !trailing.is_empty() {
            self.odd(Oddity::TrailingBytes(trailing.len()));
        }
    }

    pub(super) fn odd(&mut self, oddity: Oddity) {
        if !self.oddities.contains(&oddity) {
            self.oddities.push(oddity);
        }
    }

    /// A member as it was encoded.
    pub(super) fn raw(&mut self, key: i128) -> Option<&'a [u8]> {
        self.members.remove(&key)
    }

    /// A member that may be absent. Of the wrong type, it counts as absent and is reported.
    pub(super) fn optional<T: FromCbor>(&mut self, key: i128, name: &'static str) -> Option<T> {
        let raw = self.raw(key)?;
        let mut whole = true;
        let value = decode(raw).and_then(|value| T::from_cbor(value, &mut whole));
        if value.is_none() || !whole {
            self.odd(Oddity::WrongType(name));
        }
        value
    }

    /// A member without which the answer is of no use.
    pub(super) fn required<T: FromCbor>(&mut self, key: i128, name: &'static str) -> Result<T, Malformed> {
        let raw = self.raw(key).ok_or(Malformed::Missing(name))?;
        decode(raw)
            .and_then(|value| T::from_cbor(value, &mut true))
            .ok_or(Malformed::Value(name))
    }

    /// The members that nobody took, each as it was encoded, and everything odd.
    pub(super) fn finish(self) -> (BTreeMap<i128, Vec<u8>>, Vec<Oddity>) {
        (
            self.members.into_iter().map(|(key, raw)| (key, raw.to_vec())).collect(),
            self.oddities,
        )
    }
}

/// What can be made of a CBOR value.
pub(super) trait FromCbor: Sized {
    /// Reads `value`; clears `whole` where only a part of it could be read.
    fn from_cbor(value: Value, whole: &mut bool) -> Option<Self>;
}

impl FromCbor for bool {
    fn from_cbor(value: Value, _: &mut bool) -> Option<Self> {
        if let Value::Bool(value) = value {
            Some(value)
        } else {
            None
        }
    }
}

impl FromCbor for u64 {
    fn from_cbor(value: Value, _: &mut bool) -> Option<Self> {
        if let Value::Integer(value) = value {
            value.try_into().ok()
        } else {
            None
        }
    }
}

impl FromCbor for i64 {
    fn from_cbor(value: Value, _: &mut bool) -> Option<Self> {
        if let Value::Integer(value) = value {
            value.try_into().ok()
        } else {
            None
        }
    }
}

impl FromCbor for String {
    fn from_cbor(value: Value, _: &mut bool) -> Option<Self> {
        if let Value::Text(value) = value {
            Some(value)
        } else {
            None
        }
    }
}

impl FromCbor for Vec<u8> {
    fn from_cbor(value: Value, _: &mut bool) -> Option<Self> {
        if let Value::Bytes(value) = value {
            Some(value)
        } else {
            None
        }
    }
}

impl<const N: usize> FromCbor for [u8; N] {
    fn from_cbor(value: Value, whole: &mut bool) -> Option<Self> {
        Vec::from_cbor(value, whole)?.try_into().ok()
    }
}

/// An array; elements of another type are passed over.
pub(super) struct List<T>(pub(super) Vec<T>);

impl<T: FromCbor> FromCbor for List<T> {
    fn from_cbor(value: Value, whole: &mut bool) -> Option<Self> {
        let Value::Array(elements) = value else { return None };
        let mut read = Vec::new();
        for element in elements {
            match T::from_cbor(element, whole) {
                Some(element) => read.push(element),
                None => *whole = false,
            }
        }
        Some(Self(read))
    }
}

/// A map with texts as keys; entries of another type are passed over.
impl<T: FromCbor> FromCbor for BTreeMap<String, T> {
    fn from_cbor(value: Value, whole: &mut bool) -> Option<Self> {
        let Value::Map(entries) = value else { return None };
        let mut read = Self::new();
        for (key, value) in entries {
            match (key, T::from_cbor(value, whole)) {
                (Value::Text(key), Some(value)) => _ = read.insert(key, value),
                _ => *whole = false,
            }
        }
        Some(read)
    }
}

/// Takes the entry `name` out of a map with texts as keys.
pub(super) fn entry<T: FromCbor>(entries: &mut Vec<(Value, Value)>, name: &str, whole: &mut bool) -> Option<T> {
    let index = entries
        .iter()
        .position(|(key, _)| matches!(key, Value::Text(key) if key == name))?;
    let value = T::from_cbor(entries.swap_remove(index).1, whole);
    *whole &= value.is_some();
    value
}

/// Whether `value` has only what CTAP2 allows, with every map in strict order.
fn is_canonical(value: &Value) -> bool {
    match value {
        Value::Bool(_) | Value::Integer(_) | Value::Bytes(_) | Value::Text(_) => true,
        Value::Array(elements) => elements.iter().all(is_canonical),
        Value::Map(entries) => {
            entries
                .iter()
                .all(|(key, value)| is_canonical(key) && is_canonical(value))
                && entries.is_sorted_by(|(one, _), (other, _)| order(one) < order(other))
        }
        _ => false,
    }
}

fn depth(value: &Value) -> usize {
    match value {
        Value::Array(elements) => 1 + elements.iter().map(depth).max().unwrap_or(0),
        Value::Map(entries) => {
            1 + entries
                .iter()
                .map(|(key, value)| depth(key).max(depth(value)))
                .max()
                .unwrap_or(0)
        }
        Value::Tag(_, value) => depth(value),
        _ => 0,
    }
}

/// The elements of an array with nothing after it, each as it was encoded.
pub(in crate::client) fn array_elements(bytes: &[u8]) -> Option<Vec<&[u8]>> {
    if bytes.first()? >> 5 != 4 {
        return None;
    }
    let mut reader = Limited::new(bytes);
    let elements = Vec::<RawValue<'_>>::decode(&mut reader).ok()?;
    let whole = reader.left.is_empty();
    whole.then(|| elements.iter().map(RawValue::as_bytes).collect())
}

/// One value and the bytes after it; `None` also for what the decoder does not know.
pub(in crate::client) fn decode_prefix(bytes: &[u8]) -> Option<(Value, &[u8])> {
    let mut reader = Limited::new(bytes);
    let value = Value::decode(&mut reader).ok()?;
    Some((value, reader.left))
}

/// One value and nothing after it; `None` also for what the decoder does not know.
pub(in crate::client) fn decode(bytes: &[u8]) -> Option<Value> {
    match decode_prefix(bytes)? {
        (value, []) => Some(value),
        _ => None,
    }
}

fn malformed<E>(error: DecodeError<E>) -> Malformed {
    match error {
        DecodeError::Eof { .. } => Malformed::Truncated,
        DecodeError::DepthOverflow { .. } => Malformed::Depth,
        _ => Malformed::Cbor,
    }
}

/// A reader of bytes in memory with a limit of nesting that suits messages this small.
struct Limited<'a> {
    left: &'a [u8],
    steps: usize,
}

impl<'a> Limited<'a> {
    fn new(bytes: &'a [u8]) -> Self {
        Self {
            left: bytes,
            steps: DECODER_STEPS,
        }
    }
}

impl<'a> Read<'a> for Limited<'a> {
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
mod tests;
