//! CTAPHID (CTAP 2.3 §11.2): reports, the messages that they make up, and the commands in these.

mod assembler;

use std::collections::HashMap;

use brasskey_protocol::ctaphid::{BROADCAST, InitResponse, KeepaliveStatus, Report, capability, command};
use brasskey_protocol::limits::MAX_MESSAGE;

use super::item::bytes_of;
use super::shape::bits;
use super::tree::{Fault, Node, Value};
use super::webauthn::Exchange;
use super::{ctap2, u2f};
pub use assembler::{Assembler, Message};

/// Who sent a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Side {
    /// The host.
    Host,
    /// The key.
    Key,
}

/// What a command is called.
#[must_use]
pub fn command_name(code: u8) -> Option<&'static str> {
    Some(match code {
        command::PING => "CTAPHID_PING",
        command::MSG => "CTAPHID_MSG",
        command::LOCK => "CTAPHID_LOCK",
        command::INIT => "CTAPHID_INIT",
        command::WINK => "CTAPHID_WINK",
        command::CBOR => "CTAPHID_CBOR",
        command::CANCEL => "CTAPHID_CANCEL",
        command::KEEPALIVE => "CTAPHID_KEEPALIVE",
        command::ERROR => "CTAPHID_ERROR",
        _ => return None,
    })
}

/// Tells who sent a report where a dump does not: by what was asked and not yet answered.
#[derive(Debug, Default)]
pub(super) struct Sides {
    /// What each channel asked, and whether the request is whole.
    asked: HashMap<u32, u8>,
    /// Who sends on a channel now.
    sending: HashMap<u32, Side>,
    /// Whether only the key's reports are there.
    key_alone: bool,
}

impl Sides {
    /// Who reads a `/dev/hidraw` gets what the key sends, and not what others send to it: then channels are given, and
    /// nobody has asked for one.
    fn in_dump<'a>(reports: impl Iterator<Item = &'a Report>) -> Self {
        let (mut asked, mut given) = (false, false);
        for report in reports {
            let [_, _, _, _, kind, high, low, ..] = *report;
            if kind == command::INIT | 0x80 {
                let is_request = u16::from_be_bytes([high, low]) == 8;
                (asked, given) = (asked || is_request, given || !is_request);
            }
        }
        Self {
            key_alone: given && !asked,
            ..Self::default()
        }
    }

    pub(super) fn of(&mut self, report: &Report) -> Side {
        let [a, b, c, d, kind, high, low, ..] = *report;
        let channel = u32::from_be_bytes([a, b, c, d]);
        if self.key_alone {
            return Side::Key;
        }
        if kind & 0x80 == 0 {
            return self.sending.get(&channel).copied().unwrap_or(Side::Host);
        }
        let (command, length) = (kind & 0x7F, usize::from(u16::from_be_bytes([high, low])));
        let side = match command {
            command::KEEPALIVE | command::ERROR => Side::Key,
            command::CANCEL => return Side::Host,
            command::INIT if length == 8 => Side::Host,
            command::INIT => Side::Key,
            _ if self.asked.get(&channel) == Some(&command) => Side::Key,
            // No command has the number 0; that is a status, and a map follows.
            command::CBOR if matches!(report, [_, _, _, _, _, _, _, 0x00, 0xA0..=0xBF, ..]) => Side::Key,
            _ => Side::Host,
        };
        match side {
            Side::Host => drop(self.asked.insert(channel, command)),
            Side::Key if command == command::KEEPALIVE => {}
            Side::Key => drop(self.asked.remove(&channel)),
        }
        self.sending.insert(channel, side);
        side
    }
}

/// What was asked last on each channel: an answer is read by it.
#[derive(Debug, Default)]
pub(super) struct Talk {
    asked: HashMap<u32, (u8, Vec<u8>)>,
    /// Registrations and sign-ins.
    pub(super) exchanges: Vec<Exchange>,
}

impl Talk {
    /// Something is missing: what comes next answers nothing that is known.
    pub(super) fn forget(&mut self) {
        self.asked.clear();
    }

    /// Explains what came of a message whose end is missing. That it lacks something is told elsewhere.
    pub(super) fn explain_beginning(&mut self, message: &Message, at: usize, faults: &mut Vec<Fault>) -> Node {
        let (mut own, known) = (Vec::new(), self.exchanges.len());
        let node = self.explain_part(message, Some(at), false, &mut own);
        self.exchanges.truncate(known);
        faults.extend(own.into_iter().filter(|fault| !fault.fatal));
        node
    }

