use super::*;

/// Applets that clients look for: Yubico's OTP and management, PIV, OpenPGP.
const OTHERS: [&[u8]; 4] = [
    &[0xA0, 0x00, 0x00, 0x05, 0x27, 0x20, 0x01],
    &[0xA0, 0x00, 0x00, 0x05, 0x27, 0x47, 0x11, 0x17],
    &[0xA0, 0x00, 0x00, 0x03, 0x08],
    &[0xD2, 0x76, 0x00, 0x01, 0x24, 0x01],
];

#[test]
fn fido_is_selected_in_every_encoding() {
    for apdu in [
        select(&FIDO),
        [&select(&FIDO)[..], &[0]].concat(),
        [&select(&FIDO)[..], &[8]].concat(),
        extended([0, 0xA4, 0x04, 0], &FIDO),
        [&extended([0, 0xA4, 0x04, 0], &FIDO)[..], &[0, 0]].concat(),
        // No control information wanted: the version comes nevertheless.
        short([0, 0xA4, 0x04, 0x0C], &FIDO),
        short([0, 0xA4, 0x04, 0], &FIDO[..5]),
    ] {
        let mut reader = Reader::new();
        assert_eq!(reader.exchange(&apdu), b"U2F_V2\x90\x00", "{apdu:02x?}");
        reader.request(&[0x80, 0x10, 0, 0, 1, 4], RequestKind::Cbor);
    }
}

#[test]
fn oath_answers_its_select_itself() {
    let whole = extended([0, 0xA4, 0x04, 0], &OATH);
    for apdu in [
        select(&OATH),
        [&select(&OATH)[..], &[0]].concat(),
        whole.clone(),
        select(&OATH[..6]),
    ] {
        let mut reader = Reader::new();
        assert_eq!(reader.request(&apdu, RequestKind::Oath), whole);
        assert_eq!(reader.respond(b"\x79\x90\x00"), b"\x79\x90\x00");
        reader.request(&[0, 0xA1, 0, 0], RequestKind::Oath);
    }
}

#[test]
fn an_oath_applet_that_refuses_is_not_selected() {
    let mut reader = Reader::with_fido();
    reader.request(&select(&OATH), RequestKind::Oath);
    assert_eq!(reader.respond(b"\x6D\x00"), b"\x6D\x00");
    reader.request(&[0x80, 0x10, 0, 0, 1, 4], RequestKind::Cbor);
}

#[test]
fn other_applets_are_not_found_and_leave_the_selected_one() {
    let mut reader = Reader::with_fido();
    for name in OTHERS {
        assert_eq!(reader.word(&select(name)), 0x6A82);
    }
    for name in [&FIDO[..4], &[&FIDO[..], &[1]].concat()] {
        assert_eq!(reader.word(&select(name)), 0x6A82);
    }
    assert_eq!(reader.word(&[0, 0xA4, 0x04, 0]), 0x6700);
    // There is no next, last or previous one.
    for p2 in 1..4 {
        assert_eq!(reader.word(&short([0, 0xA4, 0x04, p2], &FIDO)), 0x6A82);
    }
    reader.request(&[0x80, 0x10, 0, 0, 1, 4], RequestKind::Cbor);
}

#[test]
fn one_applet_is_selected_at_a_time() {
    let mut reader = Reader::with_oath();
    assert_eq!(reader.word(&[0x80, 0x10, 0, 0, 1, 4]), 0x6E00);
    reader.exchange(&select(&FIDO));
    // What is LIST to OATH is unknown to U2F, which says so itself.
    reader.request(&[0, 0xA1, 0, 0], RequestKind::Msg);
}

#[test]
fn without_an_applet_nothing_else_is_answered() {
    for apdu in [
        &[0x80, 0x10, 0, 0, 1, 4][..],
        &[0, 3, 0, 0],
        &[0, 0xA1, 0, 0],
        &[0, 0xA4, 0, 0],
        &[0, 0xC0, 0, 0, 0],
        &[0, 0xCA, 0x7F, 0x68, 0],
    ] {
        assert_eq!(Reader::new().word(apdu), 0x6985, "{apdu:02x?}");
    }
    assert_eq!(Reader::new().word(&[0xFF, 0xCA, 0, 0, 0]), 0x6E00);
}

#[test]
fn a_length_that_contradicts_itself_is_refused() {
    let mut reader = Reader::with_fido();
    for apdu in [
        &[][..],
        &[0],
        &[0, 0xA4, 0x04],
        &[0x80, 0x10, 0, 0, 5, 4],
        &[0x80, 0x10, 0, 0, 0, 0, 2, 4],
    ] {
        assert_eq!(reader.word(apdu), 0x6700, "{apdu:02x?}");
    }
}
