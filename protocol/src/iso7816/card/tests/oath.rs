use super::*;

/// LIST, without Le as some clients send it.
const LIST: [u8; 4] = [0, 0xA1, 0, 0];
const GET_RESPONSE: [u8; 5] = [0, 0xC0, 0, 0, 0];
const SEND_REMAINING: [u8; 5] = [0, 0xA5, 0, 0, 0];

#[test]
fn commands_reach_the_applet_as_one_extended_apdu() {
    let mut reader = Reader::with_oath();
    let data = counting(200);
    let whole = extended([0, 0x01, 0, 0], &data);
    assert_eq!(reader.request(&short([0, 0x01, 0, 0], &data), RequestKind::Oath), whole);
    assert_eq!(reader.respond(b"\x90\x00"), b"\x90\x00");
    assert_eq!(reader.request(&whole, RequestKind::Oath), whole);
    assert_eq!(reader.respond(b"\x6A\x84"), b"\x6A\x84");
    // An extended Le where there is no data.
    assert_eq!(reader.request(&LIST, RequestKind::Oath), [0, 0xA1, 0, 0, 0, 0, 0]);
}

#[test]
fn calculate_all_is_not_taken_for_select() {
    let mut reader = Reader::with_oath();
    let apdu = extended([0, 0xA4, 0, 1], b"\x74\x08\0\0\0\0\0\0\0\x01");
    assert_eq!(reader.request(&apdu, RequestKind::Oath), apdu);
}

#[test]
fn other_classes_are_refused() {
    let mut reader = Reader::with_oath();
    for class in [0x01, 0x04, 0x40, 0x80, 0x90, 0xFF] {
        assert_eq!(reader.word(&[class, 0xA1, 0, 0]), 0x6E00, "{class:02x}");
    }
}

#[test]
fn a_long_response_to_a_short_command_comes_in_pieces() {
    for more in [GET_RESPONSE, SEND_REMAINING] {
        let mut reader = Reader::with_oath();
        reader.request(&LIST, RequestKind::Oath);
        let data = counting(256 + 256 + 3);
        let first = reader.respond(&[&data[..], b"\x90\x00"].concat());
        assert_eq!(first, [&data[..256], b"\x61\x00"].concat());
        assert_eq!(reader.exchange(&more), [&data[256..512], b"\x61\x03"].concat());
        assert_eq!(reader.exchange(&more), [&data[512..], b"\x90\x00"].concat());
    }
}

#[test]
fn a_long_response_to_an_extended_command_comes_in_one_piece() {
    let mut reader = Reader::with_oath();
    reader.request(&extended(LIST, &[]), RequestKind::Oath);
    let response = [&counting(MAX_MESSAGE - 2)[..], b"\x90\x00"].concat();
    assert_eq!(reader.respond(&response), response);
}

#[test]
fn le_is_how_much_comes() {
    let mut reader = Reader::with_oath();
    reader.request(&[0, 0xA1, 0, 0, 4], RequestKind::Oath);
    assert_eq!(reader.respond(b"0123456789\x90\x00"), b"0123\x61\x06");
    assert_eq!(reader.exchange(&[0, 0xC0, 0, 0, 1]), b"4\x61\x05");
    // Class 80 too, and more than there is.
    assert_eq!(reader.exchange(&[0x80, 0xC0, 0, 0, 3]), b"567\x61\x02");
    assert_eq!(reader.exchange(&[0, 0xC0, 0, 0, 9]), b"89\x90\x00");
    assert_eq!(reader.word(&GET_RESPONSE), 0x6985);
}

#[test]
fn an_extended_request_for_the_rest_has_it_whole() {
    let mut reader = Reader::with_oath();
    reader.request(&LIST, RequestKind::Oath);
    let data = counting(2000);
    reader.respond(&[&data[..], b"\x90\x00"].concat());
    let rest = reader.exchange(&extended([0, 0xA5, 0, 0], &[]));
    assert_eq!(rest, [&data[256..], b"\x90\x00"].concat());
}