    /// Explains a message, whose first byte is at `at`, where it has one place.
    pub(super) fn explain(&mut self, message: &Message, at: Option<usize>, faults: &mut Vec<Fault>) -> Node {
        self.explain_part(message, at, true, faults)
    }

    fn explain_part(&mut self, message: &Message, at: Option<usize>, is_whole: bool, faults: &mut Vec<Fault>) -> Node {
        let Message {
            side,
            channel,
            command,
            payload,
        } = message;
        let known = command_name(*command);
        let name = known.map_or_else(|| format!("a vendor's command 0x{command:02x}"), str::to_owned);
        let (direction, who) = match side {
            Side::Host => ("to key", "host"),
            Side::Key => ("from key", "key"),
        };
        let node = Node::new(format!("{direction}: {name}"));
        let node = node.section("CTAP 2.3 §11.2.9");
        let mut members = vec![
            Node::text("from", who),
            Node::text("channel", format!("{channel:08x}")),
            Node::new("length").value(Value::Integer(payload.len().try_into().unwrap_or(0))),
        ];
        // Within the message: its bytes are spread over reports.
        let mut inner = Vec::new();
        let asked = match side {
            Side::Key => self
                .asked
                .get(channel)
                .filter(|(asked, _)| asked == command)
                .map(|(_, bytes)| &**bytes),
            Side::Host => None,
        };
        members.extend(contents(message, asked, is_whole, &mut inner));
        // authenticatorMakeCredential and authenticatorGetAssertion, or U2F_REGISTER and U2F_AUTHENTICATE.
        let is_granted = matches!(
            (*command, asked, &payload[..]),
            (command::CBOR, Some([0x01 | 0x02, ..]), [0x00, ..])
                | (command::MSG, Some([_, 0x01 | 0x02, ..]), [.., 0x90, 0x00])
        );
        if let Some(request) = asked.filter(|_| is_granted) {
            self.exchanges.push(Exchange {
                command: *command,
                request: request.to_vec(),
                answer: payload.clone(),
                hidden: Vec::new(),
            });
        }
        for fault in inner {
            let what = format!("{name}, byte {}: {}", fault.offset, fault.what);
            faults.push(Fault {
                offset: at.unwrap_or(0),
                what,
                fatal: fault.fatal,
            });
        }
        if *side == Side::Host && !matches!(*command, command::CANCEL) {
            self.asked.insert(*channel, (*command, payload.clone()));
        }
        match at {
            Some(at) => node.at(at),
            None => node,
        }
        .members(members)
    }
}

fn contents(message: &Message, asked: Option<&[u8]>, is_whole: bool, faults: &mut Vec<Fault>) -> Vec<Node> {
    let payload = &message.payload;
    match (message.command, message.side) {
        (command::CBOR, Side::Host) => vec![ctap2::request(payload, 0, faults)],
        (command::CBOR, Side::Key) => {
            vec![ctap2::answer(
                payload,
                0,
                asked.and_then(|asked| asked.first().copied()),
                faults,
            )]
        }
        (command::MSG, Side::Host) => vec![u2f::request(payload, 0, faults)],
        (command::MSG, Side::Key) => {
            let instruction = asked.and_then(u2f::Apdu::parse).map(|apdu| apdu.instruction);
            // The status word is at the end.
            vec![u2f::answer(payload, 0, instruction, is_whole, faults)]
        }
        (command::INIT, Side::Host) => vec![Node::bytes("nonce", 0, payload)],
        (command::INIT, Side::Key) => init(payload, faults),
        (command::KEEPALIVE, _) => payload.first().map_or_else(Vec::new, |status| vec![keepalive(*status)]),
        (command::ERROR, _) => payload.first().map_or_else(Vec::new, |code| vec![error(*code)]),
        (command::LOCK, Side::Host) => payload
            .first()
            .map_or_else(Vec::new, |seconds| vec![Node::number("seconds", 0, *seconds)]),
        _ if payload.is_empty() => Vec::new(),
        _ => vec![Node::bytes("data", 0, payload)],
    }
}

