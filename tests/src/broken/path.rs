//! Members of CBOR maps within maps.

use std::fmt;

use brasskey_conformance::host::cbor::encode;
use ciborium::Value;

/// The way to a member: keys with `/` between them, numbers or texts, and `#0` for the first of an array.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Path(pub &'static str);

impl fmt::Debug for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

/// One step.
fn position(value: &Value, step: &str) -> Option<usize> {
    match value {
        Value::Array(items) => {
            let at: usize = step.strip_prefix('#')?.parse().ok()?;
            (at < items.len()).then_some(at)
        }
        Value::Map(members) => {
            let key = key(step);
            members.iter().position(|(member, _)| *member == key)
        }
        _ => None,
    }
}

fn key(step: &str) -> Value {
    step.parse::<i64>().map_or_else(|_| step.into(), Value::from)
}

fn enter<'a>(value: &'a mut Value, step: &str) -> Option<&'a mut Value> {
    let at = position(value, step)?;
    match value {
        Value::Array(items) => items.get_mut(at),
        Value::Map(members) => members.get_mut(at).map(|(_, member)| member),
        _ => None,
    }
}

impl Path {
    /// The steps to the value that has the member, and the last one.
    fn parts(self) -> (impl Iterator<Item = &'static str>, &'static str) {
        let (way, last) = self.0.rsplit_once('/').unwrap_or(("", self.0));
        (way.split('/').filter(|step| !step.is_empty()), last)
    }

    fn parent(self, value: &mut Value) -> Option<(&mut Value, &'static str)> {
        let (mut way, last) = self.parts();
        Some((way.try_fold(value, enter)?, last))
    }

    /// The member of a map in CBOR.
    #[must_use]
    pub fn of(self, body: &[u8]) -> Option<Value> {
        let mut value = read(body)?;
        let (parent, last) = self.parent(&mut value)?;
        enter(parent, last).cloned()
    }

    /// Takes the member out; `false` where it is not there.
    #[must_use]
    pub fn take(self, body: &mut Vec<u8>) -> bool {
        self.edit(body, |parent, last| {
            let at = position(parent, last)?;
            match parent {
                Value::Array(items) => drop(items.remove(at)),
                Value::Map(members) => drop(members.remove(at)),
                _ => return None,
            }
            Some(())
        })
    }

    /// Makes it another value of the same type; `false` where it is not there.
    #[must_use]
    pub fn alter(self, body: &mut Vec<u8>) -> bool {
        self.edit(body, |parent, last| enter(parent, last).map(alter))
    }

    /// Sets it, in a map that is there.
    #[must_use]
    pub fn put(self, body: &mut Vec<u8>, value: &[u8]) -> bool {
        let value = read(value);
        self.edit(body, |parent, last| {
            let value = value?;
            if let Some(member) = enter(parent, last) {
                *member = value;
            } else {
                let Value::Map(members) = parent else { return None };
                members.push((key(last), value));
                // Canonical (CTAP 2.3 §8): the major type, the length, the bytes.
                members.sort_by_key(|(key, _)| {
                    let key = encode(key);
                    (key.first().map(|byte| byte >> 5), key.len(), key)
                });
            }
            Some(())
        })
    }

    fn edit(self, body: &mut Vec<u8>, edit: impl FnOnce(&mut Value, &'static str) -> Option<()>) -> bool {
        let Some(mut value) = read(body) else { return false };
        let edited = self.parent(&mut value).and_then(|(parent, last)| edit(parent, last));
        if edited.is_some() {
            *body = encode(&value);
        }
        edited.is_some()
    }
}

/// A value that is written as the standard has it: what is malformed goes to the key as it is.
fn read(body: &[u8]) -> Option<Value> {
    let value = ciborium::from_reader(body).ok()?;
    (encode(&value) == body).then_some(value)
}

/// Another value of the same type.
fn alter(value: &mut Value) {
    match value {
        Value::Bool(value) => *value = !*value,
        Value::Integer(number) => {
            let number = i128::from(*number) + if i128::from(*number) < 0 { -1 } else { 1 };
            *value = i64::try_from(number).map_or_else(|_| 0.into(), Value::from);
        }
        Value::Bytes(bytes) => match bytes.last_mut() {
            Some(last) => *last ^= 1,
            None => bytes.push(0),
        },
        // Of the same length.
        Value::Text(text) => {
            let last = if text.pop() == Some('x') { 'y' } else { 'x' };
            text.push(last);
        }
        Value::Array(items) => drop(items.pop()),
        Value::Map(members) => drop(members.pop()),
        _ => {}
    }
}
