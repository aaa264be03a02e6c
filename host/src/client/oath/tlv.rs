//! Tag, length and value, as the applet writes them: one byte, then one to three, then the value.

use zeroize::Zeroizing;

use super::super::error::{Error, Malformed};

pub(super) const NAME: u8 = 0x71;
pub(super) const NAME_LIST: u8 = 0x72;
pub(super) const KEY: u8 = 0x73;
pub(super) const CHALLENGE: u8 = 0x74;
pub(super) const RESPONSE: u8 = 0x75;
pub(super) const TRUNCATED: u8 = 0x76;
pub(super) const COUNTER: u8 = 0x77;
pub(super) const PROPERTY: u8 = 0x78;
pub(super) const VERSION: u8 = 0x79;
pub(super) const INITIAL_COUNTER: u8 = 0x7A;
pub(super) const ALGORITHM: u8 = 0x7B;
pub(super) const TOUCH: u8 = 0x7C;

/// Data of a command under construction. It may hold a secret.
pub(super) struct Data(pub(super) Zeroizing<Vec<u8>>);

impl Data {
    pub(super) fn new() -> Self {
        // No command is longer than a short APDU, so nothing is left behind by a move.
        Self(Zeroizing::new(Vec::with_capacity(256)))
    }

    /// Adds a value of less than 256 bytes, in two pieces.
    pub(super) fn with(mut self, tag: u8, value: &[u8], rest: &[u8]) -> Self {
        let length = value.len() + rest.len();
        self.0.push(tag);
        match u8::try_from(length) {
            Ok(length @ 0x80..) => self.0.extend([0x81, length]),
            Ok(length) => self.0.push(length),
            // What is so long is refused when it becomes an APDU.
            Err(_) => self.0.push(0),
        }
        self.0.extend_from_slice(value);
        self.0.extend_from_slice(rest);
        self
    }

    /// Adds bytes as they are: a property has no length.
    pub(super) fn raw(mut self, bytes: &[u8]) -> Self {
        self.0.extend_from_slice(bytes);
        self
    }
}

/// The values of an answer to `command`, one after the other.
pub(super) struct Values<'a> {
    pub(super) command: &'static str,
    rest: &'a [u8],
}

impl<'a> Values<'a> {
    pub(super) fn of(command: &'static str, answer: &'a [u8]) -> Self {
        Self { command, rest: answer }
    }

    /// The next value with its tag; nothing at the end.
    pub(super) fn next(&mut self) -> Result<Option<(u8, &'a [u8])>, Error> {
        let Some((&tag, rest)) = self.rest.split_first() else {
            return Ok(None);
        };
        let cut = Error::Malformed {
            command: self.command,
            why: Malformed::Truncated,
        };
        let split = match rest {
            [0x81, length, rest @ ..] => rest.split_at_checked((*length).into()),
            [0x82, high, low, rest @ ..] => rest.split_at_checked(u16::from_be_bytes([*high, *low]).into()),
            [length @ 0..=0x7F, rest @ ..] => rest.split_at_checked((*length).into()),
            _ => None,
        };
        let (value, rest) = split.ok_or(cut)?;
        self.rest = rest;
        Ok(Some((tag, value)))
    }

    /// The error of a value that is not what it must be.
    pub(super) fn wrong(&self, what: &'static str) -> Error {
        Error::Malformed {
            command: self.command,
            why: Malformed::Value(what),
        }
    }

    /// The error of a value that is not there.
    pub(super) fn missing(&self, what: &'static str) -> Error {
        Error::Malformed {
            command: self.command,
            why: Malformed::Missing(what),
        }
    }
}
