//! What the members of a message are, as the standard describes them, and how an item is explained by that.

use std::ops::Range;

use super::item::{Item, Kind, bytes_of};
use super::tree::{Fault, Node, Value};
use super::words::{self, UNKNOWN};
use super::{authenticator_data, certificate, cose, der};

/// What an item is.
#[derive(Debug)]
pub(super) enum Shape {
    /// Anything.
    Any,
    Bytes,
    /// A SHA-256.
    Hash,
    Text,
    Number,
    Bool,
    /// A number with names.
    Named(&'static [(i64, &'static str, &'static str)]),
    /// A number whose bits have meanings.
    Bits(&'static [(u64, &'static str)]),
    /// A text of a registry.
    Words(&'static [words::Words]),
    /// A map with these members, and perhaps others.
    Map(&'static [Member]),
    List(&'static Shape),
    /// Options of getInfo.
    Options,
    Certifications,
    Aaguid,
    CoseKey,
    AuthenticatorData,
    Certificate,
    Signature,
    /// UTF-8 in bytes.
    Utf8,
}

/// A member of a map.
#[derive(Debug)]
pub(super) struct Member {
    pub(super) key: Key,
    pub(super) name: &'static str,
    pub(super) shape: Shape,
    pub(super) privacy: Privacy,
}

/// The key of a member.
#[derive(Debug)]
pub(super) enum Key {
    Number(i128),
    Text,
}

/// Who may see a member, and whether it is the same each time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Privacy {
    /// Anybody, and it is the same when the same is asked again.
    Plain,
    /// Anybody, and it differs each time.
    Fresh,
    /// Nobody: with it a PIN can be guessed, a token used or a secret read.
    Secret,
}

pub(super) const fn member(key: i128, name: &'static str, shape: Shape) -> Member {
    Member {
        key: Key::Number(key),
        name,
        shape,
        privacy: Privacy::Plain,
    }
}

pub(super) const fn named(name: &'static str, shape: Shape) -> Member {
    Member {
        key: Key::Text,
        name,
        shape,
        privacy: Privacy::Plain,
    }
}

impl Member {
    pub(super) const fn secret(self) -> Self {
        self.with(Privacy::Secret)
    }

    pub(super) const fn fresh(self) -> Self {
        self.with(Privacy::Fresh)
    }

    const fn with(mut self, privacy: Privacy) -> Self {
        self.privacy = privacy;
        self
    }

    fn has(&self, key: &Kind<'_>) -> bool {
        match (&self.key, key) {
            (Key::Number(number), Kind::Integer(key)) => number == key,
            (Key::Text, Kind::Text(key)) => self.name == key,
            _ => false,
        }
    }
}

/// Explains `item`, and adds what is wrong with it to `faults`.
pub(super) fn explain(name: impl Into<String>, item: &Item<'_>, shape: &Shape, faults: &mut Vec<Fault>) -> Node {
    let node = Node::new(name).at(item.start).until(item.end);
    if let Some(expected) = misfit(item, shape) {
        let what = format!("{} is {}, and must be {expected}", node.name, item.kind.name());
        faults.push(Fault::new(item.start, what));
        return plain(node, item, faults);
    }
    match (&item.kind, shape) {
        (Kind::Map(entries), Shape::Map(members)) => node.members(map(entries, members, faults)),
        (Kind::Map(_), Shape::CoseKey) => cose::explain(node, item, faults),
        (Kind::Map(entries), Shape::Options) => node.members(options(entries, faults)),
        (Kind::Array(elements), Shape::List(shape)) => {
            let element = |(index, item)| explain(index_name(index), item, shape, faults);
            node.members(elements.iter().enumerate().map(element).collect())
        }
        (Kind::Bytes(bytes), Shape::AuthenticatorData) => {
            let inside = authenticator_data::explain(bytes, item.content, faults);
            node.meaning(bytes_of(bytes.len())).members(inside)
        }
        (Kind::Bytes(bytes), Shape::Certificate) => certificate::explain(node, bytes, item.content, faults),
        (Kind::Bytes(bytes), Shape::Signature) => der::explain(node, bytes, item.content, faults),
        (Kind::Bytes(bytes), Shape::Aaguid) => aaguid(node, bytes),
        (Kind::Bytes(bytes), Shape::Utf8) => node.value(Value::Text(String::from_utf8_lossy(bytes).into_owned())),
        (Kind::Integer(number), Shape::Named(table)) => {
            let known = table.iter().find(|(known, ..)| i128::from(*known) == *number);
            let meaning = known.map_or(UNKNOWN.to_owned(), |(_, name, words)| match words.is_empty() {
                true => (*name).to_owned(),
                false => format!("{name}: {words}"),
            });
            node.value(Value::Integer(*number)).meaning(meaning)
        }
        (Kind::Integer(number), Shape::Bits(table)) => {
            node.value(Value::Integer(*number)).meaning(bits(*number, table))
        }
        (Kind::Text(text), Shape::Words(table)) => node
            .value(Value::Text(text.to_string()))
            .meaning(words::words(table, text)),
        _ => plain(node, item, faults),
    }
}

/// What the item should be, where it is something else.
fn misfit(item: &Item<'_>, shape: &Shape) -> Option<&'static str> {
    use Shape::{
        Aaguid, Any, AuthenticatorData, Bits, Bool, Bytes, Certificate, Certifications, CoseKey, Hash, List, Map,
        Named, Number, Options, Signature, Text, Utf8, Words,
    };
    Some(match (shape, &item.kind) {
        (Any, _) | (_, Kind::Missing) => return None,
        (Hash, Kind::Bytes(bytes)) if bytes.len() != 32 => "32 bytes",
        (Aaguid, Kind::Bytes(bytes)) if bytes.len() != 16 => "16 bytes",
        (Bytes | Hash | Aaguid | AuthenticatorData | Certificate | Signature | Utf8, Kind::Bytes(_))
        | (Text | Words(_), Kind::Text(_))
        | (Number | Named(_) | Bits(_), Kind::Integer(_))
        | (Bool, Kind::Bool(_))
        | (Map(_) | Options | CoseKey | Certifications, Kind::Map(_))
        | (List(_), Kind::Array(_)) => return None,
        (Bytes | AuthenticatorData | Certificate | Signature | Utf8, _) => "bytes",
        (Hash, _) => "32 bytes",
        (Aaguid, _) => "16 bytes",
        (Text | Words(_), _) => "text",
        (Number | Named(_) | Bits(_), _) => "a number",
        (Bool, _) => "true or false",
        (Map(_) | Options | CoseKey | Certifications, _) => "a map",
        (List(_), _) => "an array",
    })
}

/// An item of which nothing more is known than what CBOR says.
pub(super) fn plain(node: Node, item: &Item<'_>, faults: &mut Vec<Fault>) -> Node {
    match &item.kind {
        Kind::Integer(number) => node.value(Value::Integer(*number)),
        Kind::Bytes(bytes) => node.value(Value::Bytes(bytes.to_vec())),
        Kind::Text(text) => node.value(Value::Text(text.to_string())),
        Kind::Float(number) => node.value(Value::Float(*number)),
        Kind::Bool(yes) => node.value(Value::Bool(*yes)),
        Kind::Simple(22 | 23) => node.value(Value::Null),
        Kind::Simple(value) => node.value(Value::Integer((*value).into())).meaning("a simple value"),
        Kind::Missing => node.meaning("missing"),
        Kind::Tag(tag, item) => node.members(vec![explain(format!("tag {tag}"), item, &Shape::Any, faults)]),
        Kind::Array(elements) => {
            let element = |(index, item)| explain(index_name(index), item, &Shape::Any, faults);
            let node = if elements.is_empty() {
                node.meaning("empty")
            } else {
                node
            };
            node.members(elements.iter().enumerate().map(element).collect())
        }
        Kind::Map(entries) => {
            let node = if entries.is_empty() {
                node.meaning("empty")
            } else {
                node
            };
            node.members(map(entries, &[], faults))
        }
    }
}

fn map(entries: &[(Item<'_>, Item<'_>)], members: &[Member], faults: &mut Vec<Fault>) -> Vec<Node> {
    let one = |(key, value): &(Item<'_>, Item<'_>)| {
        let known = members.iter().find(|member| member.has(&key.kind));
        let mut node = match known {
            Some(member) => explain(member.name, value, &member.shape, faults),
            None => explain(key_name(key), value, &Shape::Any, faults),
        };
        node.number = key.as_integer().and_then(|number| i64::try_from(number).ok());
        node.offset = Some(key.start);
        if known.is_none() && !members.is_empty() && node.meaning.is_none() {
            node.meaning = Some(UNKNOWN.to_owned());
        }
        node
    };
    entries.iter().map(one).collect()
}

fn options(entries: &[(Item<'_>, Item<'_>)], faults: &mut Vec<Fault>) -> Vec<Node> {
    let one = |(key, value): &(Item<'_>, Item<'_>)| {
        let mut node = explain(key_name(key), value, &Shape::Bool, faults);
        node.offset = Some(key.start);
        let known = words::OPTIONS.iter().find(|choice| choice.id == node.name);
        node.meaning = Some(match (known, &value.kind) {
            (Some(choice), Kind::Bool(true)) => choice.yes.to_owned(),
            (Some(choice), Kind::Bool(false)) => choice.no.to_owned(),
            _ => UNKNOWN.to_owned(),
        });
        node
    };
    entries.iter().map(one).collect()
}

/// The key of a map in text, where nothing knows its name.
fn key_name(key: &Item<'_>) -> String {
    match &key.kind {
        Kind::Integer(number) if *number >= 0 => format!("0x{number:02X}"),
        Kind::Integer(number) => number.to_string(),
        Kind::Text(text) => text.to_string(),
        other => other.name().to_owned(),
    }
}

fn index_name(index: usize) -> String {
    format!("[{index}]")
}

/// The set bits in words.
pub(super) fn bits(number: i128, table: &[(u64, &str)]) -> String {
    let Ok(number) = u64::try_from(number) else {
        return UNKNOWN.to_owned();
    };
    let known = table.iter().filter(|(bit, _)| number & bit != 0);
    let rest = table.iter().fold(number, |rest, (bit, _)| rest & !bit);
    let rest = (rest != 0).then(|| format!("unknown bits 0x{rest:x}"));
    let set: Vec<_> = known.map(|(_, words)| (*words).to_owned()).chain(rest).collect();
    match set.is_empty() {
        true => "none".to_owned(),
        false => set.join(", "),
    }
}

/// An AAGUID, as a UUID.
pub(super) fn aaguid(node: Node, bytes: &[u8]) -> Node {
    let hex = data_encoding::HEXLOWER.encode(bytes);
    let cut = [0..8, 8..12, 12..16, 16..20, 20..32].map(|range| hex.get(range).unwrap_or_default());
    let node = node.value(Value::Text(cut.join("-")));
    match bytes.iter().all(|byte| *byte == 0) {
        true => node.meaning("zeros: the key does not say which model it is"),
        false => node.meaning("the model of the key"),
    }
}

/// The parts of `item` that are not [`Privacy::Plain`], by their places.
///
/// What the standard does not know, and what has another type than the standard says, may be anything: it is secret.
pub(super) fn private(item: &Item<'_>, shape: &Shape, found: &mut Vec<(Range<usize>, Privacy)>) {
    match (&item.kind, shape) {
        _ if misfit(item, shape).is_some() => mark(item, Privacy::Secret, found),
        (Kind::Map(entries), Shape::Map(members)) => {
            for (key, value) in entries {
                match members.iter().find(|member| member.has(&key.kind)) {
                    Some(member) if member.privacy != Privacy::Plain => mark(value, member.privacy, found),
                    Some(member) => private(value, &member.shape, found),
                    None => mark(value, Privacy::Secret, found),
                }
            }
        }
        (Kind::Array(elements), Shape::List(shape)) => {
            for element in elements {
                private(element, shape, found);
            }
        }
        (Kind::Bytes(bytes), Shape::AuthenticatorData) => authenticator_data::private(bytes, item.content, found),
        _ => {}
    }
}

/// All that an item holds, and not its structure: that says nothing, and a reader needs it.
fn mark(item: &Item<'_>, privacy: Privacy, found: &mut Vec<(Range<usize>, Privacy)>) {
    match &item.kind {
        Kind::Map(entries) => {
            for (_, value) in entries {
                mark(value, privacy, found);
            }
        }
        Kind::Array(elements) => {
            for element in elements {
                mark(element, privacy, found);
            }
        }
        Kind::Tag(_, item) => mark(item, privacy, found),
        Kind::Bytes(_) | Kind::Text(_) => found.push((item.content..item.end, privacy)),
        _ => {}
    }
}
