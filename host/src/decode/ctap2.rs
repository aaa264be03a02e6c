//! CTAP2 messages: a command byte and its parameters, or a status byte and what the command answers (CTAP 2.3 §8).

use std::ops::Range;

use brasskey_protocol::ctap2::Status;

use super::item;
use super::messages::{self, Command};
use super::shape::{Member, Privacy, Shape, explain as explain_item, private as private_parts};
use super::tree::{Fault, Node};
use crate::client::meaning;

/// A request and an answer begin with one byte each; the CBOR follows.
const HEAD: usize = 1;

/// Explains a request, which begins at `base`.
pub(super) fn request(bytes: &[u8], base: usize, faults: &mut Vec<Fault>) -> Node {
    let Some((&code, parameters)) = bytes.split_first() else {
        faults.push(Fault::fatal(
            base,
            "a request has a command byte, and this has none (CTAP 2.3 §8.1)",
        ));
        return Node::new("request").at(base);
    };
    let command = messages::by_code(code);
    let node = Node::new("request").at(base).meaning(messages::name(code));
    let node = match command {
        Some(command) => node.section(command.section),
        None => node,
    };
    let first = Node::number("command", base, code);
    let first = match command {
        Some(command) => first
            .meaning(format!("{} (0x{code:02X})", messages::name(code)))
            .section(command.section),
        None => first.meaning(messages::name(code)),
    };
    let shape = command.map(|command| command.request);
    let mut members = vec![first];
    members.extend(map("parameters", parameters, base + HEAD, shape, faults));
    node.members(members)
}

/// Explains the answer to `command`, which begins at `base`.
pub(super) fn answer(bytes: &[u8], base: usize, command: Option<u8>, faults: &mut Vec<Fault>) -> Node {
    let Some((&code, members)) = bytes.split_first() else {
        faults.push(Fault::fatal(
            base,
            "an answer has a status byte, and this has none (CTAP 2.3 §8.2)",
        ));
        return Node::new("answer").at(base);
    };
    let command = command.or_else(|| command_of(members)).and_then(messages::by_code);
    let node = Node::new("answer").at(base);
    let node = match command {
        Some(command) => node.meaning(messages::name(command.code)).section(command.section),
        None => node,
    };
    let status = Status::from(code);
    let first = Node::number("status", base, code).meaning(format!("{status}: {}", meaning(status)));
    let shape = command.map(|command| command.answer);
    let mut parts = vec![first.section("CTAP 2.3 §8.2")];
    parts.extend(map("members", members, base + HEAD, shape, faults));
    node.members(parts)
}

/// The map after the first byte: `None` for a command that is not known, and in it for one that has no map.
fn map(
    name: &str,
    bytes: &[u8],
    base: usize,
    members: Option<Option<&'static [Member]>>,
    faults: &mut Vec<Fault>,
) -> Vec<Node> {
    if bytes.is_empty() {
        return Vec::new();
    }
    let found = item::read_all(bytes, base);
    faults.extend(found.faults);
    let Some(item) = found.item else {
        return Vec::new();
    };
    let shape = match members {
        Some(Some(members)) => Shape::Map(members),
        Some(None) => {
            faults.push(Fault::new(base, format!("{name} follow, where there are none")));
            Shape::Any
        }
        None => Shape::Any,
    };
    let node = explain_item(name, &item, &shape, faults);
    match node.value {
        // Not a map: it is shown as it is.
        Some(_) => vec![node],
        None => node.members,
    }
}

/// Which command this answers, by the types of its first members; `None` where that does not tell.
pub(super) fn command_of(bytes: &[u8]) -> Option<u8> {
    use item::Kind::{Array, Bytes, Integer, Map, Text};
    let found = item::read(bytes, 0);
    let item = found.item?;
    let kind = |number| item.numbered(number).map(|item| &item.kind);
    let are_texts = |items: &[item::Item<'_>]| {
        items
            .iter()
            .all(|item| matches!(item.kind, Text(_) | item::Kind::Missing))
    };
    Some(match (kind(1), kind(2), kind(3)) {
        (Some(Array(_)), _, Some(Bytes(_))) => 0x04,
        // Cut off before its AAGUID: no other answer begins with a list of texts.
        (Some(Array(versions)), _, None) if !found.whole && are_texts(versions) => 0x04,
        (Some(Text(_)), Some(Bytes(_)), _) => 0x01,
        (_, Some(Bytes(_)), Some(Bytes(_))) => 0x02,
        (Some(Map(_)), None, None) => 0x06,
        (None, Some(Bytes(_)), None) | (None, None, Some(Integer(_))) => 0x06,
        (Some(Integer(_)), Some(Integer(_)), None) | (None, None, Some(Map(_))) => 0x0A,
        (Some(Bytes(_)), None, None) => 0x0C,
        _ if kind(6).is_some() && kind(7).is_some() && kind(8).is_some() => 0x0A,
        _ => return None,
    })
}

