use super::*;
use crate::ccid::{DESCRIPTOR, INTERFACE_CLASS};

#[test]
fn the_descriptor_says_what_the_reader_does() {
    assert_eq!(usize::from(DESCRIPTOR[0]), DESCRIPTOR.len());
    assert_eq!(INTERFACE_CLASS, 0x0B);
    // T=1; all automatic; short and extended APDUs (§5.1).
    assert_eq!(DESCRIPTOR[6..10], [2, 0, 0, 0]);
    assert_eq!(DESCRIPTOR[40..44], [0x7A, 0x04, 0x04, 0x00]);
    assert_eq!(DESCRIPTOR[44..48], [0x00, 0x0C, 0, 0]);
}

#[test]
fn the_card_is_there_and_has_power_when_it_is_switched_on() {
    let mut host = Host::new();
    let status = |status, last| Response {
        message_type: 0x81,
        sequence: 0,
        status,
        error: 0,
        last,
        data: Vec::new(),
    };
    let seen = |host: &mut Host, command| Response {
        sequence: 0,
        ..host.exchange(command, [0; 3], &[])
    };
    assert_eq!(seen(&mut host, SLOT_STATUS), status(1, 1));
    for power_select in 0..=3 {
        let response = host.exchange(POWER_ON, [power_select, 0, 0], &[]);
        assert_eq!((response.message_type, response.status, response.error), (0x80, 0, 0));
        assert_eq!((response.last, &response.data[..]), (0, &ATR[..]));
    }
    assert_eq!(seen(&mut host, SLOT_STATUS), status(0, 0));
    assert_eq!(seen(&mut host, POWER_OFF), status(1, 1));
    assert_eq!(seen(&mut host, SLOT_STATUS), status(1, 1));
    assert_eq!(host.failure(POWER_ON, [4, 0, 0], &[]), (0x41, 7));
}

#[test]
fn a_card_without_power_is_mute() {
    let mut host = Host::new();
    assert_eq!(host.failure(TRANSFER, [0; 3], &SELECT_FIDO), (0x41, 0xFE));
    for command in [0x6C, 0x6D] {
        assert_eq!(host.failure(command, [0; 3], &[]), (0x41, 0xFE));
    }
    assert!(host.reader.apdu.iter().all(|byte| *byte == 0));
}

#[test]
fn parameters_are_those_of_t1_whatever_is_set() {
    let mut host = Host::powered();
    for (command, specific, data) in [
        (0x6C, [0; 3], &[][..]),
        (0x6D, [0; 3], &[]),
        (SET_PARAMETERS, [1, 0, 0], &[0x13, 0x10, 0, 0x45, 0, 0xFE, 0]),
    ] {
        let response = host.exchange(command, specific, data);
        assert_eq!((response.message_type, response.status, response.error), (0x82, 0, 0));
        assert_eq!((response.last, &response.data[..]), (1, &PARAMETERS[..]));
    }
    // T=0 is not spoken.
    assert_eq!(host.failure(SET_PARAMETERS, [0; 3], &[0; 5]), (0x40, 1));
    assert_eq!(host.failure(SET_PARAMETERS, [0; 3], &[0; 7]), (0x40, 7));
}

#[test]
fn what_the_reader_does_not_do_has_a_response_of_its_type() {
    let mut host = Host::powered();
    for (command, response_type) in [
        (0x6B, 0x83),
        (0x6E, 0x81),
        (0x6A, 0x81),
        (0x69, 0x80),
        (0x71, 0x81),
        (0x73, 0x84),
        (0x00, 0x81),
        (0xFF, 0x81),
    ] {
        let response = host.exchange(command, [0; 3], &[1, 2, 3]);
        assert_eq!(
            (response.message_type, response.status, response.error),
            (response_type, 0x40, 0)
        );
    }
}

#[test]
fn there_is_one_slot() {
    let mut host = Host::powered();
    for command in [POWER_ON, POWER_OFF, SLOT_STATUS, TRANSFER, 0x6C, ABORT, 0x6B] {
        assert_eq!(host.send(&message(command, 1, 9, [0; 3], &[])), Event::None);
        let response = host.receive().unwrap();
        assert_eq!((response.sequence, response.status, response.error), (9, 0x42, 5));
    }
    assert_eq!(host.transfer(&SELECT_FIDO), b"U2F_V2\x90\x00");
}

