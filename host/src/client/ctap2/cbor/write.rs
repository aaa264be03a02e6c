//! Canonical CBOR for requests (CTAP 2.3 §8).

use cbor4ii::core::Value;
use cbor4ii::core::enc::Encode;
use cbor4ii::core::utils::BufWriter;

/// Builds the parameters of a request; the order of the calls does not matter.
#[derive(Default)]
pub(in crate::client::ctap2) struct Parameters(Vec<(Value, Value)>);

impl Parameters {
    pub(in crate::client::ctap2) fn set(mut self, key: i128, value: Value) -> Self {
        self.0.push((Value::Integer(key), value));
        self
    }

    pub(in crate::client::ctap2) fn set_some(self, key: i128, value: Option<Value>) -> Self {
        match value {
            Some(value) => self.set(key, value),
            None => self,
        }
    }

    /// The parameters in canonical CBOR.
    pub(in crate::client::ctap2) fn encode(self) -> Vec<u8> {
        encode(&self.value())
    }

    /// The parameters as a map in canonical order.
    pub(in crate::client::ctap2) fn value(self) -> Value {
        let mut map = Value::Map(self.0);
        sort(&mut map);
        map
    }

    pub(in crate::client::ctap2) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

pub(in crate::client::ctap2) fn text(text: &str) -> Value {
    Value::Text(text.to_owned())
}

pub(in crate::client::ctap2) fn bytes(bytes: &[u8]) -> Value {
    Value::Bytes(bytes.to_vec())
}

/// A map with texts as keys, of the entries that have a value; `None` where none has.
pub(in crate::client::ctap2) fn text_map<const N: usize>(entries: [(&str, Option<Value>); N]) -> Option<Value> {
    let present: Vec<_> = entries
        .into_iter()
        .filter_map(|(key, value)| Some((text(key), value?)))
        .collect();
    (!present.is_empty()).then_some(Value::Map(present))
}

/// Brings every map in `value` into canonical order.
fn sort(value: &mut Value) {
    match value {
        Value::Array(elements) => elements.iter_mut().for_each(sort),
        Value::Map(entries) => {
            entries.iter_mut().for_each(|(_, value)| sort(value));
            entries.sort_by_cached_key(|(key, _)| order(key));
        }
        _ => {}
    }
}

/// Canonical order of map keys: by major type, then by length, then by bytes (CTAP 2.3 §8).
pub(super) fn order(key: &Value) -> (Option<u8>, usize, Vec<u8>) {
    let encoded = encode(key);
    (encoded.first().map(|first| first >> 5), encoded.len(), encoded)
}

/// Encodes with shortest lengths, in the order that `value` has.
pub(in crate::client) fn encode(value: &Value) -> Vec<u8> {
    let mut writer = BufWriter::new(Vec::new());
    value.encode(&mut writer).expect("memory for a message");
    writer.into_inner()
}
