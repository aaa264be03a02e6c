//! The smart card reader of the device, as pcscd's driver for CCID uses it.

use super::*;

/// Bulk messages (CCID 1.1 §6).
const ICC_POWER_ON: u8 = 0x62;
const GET_SLOT_STATUS: u8 = 0x65;
const XFR_BLOCK: u8 = 0x6F;
const ABORT: u8 = 0x72;
const DATA_BLOCK: u8 = 0x80;
const SLOT_STATUS: u8 = 0x81;

const SELECT_FIDO: &[u8] = b"\x00\xA4\x04\x00\x08\xA0\x00\x00\x06\x47\x2F\x00\x01";
/// NFCCTAP_MSG with authenticatorGetInfo.
const GET_INFO_OF_CARD: &[u8] = b"\x80\x10\x00\x00\x01\x04\x00";
/// NFCCTAP_MSG with authenticatorSelection: nothing but a touch.
const SELECT_THIS: &[u8] = b"\x80\x10\x00\x00\x01\x0B\x00";

impl Host {
    /// Sends a bulk message.
    fn send_message(&self, kind: u8, sequence: u8, data: &[u8]) {
        let length = u32::try_from(data.len()).expect("a length").to_le_bytes();
        let message = [&[kind], &length[..], &[0, sequence, 0, 0, 0], data].concat();
        self.submit(2, false, message.len(), [0; 8], &message);
        let done = self.next(false).expect("an answer");
        assert_eq!((done.status, done.length as usize), (0, message.len()));
    }

    /// The next bulk message, in one transfer with room for it: its kind, sequence number, status, error and data.
    fn message(&self) -> (u8, u8, u8, u8, Vec<u8>) {
        let transfer = self.submit(2, true, 65_546, [0; 8], &[]);
        let answer = self.next(true).expect("an answer");
        assert_eq!((answer.sequence, answer.status), (transfer, 0));
        let data = answer.data;
        let length = u32::from_le_bytes(data[1..5].try_into().expect("4 bytes"));
        assert_eq!(length as usize, data.len() - 10);
        (data[0], data[6], data[7], data[8], data[10..].to_vec())
    }

    fn exchange_apdu(&self, sequence: u8, apdu: &[u8]) -> Vec<u8> {
        self.send_message(XFR_BLOCK, sequence, apdu);
        let (kind, answered, status, _, response) = self.message();
        assert_eq!((kind, answered, status), (DATA_BLOCK, sequence, 0));
        response
    }

    fn power_on(&self) {
        self.send_message(ICC_POWER_ON, 0, &[]);
        let (kind, _, status, _, atr) = self.message();
        assert_eq!(
            (kind, status, atr),
            (DATA_BLOCK, 0, brasskey_protocol::iso7816::ATR.to_vec())
        );
    }
}

#[test]
fn the_card_is_in_the_reader_and_answers() {
    let (_key, server) = serve(Touch::Auto);
    let host = Host::attach(&server);
    host.power_on();
    assert_eq!(host.exchange_apdu(1, SELECT_FIDO), b"U2F_V2\x90\x00");
    // getInfo takes several packets, and more than a short APDU's answer holds: GET RESPONSE brings the rest.
    let mut response = host.exchange_apdu(2, GET_INFO_OF_CARD);
    assert_eq!((response.len(), response[256]), (258, 0x61));
    while response[response.len() - 2] == 0x61 {
        response = host.exchange_apdu(3, b"\x00\xC0\x00\x00\x00");
    }
    assert_eq!(response[response.len() - 2..], [0x90, 0]);
    // HID goes on beside it.
    assert_eq!(Client::new(host).status(GET_INFO), 0x00);
}

