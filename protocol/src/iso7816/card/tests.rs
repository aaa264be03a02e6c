//! Each test has the name of the behaviour that it shows.

mod fido;
mod oath;
mod power;
mod properties;
mod select;

use std::boxed::Box;
use std::vec::Vec;

use super::command::{FIDO, OATH};
use super::*;

/// SELECT as most clients send it.
fn select(name: &[u8]) -> Vec<u8> {
    [&[0x00, 0xA4, 0x04, 0x00, name.len().try_into().unwrap()], name].concat()
}

/// A command in extended encoding, without Le.
fn extended(header: [u8; 4], data: &[u8]) -> Vec<u8> {
    let length = u16::try_from(data.len()).unwrap().to_be_bytes();
    [&header[..], &[0], &length, data].concat()
}

/// A command in short encoding, with the greatest Le.
fn short(header: [u8; 4], data: &[u8]) -> Vec<u8> {
    match u8::try_from(data.len()).unwrap() {
        0 => [&header[..], &[0]].concat(),
        length => [&header[..], &[length], data, &[0]].concat(),
    }
}

/// The bytes 0, 1, 2, …
fn counting(length: usize) -> Vec<u8> {
    (0..length).map(|byte| byte.to_le_bytes()[0]).collect()
}

/// A card as a reader sees it, at one moment.
struct Reader {
    card: Box<Card>,
    now: u64,
}

impl Reader {
    fn new() -> Self {
        let mut card = Box::new(Card::new());
        assert_eq!(card.power_on(), ATR);
        Self { card, now: 0 }
    }

    fn with_fido() -> Self {
        let mut reader = Self::new();
        assert_eq!(reader.exchange(&select(&FIDO)), b"U2F_V2\x90\x00");
        reader
    }

    fn with_oath() -> Self {
        let mut reader = Self::new();
        assert_eq!(reader.send(&select(&OATH)), Event::Request);
        assert!(reader.take().is_some());
        assert_eq!(
            reader.respond(b"\x79\x03\x05\x04\x03\x90\x00"),
            b"\x79\x03\x05\x04\x03\x90\x00"
        );
        reader
    }

    fn send(&mut self, apdu: &[u8]) -> Event {
        self.card.receive(apdu, self.now)
    }

    /// The response that waits, once.
    fn response(&mut self) -> Option<Vec<u8>> {
        self.card.response().map(<[u8]>::to_vec)
    }

    /// A command that the card answers by itself.
    #[track_caller]
    fn exchange(&mut self, apdu: &[u8]) -> Vec<u8> {
        assert_eq!(self.send(apdu), Event::None);
        let response = self.response().expect("an answer");
        assert_eq!(self.response(), None);
        response
    }

    #[track_caller]
    fn word(&mut self, apdu: &[u8]) -> u16 {
        let response = self.exchange(apdu);
        u16::from_be_bytes(response.try_into().expect("a status word alone"))
    }

    fn take(&mut self) -> Option<(Request, Vec<u8>)> {
        let mut message = Box::new([0; MAX_MESSAGE]);
        let request = self.card.take_request(&mut message, self.now)?;
        Some((request, message[..request.length].to_vec()))
    }

    /// A command that becomes a request of this kind: its message.
    #[track_caller]
    fn request(&mut self, apdu: &[u8], kind: RequestKind) -> Vec<u8> {
        assert_eq!(self.send(apdu), Event::Request);
        assert_eq!(self.response(), None);
        let (request, message) = self.take().expect("a request");
        assert_eq!((request.channel, request.kind, request.aborted), (CARD, kind, false));
        assert_eq!(self.take(), None);
        message
    }

    #[track_caller]
    fn respond(&mut self, response: &[u8]) -> Vec<u8> {
        self.card.respond(response, self.now);
        self.response().expect("an answer")
    }

    fn is_wiped(&self) -> bool {
        self.card.message.iter().all(|byte| *byte == 0)
    }
}
