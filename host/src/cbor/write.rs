//! CBOR is written in the canonical form (CTAP 2.3 §8), where the keys of maps are sorted.

use cbor4ii::core::Value;
use cbor4ii::core::enc::Encode;
use cbor4ii::core::utils::BufWriter;

pub(crate) fn text(text: &str) -> Value {
    Value::Text(text.to_owned())
}

pub(crate) fn bytes(bytes: &[u8]) -> Value {
    Value::Bytes(bytes.to_vec())
}

/// A map with texts as keys, of the entries that have a value; `None` where none has.
pub(crate) fn text_map<const N: usize>(entries: [(&str, Option<Value>); N]) -> Option<Value> {
    let present: Vec<_> = entries
        .into_iter()
        .filter_map(|(key, value)| Some((text(key), value?)))
        .collect();
    (!present.is_empty()).then_some(Value::Map(present))
}

/// Brings every map in `value` into canonical order.
pub(crate) fn sort(value: &mut Value) {
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
pub(crate) fn encode(value: &Value) -> Vec<u8> {
    let mut writer = BufWriter::new(Vec::new());
    value.encode(&mut writer).expect("memory for a message");
    writer.into_inner()
}
