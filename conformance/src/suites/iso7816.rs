//! FIDO on a smart card: APDUs (ISO/IEC 7816-4, CTAP 2.3 §11.3).

use crate::host::Host;
use crate::host::card::{FIDO, extended, message, short, word};
use crate::host::command;
use crate::host::ctap2::{GET_INFO, make_credential, status};
use crate::key::Key;

checks! {
    "CTAP 2.3 §11.3.3":
        select_says_what_the_card_speaks needs Card,
        an_applet_that_is_not_there_is_not_found needs Card;
    "CTAP 2.3 §11.3.7.1":
        get_info_is_answered_in_an_extended_apdu needs Card,
        a_registration_comes_in_one_apdu_or_in_a_chain needs Card,
        an_error_stands_before_9000 needs Card,
        nothing_is_answered_before_the_applet_is_selected needs Card,
        without_its_consent_no_host_has_to_poll needs Card;
    "CTAP 2.3 §11.3.7.2":
        a_card_that_waits_is_polled [Should] needs Card,
        a_wait_ends_where_the_host_says_so [Should] needs Card,
        there_is_nothing_to_poll_for needs Card;
    "CTAP 2.3 §11.3.7.3":
        a_card_that_was_told_to_end_wants_to_be_selected_again needs Card;
    "ISO/IEC 7816-4 §5.3.4":
        a_long_answer_comes_in_pieces needs Card,
        there_is_nothing_to_go_on_with needs Card;
    "ISO/IEC 7816-4 §5.6":
        an_unknown_instruction_is_refused needs Card,
        a_length_that_contradicts_itself_is_refused needs Card;
}

/// P1 of NFCCTAP_MSG: this host knows NFCCTAP_GETRESPONSE.
const POLLS: u8 = 0x80;
/// NFCCTAP_GETRESPONSE, and that which ends the request.
const GO_ON: [u8; 4] = [0x80, 0x11, 0x00, 0x00];
const CANCEL: [u8; 4] = [0x80, 0x11, 0x11, 0x00];
/// GET RESPONSE.
const GET_RESPONSE: [u8; 4] = [0x00, 0xC0, 0x00, 0x00];

fn selected(key: &Key) -> Host {
    let mut host = key.host();
    host.select_fido();
    host
}

fn registration() -> Vec<u8> {
    make_credential("example.com", b"1").into()
}

/// Asks the card until it has answered, and touches it once.
#[track_caller]
fn polled(host: &mut Host, key: &Key, mut answer: (Vec<u8>, u16)) -> (Vec<u8>, u16) {
    let mut is_touched = false;
    while answer.1 == word::NFCCTAP_PENDING {
        assert!(
            matches!(answer.0[..], [1 | 2]),
            "expected the status of a keepalive beside 9100, the card answered {:02x?}",
            answer.0
        );
        if !is_touched {
            key.touch();
            is_touched = true;
        }
        answer = host.apdu(&extended(GO_ON, &[]));
    }
    answer
}

fn select_says_what_the_card_speaks(key: &Key) {
    let (version, word) = key.host().select_applet(FIDO);
    same!(word, word::OK);
    let is_version = version == b"U2F_V2" || version == b"FIDO_2_0";
    assert!(
        is_version,
        "expected U2F_V2 or FIDO_2_0, the card answered {version:02x?}"
    );
}

fn an_applet_that_is_not_there_is_not_found(key: &Key) {
    // Of a range that nobody is registered for: its first digit is F (ISO/IEC 7816-4 §8.2.1.2).
    let none = [0xF0, 0x62, 0x72, 0x61, 0x73, 0x73];
    same!(key.host().select_applet(&none).1, word::FILE_NOT_FOUND);
}

fn get_info_is_answered_in_an_extended_apdu(key: &Key) {
    let info = selected(key).info_by_apdu();
    same!(info[0], status::OK);
    assert!(
        info[1] >> 5 == 5,
        "expected a map behind the status, the card answered {info:02x?}"
    );
}

fn a_registration_comes_in_one_apdu_or_in_a_chain(key: &Key) {
    let mut host = selected(key);
    let request = registration();
    let answer = host.apdu(&message(POLLS, &request));
    let (answer, word) = polled(&mut host, key, answer);
    same!((answer[0], word), (status::OK, word::OK), "in one APDU");
    let (last, parts) = (request.len() / 40 * 40, request.chunks(40));
    for (at, part) in (0..).step_by(40).zip(parts) {
        if at < last {
            let (data, word) = host.apdu(&short([0x90, 0x10, POLLS, 0x00], part));
            same!((&data[..], word), (&[][..], word::OK), "a part that another follows");
        }
    }
    let answer = host.apdu(&extended([0x80, 0x10, POLLS, 0x00], &request[last..]));
    let (answer, word) = polled(&mut host, key, answer);
    same!((answer[0], word), (status::OK, word::OK), "in a chain");
}