#[test]
fn a_transfer_takes_what_it_has_room_for() {
    let (_key, server) = serve(Touch::Auto);
    let host = Host::attach(&server);
    // As libccid asks for a slot's status.
    host.send_message(GET_SLOT_STATUS, 7, &[]);
    host.submit(2, true, 10, [0; 8], &[]);
    let answer = host.next(true).expect("an answer");
    assert_eq!((answer.status, answer.data[0], answer.data[6]), (0, SLOT_STATUS, 7));
    // More than it has room for is babble.
    host.send_message(GET_SLOT_STATUS, 8, &[]);
    host.submit(2, true, 9, [0; 8], &[]);
    let answer = host.next(true).expect("an answer");
    assert_eq!((answer.status, answer.length), (-75, 0));
    // It waits for its message, and can be unlinked meanwhile.
    let waiting = host.submit(2, true, 64, [0; 8], &[]);
    let unlink = [2, 999, 0x0001_0001, 0, 0, waiting, 0, 0, 0, 0, 0, 0];
    host.write(&unlink.map(u32::to_be_bytes).concat());
    assert_eq!(host.next(true).expect("an answer").status, -104);
    host.power_on();
}

#[test]
fn the_reader_asks_for_time_while_the_user_is_waited_for() {
    let key = SoftKey::builder()
        .touch(Touch::Control)
        .scripted_clock()
        .build()
        .expect("a key");
    let server = UsbIpServer::start(&key, (Ipv4Addr::LOCALHOST, 0).into()).expect("a server");
    let host = Host::attach(&server);
    host.power_on();
    host.exchange_apdu(1, SELECT_FIDO);
    host.send_message(XFR_BLOCK, 2, SELECT_THIS);
    key.wait_until_asked(LONG).expect("a request");
    for _ in 0..3 {
        key.advance(1_000);
        let (kind, sequence, status, ..) = host.message();
        assert_eq!((kind, sequence, status), (DATA_BLOCK, 2, 0x80), "a time extension");
    }
    key.pulse();
    let (kind, sequence, status, _, response) = host.message();
    assert_eq!(
        (kind, sequence, status, &response[..]),
        (DATA_BLOCK, 2, 0, &[0x00, 0x90, 0][..])
    );
}

#[test]
fn an_abort_on_both_pipes_ends_what_runs() {
    let (key, server) = serve(Touch::Control);
    let host = Host::attach(&server);
    host.power_on();
    host.exchange_apdu(1, SELECT_FIDO);
    host.send_message(XFR_BLOCK, 2, SELECT_THIS);
    key.wait_until_asked(LONG).expect("a request");
    assert_eq!(host.control(0x21, 1, 0x0301, 1, &[], 0), Err(-32), "no such slot");
    assert_eq!(host.control(0x21, 1, 0x0300, 1, &[], 0), Ok(Vec::new()));
    host.send_message(ABORT, 3, &[]);
    loop {
        let (kind, sequence, ..) = host.message();
        if kind == SLOT_STATUS {
            assert_eq!(sequence, 3);
            break;
        }
    }
    host.power_on();
    assert_eq!(host.exchange_apdu(1, SELECT_FIDO), b"U2F_V2\x90\x00");
    // It runs when what was aborted has ended.
    assert_eq!(host.exchange_apdu(2, GET_INFO_OF_CARD)[0], 0x00);
    assert_eq!(key.state().waiting, None);
}

#[test]
fn configured_anew_the_card_has_forgotten_what_was_asked() {
    let (key, server) = serve(Touch::Control);
    let host = Host::attach(&server);
    assert_eq!(host.control(0x00, 9, 1, 0, &[], 0), Ok(Vec::new()));
    host.power_on();
    host.exchange_apdu(1, SELECT_FIDO);
    host.send_message(XFR_BLOCK, 2, SELECT_THIS);
    key.wait_until_asked(LONG).expect("a request");
    for configuration in [0, 1] {
        assert_eq!(host.control(0x00, 9, configuration, 0, &[], 0), Ok(Vec::new()));
    }
    host.power_on();
    assert_eq!(host.exchange_apdu(1, SELECT_FIDO), b"U2F_V2\x90\x00");
    assert_eq!(host.exchange_apdu(2, GET_INFO_OF_CARD)[0], 0x00);
    assert_eq!(key.state().waiting, None);
}
