//! What was read, as a tree: each part with its name in the standard, its value, what that means, and where it begins.

use std::fmt;

use data_encoding::HEXLOWER;
use serde::{Serialize, Serializer};

/// One part of what was read. Its texts come from outside: escape them before you show them.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Node {
    /// What the standard calls it, or the key of a map that the standard does not know.
    pub name: String,
    /// The number that stands for the name in a message.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub number: Option<i64>,
    /// Its value, where it has no parts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<Value>,
    /// What the value means, in plain words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub meaning: Option<String>,
    /// Where the standard describes it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub section: Option<&'static str>,
    /// Where it begins, in bytes from the start of what was decoded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub offset: Option<usize>,
    /// Where it ends.
    #[serde(skip)]
    pub(crate) end: Option<usize>,
    /// Its parts.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub members: Vec<Node>,
}

/// A value as programs read it: bytes are lower-case hexadecimal.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// Bytes.
    Bytes(Vec<u8>),
    /// Text.
    Text(String),
    /// A whole number.
    Integer(i128),
    /// A number with a fraction, which no message of CTAP has.
    Float(f64),
    /// Yes or no.
    Bool(bool),
    /// Null or undefined.
    Null,
    /// Bytes of a recording; those that it leaves out are `None`, and written as `**`.
    Masked(Vec<Option<u8>>),
}

/// In hexadecimal, as in a recording.
fn masked(bytes: &[Option<u8>]) -> String {
    let byte = |byte: &Option<u8>| byte.map_or("**".to_owned(), |byte| format!("{byte:02x}"));
    bytes.iter().map(byte).collect()
}

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Bytes(bytes) => serializer.serialize_str(&HEXLOWER.encode(bytes)),
            Self::Text(text) => serializer.serialize_str(text),
            Self::Integer(number) => match (i64::try_from(*number), u64::try_from(*number)) {
                (Ok(number), _) => serializer.serialize_i64(number),
                (_, Ok(number)) => serializer.serialize_u64(number),
                // Of CBOR's numbers only those below -2^63: JSON's readers would round them.
                _ => serializer.serialize_str(&number.to_string()),
            },
            Self::Float(number) => serializer.serialize_f64(*number),
            Self::Bool(yes) => serializer.serialize_bool(*yes),
            Self::Null => serializer.serialize_unit(),
            Self::Masked(bytes) => serializer.serialize_str(&masked(bytes)),
        }
    }
}

/// Unescaped, and with all bytes.
impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bytes(bytes) => f.write_str(&HEXLOWER.encode(bytes)),
            Self::Text(text) => write!(f, "\"{text}\""),
            Self::Integer(number) => number.fmt(f),
            Self::Float(number) => number.fmt(f),
            Self::Bool(yes) => yes.fmt(f),
            Self::Null => f.write_str("null"),
            Self::Masked(bytes) => f.write_str(&masked(bytes)),
        }
    }
}

impl Node {
    pub(super) fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            ..Self::default()
        }
    }

    pub(super) fn bytes(name: impl Into<String>, offset: usize, bytes: &[u8]) -> Self {
        let node = Self::new(name).at(offset).value(Value::Bytes(bytes.to_vec()));
        node.until(offset + bytes.len())
    }

    pub(super) fn text(name: impl Into<String>, text: impl Into<String>) -> Self {
        Self::new(name).value(Value::Text(text.into()))
    }

    pub(super) fn number(name: impl Into<String>, offset: usize, number: impl Into<i128>) -> Self {
        Self::new(name).at(offset).value(Value::Integer(number.into()))
    }

    pub(super) fn at(mut self, offset: usize) -> Self {
        self.offset = Some(offset);
        self
    }

    pub(super) fn until(mut self, end: usize) -> Self {
        self.end = Some(end);
        self
    }

    pub(super) fn value(mut self, value: Value) -> Self {
        self.value = Some(value);
        self
    }

    pub(super) fn meaning(mut self, meaning: impl Into<String>) -> Self {
        self.meaning = Some(meaning.into());
        self
    }

    pub(super) fn section(mut self, section: &'static str) -> Self {
        self.section = Some(section);
        self
    }

    pub(super) fn members(mut self, members: Vec<Self>) -> Self {
        self.members = members;
        self
    }

    /// Shows what is not there: the bytes of the message that `hidden` marks, for which zeros stand.
    pub(super) fn leave_out(&mut self, hidden: &[bool]) {
        for node in &mut self.members {
            node.leave_out(hidden);
        }
        let (Some(value), Some(start)) = (&self.value, self.offset) else {
            return;
        };
        let end = self.end.unwrap_or(start + 1);
        let marks = |start| hidden.get(start..end).filter(|marks| marks.contains(&true));
        let shown = match value {
            // What a member has ends where the member does; its key comes before.
            Value::Bytes(bytes) => marks(end.saturating_sub(bytes.len())).map(|marks| {
                let pairs = bytes.iter().zip(marks);
                pairs.map(|(byte, hidden)| (!hidden).then_some(*byte)).collect()
            }),
            _ => marks(start).map(|marks| marks.iter().filter(|hidden| **hidden).map(|_| None).collect()),
        };
        if let Some(shown) = shown {
            self.value = Some(Value::Masked(shown));
            // It told of the zeros.
            self.meaning = None;
        }
    }

    /// The first part of this name, here or deeper.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<&Self> {
        self.members
            .iter()
            .find_map(|node| if node.name == name { Some(node) } else { node.find(name) })
    }
}

/// Something that is not as the standard has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Fault {
    /// Where it is, in bytes from the start of what was decoded.
    pub offset: usize,
    /// What is wrong, in plain words. It may have text from outside in it.
    pub what: String,
    /// Whether reading ended there.
    pub fatal: bool,
}

impl Fault {
    pub(super) fn new(offset: usize, what: impl Into<String>) -> Self {
        Self {
            offset,
            what: what.into(),
            fatal: false,
        }
    }

    pub(super) fn fatal(offset: usize, what: impl Into<String>) -> Self {
        Self {
            fatal: true,
            ..Self::new(offset, what)
        }
    }
}
