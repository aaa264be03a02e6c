//! What the key was asked and what it answered: names, numbers and times, never contents.

use std::collections::VecDeque;
use std::time::Duration;

use brasskey_protocol::ctaphid::RequestKind;
use brasskey_protocol::{ctap2, u2f};
use serde::Serialize;

use super::cards::Kind;

/// How many commands the log keeps; then it forgets the oldest.
const LOG_MAX: usize = 1000;

/// One command.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LogEntry {
    /// When it began, in milliseconds since power-up.
    pub time_ms: u64,
    /// The channel that sent it; `card` for what came to the key as a smart card.
    pub channel: String,
    /// The command, named as the standards name it.
    pub command: String,
    /// What the key answered: a CTAP2 status (`0x00`), or a status word of U2F or OATH (`0x9000`).
    pub status: String,
    /// How long the key took, without the wait for its user, in microseconds.
    pub duration_us: u64,
    /// How long the key waited for its user, in microseconds.
    pub waited_us: u64,
}

/// One command as the log keeps it: small, and made into text only when somebody reads it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Record {
    pub(super) time: u64,
    pub(super) channel: u32,
    pub(super) command: Command,
    pub(super) status: Option<Status>,
    pub(super) duration: Duration,
    pub(super) waited: Duration,
}

/// What was asked.
#[derive(Clone, Copy, Debug)]
pub(super) enum Command {
    Ctap2(Option<u8>),
    U2f(Option<u8>),
    /// An instruction, and whether it is SELECT, whose number another has too.
    Oath(Option<u8>, bool),
    Wink,
}

/// What was answered.
#[derive(Clone, Copy, Debug)]
pub(super) enum Status {
    Ctap2(u8),
    Word(u16),
}

impl Command {
    /// Reads the command from the request, if it has one.
    pub(super) fn of(kind: RequestKind, message: &[u8]) -> Self {
        match kind {
            RequestKind::Cbor => Self::Ctap2(message.first().copied()),
            RequestKind::Msg => Self::U2f(message.get(1).copied()),
            RequestKind::Oath => Self::Oath(message.get(1).copied(), message.get(1..3) == Some(&SELECT)),
        }
    }

    fn name(self) -> String {
        let (standard, code) = match self {
            Self::Wink => return "CTAPHID_WINK".into(),
            Self::Ctap2(code) => ("authenticator", code),
            Self::U2f(code) => ("U2F", code),
            Self::Oath(_, true) => return "OATH SELECT".into(),
            Self::Oath(code, _) => ("OATH", code),
        };
        let name = match self {
            Self::Ctap2(_) => code.and_then(ctap2::command::name),
            Self::Oath(..) => code.and_then(oath_instruction),
            _ => code.and_then(u2f::instruction::name),
        };
        match (name, code) {
            (Some(name), _) => name.into(),
            (None, Some(code)) => format!("{standard} 0x{code:02x}"),
            (None, None) => format!("{standard} (no command)"),
        }
    }
}

impl Status {
    /// Reads the status from the response, if it has one.
    pub(super) fn of(kind: RequestKind, response: &[u8]) -> Option<Self> {
        match kind {
            RequestKind::Cbor => response.first().map(|status| Self::Ctap2(*status)),
            RequestKind::Msg | RequestKind::Oath => {
                response.last_chunk().map(|word| Self::Word(u16::from_be_bytes(*word)))
            }
        }
    }
}

/// SELECT by name: instruction and P1 (ISO/IEC 7816-4 §11.2.2).
const SELECT: [u8; 2] = [0xA4, 0x04];

/// What YKOATH calls an instruction.
const fn oath_instruction(code: u8) -> Option<&'static str> {
    Some(match code {
        0x01 => "OATH PUT",
        0x02 => "OATH DELETE",
        0x03 => "OATH SET CODE",
        0x04 => "OATH RESET",
        0x05 => "OATH RENAME",
        0xA1 => "OATH LIST",
        0xA2 => "OATH CALCULATE",
        0xA3 => "OATH VALIDATE",
        0xA4 => "OATH CALCULATE ALL",
        0xA5 => "OATH SEND REMAINING",
        _ => return None,
    })
}

