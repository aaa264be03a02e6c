use super::*;

#[test]
fn the_answer_to_reset_is_one_of_the_standard() {
    // ISO/IEC 7816-3 §8.2.5: all bytes but the first together are zero.
    assert_eq!(ATR[1..].iter().fold(0, |sum, byte| sum ^ byte), 0);
    // No historical bytes, and TD1, which says T=1 and that nothing follows.
    assert_eq!(ATR[..3], [0x3B, 0x80, 0x01]);
}

#[test]
fn a_card_without_power_does_nothing() {
    let mut reader = Reader {
        card: Box::default(),
        now: 0,
    };
    assert!(!reader.card.is_on());
    assert_eq!(reader.send(&select(&FIDO)), Event::None);
    assert_eq!(reader.response(), None);
    assert_eq!(reader.take(), None);
}

#[test]
fn a_reset_forgets_what_was_selected() {
    let mut reader = Reader::with_fido();
    reader.card.power_on();
    assert!(reader.card.is_on());
    assert_eq!(reader.word(&[0x80, 0x10, 0, 0, 1, 4]), 0x6985);
}

#[test]
fn a_card_that_loses_power_forgets_a_chain_and_a_response() {
    let mut reader = Reader::with_fido();
    assert_eq!(reader.word(&[0x90, 0x10, 0, 0, 1, 4]), 0x9000);
    assert_eq!(reader.card.power_off(), Event::None);
    assert!(reader.is_wiped());

    let mut reader = Reader::with_fido();
    reader.request(&short([0x80, 0x10, 0, 0], &[4]), RequestKind::Cbor);
    assert_eq!(reader.respond(&counting(300)).len(), 258);
    assert_eq!(reader.card.power_off(), Event::None);
    assert!(reader.is_wiped());
    reader.card.power_on();
    assert_eq!(reader.word(&[0, 0xC0, 0, 0, 0]), 0x6985);
}

#[test]
fn a_request_that_runs_ends_with_the_power_and_its_answer_is_discarded() {
    let mut reader = Reader::with_oath();
    reader.request(&short([0, 0xA2, 0, 1], b"\x71\x01a"), RequestKind::Oath);
    assert_eq!(reader.card.power_off(), Event::Abort);
    assert_eq!(reader.card.power_off(), Event::None);
    reader.card.power_on();
    reader.exchange(&select(&FIDO));
    // The next one waits until the last has ended.
    assert_eq!(reader.send(&[0x80, 0x10, 0, 0, 1, 4]), Event::Request);
    assert_eq!(reader.take(), None);
    reader.card.respond(b"\x69\x85", 0);
    assert_eq!(reader.response(), None);
    assert_eq!(reader.take().unwrap().1, [4]);
    assert_eq!(reader.respond(&[0, 1]), [0, 1, 0x90, 0]);
}

#[test]
fn a_request_that_was_not_taken_ends_with_the_power() {
    let mut reader = Reader::with_fido();
    assert_eq!(reader.send(&[0x80, 0x10, 0, 0, 1, 4]), Event::Request);
    assert_eq!(reader.card.power_off(), Event::None);
    assert!(reader.is_wiped());
    assert_eq!(reader.take(), None);
}

#[test]
fn nothing_of_a_request_stays_while_it_runs() {
    let mut reader = Reader::with_oath();
    reader.request(&short([0, 0x01, 0, 0], b"secret"), RequestKind::Oath);
    assert!(reader.is_wiped());
}

#[test]
fn nothing_of_a_response_stays_after_the_next_command() {
    let mut reader = Reader::with_oath();
    reader.request(&short([0, 0xA2, 0, 1], b"\x71\x01a"), RequestKind::Oath);
    assert_eq!(reader.respond(b"code\x90\x00"), b"code\x90\x00");
    assert_eq!(reader.word(&select(b"other")), 0x6A82);
    assert!(reader.is_wiped());
}

#[test]
fn a_command_in_the_place_of_a_running_one_aborts_it() {
    let mut reader = Reader::with_oath();
    reader.request(&short([0, 0xA2, 0, 1], b"\x71\x01a"), RequestKind::Oath);
    assert_eq!(reader.send(&[0, 0xA1, 0, 0]), Event::Abort);
    assert_eq!(reader.take(), None);
    reader.card.respond(b"\x69\x85", 0);
    assert_eq!(reader.response(), None);
    assert_eq!(reader.take().unwrap().1, extended([0, 0xA1, 0, 0], &[]));
    assert_eq!(reader.respond(b"\x90\x00"), b"\x90\x00");
}
