//! The wire byte by byte, against a script.

mod soft;

use std::collections::VecDeque;

use proptest::prelude::*;
use zeroize::Zeroizing;

use super::super::error::{Error, ErrorKind, Malformed};
use super::super::watch::{CancelHandle, Unwatched, Watch};
use super::*;

/// A card that expects these APDUs, and answers so.
struct Script(VecDeque<(Vec<u8>, Vec<u8>)>);

impl Card for Script {
    fn transmit(&mut self, apdu: &[u8], _: &mut dyn Watch) -> Result<Vec<u8>, Error> {
        let (expected, answer) = self.0.pop_front().expect("one APDU too many");
        assert_eq!(apdu, expected);
        Ok(answer)
    }
}

impl Drop for Script {
    fn drop(&mut self) {
        assert!(std::thread::panicking() || self.0.is_empty(), "APDUs are missing");
    }
}

const SELECT: &[u8] = &[0x00, 0xA4, 0x04, 0x00, 0x07, 0xA0, 0x00, 0x00, 0x05, 0x27, 0x21, 0x01];
const SELECTED: &[u8] = b"\x79\x03\x05\x04\x03\x71\x08IDENTITY\x90\x00";
const LIST: &[u8] = &[0x00, 0xA1, 0x00, 0x00, 0x00];

fn select(answer: &[u8], then: &[(&[u8], &[u8])]) -> Result<Oath, Error> {
    let steps = [(SELECT, answer)];
    let steps = steps.iter().chain(then);
    let script = steps.map(|(apdu, answer)| (apdu.to_vec(), answer.to_vec())).collect();
    Oath::select(Box::new(Script(script)))
}

fn selected(then: &[(&[u8], &[u8])]) -> Oath {
    select(SELECTED, then).unwrap()
}

#[test]
fn a_key_without_the_applet_says_so_and_a_broken_one_is_broken() {
    for status_word in [[0x6A, 0x82], [0x6D, 0x00]] {
        let error = select(&status_word, &[]).err().unwrap();
        assert!(matches!(error, Error::Oath(OathError::NoApplet)), "{error}");
    }
    for (answer, why) in [
        (&b"\x90"[..], Malformed::Truncated),
        (b"\x90\x00", Malformed::Missing("the version")),
        (b"\x79\x03\x05\x04\x03\x90\x00", Malformed::Missing("the identifier")),
        (b"\x79\x03\x05\x04\x90\x00", Malformed::Truncated),
        (b"\x79\x90\x00", Malformed::Truncated),
    ] {
        match select(answer, &[]).err() {
            Some(Error::Malformed {
                command: "SELECT",
                why: found,
            }) => assert_eq!(found, why),
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(selected(&[]).version(), "5.4.3");
    assert!(!selected(&[]).is_locked());
}

#[test]
fn a_list_in_pieces_is_one_list() {
    let mut oath = selected(&[
        (LIST, b"\x72\x0A\x21AWS:al\x61\x05"),
        (&[0x00, 0xA5, 0x00, 0x00, 0x00], b"ice\x72\x03\x13\xFFb\x90\x00"),
    ]);
    let listed = oath.list().unwrap();
    assert_eq!(listed[0].name.to_string(), "AWS:alice");
    assert_eq!((listed[0].kind, listed[0].algorithm), (Kind::Totp, Algorithm::Sha1));
    assert_eq!((listed[1].kind, listed[1].algorithm), (Kind::Hotp, Algorithm::Sha512));
    assert_eq!(
        (listed[1].id.as_slice(), listed[1].name.account.as_str()),
        (&b"\xFFb"[..], "\u{FFFD}b")
    );
}

#[test]
fn a_list_that_does_not_end_is_given_up() {
    struct Endless;
    impl Card for Endless {
        fn transmit(&mut self, apdu: &[u8], _: &mut dyn Watch) -> Result<Vec<u8>, Error> {
            match apdu {
                SELECT => Ok(SELECTED.to_vec()),
                _ => Ok([&[0x72; 4094][..], &[0x61, 0x00]].concat()),
            }
        }
    }
    let error = Oath::select(Box::new(Endless)).unwrap().list().unwrap_err();
    let endless = Malformed::Endless;
    assert!(
        matches!(error, Error::Malformed { why, .. } if why == endless),
        "{error}"
    );
}

#[test]
fn answers_that_cannot_be_are_the_key_s_fault() {
    for answer in [
        &b"\x72\x01\x21\x90\x00"[..],
        b"\x72\x00\x90\x00",
        b"\x72\x03\x31ab\x90\x00",
        b"\x72\x03\x24ab\x90\x00",
        b"\x71\x03\x21ab\x90\x00",
        b"\x72\x80\x21ab\x90\x00",
        &[&[0x72, 66, 0x21], &[b'a'; 65][..], &[0x90, 0x00]].concat(),
    ] {
        let error = selected(&[(LIST, answer)]).list().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Malformed, "{answer:?}: {error}");
    }
    let calculate = b"\x00\xA2\x00\x01\x0D\x71\x01a\x74\x08\0\0\0\0\0\0\0\x01";
    for answer in [
        &b"\x90\x00"[..],
        b"\x76\x05\x05\0\0\0\x01\x90\x00",
        b"\x76\x05\x09\0\0\0\x01\x90\x00",
        b"\x76\x04\x06\0\0\0\x90\x00",
        b"\x7C\x01\x06\x90\x00",
    ] {
        let error = selected(&[(calculate, answer)])
            .calculate(b"a", Kind::Totp, 1, &mut Unwatched)
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Malformed, "{answer:?}: {error}");
    }
}