/// The parts of a CTAP2 request, or of the answer to `command`, that are not for everybody or not the same each time.
#[must_use]
pub fn private(bytes: &[u8], command: u8, is_request: bool) -> Vec<(Range<usize>, Privacy)> {
    let mut found = Vec::new();
    let rest = bytes.get(HEAD..).filter(|rest| !rest.is_empty());
    let Some(rest) = rest else {
        return found;
    };
    let known = messages::by_code(command);
    let members = known.and_then(|known: &Command| if is_request { known.request } else { known.answer });
    let read = item::read_all(rest, HEAD);
    match (members, read.item) {
        // It names what the key can do, with members of its maker perhaps.
        _ if command == 0x04 && !is_request => {}
        (Some(members), Some(item)) if read.whole && item.end == bytes.len() => {
            private_parts(&item, &Shape::Map(members), &mut found);
        }
        // A secret may be in what cannot be read.
        _ => found.push((HEAD..bytes.len(), Privacy::Secret)),
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_tells_its_command_where_its_members_do() {
        for (map, command) in [
            (&b"\xA2\x01\x80\x03\x50AAAAAAAAAAAAAAAA"[..], Some(0x04)),
            (b"\xA3\x01\x64none\x02\x40\x03\xA0", Some(0x01)),
            (b"\xA3\x01\xA0\x02\x40\x03\x40", Some(0x02)),
            (b"\xA1\x01\xA0", Some(0x06)),
            (b"\xA1\x02\x40", Some(0x06)),
            (b"\xA1\x03\x08", Some(0x06)),
            (b"\xA2\x01\x02\x02\x18\x64", Some(0x0A)),
            (b"\xA1\x01\x40", Some(0x0C)),
            (b"\xA1\x18\x40\x01", None),
            // Cut off.
            (b"\xA3\x01\x82\x68FIDO_2_0\x66U2F_V2\x02\x81\x6Bhmac", Some(0x04)),
            (b"\xA1\x01\x81\x01\x02", None),
        ] {
            assert_eq!(command_of(map), command, "{map:02x?}");
        }
    }

    #[test]
    fn a_request_names_its_command() {
        let mut faults = Vec::new();
        let first = |bytes, faults: &mut Vec<Fault>| request(bytes, 0, faults).members.swap_remove(0);
        let known = first(b"\x04", &mut faults);
        assert_eq!(
            (known.meaning.as_deref(), known.section),
            (Some("authenticatorGetInfo (0x04)"), Some("CTAP 2.3 §6.4"))
        );
        let vendor = first(b"\x50", &mut faults);
        assert_eq!(
            (vendor.meaning.as_deref(), vendor.section),
            (Some("a vendor's command 0x50"), None)
        );
    }

    #[test]
    fn what_is_secret_is_found_where_it_is() {
        let request = b"\x06\xA3\x01\x02\x02\x05\x06\x50AAAAAAAAAAAAAAAA";
        assert_eq!(private(request, 0x06, true), [(8..24, Privacy::Secret)]);
        assert_eq!(private(b"\x00\xA1\x02\x43tok", 0x06, false), [(4..7, Privacy::Secret)]);
        // The output of hmac-secret is within the authenticator data.
        let mut data = vec![0; 37];
        data[32] = 0x81;
        data.extend_from_slice(b"\xA1\x6Bhmac-secret\x43abc");
        let length = u8::try_from(data.len()).unwrap();
        let answer = [&[0x00, 0xA1, 0x02, 0x58, length][..], &data].concat();
        let end = answer.len();
        assert_eq!(private(&answer, 0x02, false), [(end - 3..end, Privacy::Secret)]);
    }
}
