//! The words of a failure: for whoever builds the key, and has not read the checks.

use std::fmt::{Debug, Write as _};

/// `assert_eq!` of what the key says with what the standard expects, in words about the key.
#[macro_export]
macro_rules! same {
    ($found:expr, $expected:expr $(,)?) => {
        match (&$found, &$expected) {
            (found, expected) if *found == *expected => {}
            (found, expected) => panic!("{}", $crate::words::differs("", found, expected)),
        }
    };
    ($found:expr, $expected:expr, $($what:tt)+) => {
        match (&$found, &$expected) {
            (found, expected) if *found == *expected => {}
            (found, expected) => panic!("{}", $crate::words::differs(&format!($($what)+), found, expected)),
        }
    };
}

/// `assert_ne!`, in words about the key.
#[macro_export]
macro_rules! differ {
    ($one:expr, $other:expr $(,)?) => {
        match (&$one, &$other) {
            (one, other) if *one != *other => {}
            (one, _) => panic!("expected two different values, both are {}", $crate::words::shown(one)),
        }
    };
    ($one:expr, $other:expr, $($what:tt)+) => {
        match (&$one, &$other) {
            (one, other) if *one != *other => {}
            (one, _) => panic!("{}: expected another value than {}", format!($($what)+), $crate::words::shown(one)),
        }
    };
}

/// What was expected, and what the key answered.
#[must_use]
pub fn differs(what: &str, found: &(impl Debug + ?Sized), expected: &(impl Debug + ?Sized)) -> String {
    let separator = if what.is_empty() { "" } else { ": " };
    let (expected, found) = (shown(expected), shown(found));
    format!("{what}{separator}expected {expected}, the key answered {found}")
}

/// A value in the diagnostic notation of CBOR (RFC 8949 §8), or close to it: what `Debug` writes is for programmers.
#[must_use]
pub fn shown(value: &(impl Debug + ?Sized)) -> String {
    let mut rest = &*format!("{value:?}");
    let mut words = String::new();
    let mut closing = Vec::new();
    while let Some(character) = rest.chars().next() {
        if character == '"' {
            let text = &rest[..string_length(rest)];
            words.push_str(text);
            rest = &rest[text.len()..];
        } else if let Some((octets, behind)) = octets(rest) {
            words.push_str("h'");
            octets
                .iter()
                .for_each(|octet| write!(words, "{octet:02x}").expect("room in memory"));
            words.push('\'');
            rest = behind;
        } else if let Some(behind) = WRAPPERS.iter().find_map(|wrapper| rest.strip_prefix(wrapper)) {
            closing.push(false);
            rest = behind;
        } else {
            let is_written = match character {
                '(' => {
                    closing.push(true);
                    true
                }
                ')' => closing.pop().unwrap_or(true),
                _ => true,
            };
            if is_written {
                words.push(character);
            }
            rest = &rest[character.len_utf8()..];
        }
    }
    words
}

/// What `ciborium` writes around values.
const WRAPPERS: [&str; 7] = ["Integer(", "Bytes(", "Text(", "Bool(", "Array(", "Map(", "Some("];

/// The length of the quoted string that the text begins with.
fn string_length(text: &str) -> usize {
    let mut escaped = true;
    for (at, character) in text.char_indices() {
        match character {
            '"' if !escaped => return at + 1,
            '\\' if !escaped => escaped = true,
            _ => escaped = false,
        }
    }
    text.len()
}

/// The octets of a list that the text begins with, where it is one of at least four, and what is behind.
fn octets(text: &str) -> Option<(Vec<u8>, &str)> {
    let (list, behind) = text.strip_prefix('[')?.split_once(']')?;
    let octets: Vec<u8> = list.split(", ").map(str::parse).collect::<Result<_, _>>().ok()?;
    (octets.len() >= 4).then_some((octets, behind))
}

#[cfg(test)]
mod tests {
    use ciborium::Value;

    use super::*;
    use crate::host::ctap2::status;
    use crate::host::response::Response;

    #[test]
    fn failures_speak_of_the_key() {
        let (found, expected) = (Response::bare(status::OK), Response::bare(status::NO_CREDENTIALS));
        assert_eq!(
            differs("", &found, &expected),
            "expected 0x2E NO_CREDENTIALS, the key answered 0x00 OK"
        );
        assert_eq!(differs("rp", &2, &Some(1)), "rp: expected 1, the key answered 2");
    }

    #[test]
    fn values_are_shown_as_cbor_is_written() {
        let id = (Value::from("id"), Value::from(vec![1, 2, 3, 0xFF]));
        let map = Value::Map(vec![id, ("a (\"b\")".into(), true.into()), ("n".into(), Value::Null)]);
        assert_eq!(
            shown(&map),
            "[(\"id\", h'010203ff'), (\"a (\\\"b\\\")\", true), (\"n\", Null)]"
        );
        assert_eq!(shown(&[256, 1, 2, 3]), "[256, 1, 2, 3]");
        assert_eq!(shown(&Value::Array(vec![7.into()])), "[7]");
    }
}
