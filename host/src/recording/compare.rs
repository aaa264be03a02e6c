//! Whether a request is the one that was recorded. What differs each time (challenges, ephemeral keys) and what was
//! left out may differ.

use std::fmt;
use std::ops::Range;

use brasskey_protocol::ctaphid::command;

use super::secrets;
use crate::decode::ctaphid::Message;
use crate::decode::{self, Kind, Node};
use crate::text::escape;

/// Where a request is not the one that was recorded. `Display` is for people, and escaped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The member, by its names from the outermost.
    pub member: String,
    /// Where it is, in bytes.
    pub offset: usize,
    /// What was recorded there; `None` where nothing was.
    pub recorded: Option<String>,
    /// What came; `None` where nothing did.
    pub came: Option<String>,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = |value: &Option<String>| {
            value
                .as_ref()
                .map_or("nothing".to_owned(), |value| escape(value).into_owned())
        };
        let (member, recorded, came) = (escape(&self.member), shown(&self.recorded), shown(&self.came));
        write!(
            f,
            "{member} (byte {}) is {came}, and {recorded} was recorded",
            self.offset
        )
    }
}

/// A value without parts: its names, its place and itself.
type Leaf = (String, usize, String);

/// The first difference between two requests of the same command.
pub(super) fn difference(recorded: &Message, came: &Message) -> Option<Difference> {
    let (one, other) = (leaves(recorded), leaves(came));
    let longest = one.len().max(other.len());
    (0..longest).find_map(|index| {
        let (recorded, came) = (one.get(index), other.get(index));
        let is_same = matches!((recorded, came), (Some(one), Some(other)) if one.0 == other.0 && one.2 == other.2);
        let (member, offset, _) = came.or(recorded).filter(|_| !is_same)?;
        // Where the names differ, a member is missing or too much, and its value says nothing.
        let value = |leaf: Option<&Leaf>| {
            leaf.map(|(name, _, value)| match name == member {
                true => value.clone(),
                false => name.clone(),
            })
        };
        Some(Difference {
            member: member.clone(),
            offset: *offset,
            recorded: value(recorded),
            came: value(came),
        })
    })
}

fn leaves(message: &Message) -> Vec<Leaf> {
    let kind = match message.command {
        command::CBOR => Some(Kind::Ctap2Request),
        command::MSG => Some(Kind::U2fRequest),
        _ => None,
    };
    let parts = secrets::parts(message, None);
    let free: Vec<Range<usize>> = parts.into_iter().map(|(range, _)| range).collect();
    let Some(kind) = kind else {
        let bytes = data_encoding::HEXLOWER.encode(&message.payload);
        return if free.is_empty() {
            vec![("bytes".to_owned(), 0, bytes)]
        } else {
            Vec::new()
        };
    };
    let mut found = Vec::new();
    for node in decode::message(&message.payload, kind) {
        collect(&node, "", 0, &free, &mut found);
    }
    found
}

fn collect(node: &Node, above: &str, place: usize, free: &[Range<usize>], found: &mut Vec<Leaf>) {
    let name = match above {
        "" => node.name.clone(),
        above => format!("{above}.{}", node.name),
    };
    let offset = node.offset.unwrap_or(place);
    if node.members.is_empty() {
        // The key of the member comes before what is free, so its end is what counts.
        let is_free = free
            .iter()
            .any(|range| node.end.is_some_and(|end| range.contains(&end.saturating_sub(1))));
        let value = match (&node.value, is_free) {
            (_, true) => "anything".to_owned(),
            (Some(value), false) => value.to_string(),
            (None, false) => "empty".to_owned(),
        };
        found.push((name.clone(), offset, value));
    }
    for node in &node.members {
        collect(node, &name, offset, free, found);
    }
}
