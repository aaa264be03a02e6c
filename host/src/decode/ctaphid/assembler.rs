//! How reports become messages (CTAP 2.3 §11.2.4).

use std::collections::HashMap;

use brasskey_protocol::ctaphid::Report;
use brasskey_protocol::limits::{CONT_PAYLOAD, INIT_PAYLOAD, MAX_MESSAGE};

use super::Side;

/// A message, put together from its reports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// Who sent it.
    pub side: Side,
    /// The channel.
    pub channel: u32,
    /// The command, without the bit that marks an initialization packet.
    pub command: u8,
    /// Its bytes.
    pub payload: Vec<u8>,
}

/// Puts messages together, of any channels and both sides at once.
#[derive(Debug, Default)]
pub struct Assembler(HashMap<(Side, u32), Partial>);

#[derive(Debug)]
struct Partial {
    command: u8,
    length: usize,
    sequence: u8,
    payload: Vec<u8>,
}

impl Assembler {
    /// Takes a report in; gives the message that it completes, or what is wrong with it.
    ///
    /// # Errors
    /// What is wrong with the report, in words: it follows nothing, or is not the one that follows.
    pub fn receive(&mut self, side: Side, report: &Report) -> Result<Option<Message>, String> {
        let [a, b, c, d, kind, rest @ ..] = report;
        let channel = u32::from_be_bytes([*a, *b, *c, *d]);
        let place = (side, channel);
        if kind & 0x80 == 0 {
            let partial = self
                .0
                .get_mut(&place)
                .ok_or("a continuation packet follows no message")?;
            if partial.sequence != *kind {
                let expected = partial.sequence;
                self.0.remove(&place);
                return Err(format!(
                    "a continuation packet has sequence number {kind}, and {expected} was due"
                ));
            }
            partial.sequence += 1;
            let missing = (partial.length - partial.payload.len()).min(CONT_PAYLOAD);
            partial.payload.extend(rest.iter().take(missing));
        } else {
            let [high, low, data @ ..] = rest;
            let length = usize::from(u16::from_be_bytes([*high, *low]));
            if length > MAX_MESSAGE {
                return Err(format!("a message of {length} bytes is longer than {MAX_MESSAGE}"));
            }
            let payload = data.iter().take(length.min(INIT_PAYLOAD)).copied().collect();
            let command = kind & 0x7F;
            let partial = Partial {
                command,
                length,
                sequence: 0,
                payload,
            };
            self.0.insert(place, partial);
        }
        Ok(self.complete(place))
    }

    fn complete(&mut self, place: (Side, u32)) -> Option<Message> {
        let whole = self
            .0
            .get(&place)
            .is_some_and(|partial| partial.payload.len() == partial.length);
        let partial = whole.then(|| self.0.remove(&place))??;
        Some(Message {
            side: place.0,
            channel: place.1,
            command: partial.command,
            payload: partial.payload,
        })
    }

    /// The messages of which parts are missing, with what came of each, and how many bytes were announced.
    pub fn unfinished(&self) -> impl Iterator<Item = (Message, usize)> {
        self.0.iter().map(|(place, partial)| {
            let message = Message {
                side: place.0,
                channel: place.1,
                command: partial.command,
                payload: partial.payload.clone(),
            };
            (message, partial.length)
        })
    }
}
