//! Each test has the name of the behaviour that it shows.

mod abort;
mod chains;
mod commands;
mod properties;
mod time;

use std::boxed::Box;
use std::vec::Vec;

use super::*;
use crate::request::RequestKind;

const POWER_ON: u8 = 0x62;
const POWER_OFF: u8 = 0x63;
const SLOT_STATUS: u8 = 0x65;
const TRANSFER: u8 = 0x6F;
const SET_PARAMETERS: u8 = 0x61;
const ABORT: u8 = 0x72;

const SELECT_FIDO: [u8; 13] = [0, 0xA4, 4, 0, 8, 0xA0, 0, 0, 6, 0x47, 0x2F, 0, 1];
/// authenticatorSelection, of a host that waits for the response.
const SELECTION: [u8; 6] = [0x80, 0x10, 0, 0, 1, 0x0B];

/// A command: its message type, slot, sequence number, the three bytes that differ, and data.
fn message(message_type: u8, slot: u8, sequence: u8, specific: [u8; 3], data: &[u8]) -> Vec<u8> {
    let length = u32::try_from(data.len()).unwrap().to_le_bytes();
    [&[message_type], &length[..], &[slot, sequence], &specific, data].concat()
}

/// The key's reader as a host's driver sees it.
struct Host {
    reader: Box<Reader>,
    now: u64,
    sequence: u8,
}

/// A response, taken apart.
#[derive(Debug, PartialEq, Eq)]
struct Response {
    message_type: u8,
    sequence: u8,
    status: u8,
    error: u8,
    last: u8,
    data: Vec<u8>,
}

impl Host {
    fn new() -> Self {
        Self {
            reader: Box::default(),
            now: 0,
            sequence: 0,
        }
    }

    fn powered() -> Self {
        let mut host = Self::new();
        assert_eq!(host.exchange(POWER_ON, [0; 3], &[]).data, ATR);
        host
    }

    fn with_fido() -> Self {
        let mut host = Self::powered();
        assert_eq!(host.transfer(&SELECT_FIDO), b"U2F_V2\x90\x00");
        host
    }

    /// Sends a message in packets, as the bus does.
    fn send(&mut self, message: &[u8]) -> Event {
        let mut event = Event::None;
        for packet in message.chunks(PACKET) {
            assert_eq!(event, Event::None);
            event = self.reader.receive(packet, self.now);
        }
        event
    }

    /// Sends a command with the next sequence number.
    fn command(&mut self, message_type: u8, specific: [u8; 3], data: &[u8]) -> Event {
        self.sequence = self.sequence.wrapping_add(1);
        self.send(&message(message_type, 0, self.sequence, specific, data))
    }

    /// The next response, if there is one: packets up to one that is not full.
    fn receive(&mut self) -> Option<Response> {
        let mut whole = Vec::new();
        loop {
            let mut packet = [0; PACKET];
            let Some(length) = self.reader.transmit(&mut packet) else {
                assert!(whole.is_empty(), "half a message");
                return None;
            };
            whole.extend(&packet[..length]);
            if length < PACKET {
                break;
            }
        }
        assert!(whole.len() <= MAX_MESSAGE_LENGTH, "longer than dwMaxCCIDMessageLength");
        let (header, data) = whole.split_at(HEADER);
        assert_eq!(header[1..5], u32::try_from(data.len()).unwrap().to_le_bytes());
        Some(Response {
            message_type: header[0],
            sequence: header[6],
            status: header[7],
            error: header[8],
            last: header[9],
            data: data.to_vec(),
        })
    }

    /// The response to a command.
    #[track_caller]
    fn exchange(&mut self, message_type: u8, specific: [u8; 3], data: &[u8]) -> Response {
        assert_eq!(self.command(message_type, specific, data), Event::None);
        self.answer()
    }

    /// The one response that is there, to the last command.
    #[track_caller]
    fn answer(&mut self) -> Response {
        let response = self.receive().expect("a response");
        assert_eq!(response.sequence, self.sequence);
        assert_eq!(self.receive(), None);
        response
    }

    /// The card's response to an APDU that it answers by itself.
    #[track_caller]
    fn transfer(&mut self, apdu: &[u8]) -> Vec<u8> {
        let response = self.exchange(TRANSFER, [0; 3], apdu);
        assert_eq!((response.message_type, response.status, response.last), (0x80, 0, 0));
        response.data
    }

    /// bStatus and bError of a command that fails.
    #[track_caller]
    fn failure(&mut self, message_type: u8, specific: [u8; 3], data: &[u8]) -> (u8, u8) {
        let response = self.exchange(message_type, specific, data);
        assert_eq!(response.data, []);
        (response.status, response.error)
    }

    /// A reader whose card waits for its user.
    fn waiting() -> Self {
        let mut host = Self::with_fido();
        assert_eq!(host.command(TRANSFER, [0; 3], &SELECTION), Event::Request);
        assert_eq!(host.take().unwrap().1, [0x0B]);
        assert_eq!(host.receive(), None);
        host
    }

    fn take(&mut self) -> Option<(Request, Vec<u8>)> {
        let mut message = Box::new([0; MAX_MESSAGE]);
        let request = self.reader.take_request(&mut message, self.now)?;
        Some((request, message[..request.length].to_vec()))
    }

    fn respond(&mut self, response: &[u8]) {
        self.reader.respond(response, self.now);
    }

    fn abort(&mut self, sequence: u8) -> Event {
        self.reader.abort(0, sequence)
    }
}

/// The bytes 0, 1, 2, …
fn counting(length: usize) -> Vec<u8> {
    (0..length).map(|byte| byte.to_le_bytes()[0]).collect()
}
