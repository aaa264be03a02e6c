//! pcscd's driver as the card meets it.

use std::io::Read;
use std::net::TcpListener;

use brasskey_protocol::ctaphid::command;
use brasskey_protocol::iso7816::ATR;
use brasskey_protocol::limits::KEEPALIVE_INTERVAL;

use super::*;
use crate::soft::Touch;
use crate::soft::testing::{Client, GET_INFO, LONG};

const SELECT_FIDO: &[u8] = b"\x00\xA4\x04\x00\x08\xA0\x00\x00\x06\x47\x2F\x00\x01";
/// NFCCTAP_MSG with authenticatorSelection: nothing but a touch.
const SELECTION: &[u8] = b"\x80\x10\x00\x00\x01\x0B\x00";

const CONDITIONS_NOT_SATISFIED: [u8; 2] = [0x69, 0x85];

/// vpcd.
struct Driver(TcpListener);

/// Its reader with a card in it.
struct Slot(TcpStream);

impl Driver {
    fn new() -> Self {
        Self(TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a listener"))
    }

    fn address(&self) -> SocketAddr {
        self.0.local_addr().expect("an address")
    }

    /// A card that gets in, and then power.
    fn accept(&self) -> Slot {
        let (stream, _) = self.0.accept().expect("a card");
        stream.set_read_timeout(Some(LONG)).expect("a timeout");
        let slot = Slot(stream);
        slot.send(&[1]);
        slot
    }
}

impl Slot {
    fn send(&self, message: &[u8]) {
        let length = u16::try_from(message.len()).expect("a message");
        (&self.0)
            .write_all(&[&length.to_be_bytes(), message].concat())
            .expect("sent");
    }

    /// The card's next message, or `None` when it is taken out.
    fn receive(&self) -> Option<Vec<u8>> {
        let mut length = [0; 2];
        (&self.0).read_exact(&mut length).ok()?;
        let mut message = vec![0; u16::from_be_bytes(length).into()];
        (&self.0).read_exact(&mut message).expect("a message");
        Some(message)
    }

    fn exchange(&self, message: &[u8]) -> Vec<u8> {
        self.send(message);
        self.receive().expect("an answer")
    }