#[test]
fn codes_come_one_by_one_and_all_at_once() {
    let mut oath = selected(&[
        (
            b"\x00\xA2\x00\x01\x0D\x71\x01a\x74\x08\0\0\0\0\x03\x93\x87\x01",
            b"\x76\x05\x08\x4B\x3A\x55\x01\x90\x00",
        ),
        (
            b"\x00\xA2\x00\x01\x05\x71\x01h\x74\x00",
            b"\x76\x05\x06\0\0\0\x2A\x90\x00",
        ),
        (
            b"\x00\xA4\x00\x01\x0A\x74\x08\0\0\0\0\0\0\0\x02",
            b"\x71\x01a\x76\x05\x06\0\0\0\x07\x71\x01h\x77\x01\x06\x71\x01t\x7C\x01\x06\x90\x00",
        ),
    ]);
    let code = oath.calculate(b"a", Kind::Totp, 0x0393_8701, &mut Unwatched).unwrap();
    assert_eq!(code.to_string(), format!("{:08}", 0x4B3A_5501 % 100_000_000));
    let code = oath.calculate(b"h", Kind::Hotp, 99, &mut Unwatched).unwrap();
    assert_eq!(code.to_string(), "000042");
    let all = oath.calculate_all(2).unwrap();
    assert!(matches!(&all[0], (id, Calculated::Code(code)) if id == b"a" && code.to_string() == "000007"));
    assert_eq!((&all[1].1, &all[2].1), (&Calculated::Counter, &Calculated::Touch));
}

#[test]
fn an_account_is_put_as_the_applet_wants_it() {
    let mut counting = NewAccount::new(Name::parse("h", Kind::Hotp), Zeroizing::new(vec![2; 14]));
    counting.kind = Kind::Hotp;
    counting.counter = 7;
    let mut timed = NewAccount::new(Name::parse("60/A:b", Kind::Totp), Zeroizing::new(vec![1; 20]));
    timed.algorithm = Algorithm::Sha256;
    timed.digits = 8;
    timed.touch = true;
    let timed_apdu = [
        b"\x00\x01\x00\x00\x22\x71\x06\x36\x30/A:b\x73\x16\x22\x08",
        &[1; 20][..],
        &[0x78, 0x02],
    ]
    .concat();
    let counting_apdu = [
        b"\x00\x01\x00\x00\x1B\x71\x01h\x73\x10\x11\x06",
        &[2; 14][..],
        b"\x7A\x04\0\0\0\x07",
    ]
    .concat();
    let mut oath = selected(&[(&timed_apdu, &[0x90, 0x00]), (&counting_apdu, &[0x6A, 0x84])]);
    oath.put(&timed).unwrap();
    let error = oath.put(&counting).unwrap_err();
    assert!(matches!(error, Error::Oath(OathError::Full)), "{error}");
}

#[test]
fn deleting_renaming_and_resetting_name_what_they_mean() {
    let mut oath = selected(&[
        (b"\x00\x02\x00\x00\x03\x71\x01a", &[0x69, 0x84]),
        (b"\x00\x05\x00\x00\x06\x71\x01a\x71\x01b", &[0x90, 0x00]),
        (b"\x00\x05\x00\x00\x06\x71\x01a\x71\x01b", &[0x6D, 0x00]),
        (b"\x00\x04\xDE\xAD\x00", &[0x90, 0x00]),
        (SELECT, SELECTED),
    ]);
    let error = oath.delete(b"a").unwrap_err();
    assert!(matches!(error, Error::Oath(OathError::NoAccount)), "{error}");
    oath.rename(b"a", b"b").unwrap();
    let error = oath.rename(b"a", b"b").unwrap_err();
    assert!(matches!(error, Error::Unsupported { what: "RENAME" }), "{error}");
    oath.reset(&mut Unwatched).unwrap();
}

/// A card with an access code, which is told by `right` whether to prove that it knows it.
struct Locked {
    key: AccessKey,
    right: bool,
}