fn an_error_stands_before_9000(key: &Key) {
    // getNextAssertion with nothing before it.
    let answer = selected(key).apdu(&message(0, &[0x08]));
    same!(answer, (vec![status::NOT_ALLOWED], word::OK));
}

fn nothing_is_answered_before_the_applet_is_selected(key: &Key) {
    key.power_cycle();
    let (data, word) = key.host().apdu(&message(0, GET_INFO));
    let is_refused = data.is_empty() && (word >> 12 == 6);
    assert!(
        is_refused,
        "expected a refusal, the card answered {data:02x?} {word:04X}"
    );
}

fn without_its_consent_no_host_has_to_poll(key: &Key) {
    let mut host = selected(key);
    host.send(command::APDU, &message(0, &registration()));
    key.touch();
    let (answer, word) = host.apdu_answer();
    same!((answer[0], word), (status::OK, word::OK));
}

fn a_card_that_waits_is_polled(key: &Key) {
    let mut host = selected(key);
    let answer = host.apdu(&message(POLLS, &registration()));
    same!(answer.1, word::NFCCTAP_PENDING);
    let (answer, word) = polled(&mut host, key, answer);
    same!((answer[0], word), (status::OK, word::OK));
}

fn a_wait_ends_where_the_host_says_so(key: &Key) {
    let mut host = selected(key);
    same!(host.apdu(&message(POLLS, &registration())).1, word::NFCCTAP_PENDING);
    key.wait_until_asked();
    let mut answer = host.apdu(&extended(CANCEL, &[]));
    while answer.1 == word::NFCCTAP_PENDING {
        answer = host.apdu(&extended(GO_ON, &[]));
    }
    same!(answer, (vec![status::KEEPALIVE_CANCEL], word::OK));
}

fn there_is_nothing_to_poll_for(key: &Key) {
    let answer = selected(key).apdu(&extended(GO_ON, &[]));
    same!(answer, (Vec::new(), word::CONDITIONS_NOT_SATISFIED));
}

fn a_card_that_was_told_to_end_wants_to_be_selected_again(key: &Key) {
    let mut host = selected(key);
    // NFCCTAP_CONTROL, END CTAP_MSG.
    same!(host.apdu(&short([0x80, 0x12, 0x01, 0x00], &[])), (Vec::new(), word::OK));
    let (data, word) = host.apdu(&message(0, GET_INFO));
    let is_refused = data.is_empty() && (word >> 12 == 6);
    assert!(
        is_refused,
        "expected a refusal, the card answered {data:02x?} {word:04X}"
    );
    host.select_fido();
    same!(host.info_by_apdu()[0], status::OK);
}

fn a_long_answer_comes_in_pieces(key: &Key) {
    let mut host = selected(key);
    let whole = host.info_by_apdu();
    let (mut data, mut word) = host.apdu(&short([0x80, 0x10, 0x00, 0x00], GET_INFO));
    while let [0x61, more] = word.to_be_bytes() {
        assert!(
            data.len() <= whole.len(),
            "the card says more than it said in one piece"
        );
        let (part, next) = host.apdu(&[&GET_RESPONSE[..], &[more]].concat());
        (data, word) = ([data, part].concat(), next);
    }
    same!((data.len(), word), (whole.len(), word::OK));
}

fn there_is_nothing_to_go_on_with(key: &Key) {
    let (data, word) = selected(key).apdu(&short(GET_RESPONSE, &[]));
    let is_refused = data.is_empty() && (word >> 12 == 6);
    assert!(
        is_refused,
        "expected a refusal, the card answered {data:02x?} {word:04X}"
    );
}

fn an_unknown_instruction_is_refused(key: &Key) {
    let mut host = selected(key);
    for apdu in [short([0x80, 0x75, 0, 0], &[]), extended([0x80, 0x75, 0, 0], &[1])] {
        same!(host.apdu(&apdu), (Vec::new(), word::INS_NOT_SUPPORTED));
    }
}

fn a_length_that_contradicts_itself_is_refused(key: &Key) {
    let mut host = selected(key);
    // They announce nine bytes, and have two.
    for apdu in [&[0x80, 0x10, 0, 0, 9, 4, 0][..], &[0x80, 0x10, 0, 0, 0, 0, 9, 4, 0]] {
        same!(host.apdu(apdu), (Vec::new(), word::WRONG_LENGTH));
    }
}