    /// Selects FIDO and asks for a touch.
    fn ask(&self, key: &SoftKey) {
        assert_eq!(self.exchange(SELECT_FIDO), b"U2F_V2\x90\x00");
        self.send(SELECTION);
        assert_eq!(key.wait_until_asked(LONG).expect("a request").operation, "select");
    }
}

fn key(touch: Touch) -> SoftKey {
    SoftKey::builder().touch(touch).scripted_clock().build().expect("a key")
}

/// A key in a reader.
fn inserted(touch: Touch) -> (SoftKey, PcscServer, Driver, Slot) {
    let (key, driver) = (key(touch), Driver::new());
    let server = PcscServer::start(&key, driver.address()).expect("a server");
    assert_eq!((server.address(), server.refusal()), (driver.address(), None));
    let slot = driver.accept();
    (key, server, driver, slot)
}

#[test]
fn the_card_tells_its_atr_and_answers_apdus() {
    let (_key, _server, _driver, slot) = inserted(Touch::Auto);
    assert_eq!(slot.exchange(&[4]), ATR);
    // Power on, reset and what there is not are not answered.
    for control in [1, 2, 9] {
        slot.send(&[control]);
    }
    slot.send(&[]);
    assert_eq!(slot.exchange(SELECT_FIDO), b"U2F_V2\x90\x00");
    assert_eq!(slot.exchange(SELECTION), [0x00, 0x90, 0]);
    // A card that lost its power has forgotten what was selected.
    slot.send(&[0]);
    slot.send(&[1]);
    assert_eq!(slot.exchange(SELECTION), CONDITIONS_NOT_SATISFIED);
}

#[test]
fn messages_come_in_pieces_and_several_at_once() {
    let (_key, _server, _driver, slot) = inserted(Touch::Auto);
    let atr = slot.exchange(&[4]);
    for byte in [0, 1, 4] {
        (&slot.0).write_all(&[byte]).expect("sent");
    }
    assert_eq!(slot.receive().as_ref(), Some(&atr));
    (&slot.0).write_all(&[0, 1, 4, 0, 1, 1, 0, 1, 4]).expect("sent");
    assert_eq!([slot.receive(), slot.receive()], [Some(atr.clone()), Some(atr)]);
}

#[test]
fn the_card_waits_for_a_reader_and_comes_back() {
    let key = key(Touch::Auto);
    let address = Driver::new().address();
    let server = PcscServer::start(&key, address).expect("a server");
    assert!(server.refusal().is_some_and(|why| why.contains("refused")));
    let driver = Driver(TcpListener::bind(address).expect("the same address"));
    for _ in 0..2 {
        let slot = driver.accept();
        assert_eq!(slot.exchange(SELECT_FIDO), b"U2F_V2\x90\x00");
    }
    let slot = driver.accept();
    drop(server);
    assert_eq!(slot.receive(), None, "it is gone with the server");
}

#[test]
fn a_key_without_power_is_in_no_reader() {
    let (key, _server, driver, slot) = inserted(Touch::Auto);
    assert_eq!(slot.exchange(SELECT_FIDO), b"U2F_V2\x90\x00");
    key.power_off();
    assert_eq!(slot.receive(), None);
    key.power_on().expect("power");
    let slot = driver.accept();
    assert_eq!(
        slot.exchange(SELECTION),
        CONDITIONS_NOT_SATISFIED,
        "nothing is selected"
    );
}

#[test]
fn a_card_that_is_taken_out_or_switched_off_asks_nobody_any_more() {
    let (key, _server, driver, slot) = inserted(Touch::Control);
    slot.ask(&key);
    drop(slot);
    // Another host's request runs when that one has ended.
    let host = Client::new(key.connect());
    assert_eq!(host.status(GET_INFO), 0x00);
    assert_eq!(key.state().waiting, None);

    let slot = driver.accept();
    slot.ask(&key);
    slot.send(&[0]);
    assert_eq!(host.status(GET_INFO), 0x00);
    assert_eq!(key.state().waiting, None);
    slot.send(&[1]);
    assert_eq!(slot.exchange(SELECT_FIDO), b"U2F_V2\x90\x00", "and nothing before it");
}

#[test]
fn one_request_runs_at_a_time_and_nobody_ends_that_of_another() {
    let (key, _server, _driver, slot) = inserted(Touch::Control);
    slot.ask(&key);
    let host = Client::new(key.connect());
    host.send(command::CBOR, GET_INFO);
    for _ in 0..3 {
        assert_eq!(host.link.receive(Duration::ZERO), None);
        key.advance(KEEPALIVE_INTERVAL);
        assert_eq!(host.next()[4..8], [0x80 | command::KEEPALIVE, 0, 1, 1], "processing");
    }
    host.send(command::CANCEL, &[]);
    assert!(key.state().waiting.is_some(), "the card's request goes on");
    key.pulse();
    assert_eq!(slot.receive().as_deref(), Some(&[0x00, 0x90, 0][..]));
    host.answer(command::CBOR).expect("an answer");

    // The other way round.
    host.send(command::CBOR, crate::soft::testing::SELECTION);
    key.wait_until_asked(LONG).expect("a request");
    slot.send(SELECTION);
    slot.send(&[2]);
    slot.send(&[4]);
    slot.receive().expect("the ATR");
    assert!(key.state().waiting.is_some(), "the host's request goes on");
    key.pulse();
    assert_eq!(host.answer(command::CBOR), Ok(vec![0x00]));
}

#[test]
fn the_log_says_what_came_to_the_card() {
    let (key, _server, _driver, slot) = inserted(Touch::Auto);
    slot.exchange(SELECT_FIDO);
    slot.exchange(SELECTION);
    let [entry] = &key.log()[..] else {
        panic!("one command is the authenticator's")
    };
    let seen = (&entry.channel[..], &entry.command[..], &entry.status[..]);
    assert_eq!(seen, ("card", "authenticatorSelection", "0x00"));
}

#[test]
fn other_computers_have_no_part_in_it() {
    let address = (Ipv4Addr::UNSPECIFIED, 1).into();
    let started = PcscServer::start(&key(Touch::Auto), address);
    assert!(matches!(started, Err(Error::NotLoopback(_))));
}
