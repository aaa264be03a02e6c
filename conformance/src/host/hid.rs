//! CTAPHID from the host's side (CTAP 2.3 §11.2), packet by packet.

use std::fmt;
use std::hash::{BuildHasher as _, RandomState};
use std::ops::Range;
use std::time::{Duration, Instant};

use crate::key::{Key, LONG, Link, Report};
use crate::words::shown;

/// The channel on which hosts ask for one of their own.
pub const BROADCAST: u32 = 0xFFFF_FFFF;

/// Commands as they are on the wire (§11.2.9).
#[expect(missing_docs, reason = "the standard's names")]
pub mod command {
    pub const PING: u8 = 0x81;
    pub const MSG: u8 = 0x83;
    pub const LOCK: u8 = 0x84;
    pub const INIT: u8 = 0x86;
    pub const WINK: u8 = 0x88;
    pub const CBOR: u8 = 0x90;
    pub const CANCEL: u8 = 0x91;
    pub const KEEPALIVE: u8 = 0xBB;
    pub const ERROR: u8 = 0xBF;
    /// A vendor's command: an APDU of the OATH applet.
    pub const OATH: u8 = 0xF0;
    /// An APDU as it is, to a smart card: what links to cards take, and no key on USB is sent.
    pub const APDU: u8 = 0xFF;

    /// A command with the standard's name for it.
    #[must_use]
    pub fn named(command: u8) -> String {
        let name = match command {
            PING => "CTAPHID_PING",
            MSG => "CTAPHID_MSG",
            LOCK => "CTAPHID_LOCK",
            INIT => "CTAPHID_INIT",
            WINK => "CTAPHID_WINK",
            CBOR => "CTAPHID_CBOR",
            CANCEL => "CTAPHID_CANCEL",
            KEEPALIVE => "CTAPHID_KEEPALIVE",
            ERROR => "CTAPHID_ERROR",
            // CTAPHID_VENDOR_FIRST, with the bit of an initialization packet (§11.2.9.3).
            0xC0..=0xFF => "a command of a vendor",
            _ => "a command that the standard does not have",
        };
        format!("{name} (0x{command:02X})")
    }
}

/// Codes of CTAPHID_ERROR (§11.2.9.1.6).
#[expect(missing_docs, reason = "the standard's names")]
pub mod error {
    pub const INVALID_CMD: u8 = 0x01;
    pub const INVALID_PAR: u8 = 0x02;
    pub const INVALID_LEN: u8 = 0x03;
    pub const INVALID_SEQ: u8 = 0x04;
    pub const MSG_TIMEOUT: u8 = 0x05;
    pub const CHANNEL_BUSY: u8 = 0x06;
    pub const INVALID_CHANNEL: u8 = 0x0B;

    /// The standard's name for a code.
    #[must_use]
    pub fn name(code: u8) -> &'static str {
        match code {
            INVALID_CMD => "INVALID_CMD",
            INVALID_PAR => "INVALID_PAR",
            INVALID_LEN => "INVALID_LEN",
            INVALID_SEQ => "INVALID_SEQ",
            MSG_TIMEOUT => "MSG_TIMEOUT",
            CHANNEL_BUSY => "CHANNEL_BUSY",
            0x0A => "LOCK_REQUIRED",
            INVALID_CHANNEL => "INVALID_CHANNEL",
            0x7F => "OTHER",
            _ => "(no code of the standard)",
        }
    }

    /// A code as the standard writes it.
    #[must_use]
    pub fn named(code: u8) -> String {
        match name(code) {
            unknown if unknown.starts_with('(') => format!("0x{code:02X} {unknown}"),
            name => format!("0x{code:02X} ERR_{name}"),
        }
    }
}

/// The keepalive status of a key that waits for its user (§11.2.9.1.7).
pub(crate) const UP_NEEDED: u8 = 2;

/// A whole message from the key.
#[derive(Clone, PartialEq, Eq)]
pub struct Message {
    /// Its channel.
    pub channel: u32,
    /// Its command, as on the wire.
    pub command: u8,
    /// Its payload.
    pub payload: Vec<u8>,
}

impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} on channel {:08x}", command::named(self.command), self.channel)?;
        match (self.command, &self.payload[..]) {
            (_, []) => Ok(()),
            (command::ERROR, [code]) => write!(f, ": {}", error::named(*code)),
            (_, payload) => write!(f, ": {}", shown(&ciborium::Value::Bytes(payload.to_vec()))),
        }
    }
}

