//! U2F messages (FIDO U2F Raw Message Formats v1.2), as APDUs and their answers.

use super::item::bytes_of;
use super::tree::{Fault, Node, Value};
use super::{certificate, der};
use crate::client::StatusWord;
use crate::client::u2f::{Registration, der_length};

/// The first byte of an answer to U2F_REGISTER.
const RESERVED: u8 = 0x05;
/// An uncompressed point of P-256.
const POINT: usize = 65;
/// A challenge, or an application parameter.
const HASH: usize = 32;

/// A request taken apart: its data and where that begins.
pub(super) struct Apdu<'a> {
    pub(super) instruction: u8,
    pub(super) p1: u8,
    pub(super) data: &'a [u8],
    pub(super) at: usize,
}

impl<'a> Apdu<'a> {
    /// Reads an APDU of either form to its end (ISO/IEC 7816-3 §12.1).
    pub(super) fn parse(bytes: &'a [u8]) -> Option<Self> {
        let ([0, instruction, p1, _], body) = bytes.split_first_chunk()? else {
            return None;
        };
        let cut = |at: usize, length: usize, expected: &[usize]| {
            let data = body.get(at..at + length)?;
            let rest = body.len() - at - length;
            expected.contains(&rest).then_some((data, at))
        };
        let (data, at) = match *body {
            [] | [_] | [0, _, _] => (&[][..], 0),
            [0, high, low, ..] => cut(3, usize::from(u16::from_be_bytes([high, low])), &[0, 2])?,
            [length, ..] => cut(1, length.into(), &[0, 1])?,
        };
        Some(Self {
            instruction: *instruction,
            p1: *p1,
            data,
            at: at + 4,
        })
    }
}

/// Explains a request, which begins at `base`.
pub(super) fn request(bytes: &[u8], base: usize, faults: &mut Vec<Fault>) -> Node {
    let Some(apdu) = Apdu::parse(bytes) else {
        faults.push(Fault::fatal(
            base,
            "this is no APDU of U2F: its lengths do not fit (U2F Raw Message Formats §3)",
        ));
        return Node::bytes("request", base, bytes);
    };
    let name = brasskey_protocol::u2f::instruction::name(apdu.instruction);
    let node = Node::new("request").at(base).section("U2F Raw Message Formats §3");
    let node = node.meaning(name.map_or_else(
        || format!("an unknown message 0x{:02x}", apdu.instruction),
        str::to_owned,
    ));
    let control = match (apdu.instruction, apdu.p1) {
        (0x02, 0x03) => "enforce-user-presence-and-sign",
        (0x02, 0x07) => "check-only",
        (0x02, 0x08) => "dont-enforce-user-presence-and-sign",
        _ => "",
    };
    let mut members = vec![Node::number("INS", base + 1, apdu.instruction)];
    let p1 = Node::number("P1", base + 2, apdu.p1);
    members.push(if control.is_empty() { p1 } else { p1.meaning(control) });
    let mut rest = Rest::new(apdu.data, base + apdu.at);
    // What is missing is a fault already.
    let _ = match apdu.instruction {
        0x01 => registration_request(&mut rest, &mut members, faults),
        0x02 => authentication_request(&mut rest, &mut members, faults),
        _ => Some(()),
    };
    rest.end(&mut members, faults);
    node.members(members)
}

fn registration_request(rest: &mut Rest<'_>, members: &mut Vec<Node>, faults: &mut Vec<Fault>) -> Option<()> {
    members.push(
        rest.node("challenge parameter", HASH, faults)?
            .meaning("the SHA-256 of the client data"),
    );
    members.push(
        rest.node("application parameter", HASH, faults)?
            .meaning("the SHA-256 of the AppID or RP ID"),
    );
    Some(())
}

fn authentication_request(rest: &mut Rest<'_>, members: &mut Vec<Node>, faults: &mut Vec<Fault>) -> Option<()> {
    registration_request(rest, members, faults)?;
    let (_, length) = rest.take("key handle length", 1, faults)?;
    members.push(rest.node("key handle", (*length.first()?).into(), faults)?);
    Some(())
}

/// Explains the answer to `instruction`, which begins at `base`. `worded` says whether a status word ends it.
pub(super) fn answer(
    bytes: &[u8],
    base: usize,
    instruction: Option<u8>,
    worded: bool,
    faults: &mut Vec<Fault>,
) -> Node {
    let node = Node::new("answer").at(base).section("U2F Raw Message Formats §3.3");
    let (data, word) = match bytes.split_last_chunk::<2>() {
        Some((data, word)) if worded => (data, Some(u16::from_be_bytes(*word))),
        _ if worded => {
            faults.push(Fault::fatal(
                base,
                "an answer ends with a status word of two bytes, and this has none",
            ));
            return node.value(Value::Bytes(bytes.to_vec()));
        }
        _ => (bytes, None),
    };
    let mut members = Vec::new();
    let mut rest = Rest::new(data, base);
    let kind = instruction.or_else(|| instruction_of(data));
    let node = match kind.and_then(brasskey_protocol::u2f::instruction::name) {
        Some(name) => node.meaning(name),
        None => node,
    };
    // What is missing is a fault already.
    let _ = match kind {
        _ if data.is_empty() => Some(()),
        Some(0x01) => registration(&mut rest, &mut members, faults),
        Some(0x02) => authentication(&mut rest, &mut members, faults),
        Some(0x03) => {
            let (at, version) = rest.rest();
            members.push(Node::text("version", String::from_utf8_lossy(version)).at(at));
            Some(())
        }
        _ => Some(()),
    };
    rest.end(&mut members, faults);
    if let Some(word) = word {
        let status = Node::number("status word", base + data.len(), word);
        members.push(status.meaning(StatusWord::from(word).to_string()));
    }
    node.members(members)
}

