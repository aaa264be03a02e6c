//! CBOR with the place of each item, and what departs from the canonical form (CTAP 2.3 §8). Where bytes are missing,
//! what came before them is kept.

mod reader;
#[cfg(test)]
mod tests;

use std::borrow::Cow;

use super::tree::Fault;
use reader::Reader;

/// A data item; the numbers are offsets.
#[derive(Debug)]
pub(super) struct Item<'a> {
    pub(super) start: usize,
    /// Where what follows its head begins: the bytes, the text, the first element.
    pub(super) content: usize,
    pub(super) end: usize,
    pub(super) kind: Kind<'a>,
}

#[derive(Debug)]
pub(super) enum Kind<'a> {
    Integer(i128),
    Bytes(Cow<'a, [u8]>),
    Text(Cow<'a, str>),
    Array(Vec<Item<'a>>),
    Map(Vec<(Item<'a>, Item<'a>)>),
    Tag(u64, Box<Item<'a>>),
    Float(f64),
    Bool(bool),
    /// Null, undefined, or another simple value.
    Simple(u8),
    /// The value of a key after which the bytes end.
    Missing,
}

impl Kind<'_> {
    /// In words.
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Integer(_) => "a number",
            Self::Bytes(_) => "bytes",
            Self::Text(_) => "text",
            Self::Array(_) => "an array",
            Self::Map(_) => "a map",
            Self::Tag(..) => "a tag",
            Self::Float(_) => "a floating-point number",
            Self::Bool(_) => "true or false",
            Self::Simple(_) => "a simple value",
            Self::Missing => "nothing",
        }
    }
}

impl<'a> Item<'a> {
    pub(super) fn entries(&self) -> &[(Item<'a>, Item<'a>)] {
        match &self.kind {
            Kind::Map(entries) => entries,
            _ => &[],
        }
    }

    /// The member of a map by its number.
    pub(super) fn numbered(&self, number: i128) -> Option<&Item<'a>> {
        let mut entries = self.entries().iter();
        entries.find_map(|(key, value)| matches!(key.kind, Kind::Integer(n) if n == number).then_some(value))
    }

    /// The member of a map by its name.
    pub(super) fn named(&self, name: &str) -> Option<&Item<'a>> {
        let mut entries = self.entries().iter();
        entries.find_map(|(key, value)| matches!(&key.kind, Kind::Text(text) if text == name).then_some(value))
    }

    pub(super) fn as_bytes(&self) -> Option<&[u8]> {
        match &self.kind {
            Kind::Bytes(bytes) => Some(bytes),
            _ => None,
        }
    }

    pub(super) fn as_integer(&self) -> Option<i128> {
        match self.kind {
            Kind::Integer(number) => Some(number),
            _ => None,
        }
    }
}

/// What a reader found: an item, where there is the beginning of one, where it ends, and what is wrong.
pub(super) struct Found<'a> {
    pub(super) item: Option<Item<'a>>,
    pub(super) faults: Vec<Fault>,
    /// Whether the item is whole.
    pub(super) whole: bool,
}

/// Reads the item at the start of `bytes`, which themselves begin at `base`.
pub(super) fn read(bytes: &[u8], base: usize) -> Found<'_> {
    Reader::new(bytes, base).read()
}

/// Reads an item that should fill `bytes`.
pub(super) fn read_all(bytes: &[u8], base: usize) -> Found<'_> {
    let mut found = read(bytes, base);
    if let Some(item) = found.item.as_ref().filter(|_| found.whole) {
        let more = (base + bytes.len()).saturating_sub(item.end);
        if more > 0 {
            let what = format!("{} that belong to nothing follow (CTAP 2.3 §8)", bytes_of(more));
            found.faults.push(Fault::new(item.end, what));
        }
    }
    found
}

pub(super) fn bytes_of(count: usize) -> String {
    match count {
        1 => "1 byte".to_owned(),
        count => format!("{count} bytes"),
    }
}
