//! The host's end: assembles the answers of a key.

use super::packet::{Assembly, Packet};
use super::{Report, command};
use crate::limits::MAX_MESSAGE;

/// Assembles the answers that come on one channel, one at a time.
///
/// Say with [`expect`](Self::expect) which command's answer is due, then pass every report from the key to
/// [`receive`](Self::receive) until it says something other than [`Progress::Nothing`] or [`Progress::Keepalive`].
pub struct Host {
    channel: u32,
    state: State,
    message: [u8; MAX_MESSAGE],
}

#[derive(Clone, Copy)]
enum State {
    Idle,
    Waiting(u8),
    Assembling(Assembly),
}

/// What a report brought.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress<'a> {
    /// Nothing yet: a report of another channel, an unexpected one, or a part of the answer.
    Nothing,
    /// The key is at work, with a status as in [`KeepaliveStatus`](super::KeepaliveStatus) or unknown.
    Keepalive(u8),
    /// The whole answer. Nothing more is expected.
    Complete(&'a [u8]),
    /// The key refused, with a code as in [`Error`](super::Error) or unknown. Nothing more is expected.
    Error(u8),
    /// The key broke the protocol: another command's answer, a wrong sequence or an impossible length. Nothing more
    /// is expected; CTAPHID_INIT on the channel brings both ends back in step.
    Broken,
}

impl Host {
    /// A host's end of `channel`, which expects nothing yet.
    #[must_use]
    pub const fn new(channel: u32) -> Self {
        Self {
            channel,
            state: State::Idle,
            message: [0; MAX_MESSAGE],
        }
    }

    /// Goes over to `channel`, and expects nothing there yet.
    pub const fn follow(&mut self, channel: u32) {
        self.channel = channel;
        self.state = State::Idle;
    }

    /// Expects the answer to `command`. Drops what came of an earlier answer.
    pub const fn expect(&mut self, command: u8) {
        self.state = State::Waiting(command);
    }

    /// Takes in a report from the key.
    pub fn receive(&mut self, report: &Report) -> Progress<'_> {
        let (channel, packet) = Packet::parse(report);
        if channel != self.channel {
            return Progress::Nothing;
        }
        match (self.state, packet) {
            // Left over from an answer that was given up.
            (State::Idle, _) | (State::Waiting(_), Packet::Continuation { .. }) => Progress::Nothing,
            (State::Waiting(expected), Packet::Initialization { command, length, data }) => {
                let [first, ..] = data;
                match command {
                    command::KEEPALIVE if length > 0 => Progress::Keepalive(*first),
                    command::ERROR if length > 0 => {
                        self.state = State::Idle;
                        Progress::Error(*first)
                    }
                    _ if command == expected => {
                        let assembly = Assembly::begin(length, data, &mut self.message);
                        self.advance(assembly)
                    }
                    _ => self.advance(None),
                }
            }
            (State::Assembling(mut assembly), Packet::Continuation { sequence, data }) => {
                let step = assembly.proceed(sequence, data, &mut self.message);
                self.advance(step.is_ok().then_some(assembly))
            }
            (
                State::Assembling(_),
                Packet::Initialization {
                    command: command::ERROR,
                    length: 1..,
                    data,
                },
            ) => {
                self.state = State::Idle;
                let [first, ..] = data;
                Progress::Error(*first)
            }
            (State::Assembling(_), Packet::Initialization { .. }) => self.advance(None),
        }
    }

    /// Hands out a complete answer, keeps an incomplete one, and gives up where there is none.
    fn advance(&mut self, assembly: Option<Assembly>) -> Progress<'_> {
        self.state = State::Idle;
        match assembly {
            None => Progress::Broken,
            Some(assembly) if assembly.is_whole() => self
                .message
                .get(..assembly.length())
                .map_or(Progress::Broken, Progress::Complete),
            Some(assembly) => {
                self.state = State::Assembling(assembly);
                Progress::Nothing
            }
        }
    }
}

#[cfg(test)]
mod tests;
