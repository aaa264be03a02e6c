//! Authenticator data (WebAuthn Level 3 §6.1), byte by byte.

use std::ops::Range;

use super::cose;
use super::item::{self, Item, bytes_of};
use super::messages::EXTENSION_OUTPUTS;
use super::shape::{Privacy, Shape, aaguid, explain as explain_item, private as private_parts};
use super::tree::{Fault, Node, Value};
use crate::webauthn::authenticator_data::{
    ATTESTED_CREDENTIAL_DATA, BACKUP_ELIGIBLE, BACKUP_STATE, EXTENSION_DATA, USER_PRESENT, USER_VERIFIED,
};

/// The flags by their bits (§6.1).
const FLAGS: [(u8, &str, &str, &str); 8] = [
    (USER_PRESENT, "UP", "a user was present", "no user was present"),
    (0x02, "RFU1", "reserved, and must be 0", "reserved"),
    (
        USER_VERIFIED,
        "UV",
        "the user was verified",
        "the user was not verified",
    ),
    (
        BACKUP_ELIGIBLE,
        "BE",
        "the credential may leave the key",
        "the credential stays on this key",
    ),
    (
        BACKUP_STATE,
        "BS",
        "the credential is backed up",
        "the credential is not backed up",
    ),
    (0x20, "RFU2", "reserved, and must be 0", "reserved"),
    (
        ATTESTED_CREDENTIAL_DATA,
        "AT",
        "attested credential data follows",
        "no attested credential data",
    ),
    (EXTENSION_DATA, "ED", "extension data follows", "no extension data"),
];

/// The longest credential ID (§6.5.1).
const CREDENTIAL_ID_MAX: usize = 1023;

/// What is left to read.
struct Rest<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Rest<'a> {
    fn take(&mut self, count: usize, what: &str, faults: &mut Vec<Fault>) -> Option<(usize, &'a [u8])> {
        match self.bytes.split_at_checked(count) {
            Some((taken, rest)) => {
                let at = self.at;
                *self = Self {
                    bytes: rest,
                    at: at + count,
                };
                Some((at, taken))
            }
            None => {
                let (end, missing) = (self.at + self.bytes.len(), count - self.bytes.len());
                let what = format!("the authenticator data ends early: {what} lacks {}", bytes_of(missing));
                faults.push(Fault::fatal(end, what));
                *self = Self { bytes: &[], at: end };
                None
            }
        }
    }

    fn item(&mut self, faults: &mut Vec<Fault>) -> Option<Item<'a>> {
        let found = item::read(self.bytes, self.at);
        faults.extend(found.faults);
        let item = found.item?;
        let length = item.end - self.at;
        *self = Self {
            bytes: self.bytes.get(length..).filter(|_| found.whole).unwrap_or_default(),
            at: item.end,
        };
        Some(item)
    }
}

/// The parts of the authenticator data in `bytes`, which begin at `base`.
pub(super) fn explain(bytes: &[u8], base: usize, faults: &mut Vec<Fault>) -> Vec<Node> {
    let mut nodes = Vec::new();
    let mut rest = Rest { bytes, at: base };
    // Only what is missing ends this early, and that is a fault.
    let _ = parts(&mut rest, &mut nodes, faults);
    if !rest.bytes.is_empty() {
        let what = format!(
            "{} follow that the flags do not announce (WebAuthn §6.1)",
            bytes_of(rest.bytes.len())
        );
        faults.push(Fault::new(rest.at, what));
    }
    nodes
}

