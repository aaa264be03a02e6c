//! CBOR by `ciborium`, and the strictest reading of the canonical form (CTAP 2.3 §8).

use std::cell::Cell;

use ciborium::Value;

/// How the form of what a key answers is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// What is not canonical fails.
    Strict,
    /// Maps out of order, numbers and lengths that are longer than need be, and members that are null or undefined are
    /// put right. A key that answers so would fail nearly every check, and each would hide what it is about: checks of
    /// the form itself read strictly.
    Lenient,
}

thread_local! {
    static FORM: Cell<Form> = const { Cell::new(Form::Strict) };
}

/// Runs this with answers read so.
pub fn reading<R>(form: Form, run: impl FnOnce() -> R) -> R {
    /// Also where `run` panics.
    struct Restore(Form);
    impl Drop for Restore {
        fn drop(&mut self) {
            FORM.set(self.0);
        }
    }
    let _before = Restore(FORM.replace(form));
    run()
}

/// Encodes a value with its maps in the order that they are in.
#[must_use]
pub fn encode(value: &Value) -> Vec<u8> {
    let mut bytes = Vec::new();
    ciborium::into_writer(value, &mut bytes).expect("room in memory");
    bytes
}

/// A map with text keys, in the order given.
#[must_use]
pub fn map<const N: usize>(members: [(&str, Value); N]) -> Value {
    Value::Map(members.map(|(name, value)| (name.into(), value)).into())
}

/// An array.
#[must_use]
pub fn array<const N: usize>(items: [Value; N]) -> Value {
    Value::Array(items.into())
}

/// The value of an integer.
///
/// # Panics
/// Where it is none of 64 bits.
#[must_use]
#[track_caller]
pub fn integer(value: &Value) -> i64 {
    let integer = value.as_integer().expect("an integer");
    integer.try_into().expect("64 bits")
}

/// Decodes what must be canonical: shortest, definite, sorted, no duplicates, no tags, no floats, no null, nested at
/// most four deep, and nothing behind it. A [lenient](Form::Lenient) reader passes over some of that.
///
/// # Panics
/// Where it is not.
#[must_use]
#[track_caller]
pub fn decode_canonical(bytes: &[u8]) -> Value {
    let (value, rest) = split_canonical(bytes);
    assert!(
        rest.is_empty(),
        "expected the end of the answer, {rest:02x?} is behind its CBOR"
    );
    value
}

/// The same, and what is behind the value.
///
/// # Panics
/// Where the value is not canonical.
#[must_use]
#[track_caller]
pub fn split_canonical(bytes: &[u8]) -> (Value, &[u8]) {
    let mut rest = bytes;
    let mut value: Value = ciborium::from_reader(&mut rest)
        .unwrap_or_else(|error| panic!("expected well-formed CBOR, the key answered {bytes:02x?}: {error}"));
    if FORM.get() == Form::Lenient {
        put_right(&mut value);
        check(&value, 1);
        return (value, rest);
    }
    check(&value, 1);
    // Encoding is shortest and definite, so this finds whatever was not.
    let read = &bytes[..bytes.len() - rest.len()];
    same!(encode(&value), read, "expected CBOR in its shortest form");
    (value, rest)
}

/// Brings maps in their order, and takes out what is null or undefined, which `ciborium` reads alike.
fn put_right(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(put_right),
        Value::Map(members) => {
            members.retain(|(_, member)| !member.is_null());
            members.sort_by_key(|(key, _)| sort_key(key));
            members.iter_mut().for_each(|(_, member)| put_right(member));
        }
        _ => {}
    }
}

#[track_caller]
fn check(value: &Value, depth: usize) {
    match value {
        Value::Integer(_) | Value::Bytes(_) | Value::Text(_) | Value::Bool(_) => {}
        Value::Array(items) => {
            assert!(depth <= 4, "expected at most four levels of nesting in the key's CBOR");
            items.iter().for_each(|item| check(item, depth + 1));
        }
        Value::Map(members) => {
            assert!(depth <= 4, "expected at most four levels of nesting in the key's CBOR");
            let order: Vec<_> = members.iter().map(|(key, _)| sort_key(key)).collect();
            assert!(
                order.is_sorted_by(|a, b| a < b),
                "expected map keys in canonical order, the key answered {}",
                crate::words::shown(members)
            );
            members.iter().for_each(|(_, member)| check(member, depth + 1));
        }
        other => panic!("expected a type that CTAP2 messages hold, the key answered {other:?}"),
    }
}

/// Major type first, then the shorter encoding, then its bytes.
fn sort_key(key: &Value) -> (u8, usize, Vec<u8>) {
    let bytes = encode(key);
    (bytes[0] >> 5, bytes.len(), bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_canonical_passes() {
        for bytes in [
            &b"\xa0"[..],
            b"\xa2\x01\x18\x18\x20\x81\xf5",
            b"\xa2\x62rk\xf5\x64plat\xf4",
        ] {
            let _ = decode_canonical(bytes);
        }
    }

    #[test]
    fn a_lenient_reader_passes_over_form_and_nothing_else() {
        let reads = |bytes: &[u8]| {
            let read = || reading(Form::Lenient, || decode_canonical(bytes));
            std::panic::catch_unwind(read).ok().map(|value| encode(&value))
        };
        for (bytes, right) in [
            (&b"\x18\x01"[..], &b"\x01"[..]),
            (b"\x9f\xff", b"\x80"),
            (b"\xa2\x02\x00\x01\x00", b"\xa2\x01\x00\x02\x00"),
            (b"\xa2\x01\xf7\x02\xa1\x60\xf6", b"\xa1\x02\xa0"),
        ] {
            assert_eq!(reads(bytes).as_deref(), Some(right), "{bytes:02x?}");
        }
        for bytes in [
            &b"\xa2\x01\x00\x01\x00"[..],
            b"\xa0\x00",
            b"\xc0\x60",
            b"\xf6",
            b"\x81\x81\x81\x81\x80",
        ] {
            assert_eq!(reads(bytes), None, "{bytes:02x?}");
        }
        assert_eq!(FORM.get(), Form::Strict, "as before, also after a panic");
    }

    #[test]
    fn what_is_not_is_noticed() {
        for bytes in [
            &b"\xa0\x00"[..],        // something behind
            b"\x18\x01",             // a longer integer
            b"\x58\x01\x00",         // a longer length
            b"\x9f\xff",             // indefinite
            b"\xa2\x02\x00\x01\x00", // out of order
            b"\xa2\x01\x00\x01\x00", // twice
            b"\xa2\x20\x00\x01\x00", // negative before unsigned
            b"\xc0\x60",             // a tag
            b"\xf6",                 // null
            b"\xf9\x3c\x00",         // a float
            b"\x81\x81\x81\x81\x80", // five deep
            b"\x62\x61",             // truncated
        ] {
            assert!(
                std::panic::catch_unwind(|| decode_canonical(bytes)).is_err(),
                "{bytes:02x?}"
            );
        }
    }
}
