//! What a recording leaves out: all that proves that a PIN was given, tokens, and what extensions give to one website.
//! What it keeps names websites and users.

use std::ops::Range;

use brasskey_protocol::ctaphid::command;

use crate::decode::ctaphid::{Message, Side};
use crate::decode::{Privacy, private};

/// The parts of a message that are not for everybody, or differ each time. `asked` is the request that it answers.
pub(super) fn parts(message: &Message, asked: Option<&[u8]>) -> Vec<(Range<usize>, Privacy)> {
    let payload = &message.payload;
    let all_from = |start: usize, end: usize| match start < end {
        true => vec![(start..end, Privacy::Secret)],
        false => Vec::new(),
    };
    match (message.command, message.side) {
        (command::CBOR, Side::Host) => match payload.first() {
            Some(code) => private(payload, *code, true),
            None => Vec::new(),
        },
        // Without its request nobody knows what an answer is.
        (command::CBOR, Side::Key) => match asked.and_then(|asked| asked.first()) {
            Some(code) => private(payload, *code, false),
            None => all_from(1, payload.len()),
        },
        (command::MSG, Side::Host) => match payload.get(1) {
            // A challenge, which a website makes anew. Extended lengths: the data begins at byte 7.
            Some(0x01 | 0x02) => vec![(7..payload.len().min(39), Privacy::Fresh)],
            Some(0x03) => Vec::new(),
            // What a vendor or another applet has there may be anything.
            _ => all_from(4, payload.len()),
        },
        (command::MSG, Side::Key) => match asked.and_then(|asked| asked.get(1)) {
            Some(0x01..=0x03) => Vec::new(),
            _ => all_from(0, payload.len().saturating_sub(2)),
        },
        (command::INIT, Side::Host) => vec![(0..payload.len(), Privacy::Fresh)],
        // One-time codes, and what vendors have.
        (0x40.., Side::Host) => all_from(4, payload.len()),
        (0x40.., Side::Key) => all_from(0, payload.len().saturating_sub(2)),
        _ => Vec::new(),
    }
}