fn registration(rest: &mut Rest<'_>, members: &mut Vec<Node>, faults: &mut Vec<Fault>) -> Option<()> {
    let (at, reserved) = rest.take("reserved byte", 1, faults)?;
    if reserved != [RESERVED] {
        faults.push(Fault::new(
            at,
            "the reserved byte is not 0x05 (U2F Raw Message Formats §4.3)",
        ));
    }
    let key = rest.node("user public key", POINT, faults)?;
    if !matches!(&key.value, Some(Value::Bytes(point)) if point.first() == Some(&0x04)) {
        faults.push(Fault::new(
            at + 1,
            "the public key is not an uncompressed point (SEC 1 §2.3.3)",
        ));
    }
    members.push(key.meaning("a point on P-256, uncompressed"));
    let (_, length) = rest.take("key handle length", 1, faults)?;
    let length = usize::from(*length.first()?);
    members.push(rest.node("key handle", length, faults)?.meaning(bytes_of(length)));
    let Some(length) = der_length(rest.bytes) else {
        faults.push(Fault::fatal(rest.at, "the attestation certificate is not DER"));
        return None;
    };
    let (at, certificate) = rest.take("attestation certificate", length, faults)?;
    members.push(certificate::explain(
        Node::new("attestation certificate").at(at),
        certificate,
        at,
        faults,
    ));
    signature(rest, members, faults)
}

fn authentication(rest: &mut Rest<'_>, members: &mut Vec<Node>, faults: &mut Vec<Fault>) -> Option<()> {
    let (at, presence) = rest.take("user presence byte", 1, faults)?;
    let presence = *presence.first()?;
    members.push(
        Node::number("user presence byte", at, presence).meaning(match presence & 1 {
            0 => "no user was present",
            _ => "a user was present",
        }),
    );
    let (at, counter) = rest.take("counter", 4, faults)?;
    let counter = counter.iter().fold(0u32, |value, byte| value << 8 | u32::from(*byte));
    members.push(Node::number("counter", at, counter));
    signature(rest, members, faults)
}

fn signature(rest: &mut Rest<'_>, members: &mut Vec<Node>, faults: &mut Vec<Fault>) -> Option<()> {
    let (at, signature) = rest.rest();
    if signature.is_empty() {
        faults.push(Fault::fatal(at, "ends early: there is no signature"));
        return None;
    }
    members.push(der::explain(Node::new("signature").at(at), signature, at, faults));
    Some(())
}

/// An answer without its status word, where it has one: the length of the signature at its end tells.
pub(super) fn bare(answer: &[u8]) -> &[u8] {
    let is_bare = match instruction_of(answer) {
        Some(0x01) => Registration::parse(answer)
            .is_ok_and(|registration| der_length(&registration.signature) == Some(registration.signature.len())),
        Some(_) => true,
        None => false,
    };
    match answer.split_last_chunk::<2>() {
        Some((data, word)) if !is_bare && (*word == [0x90, 0x00] || data.is_empty()) => data,
        _ => answer,
    }
}

/// Which message this answers, by its first bytes and its lengths.
pub(super) fn instruction_of(data: &[u8]) -> Option<u8> {
    match data {
        [RESERVED, 0x04, ..] if data.len() > 1 + POINT => Some(0x01),
        [0 | 1, _, _, _, _, signature @ ..] if der_length(signature) == Some(signature.len()) => Some(0x02),
        b"U2F_V2" => Some(0x03),
        _ => None,
    }
}

/// What is left to read.
struct Rest<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Rest<'a> {
    fn new(bytes: &'a [u8], at: usize) -> Self {
        Self { bytes, at }
    }

    fn take(&mut self, what: &str, count: usize, faults: &mut Vec<Fault>) -> Option<(usize, &'a [u8])> {
        let Some((taken, rest)) = self.bytes.split_at_checked(count) else {
            let (end, missing) = (self.at + self.bytes.len(), count - self.bytes.len());
            faults.push(Fault::fatal(
                end,
                format!("ends early: the {what} lacks {}", bytes_of(missing)),
            ));
            *self = Self::new(&[], end);
            return None;
        };
        let at = self.at;
        *self = Self::new(rest, at + count);
        Some((at, taken))
    }

    fn node(&mut self, what: &str, count: usize, faults: &mut Vec<Fault>) -> Option<Node> {
        let (at, bytes) = self.take(what, count, faults)?;
        Some(Node::bytes(what, at, bytes))
    }

    fn rest(&mut self) -> (usize, &'a [u8]) {
        let all = (self.at, self.bytes);
        *self = Self::new(&[], self.at + self.bytes.len());
        all
    }

    /// Shows what belongs to nothing.
    fn end(&mut self, members: &mut Vec<Node>, faults: &mut Vec<Fault>) {
        let (at, more) = self.rest();
        if !more.is_empty() {
            faults.push(Fault::new(
                at,
                format!("{} that belong to nothing follow", bytes_of(more.len())),
            ));
            members.push(Node::bytes("rest", at, more));
        }
    }
}
