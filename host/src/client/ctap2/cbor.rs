//! CBOR as CTAP2 has it (CTAP 2.3 §8): written canonically, read with suspicion.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;

use cbor4ii::core::dec::{Decode, Error as DecodeError, Read, Reference};
use cbor4ii::core::types::Map;
use cbor4ii::core::{RawValue, Value};

use crate::client::error::Malformed;
use crate::client::oddity::Oddity;

mod write;

pub(in crate::client) use write::encode;
use write::order;
pub(super) use write::{Parameters, bytes, text, text_map};

/// What the standard allows; a key that nests deeper is reported.
const STANDARD_DEPTH: usize = 4;
/// How deep the decoder follows before it gives up. It counts a map or array twice, and what is in it once.
const DECODER_STEPS: usize = 32;

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
        let how = match &value {
            None => Some("has a value that no message may have, or a text that is not UTF-8"),
            Some(value) => departure(value).or((encode(value) != map)
                .then_some("has a number or a length that is not in its shortest form, or a length that is left open")),
        };
        if let Some(how) = how {
            self.odd(Oddity::NotCanonical(how));
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
        let value = self.read_value(raw, name);
        if value.is_none() {
            self.odd(Oddity::WrongType(name));
        }
        value
    }

    /// A member that may be absent, but not be wrong.
    pub(super) fn if_there<T: FromCbor>(&mut self, key: i128, name: &'static str) -> Result<Option<T>, Malformed> {
        let is_there = self.members.contains_key(&key);
        is_there.then(|| self.required(key, name)).transpose()
    }

    /// A member without which the answer is of no use.
    pub(super) fn required<T: FromCbor>(&mut self, key: i128, name: &'static str) -> Result<T, Malformed> {
        let raw = self.raw(key).ok_or(Malformed::Missing(name))?;
        self.read_value(raw, name).ok_or(Malformed::Value(name))
    }

    fn read_value<T: FromCbor>(&mut self, raw: &[u8], name: &'static str) -> Option<T> {
        let mut reading = Reading::default();
        let value = T::from_cbor(decode(raw)?, &mut reading)?;
        if reading.partial {
            self.odd(Oddity::WrongType(name));
        }
        if reading.unknown {
            self.odd(Oddity::UnknownPart(name));
        }
        Some(value)
    }

    /// The members that nobody took, each as it was encoded, and everything odd.
    pub(super) fn finish(mut self) -> (BTreeMap<i128, Vec<u8>>, Vec<Oddity>) {
        let unknown: Vec<_> = self.members.keys().copied().map(Oddity::UnknownMember).collect();
        self.oddities.extend(unknown);
        (
            self.members.into_iter().map(|(key, raw)| (key, raw.to_vec())).collect(),
            self.oddities,
        )
    }
}

/// What was passed over while a value was read.
#[derive(Default)]
pub(super) struct Reading {
    /// A part of it has the wrong type.
    pub(super) partial: bool,
    /// A part of it is unknown.
    pub(super) unknown: bool,
}

/// What can be made of a CBOR value.
pub(super) trait FromCbor: Sized {
    /// Reads `value`; says in `reading` what was passed over.
    fn from_cbor(value: Value, reading: &mut Reading) -> Option<Self>;
}

impl FromCbor for bool {
    fn from_cbor(value: Value, _: &mut Reading) -> Option<Self> {
        if let Value::Bool(value) = value {
            Some(value)
        } else {
            None
        }
    }
}

impl FromCbor for u64 {
    fn from_cbor(value: Value, _: &mut Reading) -> Option<Self> {
        if let Value::Integer(value) = value {
            value.try_into().ok()
        } else {
            None
        }
    }
}

impl FromCbor for i64 {
    fn from_cbor(value: Value, _: &mut Reading) -> Option<Self> {
        if let Value::Integer(value) = value {
            value.try_into().ok()
        } else {
            None
        }
    }
}

impl FromCbor for String {
    fn from_cbor(value: Value, _: &mut Reading) -> Option<Self> {
        if let Value::Text(value) = value {
            Some(value)
        } else {
            None
        }
    }
}

impl FromCbor for Vec<u8> {
    fn from_cbor(value: Value, _: &mut Reading) -> Option<Self> {
        if let Value::Bytes(value) = value {
            Some(value)
        } else {
            None
        }
    }
}

impl<const N: usize> FromCbor for [u8; N] {
    fn from_cbor(value: Value, reading: &mut Reading) -> Option<Self> {
        Vec::from_cbor(value, reading)?.try_into().ok()
    }
}

/// An array; elements of another type are passed over.
pub(super) struct List<T>(pub(super) Vec<T>);

impl<T: FromCbor> FromCbor for List<T> {
    fn from_cbor(value: Value, reading: &mut Reading) -> Option<Self> {
        let Value::Array(elements) = value else { return None };
        let mut read = Vec::new();
        for element in elements {
            match T::from_cbor(element, reading) {
                Some(element) => read.push(element),
                None => reading.partial = true,
            }
        }
        Some(Self(read))
    }
}

/// A map with texts as keys; entries of another type are passed over.
impl<T: FromCbor> FromCbor for BTreeMap<String, T> {
    fn from_cbor(value: Value, reading: &mut Reading) -> Option<Self> {
        let Value::Map(entries) = value else { return None };
        let mut read = Self::new();
        for (key, value) in entries {
            match (key, T::from_cbor(value, reading)) {
                (Value::Text(key), Some(value)) => _ = read.insert(key, value),
                _ => reading.partial = true,
            }
        }
        Some(read)
    }
}

/// Takes the entry `name` out of a map with texts as keys.
pub(super) fn entry<T: FromCbor>(entries: &mut Vec<(Value, Value)>, name: &str, reading: &mut Reading) -> Option<T> {
    let index = entries
        .iter()
        .position(|(key, _)| matches!(key, Value::Text(key) if key == name))?;
    let value = T::from_cbor(entries.remove(index).1, reading);
    reading.partial |= value.is_none();
    value
}

/// How `value` departs from what CTAP2 allows (CTAP 2.3 §8), but for the length of its parts: what is decoded has lost it.
fn departure(value: &Value) -> Option<&'static str> {
    match value {
        Value::Bool(_) | Value::Integer(_) | Value::Bytes(_) | Value::Text(_) => None,
        Value::Array(elements) => elements.iter().find_map(departure),
        Value::Map(entries) => entries
            .iter()
            .find_map(|(key, value)| departure(key).or_else(|| departure(value)))
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
        _ => Some("has null or another simple value that no message has"),
    }
}

/// Whether a member that must be a map with members is none.
pub(super) fn is_no_map_with_members(encoded: &[u8]) -> bool {
    !matches!(decode(encoded), Some(Value::Map(members)) if !members.is_empty())
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
