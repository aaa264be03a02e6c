//! Recordings: what a host and a key said to each other, as text, and a key that says it again.
//!
//! A recording has one line a message: milliseconds since the beginning, `>` to the key or `<` from it, the channel,
//! the command, and its bytes in hexadecimal. `**` stands for a byte that was left out because it is secret. A line
//! that begins with `#` is a comment. The first line names the format and its version.
//!
//! ```text
//! brasskey recording 1
//! 0 > ffffffff INIT 0102030405060708
//! 1 < ffffffff INIT 010203040506070800000001020001000005
//! 3 > 00000001 CBOR 04
//! 4 < 00000001 CBOR 2e
//! ```

mod compare;
mod player;
mod relay;
mod secrets;
mod tap;

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

use crate::decode::ctaphid::{Message, Side, command_name};
pub use compare::Difference;
pub use player::{Complaint, Player};
pub use relay::{Relay, RelayError, serve};
pub use tap::Tap;

/// How a recording begins. The number goes up where an older program could not read it.
pub const HEADING: &str = "brasskey recording 1";

/// The name of each command without this.
const PREFIX: &str = "CTAPHID_";

/// One message of a recording.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// When it was whole, in milliseconds since the beginning.
    pub time_ms: u64,
    /// The message; bytes that were left out are zero.
    pub message: Message,
    /// Whether each byte was left out; empty where none was.
    pub hidden: Vec<bool>,
}

/// A recording.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recording {
    /// Its messages, in their order.
    pub entries: Vec<Entry>,
}

/// Why a text is no recording.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("line {line}: {what}")]
pub struct NotARecording {
    /// The line, from 1.
    pub line: usize,
    /// What is wrong with it.
    pub what: &'static str,
}

impl Entry {
    /// Whether the byte at `place` was left out.
    #[must_use]
    pub fn is_hidden(&self, place: usize) -> bool {
        self.hidden.get(place).copied().unwrap_or(false)
    }
}

impl fmt::Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Message {
            side,
            channel,
            command,
            payload,
        } = &self.message;
        let arrow = match side {
            Side::Host => '>',
            Side::Key => '<',
        };
        write!(f, "{} {arrow} {channel:08x} ", self.time_ms)?;
        match command_name(*command).and_then(|name| name.strip_prefix(PREFIX)) {
            Some(name) => f.write_str(name)?,
            None => write!(f, "0x{command:02x}")?,
        }
        for (place, byte) in payload.iter().enumerate() {
            let space = if place == 0 { " " } else { "" };
            match self.is_hidden(place) {
                true => write!(f, "{space}**")?,
                false => write!(f, "{space}{byte:02x}")?,
            }
        }
        Ok(())
    }
}

impl FromStr for Entry {
    type Err = &'static str;

    fn from_str(line: &str) -> Result<Self, Self::Err> {
        let mut words = line.split_whitespace();
        let mut word = |what| words.next().ok_or(what);
        let time_ms = word("there is no time")?
            .parse()
            .map_err(|_| "the time is no number of milliseconds")?;
        let side = match word("there is no direction")? {
            ">" => Side::Host,
            "<" => Side::Key,
            _ => return Err("the direction is neither > nor <"),
        };
        let channel = word("there is no channel")?;
        let channel = u32::from_str_radix(channel, 16).map_err(|_| "the channel is no hexadecimal number")?;
        let command = command(word("there is no command")?)?;
        let bytes = words.next().unwrap_or_default();
        if words.next().is_some() {
            return Err("there is something after the bytes");
        }
        let (mut payload, mut hidden) = (Vec::new(), Vec::new());
        for pair in bytes.as_bytes().chunks(2) {
            let digits = str::from_utf8(pair).ok().filter(|digits| digits.len() == 2);
            let byte = match digits {
                Some("**") => None,
                Some(digits) if digits.bytes().all(|digit| digit.is_ascii_hexdigit()) => {
                    u8::from_str_radix(digits, 16).ok()
                }
                _ => return Err("the bytes are neither hexadecimal nor **"),
            };
            hidden.push(byte.is_none());
            payload.push(byte.unwrap_or(0));
        }
        if !hidden.contains(&true) {
            hidden.clear();
        }
        let message = Message {
            side,
            channel,
            command,
            payload,
        };
        Ok(Self {
            time_ms,
            message,
            hidden,
        })
    }
}

fn command(name: &str) -> Result<u8, &'static str> {
    if let Some(digits) = name.strip_prefix("0x") {
        return u8::from_str_radix(digits, 16).map_err(|_| "the command is no hexadecimal number");
    }
    let mut codes = 0..=0x7F;
    let is_it = |code: &u8| command_name(*code).and_then(|known| known.strip_prefix(PREFIX)) == Some(name);
    codes.find(is_it).ok_or("there is no command of that name")
}

/// Whether the first line is that of a recording that this program can read.
pub(crate) fn check_heading(line: &str) -> Result<(), &'static str> {
    match line.trim() {
        HEADING => Ok(()),
        other if other.starts_with("brasskey recording ") => Err("a newer brasskey wrote this recording"),
        _ => Err("a recording begins with the line: brasskey recording 1"),
    }
}

/// The message of a line below that; `None` where it is empty or a comment.
pub(crate) fn message(line: &str) -> Option<Result<Entry, &'static str>> {
    let line = line.trim();
    let is_message = !line.is_empty() && !line.starts_with('#');
    is_message.then(|| line.parse())
}

impl FromStr for Recording {
    type Err = NotARecording;

    fn from_str(text: &str) -> Result<Self, NotARecording> {
        let mut lines = text.lines().zip(1..);
        let at = |line| move |what| NotARecording { line, what };
        check_heading(lines.next().map_or("", |(line, _)| line)).map_err(at(1))?;
        let entries = lines.filter_map(|(line, number)| Some(message(line)?.map_err(at(number))));
        Ok(Self {
            entries: entries.collect::<Result<_, _>>()?,
        })
    }
}

#[cfg(test)]
mod tests;
