//! Packets (CTAP 2.3 §11.2.4): one message in one initialization packet and up to 128 continuation packets.

use core::fmt;

use crate::limits::{CONT_PAYLOAD, INIT_PAYLOAD, MAX_MESSAGE, REPORT_SIZE};

/// One HID report, without a report number.
pub type Report = [u8; REPORT_SIZE];

/// Tells an initialization packet from a continuation packet.
const INITIALIZATION: u8 = 0x80;

/// What one report holds. Every report is one or the other.
pub(super) enum Packet<'a> {
    /// The first of a message. `length` is the whole message's, and may be more than CTAPHID can carry.
    Initialization {
        command: u8,
        length: usize,
        data: &'a [u8; INIT_PAYLOAD],
    },
    /// One that follows.
    Continuation { sequence: u8, data: &'a [u8; CONT_PAYLOAD] },
}

impl<'a> Packet<'a> {
    /// The channel and the packet.
    pub(super) fn parse(report: &'a Report) -> (u32, Self) {
        let [a, b, c, d, kind, rest @ ..] = report;
        let packet = if kind & INITIALIZATION == 0 {
            Self::Continuation {
                sequence: *kind,
                data: rest,
            }
        } else {
            let [high, low, data @ ..] = rest;
            Self::Initialization {
                command: kind & !INITIALIZATION,
                length: usize::from(u16::from_be_bytes([*high, *low])),
                data,
            }
        };
        (u32::from_be_bytes([*a, *b, *c, *d]), packet)
    }
}

/// The first packet of `payload`, which is at most [`MAX_MESSAGE`] long.
pub(super) fn initialization(channel: u32, command: u8, payload: &[u8]) -> Report {
    let [.., high, low] = payload.len().to_be_bytes();
    let mut report = [0; REPORT_SIZE];
    let [a, b, c, d, kind, length_high, length_low, data @ ..] = &mut report;
    [*a, *b, *c, *d] = channel.to_be_bytes();
    [*kind, *length_high, *length_low] = [command | INITIALIZATION, high, low];
    copy(payload, data);
    report
}

/// A packet that follows. `payload` begins with its data.
fn continuation(channel: u32, sequence: u8, payload: &[u8]) -> Report {
    let mut report = [0; REPORT_SIZE];
    let [a, b, c, d, kind, data @ ..] = &mut report;
    [*a, *b, *c, *d] = channel.to_be_bytes();
    *kind = sequence;
    copy(payload, data);
    report
}

/// Copies as much as fits.
pub(super) fn copy(from: &[u8], to: &mut [u8]) {
    for (to, from) in to.iter_mut().zip(from) {
        *to = *from;
    }
}

/// Where the data of packet number `index` begins in a message. Number 0 is the initialization packet.
const fn offset(index: u8) -> usize {
    match index.checked_sub(1) {
        None => 0,
        Some(sequence) => INIT_PAYLOAD + sequence as usize * CONT_PAYLOAD,
    }
}

/// Whether the packets before number `index` carry all of a message of `length` bytes. An empty message, too, has an
/// initialization packet.
pub(super) const fn is_whole(index: u8, length: usize) -> bool {
    index > 0 && offset(index) >= length
}

/// The packet number `index` of a message of at most [`MAX_MESSAGE`] bytes; `None` after its last.
pub(super) fn packet(channel: u32, command: u8, payload: &[u8], index: u8) -> Option<Report> {
    if is_whole(index, payload.len()) {
        return None;
    }
    Some(match index.checked_sub(1) {
        None => initialization(channel, command, payload),
        Some(sequence) => continuation(channel, sequence, payload.get(offset(index)..)?),
    })
}

/// A message longer than CTAPHID can carry, [`MAX_MESSAGE`] bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooLong;

impl fmt::Display for TooLong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "the message is longer than the {MAX_MESSAGE} bytes that CTAPHID can carry"
        )
    }
}

impl core::error::Error for TooLong {}

/// The reports of one message, in order. Made by [`fragment`].
#[derive(Clone, Debug)]
pub struct Fragments<'a> {
    channel: u32,
    command: u8,
    payload: &'a [u8],
    index: u8,
}

/// Cuts a message into reports.
///
/// # Errors
/// [`TooLong`] where `payload` is longer than [`MAX_MESSAGE`].
pub fn fragment(channel: u32, command: u8, payload: &[u8]) -> Result<Fragments<'_>, TooLong> {
    if payload.len() > MAX_MESSAGE {
        return Err(TooLong);
    }
    Ok(Fragments {
        channel,
        command,
        payload,
        index: 0,
    })
}

impl Iterator for Fragments<'_> {
    type Item = Report;

    fn next(&mut self) -> Option<Report> {
        let report = packet(self.channel, self.command, self.payload, self.index)?;
        self.index += 1;
        Some(report)
    }
}

/// The progress of a message in several packets. Its owner keeps the bytes, in `message`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Assembly {
    length: usize,
    /// Packets so far: also the number of the next.
    packets: u8,
}

/// A continuation packet that is not the next one.
pub(super) struct WrongSequence;

impl Assembly {
    /// Begins with the initialization packet; `None` where `length` is more than CTAPHID can carry.
    pub(super) fn begin(length: usize, data: &[u8; INIT_PAYLOAD], message: &mut [u8; MAX_MESSAGE]) -> Option<Self> {
        copy(data, message.get_mut(..length)?);
        Some(Self { length, packets: 1 })
    }

    /// Continues with a continuation packet. Must not be called when the message is complete.
    pub(super) fn proceed(
        &mut self,
        sequence: u8,
        data: &[u8; CONT_PAYLOAD],
        message: &mut [u8; MAX_MESSAGE],
    ) -> Result<(), WrongSequence> {
        if sequence + 1 != self.packets {
            return Err(WrongSequence);
        }
        let rest = message
            .get_mut(offset(self.packets)..self.length)
            .ok_or(WrongSequence)?;
        copy(data, rest);
        self.packets += 1;
        Ok(())
    }

    /// Whether all packets are there.
    pub(super) const fn is_whole(&self) -> bool {
        is_whole(self.packets, self.length)
    }

    /// The length of the whole message.
    pub(super) const fn length(&self) -> usize {
        self.length
    }
}

#[cfg(test)]
mod tests;