impl Card for Locked {
    fn transmit(&mut self, apdu: &[u8], _: &mut dyn Watch) -> Result<Vec<u8>, Error> {
        const ANSWER: &[u8] = b"\x79\x03\x05\x04\x03\x71\x08IDENTITY\x74\x08CHALLENG\x7B\x01\x01\x90\x00";
        Ok(match apdu {
            SELECT => ANSWER.to_vec(),
            [0x00, 0xA3, 0x00, 0x00, 0x20, 0x75, 0x14, rest @ ..] => {
                let (proof, challenge) = rest.split_at(20);
                let challenge = challenge.strip_prefix(&[0x74, 0x08]).unwrap();
                match self.key.is_proof(b"CHALLENG", proof) {
                    true if self.right => [&[0x75, 0x14], self.key.prove(challenge).as_ref(), &[0x90, 0x00]].concat(),
                    true => [&[0x75, 0x14], &[7; 20][..], &[0x90, 0x00]].concat(),
                    false => vec![0x6A, 0x80],
                }
            }
            _ => vec![0x69, 0x82],
        })
    }
}

#[test]
fn the_password_is_proved_both_ways() {
    let card = |right| Locked {
        key: AccessKey::derive("correct horse", b"IDENTITY"),
        right,
    };
    let mut oath = Oath::select(Box::new(card(true))).unwrap();
    assert!(oath.is_locked() && oath.has_access_code());
    let error = oath.list().unwrap_err();
    assert!(
        matches!(error, Error::Oath(OathError::Locked)) && error.kind() == ErrorKind::User,
        "{error}"
    );
    let error = oath.validate(&oath.derive("wrong")).unwrap_err();
    assert!(matches!(error, Error::Oath(OathError::WrongPassword)), "{error}");
    oath.validate(&oath.derive("correct horse")).unwrap();
    assert!(!oath.is_locked() && oath.has_access_code());

    let mut oath = Oath::select(Box::new(card(false))).unwrap();
    let error = oath.validate(&oath.derive("correct horse")).unwrap_err();
    assert_eq!(
        error.kind(),
        ErrorKind::Malformed,
        "a card that does not know it is not taken for one that does"
    );
    assert!(oath.is_locked());
}

#[test]
fn a_password_becomes_the_key_that_other_clients_derive() {
    // PBKDF2-HMAC-SHA1 of 1,000 rounds, by Python's hashlib.
    let key = AccessKey::derive("password", b"IDENTITY");
    assert_eq!(
        key.bytes(),
        [
            0x26, 0xAC, 0x65, 0xFD, 0x76, 0xE2, 0x22, 0x55, 0x1F, 0x92, 0x17, 0x7E, 0xD6, 0xD2, 0xB8, 0xB7
        ]
    );
}

#[test]
fn a_touch_that_was_given_up_is_no_refusal() {
    let cancel = CancelHandle::default();
    cancel.cancel();
    let calculate = b"\x00\xA2\x00\x01\x0D\x71\x01a\x74\x08\0\0\0\0\0\0\0\x01";
    let patient = CancelHandle::default();
    for (status_word, watch, is_cancelled) in [
        ([0x69, 0x85], &cancel, true),
        ([0x69, 0x82], &cancel, true),
        ([0x69, 0x85], &patient, false),
        ([0x69, 0x82], &patient, false),
    ] {
        let error = selected(&[(calculate, &status_word)])
            .calculate(b"a", Kind::Totp, 1, &mut watch.clone())
            .unwrap_err();
        let is_expected = match is_cancelled {
            true => matches!(error, Error::Cancelled),
            false => matches!(error, Error::Oath(OathError::NotTouched)),
        };
        assert!(is_expected, "{error}");
        assert_eq!(error.kind(), ErrorKind::User);
    }
}

/// A card that answers each command but SELECT with the same bytes.
struct Answering(Vec<u8>);

impl Card for Answering {
    fn transmit(&mut self, apdu: &[u8], _: &mut dyn Watch) -> Result<Vec<u8>, Error> {
        Ok(match apdu {
            SELECT => SELECTED.to_vec(),
            // The rest of an answer in pieces.
            [_, 0xA5, ..] => vec![0x90, 0x00],
            _ => self.0.clone(),
        })
    }
}

proptest! {
    #[test]
    fn any_answer_is_read_or_refused(
        data in prop::collection::vec(prop_oneof![0x70_u8..0x80, 0_u8..10, any::<u8>()], 0..80),
        status_word in prop_oneof![Just(0x9000_u16), Just(0x6105), any::<u16>()],
    ) {
        let answer = [&data[..], &status_word.to_be_bytes()].concat();
        let mut oath = Oath::select(Box::new(Answering(answer))).unwrap();
        for account in oath.list().unwrap_or_default() {
            prop_assert!((1..=MAX_NAME).contains(&account.id.len()));
        }
        for (id, _) in oath.calculate_all(1).unwrap_or_default() {
            prop_assert!((1..=MAX_NAME).contains(&id.len()));
        }
        if let Ok(code) = oath.calculate(b"a", Kind::Totp, 1, &mut Unwatched) {
            prop_assert_eq!(code.to_string().len(), usize::from(code.digits()));
        }
    }
}