fn init(payload: &[u8], faults: &mut Vec<Fault>) -> Vec<Node> {
    let Some(init) = InitResponse::parse(payload) else {
        let what = format!(
            "an answer to CTAPHID_INIT has {}, this one {}",
            bytes_of(InitResponse::SIZE),
            payload.len()
        );
        faults.push(Fault::fatal(payload.len(), what));
        return Vec::new();
    };
    let [major, minor, build] = init.version;
    let capabilities = [
        (capability::WINK.into(), "WINK"),
        (crate::client::CAPABILITY_LOCK.into(), "LOCK"),
        (capability::CBOR.into(), "CBOR"),
        (capability::NMSG.into(), "NMSG: no U2F"),
    ];
    vec![
        Node::bytes("nonce", 0, &init.nonce),
        Node::text("allocated channel", format!("{:08x}", init.channel)).at(8),
        Node::number("protocol version", 12, init.protocol_version),
        Node::text("device version", format!("{major}.{minor}.{build}")).at(13),
        Node::number("capabilities", 16, init.capabilities).meaning(bits(init.capabilities.into(), &capabilities)),
    ]
}

fn keepalive(status: u8) -> Node {
    let meaning = match status {
        status if status == KeepaliveStatus::Processing.code() => "STATUS_PROCESSING: the key is at work",
        status if status == KeepaliveStatus::UpNeeded.code() => "STATUS_UPNEEDED: the key waits for its user",
        _ => "a status that the standard does not have",
    };
    Node::number("status", 0, status).meaning(meaning)
}

fn error(code: u8) -> Node {
    let meaning = match brasskey_protocol::ctaphid::Error::try_from(code) {
        Ok(error) => error.to_string(),
        Err(_) => "an error that the standard does not have".to_owned(),
    };
    Node::number("error", 0, code).meaning(meaning)
}

/// Explains reports that follow each other, each with its place and, where that is known, its sender. What can be
/// verified of them comes beside.
pub(super) fn reports<'a>(
    reports: impl IntoIterator<Item = (usize, Option<Side>, &'a Report)>,
    faults: &mut Vec<Fault>,
) -> (Vec<Node>, Vec<Exchange>) {
    let reports: Vec<_> = reports.into_iter().collect();
    let mut sides = Sides::in_dump(reports.iter().map(|(_, _, report)| *report));
    let (mut assembler, mut talk) = (Assembler::default(), Talk::default());
    let mut nodes = Vec::new();
    let mut begun = HashMap::new();
    let mut end = 0;
    for (at, side, report) in reports {
        let guessed = sides.of(report);
        let side = side.unwrap_or(guessed);
        let channel = brasskey_protocol::ctaphid::channel(report);
        if report.get(4).is_some_and(|kind| kind & 0x80 != 0) {
            begun.insert((side, channel), at);
        }
        end = at + report.len();
        match assembler.receive(side, report) {
            Ok(None) => {}
            Ok(Some(message)) => {
                let at = begun.remove(&(side, channel)).unwrap_or(at);
                nodes.push(talk.explain(&message, Some(at), faults));
            }
            Err(what) => faults.push(Fault::new(at, format!("{what} (CTAP 2.3 §11.2.4)"))),
        }
    }
    let mut unfinished: Vec<_> = assembler.unfinished().collect();
    unfinished.sort_unstable_by_key(|(message, _)| (message.channel, message.side));
    for (message, announced) in unfinished {
        let (channel, came) = (message.channel, message.payload.len());
        let at = begun.remove(&(message.side, channel)).unwrap_or(end);
        nodes.push(talk.explain_beginning(&message, at, faults));
        let what = format!("a message on channel {channel:08x} ends early: {came} of {announced} bytes came");
        faults.push(Fault::fatal(end, what));
    }
    (nodes, talk.exchanges)
}

/// Whether this may be a report: one of a host or a key on a channel, with a command that the standard has.
pub(super) fn is_report(report: &Report) -> bool {
    let [a, b, c, d, kind, high, low, ..] = *report;
    let (channel, length) = (
        u32::from_be_bytes([a, b, c, d]),
        usize::from(u16::from_be_bytes([high, low])),
    );
    let command = kind & 0x7F;
    channel != 0
        && kind & 0x80 != 0
        && length <= MAX_MESSAGE
        && (command_name(command).is_some() || command >= 0x40)
        && (channel != BROADCAST || matches!(command, command::INIT | command::ERROR))
}

#[cfg(test)]
mod tests;