/// What a report alone says.
fn said(report: &Report) -> String {
    if report[4] & 0x80 == 0 {
        return format!("a continuation packet on channel {:08x}", channel_of(report));
    }
    let length = usize::from(u16::from_be_bytes([report[5], report[6]]));
    let payload = report[7..].iter().take(length).copied().collect();
    let message = Message {
        channel: channel_of(report),
        command: report[4],
        payload,
    };
    format!("{message:?}")
}

/// Cuts a message into packets (§11.2.4).
#[must_use]
pub fn packets(channel: u32, command: u8, payload: &[u8]) -> Vec<Report> {
    let length = u16::try_from(payload.len()).expect("a length of 16 bits");
    let (first, rest) = payload.split_at(payload.len().min(57));
    let [high, low] = length.to_be_bytes();
    let mut packets = vec![packet(channel, &[command, high, low], first)];
    for (sequence, data) in (0..).zip(rest.chunks(59)) {
        packets.push(packet(channel, &[sequence], data));
    }
    packets
}

fn packet(channel: u32, header: &[u8], data: &[u8]) -> Report {
    let mut packet = [0; 64];
    let bytes = channel
        .to_be_bytes()
        .into_iter()
        .chain(header.iter().chain(data).copied());
    packet.iter_mut().zip(bytes).for_each(|(to, from)| *to = from);
    packet
}

fn channel_of(report: &Report) -> u32 {
    u32::from_be_bytes([report[0], report[1], report[2], report[3]])
}

/// A host with a channel.
pub struct Host {
    /// The key that it is plugged into.
    pub key: Key,
    /// The channel that it speaks on. A test may choose another.
    pub channel: u32,
    /// The CTAP2 command that was sent last.
    pub(super) command: u8,
    link: Box<dyn Link>,
    nonce: u64,
}

impl Host {
    pub(crate) fn new(key: Key, link: Box<dyn Link>) -> Self {
        let mut host = Self {
            key,
            channel: BROADCAST,
            command: 0,
            link,
            // Its own: where hosts share what a key sends, each knows its answer by the nonce.
            nonce: RandomState::new().hash_one(()),
        };
        host.channel = host.allocate();
        host
    }

    /// Asks for one more channel, and checks the answer's form.
    pub fn allocate(&mut self) -> u32 {
        let (nonce, payload) = self.init(BROADCAST);
        same!(payload[..8], nonce, "the nonce of INIT");
        u32::from_be_bytes(payload[8..12].try_into().expect("four bytes"))
    }

    /// INIT on `channel`: the nonce, and the payload of the answer, which must be the next report.
    pub fn init(&mut self, channel: u32) -> ([u8; 8], Vec<u8>) {
        self.nonce = self.nonce.wrapping_add(1);
        let nonce = self.nonce.to_be_bytes();
        self.send_on(channel, command::INIT, &nonce);
        let answer = self.message();
        assert!(
            (answer.channel, answer.command, answer.payload.len()) == (channel, command::INIT, 17),
            "expected {} with 17 bytes on channel {channel:08x}, the key answered {answer:?}",
            command::named(command::INIT)
        );
        (nonce, answer.payload)
    }

    /// Sends a message.
    pub fn send(&mut self, command: u8, payload: &[u8]) {
        self.send_on(self.channel, command, payload);
    }

    /// Sends a message on `channel`.
    pub fn send_on(&mut self, channel: u32, command: u8, payload: &[u8]) {
        for report in packets(channel, command, payload) {
            self.send_report(&report);
        }
    }

    /// Sends a report, as it is.
    pub fn send_report(&mut self, report: &Report) {
        if report[4] == command::CBOR {
            self.command = report[7];
        }
        self.link.send(report);
    }

    /// The next report.
    #[track_caller]
    pub fn report(&mut self) -> Report {
        let report = self.link.receive(LONG);
        report.unwrap_or_else(|| panic!("expected a report, the key says nothing"))
    }

    /// The next message; packets must follow each other, with nothing behind the payload.
    #[track_caller]
    pub fn message(&mut self) -> Message {
        let message = self.message_within(LONG);
        message.unwrap_or_else(|| panic!("expected a message, the key says nothing"))
    }

    /// The same, or `None` where a packet of it does not come within `timeout`.
    #[track_caller]
    pub fn message_within(&mut self, timeout: Duration) -> Option<Message> {
        let first = self.link.receive(timeout)?;
        let (channel, command) = (channel_of(&first), first[4]);
        let length = usize::from(u16::from_be_bytes([first[5], first[6]]));
        let mut payload = first[7..].to_vec();
        let mut packets = vec![first];
        while payload.len() < length {
            let next = self.link.receive(timeout)?;
            payload.extend(&next[5..]);
            packets.push(next);
        }
        payload.truncate(length);
        let well_formed = self::packets(channel, command, &payload);
        for (number, (found, expected)) in packets.iter().zip(&well_formed).enumerate() {
            let name = command::named(command);
            same!(found, expected, "packet {number} of {name} with {length} bytes");
        }
        Some(Message {
            channel,
            command,
            payload,
        })
    }