fn parts(rest: &mut Rest<'_>, nodes: &mut Vec<Node>, faults: &mut Vec<Fault>) -> Option<()> {
    let (at, hash) = rest.take(32, "rpIdHash", faults)?;
    nodes.push(Node::bytes("rpIdHash", at, hash).meaning("the SHA-256 of the RP ID"));
    let (at, flags) = rest.take(1, "flags", faults)?;
    let flags = *flags.first()?;
    nodes.push(explain_flags(flags, at, faults));
    let (at, counter) = rest.take(4, "signCount", faults)?;
    let counter = counter.iter().fold(0u32, |value, byte| value << 8 | u32::from(*byte));
    nodes.push(Node::number("signCount", at, counter).meaning(match counter {
        0 => "the key does not count, or this is a registration over U2F",
        _ => "goes up with each signature",
    }));
    if flags & ATTESTED_CREDENTIAL_DATA != 0 {
        let mut inside = Vec::new();
        let begun = rest.at;
        let whole = credential(rest, &mut inside, faults);
        let node = Node::new("attestedCredentialData").at(begun).section("WebAuthn §6.5.1");
        nodes.push(node.members(inside));
        whole?;
    }
    if flags & EXTENSION_DATA != 0 {
        let outputs = rest.item(faults)?;
        nodes.push(explain_item(
            "extensions",
            &outputs,
            &Shape::Map(EXTENSION_OUTPUTS),
            faults,
        ));
    }
    Some(())
}

fn explain_flags(flags: u8, at: usize, faults: &mut Vec<Fault>) -> Node {
    if flags & 0x22 != 0 {
        faults.push(Fault::new(at, "a flag that is reserved is set (WebAuthn §6.1)"));
    }
    if flags & (BACKUP_ELIGIBLE | BACKUP_STATE) == BACKUP_STATE {
        faults.push(Fault::new(
            at,
            "BS is set without BE: backed up, though it cannot be (WebAuthn §6.1.3)",
        ));
    }
    let bit = |(bit, name, set, clear): (u8, &str, &str, &str)| {
        let is_set = flags & bit != 0;
        let meaning = if is_set { set } else { clear };
        Node::new(name).value(Value::Bool(is_set)).meaning(meaning)
    };
    let shown = FLAGS
        .into_iter()
        .filter(|(bit, name, ..)| !name.starts_with("RFU") || flags & bit != 0);
    Node::number("flags", at, flags)
        .meaning(format!("0x{flags:02x}"))
        .members(shown.map(bit).collect())
}

fn credential(rest: &mut Rest<'_>, nodes: &mut Vec<Node>, faults: &mut Vec<Fault>) -> Option<()> {
    let (at, model) = rest.take(16, "aaguid", faults)?;
    nodes.push(aaguid(Node::new("aaguid").at(at), model));
    let (at, length) = rest.take(2, "credentialIdLength", faults)?;
    let length = length.iter().fold(0, |value, byte| value << 8 | usize::from(*byte));
    if !(1..=CREDENTIAL_ID_MAX).contains(&length) {
        let what = format!("a credential ID has 1 to {CREDENTIAL_ID_MAX} bytes, this one {length} (WebAuthn §6.5.1)");
        faults.push(Fault::new(at, what));
    }
    let (at, id) = rest.take(length, "credentialId", faults)?;
    nodes.push(Node::bytes("credentialId", at, id).meaning(bytes_of(length)));
    let key = rest.item(faults)?;
    nodes.push(cose::explain(
        Node::new("credentialPublicKey").at(key.start),
        &key,
        faults,
    ));
    Some(())
}

/// Where the outputs of extensions are that nobody else may read.
pub(super) fn private(bytes: &[u8], base: usize, found: &mut Vec<(Range<usize>, Privacy)>) {
    let mut rest = Rest { bytes, at: base };
    if let Some(outputs) = outputs(&mut rest) {
        private_parts(&outputs, &Shape::Map(EXTENSION_OUTPUTS), found);
    }
}

fn outputs<'a>(rest: &mut Rest<'a>) -> Option<Item<'a>> {
    let faults = &mut Vec::new();
    rest.take(32, "", faults)?;
    let (_, flags) = rest.take(1, "", faults)?;
    let flags = *flags.first()?;
    rest.take(4, "", faults)?;
    if flags & ATTESTED_CREDENTIAL_DATA != 0 {
        rest.take(16, "", faults)?;
        let (_, length) = rest.take(2, "", faults)?;
        let length = length.iter().fold(0, |value, byte| value << 8 | usize::from(*byte));
        rest.take(length, "", faults)?;
        rest.item(faults)?;
    }
    rest.item(faults).filter(|_| flags & EXTENSION_DATA != 0)
}
