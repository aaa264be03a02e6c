//! CBOR for the test's end of the wire: requests as trees that tests can change, and responses read by another decoder.

use std::string::String;
use std::vec;
use std::vec::Vec;

use cbor4ii::core::Value;
use cbor4ii::core::dec::Decode;
use cbor4ii::core::utils::SliceReader;

use crate::cbor::{Writer, scan};
use crate::limits::MAX_MESSAGE;

pub(crate) fn int(value: i64) -> Value {
    Value::Integer(value.into())
}

pub(crate) fn bytes(value: impl Into<Vec<u8>>) -> Value {
    Value::Bytes(value.into())
}

pub(crate) fn text(value: impl Into<String>) -> Value {
    Value::Text(value.into())
}

pub(crate) fn array(items: impl Into<Vec<Value>>) -> Value {
    Value::Array(items.into())
}

/// A map with text keys, in the order given.
pub(crate) fn map<const N: usize>(members: [(&str, Value); N]) -> Value {
    Value::Map(members.into_iter().map(|(name, value)| (text(name), value)).collect())
}

/// Encodes the tree as it is: the test decides the order of a map's members.
pub(crate) fn encode(value: &Value) -> Vec<u8> {
    let mut buffer = vec![0; 2 * MAX_MESSAGE];
    let mut writer = Writer::new(&mut buffer);
    write(value, &mut writer);
    let length = writer.finish().expect("a test's request fits");
    buffer.truncate(length);
    buffer
}

fn write(value: &Value, writer: &mut Writer<'_>) {
    match value {
        Value::Null => {
            writer.raw(&[0xf6]);
        }
        Value::Bool(value) => {
            writer.bool(*value);
        }
        Value::Integer(value) => {
            match (u64::try_from(*value), i64::try_from(*value)) {
                (Ok(value), _) => writer.uint(value),
                (_, Ok(value)) => writer.int(value),
                // The writer cannot write these: a negative integer of nine bytes.
                _ => writer
                    .raw(&[0x3b])
                    .raw(&u64::try_from(-1 - *value).expect("CBOR's range").to_be_bytes()),
            };
        }
        Value::Bytes(value) => {
            writer.bytes(value);
        }
        Value::Text(value) => {
            writer.text(value);
        }
        Value::Array(items) => {
            writer.array(items.len());
            items.iter().for_each(|item| write(item, writer));
        }
        Value::Map(members) => {
            writer.map(members.len());
            for (key, value) in members {
                write(key, writer);
                write(value, writer);
            }
        }
        other => panic!("tests send no {other:?}"),
    }
}

/// Reads what the key answered: one item, see [`decode_first`].
pub(crate) fn decode(bytes: &[u8]) -> Value {
    let (value, rest) = decode_first(bytes);
    assert!(rest.is_empty(), "something behind the item: {rest:02x?}");
    value
}

/// Reads the first item with a decoder that is not ours, and returns what follows it. Our own must find it canonical.
pub(crate) fn decode_first(bytes: &[u8]) -> (Value, &[u8]) {
    let mut reader = SliceReader::new(bytes);
    let value = Value::decode(&mut reader).expect("another decoder reads it too");
    let (item, rest) = bytes.split_at(encode(&value).len());
    assert!(scan(item).is_ok(), "not canonical: {bytes:02x?}");
    (value, rest)
}

/// What tests read from an answer's tree. Each method panics where the tree is not as the test expects.
pub(crate) trait Tree {
    fn find(&self, key: &Value) -> Option<&Value>;
    fn member(&self, name: &str) -> &Value;
    fn number(&self, number: i64) -> &Value;
    fn keys(&self) -> Vec<Value>;
    fn as_bytes(&self) -> &[u8];
    fn as_text(&self) -> &str;
    fn as_int(&self) -> i64;
}

impl Tree for Value {
    fn find(&self, key: &Value) -> Option<&Value> {
        let Value::Map(members) = self else {
            panic!("not a map: {self:?}")
        };
        members
            .iter()
            .find(|(candidate, _)| candidate == key)
            .map(|(_, value)| value)
    }

    fn member(&self, name: &str) -> &Value {
        self.find(&text(name))
            .unwrap_or_else(|| panic!("no {name} in {self:?}"))
    }

    fn number(&self, number: i64) -> &Value {
        self.find(&int(number))
            .unwrap_or_else(|| panic!("no {number} in {self:?}"))
    }

    fn keys(&self) -> Vec<Value> {
        let Value::Map(members) = self else {
            panic!("not a map: {self:?}")
        };
        members.iter().map(|(key, _)| key.clone()).collect()
    }

    fn as_bytes(&self) -> &[u8] {
        let Value::Bytes(value) = self else {
            panic!("not a byte string: {self:?}")
        };
        value
    }

    fn as_text(&self) -> &str {
        let Value::Text(value) = self else {
            panic!("not text: {self:?}")
        };
        value
    }

    fn as_int(&self) -> i64 {
        let Value::Integer(value) = self else {
            panic!("not an integer: {self:?}")
        };
        (*value).try_into().expect("64 bits")
    }
}
