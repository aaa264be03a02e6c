use super::*;

/// An extended NFCCTAP_MSG.
fn ctap(message: &[u8]) -> Vec<u8> {
    let length = u16::try_from(message.len()).unwrap().to_be_bytes();
    [&[0x80, 0x10, 0, 0, 0], &length[..], message].concat()
}

/// Sends an APDU in blocks of at most this many bytes, as drivers do.
fn send_in_blocks(host: &mut Host, apdu: &[u8], most: usize) -> Event {
    let blocks: Vec<_> = apdu.chunks(most).collect();
    let (last, others) = blocks.split_last().unwrap();
    for (index, block) in others.iter().enumerate() {
        let level = if index == 0 { 1 } else { 3 };
        let response = host.exchange(TRANSFER, [0, level, 0], block);
        assert_eq!((response.status, response.error, response.last), (0, 0, 0x10));
        assert_eq!(response.data, []);
    }
    host.command(TRANSFER, [0, if others.is_empty() { 0 } else { 2 }, 0], last)
}

/// The card's response, by as many messages as it takes.
fn fetch(host: &mut Host) -> Vec<u8> {
    let mut response = host.answer();
    let mut whole = core::mem::take(&mut response.data);
    assert!(matches!(response.last, 0 | 1));
    while matches!(response.last, 1 | 3) {
        response = host.exchange(TRANSFER, [0, 0x10, 0], &[]);
        assert!(matches!(response.last, 2 | 3));
        whole.append(&mut response.data);
    }
    whole
}

#[test]
fn the_longest_message_goes_both_ways_in_chains() {
    let mut host = Host::with_fido();
    let message = counting(MAX_MESSAGE);
    let most = MAX_MESSAGE_LENGTH - HEADER;
    assert_eq!(
        send_in_blocks(&mut host, &[&ctap(&message)[..], &[0, 0]].concat(), most),
        Event::Request
    );
    assert!(host.reader.apdu.iter().all(|byte| *byte == 0));
    assert_eq!(host.take().unwrap().1, message);
    host.respond(&message);
    assert_eq!(fetch(&mut host), [&message[..], &[0x90, 0]].concat());
    assert_eq!(host.reader.card.waiting(), None);
}

#[test]
fn a_message_of_whole_packets_ends_with_an_empty_one() {
    let mut host = Host::waiting();
    host.respond(&counting(2 * PACKET - HEADER - 2));
    let mut packet = [0; PACKET];
    let lengths: Vec<_> = core::iter::from_fn(|| host.reader.transmit(&mut packet)).collect();
    assert_eq!(lengths, [PACKET, PACKET, 0]);
}

#[test]
fn an_apdu_longer_than_any_is_an_overrun() {
    let mut host = Host::with_fido();
    let block = counting(3000);
    for level in [1, 3] {
        assert_eq!(host.exchange(TRANSFER, [0, level, 0], &block).last, 0x10);
    }
    assert_eq!(host.failure(TRANSFER, [0, 2, 0], &block), (0x40, 0xFC));
    assert!(host.reader.apdu.iter().all(|byte| *byte == 0));
    assert_eq!(host.failure(TRANSFER, [0, 2, 0], &block), (0x40, 8));
}

#[test]
fn parts_out_of_order_are_refused() {
    let mut host = Host::with_fido();
    for (low, high) in [(2, 0), (3, 0), (4, 0), (0x10, 0), (0x11, 0), (0, 1)] {
        assert_eq!(host.failure(TRANSFER, [0, low, high], &SELECT_FIDO), (0x40, 8));
    }
    assert_eq!(host.failure(TRANSFER, [0, 0x10, 0], &[]), (0x40, 8));
    // Another APDU takes the place of a chain.
    assert_eq!(host.exchange(TRANSFER, [0, 1, 0], &SELECT_FIDO[..5]).last, 0x10);
    assert_eq!(host.transfer(&SELECT_FIDO), b"U2F_V2\x90\x00");
    assert_eq!(host.failure(TRANSFER, [0, 2, 0], &SELECT_FIDO[5..]), (0x40, 8));
}

#[test]
fn other_commands_leave_chains_alone() {
    let mut host = Host::with_fido();
    assert_eq!(host.exchange(TRANSFER, [0, 1, 0], &SELECT_FIDO[..5]).last, 0x10);
    assert_eq!(host.exchange(SLOT_STATUS, [0; 3], &[]).status, 0);
    // Data of another command is no part of the APDU.
    host.exchange(SET_PARAMETERS, [1, 0, 0], &[0xff; 7]);
    let response = host.exchange(TRANSFER, [0, 2, 0], &SELECT_FIDO[5..]);
    assert_eq!(response.data, b"U2F_V2\x90\x00");
}

#[test]
fn a_new_command_drops_the_rest_of_a_response() {
    let mut host = Host::with_fido();
    assert_eq!(host.command(TRANSFER, [0; 3], &ctap(&[4])), Event::Request);
    assert!(host.take().is_some());
    host.respond(&counting(5000));
    assert_eq!(host.answer().last, 1);
    assert_eq!(host.transfer(&SELECT_FIDO), b"U2F_V2\x90\x00");
    assert_eq!(host.failure(TRANSFER, [0, 0x10, 0], &[]), (0x40, 8));
}

#[test]
fn a_reset_drops_chains() {
    let mut host = Host::with_fido();
    assert_eq!(host.exchange(TRANSFER, [0, 1, 0], &SELECT_FIDO[..5]).last, 0x10);
    assert_eq!(host.exchange(POWER_ON, [0; 3], &[]).data, ATR);
    assert_eq!(host.failure(TRANSFER, [0, 2, 0], &SELECT_FIDO[5..]), (0x40, 8));
}
