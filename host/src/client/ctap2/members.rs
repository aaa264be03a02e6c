//! The parameters of a request and the members of an answer: maps with numbers as keys (CTAP 2.3 §8). Parameters are
//! written in the canonical form. Members are read leniently, and what is wrong with them is recorded.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use cbor4ii::core::dec::{Decode as _, Error as DecodeError};
use cbor4ii::core::types::Map;
use cbor4ii::core::{RawValue, Value};

use crate::cbor::{Reader, decode, departure, encode, sort};
use crate::client::error::Malformed;
use crate::client::oddity::Oddity;

/// How deep the standard allows maps and arrays to be nested. Deeper nesting is recorded.
const STANDARD_DEPTH: usize = 4;
/// What is wrong with a value that is [simple](has_simple_value).
const SIMPLE_VALUE: &str = "has null or another simple value that no message has";

/// Builds the parameters of a request; the order of the calls does not matter.
#[derive(Default)]
pub(super) struct Parameters(Vec<(Value, Value)>);

impl Parameters {
    pub(super) fn set(mut self, key: i128, value: Value) -> Self {
        self.0.push((Value::Integer(key), value));
        self
    }

    pub(super) fn set_some(self, key: i128, value: Option<Value>) -> Self {
        match value {
            Some(value) => self.set(key, value),
            None => self,
        }
    }

    /// The parameters in canonical CBOR.
    pub(super) fn encode(self) -> Vec<u8> {
        encode(&self.value())
    }

    /// The parameters as a map in canonical order.
    pub(super) fn value(self) -> Value {
        let mut map = Value::Map(self.0);
        sort(&mut map);
        map
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// The members of an answer. Each is taken out once. [`finish`](Self::finish) returns those that nobody took.
pub(super) struct Members<'a> {
    members: BTreeMap<i128, &'a [u8]>,
    oddities: Vec<Oddity>,
}

impl<'a> Members<'a> {
    pub(super) fn read(bytes: &'a [u8]) -> Result<Self, Malformed> {
        if bytes.first().is_some_and(|first| first >> 5 != 5) {
            return Err(Malformed::NotAMap);
        }
        let mut reader = Reader::new(bytes);
        let Map(entries) = Map::<Vec<(RawValue<'a>, RawValue<'a>)>>::decode(&mut reader).map_err(malformed)?;
        let mut read = Self {
            members: BTreeMap::new(),
            oddities: Vec::new(),
        };
        let (map, trailing) = bytes.split_at(bytes.len() - reader.rest().len());
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
            Some(value) => has_simple_value(value)
                .then_some(SIMPLE_VALUE)
                .or_else(|| departure(value, map)),
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

    /// A member that may be absent. If it has the wrong type, it counts as absent, and that is recorded.
    pub(super) fn optional<T: FromCbor>(&mut self, key: i128, name: &'static str) -> Option<T> {
        let raw = self.raw(key)?;
        let value = self.read_value(raw, name);
        if value.is_none() {
            self.odd(Oddity::WrongType(name));
        }
        value
    }

    /// A member that may be absent, but must not be wrong.
    pub(super) fn if_there<T: FromCbor>(&mut self, key: i128, name: &'static str) -> Result<Option<T>, Malformed> {
        let is_there = self.members.contains_key(&key);
        is_there.then(|| self.required(key, name)).transpose()
    }

    /// A member without which the answer cannot be used.
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

/// What was ignored while a value was read.
#[derive(Default)]
pub(super) struct Reading {
    /// A part of it has the wrong type.
    pub(super) partial: bool,
    /// A part of it is unknown.
    pub(super) unknown: bool,
}

/// A type that is read from CBOR.
pub(super) trait FromCbor: Sized {
    /// Reads `value`. Says in `reading` what was ignored.
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

/// An array. Elements of another type are ignored.
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

/// A map with texts as keys. Entries of another type are ignored.
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

/// Whether there is a simple value other than true and false. The canonical form may have it, but no message does.
fn has_simple_value(value: &Value) -> bool {
    match value {
        Value::Array(elements) => elements.iter().any(has_simple_value),
        Value::Map(entries) => entries
            .iter()
            .any(|(key, value)| has_simple_value(key) || has_simple_value(value)),
        Value::Bool(_) | Value::Integer(_) | Value::Bytes(_) | Value::Text(_) | Value::Tag(..) | Value::Float(_) => {
            false
        }
        _ => true,
    }
}

/// Whether a value is not what it must be: a map with members.
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

fn malformed<E>(error: DecodeError<E>) -> Malformed {
    match error {
        DecodeError::Eof { .. } => Malformed::Truncated,
        DecodeError::DepthOverflow { .. } => Malformed::Depth,
        _ => Malformed::Cbor,
    }
}

#[cfg(test)]
mod tests;
