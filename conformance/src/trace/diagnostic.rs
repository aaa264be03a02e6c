//! Payloads as people read them: CTAP2 messages in the diagnostic notation of CBOR (RFC 8949 §8).

use std::fmt::Write as _;

use ciborium::Value;

use super::hex;
use crate::host::{command, hid, status};

/// How deep a value is shown: a key may nest as deep as it likes.
const DEPTH: usize = 16;

/// What a payload says; `None` where only its bytes do.
pub(super) fn of(command: u8, from_key: bool, payload: &[u8]) -> Option<String> {
    let (first, body) = payload.split_first()?;
    match command {
        command::CBOR => {
            let head = match from_key {
                true => format!("status {}", status::named(*first)),
                false => format!("{} (0x{first:02X})", name(*first)),
            };
            if body.is_empty() {
                return Some(head);
            }
            Some(match ciborium::from_reader::<Value, _>(body) {
                Ok(value) => format!("{head} {}", notation(&value)),
                Err(_) => format!("{head}, then no CBOR"),
            })
        }
        command::KEEPALIVE if payload == [1] => Some("processing".to_owned()),
        command::KEEPALIVE if payload == [2] => Some("waits for a touch".to_owned()),
        command::ERROR => Some(format!("error {}", hid::error::named(*first))),
        command::MSG if from_key && payload.len() >= 2 => {
            Some(format!("status word {}", hex(&payload[payload.len() - 2..])))
        }
        _ => None,
    }
}

/// A command of CTAP2 (CTAP 2.3 §6).
fn name(command: u8) -> &'static str {
    match command {
        0x01 => "authenticatorMakeCredential",
        0x02 => "authenticatorGetAssertion",
        0x04 => "authenticatorGetInfo",
        0x06 => "authenticatorClientPIN",
        0x07 => "authenticatorReset",
        0x08 => "authenticatorGetNextAssertion",
        0x0A => "authenticatorCredentialManagement",
        0x0B => "authenticatorSelection",
        0x0C => "authenticatorLargeBlobs",
        0x0D => "authenticatorConfig",
        _ => "command",
    }
}

fn notation(value: &Value) -> String {
    let mut text = String::new();
    write(value, 0, &mut text);
    text
}

fn write(value: &Value, depth: usize, to: &mut String) {
    // Writing to a string does not fail.
    let _ = match value {
        _ if depth == DEPTH => write!(to, "…"),
        Value::Integer(number) => write!(to, "{}", i128::from(*number)),
        Value::Bytes(bytes) => write!(to, "h'{}'", hex(bytes)),
        Value::Text(text) => write!(to, "{text:?}"),
        Value::Bool(bool) => write!(to, "{bool}"),
        Value::Null => write!(to, "null"),
        Value::Float(number) => write!(to, "{number:?}"),
        Value::Array(items) => {
            to.push('[');
            for (index, item) in items.iter().enumerate() {
                to.push_str(if index == 0 { "" } else { ", " });
                write(item, depth + 1, to);
            }
            to.push(']');
            Ok(())
        }
        Value::Map(members) => {
            to.push('{');
            for (index, (key, value)) in members.iter().enumerate() {
                to.push_str(if index == 0 { "" } else { ", " });
                write(key, depth + 1, to);
                to.push_str(": ");
                write(value, depth + 1, to);
            }
            to.push('}');
            Ok(())
        }
        Value::Tag(tag, value) => {
            let begun = write!(to, "{tag}(");
            write(value, depth + 1, to);
            to.push(')');
            begun
        }
        _ => write!(to, "?"),
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_shown_as_the_standard_writes_them() {
        assert_eq!(of(command::CBOR, true, &[0x2E]).unwrap(), "status 0x2E NO_CREDENTIALS");
        assert_eq!(of(command::CBOR, false, &[0x07]).unwrap(), "authenticatorReset (0x07)");
        let answer = [0x00, 0xA2, 0x01, 0x41, 0xAB, 0x02, 0x82, 0x26, 0x61, 0x61];
        assert_eq!(
            of(command::CBOR, true, &answer).unwrap(),
            "status 0x00 OK {1: h'ab', 2: [-7, \"a\"]}"
        );
        assert_eq!(
            of(command::CBOR, true, &[0, 0xFF]).unwrap(),
            "status 0x00 OK, then no CBOR"
        );
        assert_eq!(of(command::PING, true, b"x"), None);
    }

    #[test]
    fn a_deep_value_ends() {
        let mut deep = vec![0x00];
        deep.extend([0x81; 100]);
        deep.push(0x01);
        assert!(of(command::CBOR, true, &deep).unwrap().contains('…'));
    }
}