#[test]
fn what_the_applet_has_more_is_asked_of_it() {
    for more in [GET_RESPONSE, SEND_REMAINING] {
        let mut reader = Reader::with_oath();
        reader.request(&LIST, RequestKind::Oath);
        let data = counting(300);
        assert_eq!(reader.respond(&[&data[..], b"\x61\xFF"].concat()).len(), 258);
        assert_eq!(reader.exchange(&more), [&data[256..], b"\x61\xFF"].concat());
        assert_eq!(reader.request(&more, RequestKind::Oath), [0, 0xA5, 0, 0, 0, 0, 0]);
        assert_eq!(reader.respond(b"end\x90\x00"), b"end\x90\x00");
        assert_eq!(reader.word(&GET_RESPONSE), 0x6985);
    }
}

#[test]
fn send_remaining_of_nothing_is_answered_by_the_applet() {
    let mut reader = Reader::with_oath();
    reader.request(&SEND_REMAINING, RequestKind::Oath);
}

#[test]
fn a_new_command_drops_what_is_left() {
    let mut reader = Reader::with_oath();
    reader.request(&LIST, RequestKind::Oath);
    reader.respond(&[&counting(300)[..], b"\x90\x00"].concat());
    reader.request(&LIST, RequestKind::Oath);
    assert_eq!(reader.respond(b"\x90\x00"), b"\x90\x00");
    assert_eq!(reader.word(&GET_RESPONSE), 0x6985);
}

#[test]
fn get_response_takes_neither_data_nor_parameters() {
    for (apdu, word) in [(&[0, 0xC0, 0, 0, 1, 1][..], 0x6700), (&[0, 0xC0, 1, 0, 0], 0x6A86)] {
        let mut reader = Reader::with_oath();
        reader.request(&LIST, RequestKind::Oath);
        reader.respond(&[&counting(300)[..], b"\x90\x00"].concat());
        assert_eq!(reader.word(apdu), word);
        assert!(reader.is_wiped());
    }
}

#[test]
fn a_chain_becomes_one_command() {
    let mut reader = Reader::with_oath();
    let data = counting(600);
    for block in [&data[..255], &data[255..256], &data[256..500]] {
        let head = [0x10, 0x01, 0, 0, block.len().try_into().unwrap()];
        assert_eq!(reader.word(&[&head, block].concat()), 0x9000);
    }
    let last = short([0, 0x01, 0, 0], &data[500..]);
    assert_eq!(
        reader.request(&last, RequestKind::Oath),
        extended([0, 0x01, 0, 0], &data)
    );
}

#[test]
fn another_command_drops_a_chain() {
    let mut reader = Reader::with_oath();
    assert_eq!(reader.word(&[0x10, 0x01, 0, 0, 1, 9]), 0x9000);
    let delete = short([0, 0x02, 0, 0], b"\x71\x01a");
    let whole = extended([0, 0x02, 0, 0], b"\x71\x01a");
    assert_eq!(reader.request(&delete, RequestKind::Oath), whole);
}

#[test]
fn what_is_too_long_for_a_message_is_refused() {
    let mut reader = Reader::with_oath();
    let most = extended([0, 0x01, 0, 0], &counting(MAX_MESSAGE - 7));
    assert_eq!(reader.request(&most, RequestKind::Oath), most);
    reader.respond(b"\x90\x00");
    let more = extended([0, 0x01, 0, 0], &counting(MAX_MESSAGE - 6));
    assert_eq!(reader.word(&more), 0x6700);
    let block = [&[0x10, 0x01, 0, 0, 255], &counting(255)[..]].concat();
    for _ in 0..MAX_MESSAGE / 255 {
        assert_eq!(reader.word(&block), 0x9000);
    }
    assert_eq!(reader.word(&block), 0x6700);
    assert!(reader.is_wiped());
}

#[test]
fn an_answer_without_a_status_word_is_a_failure() {
    let mut reader = Reader::with_oath();
    for response in [&[][..], &[0x90]] {
        reader.request(&LIST, RequestKind::Oath);
        assert_eq!(reader.respond(response), b"\x6F\x00");
    }
}