#[test]
fn wrong_lengths_are_refused() {
    let mut host = Host::powered();
    for command in [POWER_ON, POWER_OFF, SLOT_STATUS, 0x6C, 0x6D] {
        assert_eq!(host.failure(command, [0; 3], &[0]), (0x40, 1));
    }
    for length in [0, 6, 8] {
        assert_eq!(host.failure(SET_PARAMETERS, [1, 0, 0], &counting(length)), (0x40, 1));
    }
    let most = MAX_MESSAGE_LENGTH - HEADER;
    assert_eq!(host.failure(TRANSFER, [0; 3], &counting(most + 1)), (0x40, 1));
    assert_eq!(host.transfer(&counting(most)), b"\x67\x00");
    assert_eq!(host.transfer(&[]), b"\x67\x00");
}

#[test]
fn apdus_reach_the_card_and_its_requests_the_key() {
    let mut host = Host::with_fido();
    let mut get_info = [0x80, 0x10, 0, 0, 1, 4];
    assert_eq!(host.command(TRANSFER, [0; 3], &get_info), Event::Request);
    let (request, message) = host.take().unwrap();
    assert_eq!((request.kind, &message[..]), (RequestKind::Cbor, &[4][..]));
    host.respond(&[0, 1, 2]);
    assert_eq!(host.answer().data, [0, 1, 2, 0x90, 0]);
    get_info[0] = 0x81;
    assert_eq!(host.transfer(&get_info), b"\x6E\x00");
}

#[test]
fn nothing_of_an_apdu_or_its_response_stays() {
    let mut host = Host::with_fido();
    let is_wiped = |host: &Host| host.reader.apdu.iter().all(|byte| *byte == 0);
    assert_eq!(host.command(TRANSFER, [0; 3], &SELECTION), Event::Request);
    assert!(is_wiped(&host));
    assert!(host.take().is_some());
    host.respond(b"secret");
    assert_eq!(host.answer().data, b"secret\x90\x00");
    assert_eq!(host.reader.card.waiting(), None);
    assert_eq!(host.failure(TRANSFER, [0, 9, 0], b"secret"), (0x40, 8));
    assert!(is_wiped(&host));
}

#[test]
fn a_message_that_stops_in_the_middle_is_given_up() {
    let mut host = Host::powered();
    let whole = message(TRANSFER, 0, 7, [0; 3], &SELECT_FIDO);
    for length in [1, 9, 10, 15] {
        assert_eq!(host.send(&whole[..length]), Event::None);
        host.now += PACKET_TIMEOUT;
        assert_eq!(host.transfer(&SELECT_FIDO), b"U2F_V2\x90\x00");
    }
    // One that only hesitates is not.
    assert_eq!(host.send(&whole[..15]), Event::None);
    host.now += PACKET_TIMEOUT - 1;
    assert_eq!(host.send(&whole[15..]), Event::None);
    assert_eq!(host.receive().unwrap().data, b"U2F_V2\x90\x00");
}

#[test]
fn empty_packets_are_no_messages() {
    let mut host = Host::powered();
    assert_eq!(host.send(&[]), Event::None);
    assert_eq!(host.reader.receive(&[], 0), Event::None);
    assert_eq!(host.receive(), None);
    assert_eq!(host.transfer(&SELECT_FIDO), b"U2F_V2\x90\x00");
}

#[test]
fn a_cut_link_ends_everything() {
    let mut host = Host::waiting();
    assert_eq!(host.reader.restart(), Event::Abort);
    assert_eq!(host.reader.restart(), Event::None);
    host.respond(&[0x2D]);
    assert_eq!(host.receive(), None);
    assert_eq!(host.reader.deadline(), None);
    assert_eq!(host.exchange(SLOT_STATUS, [0; 3], &[]).status, 1);

    // In the middle of a message, in either direction.
    let mut host = Host::with_fido();
    let _ = host.send(&message(TRANSFER, 0, 7, [0; 3], &counting(100))[..80]);
    let _ = host.reader.restart();
    assert!(host.reader.apdu.iter().all(|byte| *byte == 0));
    assert_eq!(host.exchange(POWER_ON, [0; 3], &[]).data, ATR);
    host.transfer(&SELECT_FIDO);
    assert_eq!(host.command(TRANSFER, [0; 3], &SELECTION), Event::Request);
    assert!(host.take().is_some());
    host.respond(&counting(200));
    assert_eq!(host.reader.transmit(&mut [0; PACKET]), Some(PACKET));
    let _ = host.reader.restart();
    assert_eq!(host.receive(), None);
}

#[test]
fn a_host_that_does_not_read_loses_answers_but_never_the_cards() {
    let mut host = Host::waiting();
    for _ in 0..9 {
        let _ = host.command(SLOT_STATUS, [0; 3], &[]);
    }
    host.respond(&[0]);
    let responses: Vec<_> = core::iter::from_fn(|| host.receive()).collect();
    assert_eq!(responses.len(), RESPONSES);
    assert_eq!(responses[RESPONSES - 1].data, [0, 0x90, 0]);
}