    /// The next message that is no keepalive.
    #[track_caller]
    pub fn final_message(&mut self) -> Message {
        loop {
            let message = self.message();
            if message.command != command::KEEPALIVE {
                return message;
            }
        }
    }

    /// Sends a message and returns the payload of its answer. A key that is slow with what its applets are asked says
    /// so (CTAP 2.3 §11.2.9.1.7).
    #[track_caller]
    pub fn exchange(&mut self, command: u8, payload: &[u8]) -> Vec<u8> {
        self.send(command, payload);
        let answer = match command {
            command::CBOR | command::MSG | command::OATH => self.final_message(),
            _ => self.message(),
        };
        self.is_answer(&answer, command);
        answer.payload
    }

    /// A message is an answer to this command, on this host's channel.
    #[track_caller]
    pub(super) fn is_answer(&self, answer: &Message, command: u8) {
        assert!(
            (answer.channel, answer.command) == (self.channel, command),
            "expected {} on channel {:08x}, the key answered {answer:?}",
            command::named(command),
            self.channel
        );
    }

    /// The next message is an error with this code, on this host's channel.
    #[track_caller]
    pub fn expect_error(&mut self, code: u8) {
        let answer = self.message();
        let error = Message {
            channel: self.channel,
            command: command::ERROR,
            payload: vec![code],
        };
        same!(answer, error);
    }

    /// A message is refused with this code.
    #[track_caller]
    pub fn refused(&mut self, command: u8, payload: &[u8], code: u8) {
        self.send(command, payload);
        self.expect_error(code);
    }

    /// The key has nothing more to say: what it says next answers a question that only now is asked.
    #[track_caller]
    pub fn nothing_more(&mut self) {
        self.allocate();
    }

    /// The same, except that the key was busy. That a key tells so of every packet that is not of the message it reads,
    /// and not of the first one only, is another way to read §11.2.5.1.
    #[track_caller]
    pub fn nothing_more_than_busy(&mut self) {
        self.send_report(&packets(BROADCAST, command::INIT, &[7; 8])[0]);
        let busy = Message {
            channel: self.channel,
            command: command::ERROR,
            payload: vec![error::CHANNEL_BUSY],
        };
        loop {
            let answer = self.message();
            if (answer.channel, answer.command) == (BROADCAST, command::INIT) {
                break;
            }
            same!(answer, busy);
            self.key
                .note("expected no answer to a continuation packet out of place, the key answered ERR_CHANNEL_BUSY");
        }
    }

    /// A PING works.
    #[track_caller]
    pub fn ping(&mut self) {
        same!(self.exchange(command::PING, b"still there"), b"still there");
    }

    /// The key says nothing for a while of its own time.
    #[track_caller]
    pub fn quiet(&mut self, milliseconds: u64) {
        let wait = if self.key.advance(milliseconds) {
            Duration::ZERO
        } else {
            Duration::from_millis(milliseconds)
        };
        if let Some(report) = self.link.receive(wait) {
            panic!("expected silence, the key sends {}", said(&report));
        }
    }

    /// The report that falls due in this window of the key's time, in milliseconds from now. Where time runs by itself
    /// only the window's begin is checked: a busy computer is late.
    pub fn due(&mut self, window: Range<u64>) -> Report {
        let report = self.due_or_nothing(window);
        report.unwrap_or_else(|| panic!("expected a report, the key says nothing"))
    }

    /// The same, or `None` where the key says nothing.
    #[track_caller]
    pub fn due_or_nothing(&mut self, window: Range<u64>) -> Option<Report> {
        let begun = Instant::now();
        if self.key.advance(window.start) {
            // What may come at once may be there already.
            let early = (window.start > 0).then(|| self.link.receive(Duration::ZERO)).flatten();
            if let Some(early) = early {
                panic!(
                    "expected silence for {} ms, the key sends {}",
                    window.start,
                    said(&early)
                );
            }
            self.key.advance(window.end - window.start);
            self.link.receive(LONG)
        } else {
            let report = self.link.receive(LONG)?;
            let elapsed = begun.elapsed();
            assert!(
                elapsed >= Duration::from_millis(window.start),
                "expected silence for {} ms, the key sends {} after {} ms",
                window.start,
                said(&report),
                elapsed.as_millis()
            );
            Some(report)
        }
    }
}
