//! The data objects of YKOATH: tag (1) ‖ length (1) ‖ value. No value is so long that its length would take more.

use crate::cbor::Writer;
use crate::iso7816::StatusWord;
use crate::store::oath::{Name, read_name};

use super::tag;

/// Reads objects one after the other, in the order that the command has them.
pub(super) struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    pub(super) fn new(data: &'a [u8]) -> Self {
        Self(data)
    }

    /// The value of the next object, which must have this tag.
    pub(super) fn value(&mut self, tag: u8) -> Result<&'a [u8], StatusWord> {
        self.optional_value(tag)?.ok_or(StatusWord::WrongData)
    }

    /// The value of the next object, if it has this tag.
    pub(super) fn optional_value(&mut self, tag: u8) -> Result<Option<&'a [u8]>, StatusWord> {
        let &[next, ref rest @ ..] = self.0 else {
            return Ok(None);
        };
        if next != tag {
            return Ok(None);
        }
        let (&length, rest) = rest.split_first().ok_or(StatusWord::WrongData)?;
        let short = (length < 0x80).then_some(usize::from(length));
        let (value, rest) = short
            .and_then(|length| rest.split_at_checked(length))
            .ok_or(StatusWord::WrongData)?;
        self.0 = rest;
        Ok(Some(value))
    }

    /// The byte behind this tag, which has no length.
    pub(super) fn optional_byte(&mut self, tag: u8) -> Result<Option<u8>, StatusWord> {
        match *self.0 {
            [next, byte, ref rest @ ..] if next == tag => {
                self.0 = rest;
                Ok(Some(byte))
            }
            _ => Ok(None),
        }
    }

    /// The name of an account that a host wants to be there.
    pub(super) fn name(&mut self) -> Result<Name, StatusWord> {
        read_name(self.value(tag::NAME)?).ok_or(StatusWord::WrongData)
    }

    /// Nothing may follow.
    pub(super) fn finish(self) -> Result<(), StatusWord> {
        if self.0.is_empty() {
            Ok(())
        } else {
            Err(StatusWord::WrongData)
        }
    }
}

/// Writes an object whose value is these parts, one after the other.
pub(super) fn write(response: &mut Writer<'_>, tag: u8, parts: &[&[u8]]) -> Result<(), StatusWord> {
    let length = parts.iter().map(|part| part.len()).sum::<usize>();
    let length = u8::try_from(length).map_err(|_| StatusWord::Unknown)?;
    response.raw(&[tag, length]);
    for part in parts {
        response.raw(part);
    }
    Ok(())
}
