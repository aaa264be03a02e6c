use std::time::Duration;

use super::*;
use crate::client::Timeouts;
use crate::client::error::ErrorKind;
use crate::client::fake::{FakeKey, Reply};
use crate::client::watch::{CancelHandle, Unwatched};

const TOUCH_NEEDED: [u8; 2] = [0x69, 0x85];

/// A key that gives the same answer to every message, with the APDUs that it accepts.
fn key(expected: Vec<u8>, answer: &[u8]) -> Channel {
    let answer = answer.to_vec();
    FakeKey::channel(move |_, request| {
        assert_eq!(request, expected);
        Reply::Now(answer.clone())
    })
}

/// A key that takes any message.
fn any_key(answer: &[u8]) -> Channel {
    let answer = answer.to_vec();
    FakeKey::channel(move |_, _| Reply::Now(answer.clone()))
}

#[test]
fn messages_are_extended_apdus() {
    let mut channel = key(vec![0, 3, 0, 0, 0, 0, 0], b"U2F_V2\x90\x00");
    assert_eq!(version(&mut channel).unwrap(), "U2F_V2");

    let apdu = [&[0, 1, 3, 0, 0, 0, 64][..], &[1; 32], &[2; 32], &[0, 0]].concat();
    let error = register(&mut key(apdu, &TOUCH_NEEDED), &[1; 32], &[2; 32]).unwrap_err();
    assert!(matches!(
        error,
        Error::StatusWord {
            status_word: StatusWord::ConditionsNotSatisfied,
            ..
        }
    ));

    for (control, p1) in [
        (Control::Enforce, 3),
        (Control::CheckOnly, 7),
        (Control::DontEnforce, 8),
    ] {
        let apdu = [
            &[0, 2, p1, 0, 0, 1, 0x40][..],
            &[1; 32],
            &[2; 32],
            &[255],
            &[9; 255],
            &[0, 0],
        ]
        .concat();
        let mut channel = key(apdu, &[1, 0, 0, 0, 5, 0x30, 0, 0x90, 0]);
        let answer = authenticate(&mut channel, control, &[1; 32], &[2; 32], &[9; 255]).unwrap();
        assert_eq!(
            (answer.user_presence, answer.counter, answer.signature),
            (1, 5, vec![0x30, 0])
        );
    }
}

#[test]
fn a_check_tells_the_yes_from_the_no() {
    for (answer, holding) in [
        (TOUCH_NEEDED, Some(true)),
        ([0x6A, 0x80], Some(false)),
        ([0x67, 0x00], Some(false)),
        ([0x69, 0x86], None),
    ] {
        assert_eq!(holds(&mut any_key(&answer), &[2; 32], &[9; 64]).ok(), holding);
    }
    let mut channel = FakeKey::channel(|_, _| unreachable!("too long for U2F"));
    assert!(!holds(&mut channel, &[2; 32], &[9; 256]).unwrap());
}

#[test]
fn the_touch_is_waited_for() {
    let mut polls = 0;
    let mut channel = FakeKey::channel(move |_, _| {
        polls += 1;
        Reply::Now(if polls < 20 {
            TOUCH_NEEDED.to_vec()
        } else {
            b"U2F_V2\x90\x00".to_vec()
        })
    });
    let mut heard = 0;
    assert_eq!(
        with_touch(&mut channel, &mut (CancelHandle::default(), |_| heard += 1), version).unwrap(),
        "U2F_V2"
    );
    assert_eq!(heard, 19);
}

#[test]
fn the_touch_is_not_waited_for_for_ever() {
    let mut channel = any_key(&TOUCH_NEEDED);
    let error = with_touch(&mut channel, &mut Unwatched, version).unwrap_err();
    assert!(matches!(error, Error::TimedOut) && error.kind() == ErrorKind::User);
    let patience = Timeouts::default().touch;
    assert!((patience..patience + Duration::from_secs(1)).contains(&channel.time().now()));

    let cancel = CancelHandle::default();
    let from_within = cancel.clone();
    let result = with_touch(
        &mut any_key(&TOUCH_NEEDED),
        &mut (cancel, move |_| from_within.cancel()),
        version,
    );
    assert!(matches!(result, Err(Error::Cancelled)));
}

#[test]
fn other_errors_end_the_wait() {
    let error = with_touch(&mut any_key(&[0x69, 0x86]), &mut Unwatched, version).unwrap_err();
    assert!(matches!(
        error,
        Error::StatusWord {
            status_word: StatusWord::CommandNotAllowed,
            ..
        }
    ));
    assert_eq!(error.kind(), ErrorKind::Key);
}

#[test]
fn answers_without_a_status_word_or_with_rubbish_are_malformed() {
    for answer in [&[0x90][..], b"\xFF\xFE\x90\x00"] {
        assert!(matches!(version(&mut any_key(answer)), Err(Error::Malformed { .. })));
    }
    let result = register(&mut any_key(&[0x90, 0x00]), &[1; 32], &[2; 32]);
    assert!(matches!(
        result,
        Err(Error::Malformed {
            why: Malformed::Truncated,
            ..
        })
    ));
}

#[test]
fn every_status_word_comes_back() {
    for code in 0..=u16::MAX {
        assert_eq!(StatusWord::from(code).code(), code);
    }
}