/// The last commands.
#[derive(Debug, Default)]
pub(super) struct Log(VecDeque<Record>);

impl Log {
    pub(super) fn push(&mut self, record: Record) {
        if self.0.len() == LOG_MAX {
            self.0.pop_front();
        }
        self.0.push_back(record);
    }

    /// The commands that the log still has, the oldest first.
    pub(super) fn entries(&self) -> Vec<LogEntry> {
        self.0.iter().map(LogEntry::from).collect()
    }
}

impl From<&Record> for LogEntry {
    fn from(record: &Record) -> Self {
        Self {
            time_ms: record.time,
            channel: match Kind::is_channel(record.channel) {
                true => "card".into(),
                false => format!("{:08x}", record.channel),
            },
            command: record.command.name(),
            status: match record.status {
                Some(Status::Ctap2(status)) => format!("0x{status:02x}"),
                Some(Status::Word(word)) => format!("0x{word:04x}"),
                None => String::new(),
            },
            duration_us: microseconds(record.duration),
            waited_us: microseconds(record.waited),
        }
    }
}

fn microseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(command: Command, status: Option<Status>) -> Record {
        Record {
            time: 5,
            channel: 0xAB,
            command,
            status,
            duration: Duration::from_micros(7),
            waited: Duration::from_micros(8),
        }
    }

    #[test]
    fn commands_and_answers_are_named_and_contents_are_not_kept() {
        let mut log = Log::default();
        log.push(record(
            Command::of(RequestKind::Cbor, b"\x02secret"),
            Status::of(RequestKind::Cbor, b"\x2esecret"),
        ));
        log.push(record(
            Command::of(RequestKind::Msg, b"\x00\x01\x00\x00"),
            Status::of(RequestKind::Msg, b"secret\x69\x85"),
        ));
        log.push(record(
            Command::of(RequestKind::Oath, b"\x00\xa4\x00\x01secret"),
            Status::of(RequestKind::Oath, b"secret\x6a\x80"),
        ));
        log.push(record(Command::of(RequestKind::Cbor, b"\x7e"), None));
        let seen: Vec<_> = log
            .entries()
            .into_iter()
            .inspect(|e| assert_eq!((e.duration_us, e.waited_us), (7, 8)))
            .map(|e| (e.channel, e.command, e.status))
            .collect();
        let expected = [
            ("000000ab", "authenticatorGetAssertion", "0x2e"),
            ("000000ab", "U2F_REGISTER", "0x6985"),
            ("000000ab", "OATH CALCULATE ALL", "0x6a80"),
            ("000000ab", "authenticator 0x7e", ""),
        ];
        assert_eq!(
            seen,
            expected.map(|(a, b, c)| (a.to_owned(), b.to_owned(), c.to_owned()))
        );
    }

    #[test]
    fn what_came_to_the_card_has_no_channel_and_select_is_told_from_what_has_its_number() {
        for kind in [Kind::Virtual, Kind::Usb] {
            let entry = LogEntry::from(&Record {
                channel: kind.channel(),
                ..record(Command::of(RequestKind::Oath, b"\x00\xa4\x04\x00"), None)
            });
            assert_eq!((&entry.channel[..], &entry.command[..]), ("card", "OATH SELECT"));
        }
        for (apdu, name) in [
            (&b"\x00\xa2\x00\x01"[..], "OATH CALCULATE"),
            (b"\x00\x06", "OATH 0x06"),
            (b"", "OATH (no command)"),
        ] {
            assert_eq!(Command::of(RequestKind::Oath, apdu).name(), name);
        }
    }

    #[test]
    fn the_oldest_command_goes_first() {
        let mut log = Log::default();
        log.push(record(Command::Wink, None));
        for _ in 0..LOG_MAX {
            log.push(record(Command::U2f(Some(3)), Some(Status::Word(0x9000))));
        }
        let entries = log.entries();
        assert_eq!(entries.len(), LOG_MAX);
        assert!(entries.iter().all(|entry| entry.command == "U2F_VERSION"));
    }
}
