use super::*;
use crate::limits::KEEPALIVE_INTERVAL;

const POLL: [u8; 5] = [0x80, 0x11, 0, 0, 0];
const CANCEL: [u8; 5] = [0x80, 0x11, 0x11, 0, 0];

/// authenticatorSelection of a host that does not poll.
const SELECTION: [u8; 6] = [0x80, 0x10, 0, 0, 1, 0x0B];

/// authenticatorSelection of a host that polls.
fn selection() -> Vec<u8> {
    short([0x80, 0x10, 0x80, 0], &[0x0B])
}

impl Reader {
    /// What the card says when the time comes that [`Card::deadline`] asked for.
    #[track_caller]
    fn wait(&mut self) -> Vec<u8> {
        self.now = self.card.deadline().expect("a deadline");
        self.card.tick(self.now);
        assert_eq!(self.card.deadline(), None);
        self.response().expect("an answer")
    }
}

#[test]
fn u2f_has_its_apdus_unchanged() {
    let mut reader = Reader::with_fido();
    let register = extended([0, 1, 3, 0], &[7; 64]);
    let with_le = [&register[..], &[0, 0]].concat();
    assert_eq!(reader.request(&with_le, RequestKind::Msg), register);
    assert_eq!(reader.respond(b"\x69\x85"), b"\x69\x85");
    let in_short = short([0, 1, 3, 0], &[7; 64]);
    assert_eq!(reader.request(&in_short, RequestKind::Msg), register);
    let data = counting(700);
    let first = reader.respond(&[&data[..], b"\x90\x00"].concat());
    assert_eq!(first, [&data[..256], b"\x61\x00"].concat());
    let rest = reader.exchange(&extended([0, 0xC0, 0, 0], &[]));
    assert_eq!(rest, [&data[256..], b"\x90\x00"].concat());
}

#[test]
fn ctap2_has_its_message_without_the_apdu() {
    let mut reader = Reader::with_fido();
    let get_info = short([0x80, 0x10, 0, 0], &[4]);
    assert_eq!(reader.request(&get_info, RequestKind::Cbor), [4]);
    // The carrier succeeds also where CTAP2 does not.
    assert_eq!(reader.respond(&[0x2E]), [0x2E, 0x90, 0]);
    let message = counting(MAX_MESSAGE);
    let apdu = extended([0x80, 0x10, 0, 0], &message);
    assert_eq!(reader.request(&apdu, RequestKind::Cbor), message);
    assert_eq!(reader.respond(&message), [&message[..], &[0x90, 0]].concat());
}

#[test]
fn a_chain_becomes_one_message() {
    let mut reader = Reader::with_fido();
    let message = counting(600);
    for block in [&message[..250], &message[250..500]] {
        let head = [0x90, 0x10, 0x80, 0, block.len().try_into().unwrap()];
        assert_eq!(reader.word(&[&head, block].concat()), 0x9000);
    }
    let last = short([0x80, 0x10, 0x80, 0], &message[500..]);
    assert_eq!(reader.request(&last, RequestKind::Cbor), message);
}

#[test]
fn classes_instructions_and_lengths_are_checked() {
    let mut reader = Reader::with_fido();
    for instruction in 1..=3 {
        assert_eq!(reader.word(&[0x80, instruction, 0, 0]), 0x6E00);
    }
    assert_eq!(reader.word(&[0x80, 0x13, 0, 0]), 0x6D00);
    assert_eq!(reader.word(&[0x81, 0x10, 0, 0, 1, 4]), 0x6E00);
    assert_eq!(reader.word(&[0x80, 0x10, 0, 0]), 0x6700);
    let more = extended([0x80, 0x10, 0, 0], &counting(MAX_MESSAGE + 1));
    assert_eq!(reader.word(&more), 0x6700);
}

#[test]
fn a_host_that_does_not_poll_waits_for_the_response() {
    let mut reader = Reader::with_fido();
    reader.request(&short([0x80, 0x10, 0, 0], &[0x0B]), RequestKind::Cbor);
    assert!(reader.card.is_at_work());
    reader.card.show(Indication::WaitingForTouch, reader.now);
    assert_eq!(reader.card.deadline(), None);
    reader.card.tick(60_000);
    assert_eq!(reader.response(), None);
    assert_eq!(reader.respond(&[0]), [0, 0x90, 0]);
    assert!(!reader.card.is_at_work());
}

#[test]
fn a_quick_command_needs_no_poll() {
    let mut reader = Reader::with_fido();
    reader.request(&short([0x80, 0x10, 0x80, 0], &[4]), RequestKind::Cbor);
    assert_eq!(reader.respond(&[0, 1]), [0, 1, 0x90, 0]);
    assert_eq!(reader.card.deadline(), None);
    assert_eq!(reader.word(&POLL), 0x6985);
}

#[test]
fn a_host_that_polls_hears_what_the_key_does() {
    let mut reader = Reader::with_fido();
    reader.request(&selection(), RequestKind::Cbor);
    assert_eq!(reader.card.deadline(), Some(KEEPALIVE_INTERVAL));
    assert_eq!(reader.wait(), [1, 0x91, 0]);
    assert!(!reader.card.is_at_work());
    // A poll waits, too, but not when there is news.
    assert_eq!(reader.send(&POLL), Event::None);
    assert_eq!(reader.response(), None);
    assert!(reader.card.is_at_work());
    reader.card.show(Indication::WaitingForTouch, reader.now);
    assert_eq!(reader.response().unwrap(), [2, 0x91, 0]);
    assert_eq!(reader.send(&POLL), Event::None);
    assert_eq!(reader.wait(), [2, 0x91, 0]);
    assert_eq!(reader.send(&POLL), Event::None);
    assert_eq!(reader.respond(&[0]), [0, 0x90, 0]);
    assert_eq!(reader.word(&POLL), 0x6985);
}

#[test]
fn a_response_between_two_polls_waits_for_the_next() {
    let mut reader = Reader::with_fido();
    reader.request(&selection(), RequestKind::Cbor);
    reader.wait();
    reader.card.show(Indication::WaitingForTouch, reader.now);
    let data = counting(300);
    reader.card.respond(&data, reader.now);
    assert_eq!(reader.response(), None);
    assert_eq!(reader.exchange(&POLL), [&data[..256], &[0x61, 44]].concat());
    let rest = reader.exchange(&[0x80, 0xC0, 0, 0, 44]);
    assert_eq!(rest, [&data[256..], &[0x90, 0]].concat());
}

#[test]
fn a_poll_before_the_request_runs_is_answered() {
    let mut reader = Reader::with_fido();
    assert_eq!(reader.send(&selection()), Event::Request);
    assert_eq!(reader.wait(), [1, 0x91, 0]);
    assert_eq!(reader.send(&POLL), Event::None);
    assert_eq!(reader.wait(), [1, 0x91, 0]);
    assert_eq!(reader.take().unwrap().1, [0x0B]);
}

#[test]
fn a_cancelled_request_ends_with_its_own_answer() {
    let mut reader = Reader::with_fido();
    reader.request(&selection(), RequestKind::Cbor);
    reader.wait();
    assert_eq!(reader.send(&CANCEL), Event::Abort);
    assert_eq!(reader.card.deadline(), None);
    assert_eq!(reader.respond(&[0x2D]), [0x2D, 0x90, 0]);
    assert_eq!(reader.word(&CANCEL), 0x6985);
}

#[test]
fn a_request_cancelled_before_it_runs_says_so() {
    let mut reader = Reader::with_fido();
    assert_eq!(reader.send(&selection()), Event::Request);
    reader.wait();
    assert_eq!(reader.send(&CANCEL), Event::None);
    assert!(reader.take().unwrap().0.aborted);
    assert_eq!(reader.respond(&[0x2D]), [0x2D, 0x90, 0]);
}

#[test]
fn other_parameters_of_a_poll_are_refused_and_change_nothing() {
    let mut reader = Reader::with_fido();
    reader.request(&selection(), RequestKind::Cbor);
    reader.wait();
    assert_eq!(reader.word(&[0x80, 0x11, 0x01, 0, 0]), 0x6A86);
    assert_eq!(reader.send(&POLL), Event::None);
    assert_eq!(reader.respond(&[0]), [0, 0x90, 0]);
}

#[test]
fn a_poll_in_the_place_of_another_command_has_the_only_answer() {
    let mut reader = Reader::with_fido();
    reader.request(&selection(), RequestKind::Cbor);
    assert_eq!(reader.word(&[0x80, 0x11, 0x01, 0, 0]), 0x6A86);
    reader.card.respond(&[0], reader.now);
    assert_eq!(reader.response(), None);
    assert_eq!(reader.exchange(&POLL), [0, 0x90, 0]);
    // A host that does not poll gives up what it asked for.
    reader.request(&SELECTION, RequestKind::Cbor);
    assert_eq!(reader.send(&POLL), Event::Abort);
    assert_eq!(reader.response().unwrap(), [0x69, 0x85]);
    reader.card.respond(&[0x2D], reader.now);
    assert_eq!(reader.response(), None);
}

#[test]
fn a_new_command_ends_a_request_that_is_polled() {
    let mut reader = Reader::with_fido();
    reader.request(&selection(), RequestKind::Cbor);
    reader.wait();
    assert_eq!(reader.send(&select(&FIDO)), Event::Abort);
    assert_eq!(reader.response().unwrap(), b"U2F_V2\x90\x00");
    // The next one is held, and its host hears of that. What the last one shows it does not hear.
    assert_eq!(reader.send(&selection()), Event::Request);
    reader.card.show(Indication::WaitingForTouch, reader.now);
    assert_eq!(reader.wait(), [1, 0x91, 0]);
    reader.card.respond(&[0x2D], reader.now);
    assert_eq!(reader.response(), None);
    assert!(reader.take().is_some());
}

#[test]
fn the_end_of_messages_deselects() {
    let mut reader = Reader::with_fido();
    assert_eq!(reader.word(&[0x80, 0x12, 0x02, 0]), 0x6A86);
    assert_eq!(reader.word(&[0x80, 0x12, 0x01, 0]), 0x9000);
    assert_eq!(reader.word(&[0x80, 0x12, 0x01, 0]), 0x6985);
    reader.exchange(&select(&FIDO));
    reader.request(&selection(), RequestKind::Cbor);
    reader.wait();
    assert_eq!(reader.send(&[0x80, 0x12, 0x01, 0]), Event::Abort);
    assert_eq!(reader.response().unwrap(), [0x90, 0]);
}

#[test]
fn an_answer_that_is_none_is_a_failure() {
    let mut reader = Reader::with_fido();
    let get_info = short([0x80, 0x10, 0, 0], &[4]);
    reader.request(&get_info, RequestKind::Cbor);
    assert_eq!(reader.respond(&[]), b"\x6F\x00");
    reader.request(&get_info, RequestKind::Cbor);
    assert_eq!(reader.respond(&[0; MAX_MESSAGE + 1]), b"\x6F\x00");
}
