use std::sync::{Arc, Mutex};

use brasskey_protocol::ctaphid::RequestKind;

use super::*;
use crate::client::error::{ErrorKind, Malformed};
use crate::client::fake::{FakeKey, Reply};
use crate::client::watch::CancelHandle;

const AAGUID: &[u8] = b"\x03\x50AAAAAAAAAAAAAAAA";
const CLIENT_PIN: &[u8] = b"\x04\xA1\x69clientPin\xF4";

/// getInfo's answer with one version and further members.
fn info(version: &[u8; 8], more: &[u8]) -> Vec<u8> {
    let count = if more.is_empty() { 0xA2 } else { 0xA3 };
    [&[0x00, count, 0x01, 0x81, 0x68][..], version, AAGUID, more].concat()
}

/// A key that tells `info`, answers `answer` to whatever else it is asked, and keeps what that was.
fn key(info: Vec<u8>, answer: Vec<u8>) -> (Key, Arc<Mutex<Vec<u8>>>) {
    let asked = Arc::new(Mutex::new(Vec::new()));
    let log = asked.clone();
    let key = FakeKey::key(move |_, request| {
        if request == [0x04] {
            return Reply::Now(info.clone());
        }
        *log.lock().unwrap() = request.to_vec();
        Reply::AfterTouch(500, answer.clone())
    });
    (key, asked)
}

#[test]
fn a_ctap2_key_tells_what_it_is() {
    let (key, _) = key(info(b"FIDO_2_0", b"\x05\x19\x04\xB0"), vec![]);
    assert_eq!(key.versions(), ["FIDO_2_0"]);
    assert_eq!(key.info().and_then(|info| info.max_msg_size), Some(1200));
    assert!(key.info_error().is_none());
    assert!(!key.speaks_u2f(), "it does not name U2F_V2");
}

#[test]
fn the_key_limits_the_length_of_requests() {
    let (mut key, _) = key(info(b"FIDO_2_0", b"\x05\x18\x40"), vec![0]);
    assert!(matches!(
        key.channel().cbor(&[0; 65], &mut Unwatched),
        Err(Error::TooLong { length: 65, limit: 64 })
    ));
}

#[test]
fn a_key_whose_get_info_fails_is_a_u2f_key() {
    for answer in [vec![0x01], vec![0x00], vec![0x00, 0x80]] {
        let mut key = FakeKey::key(move |kind, _| {
            Reply::Now(if kind == RequestKind::Cbor {
                answer.clone()
            } else {
                b"U2F_V2\x90\x00".to_vec()
            })
        });
        assert!(key.info().is_none() && key.info_error().is_some());
        assert_eq!(key.versions(), ["U2F_V2"]);
        assert!(key.speaks_u2f());
        assert!(key.refresh().is_err());
        // What only CTAP2 has names the cause.
        let error = key.pin_retries(&mut Unwatched).unwrap_err();
        assert!(error.to_string().starts_with("the security key"), "{error}");
        let errors = [
            key.ctap2_info().unwrap_err(),
            key.manage_credentials(None, &mut Unwatched).err().unwrap(),
        ];
        for error in errors {
            assert!(
                error.to_string().starts_with("getInfo failed: the security key"),
                "{error}"
            );
            assert_eq!(error.kind(), key.info_error().unwrap().kind());
        }
    }
}

#[test]
fn a_key_that_speaks_neither_is_an_error() {
    let channel = FakeKey::channel(|kind, _| {
        Reply::Now(if kind == RequestKind::Cbor {
            vec![1]
        } else {
            vec![0x6D, 0]
        })
    });
    assert_eq!(Key::over(channel).err().map(|error| error.kind()), Some(ErrorKind::Key));
}

#[test]
fn a_touch_on_ctap_2_1_is_a_selection() {
    let (mut key, asked) = key(info(b"FIDO_2_1", CLIENT_PIN), vec![0]);
    key.touch(&mut Unwatched).unwrap();
    assert_eq!(*asked.lock().unwrap(), [0x0B]);
}

#[test]
fn a_touch_on_ctap_2_0_creates_nothing_where_it_can() {
    let dummy = [
        &b"\x01\xA6\x01\x58\x20"[..],
        &EMPTY_HASH,
        b"\x02\xA1\x62id\x66.dummy\x03\xA2\x62id\x41\x01\x64name\x65dummy\x04\x81\xA2\x63alg\x26\x64type\x6Apublic-key",
        b"\x08\x40\x09\x01",
    ]
    .concat();
    for status in [0x31, 0x33, 0x35] {
        let (mut key, asked) = key(info(b"FIDO_2_0", CLIENT_PIN), vec![status]);
        key.touch(&mut Unwatched).unwrap();
        assert_eq!(*asked.lock().unwrap(), dummy);
    }
    let (mut key, asked) = key(info(b"FIDO_2_0", &[]), b"\x00\xA3\x01\x64none\x02\x40\x03\xA0".to_vec());
    key.touch(&mut Unwatched).unwrap();
    assert!(asked.lock().unwrap().starts_with(&[0x01, 0xA4]));
}

#[test]
fn no_touch_is_told_from_a_touch() {
    let (mut key, _) = key(info(b"FIDO_2_1", &[]), vec![0x2F]);
    let error = key.touch(&mut Unwatched).unwrap_err();
    assert!(matches!(
        error,
        Error::Status {
            status: Status::UserActionTimeout,
            ..
        }
    ));
    assert_eq!(error.kind(), ErrorKind::User);

    let cancel = CancelHandle::default();
    let from_within = cancel.clone();
    let result = key.touch(&mut (cancel, move |_| from_within.cancel()));
    assert!(matches!(result, Err(Error::Cancelled)));
}

#[test]
fn a_touch_on_a_u2f_key_is_a_registration_that_nobody_keeps() {
    let mut polls = 0;
    let mut key = FakeKey::key(move |kind, request| {
        Reply::Now(match (kind, request) {
            (RequestKind::Cbor, _) => vec![0x01],
            (RequestKind::Msg, [0, 3, ..]) => b"U2F_V2\x90\x00".to_vec(),
            _ => {
                assert_eq!(request[7..71], [[0x42; 32], [0x41; 32]].concat());
                polls += 1;
                if polls < 3 {
                    return Reply::Now(vec![0x69, 0x85]);
                }
                [&[5, 4][..], &[0; 64], &[0, 0x30, 0, 0x30, 0, 0x90, 0]].concat()
            }
        })
    });
    key.touch(&mut Unwatched).unwrap();
}

#[test]
fn a_successful_answer_that_is_none_is_the_fault_of_the_key() {
    let (mut key, _) = key(info(b"FIDO_2_0", &[]), vec![0x00]);
    assert!(matches!(
        key.touch(&mut Unwatched),
        Err(Error::Malformed {
            why: Malformed::Truncated,
            ..
        })
    ));
}

#[test]
fn what_is_odd_about_any_answer_is_kept_account_of() {
    let odd = [info(b"FIDO_2_1", b""), vec![0, 0]].concat();
    let (mut key, _) = key(odd, vec![0x00, 0xA0]);
    let told = |faults: &[Fault]| faults.iter().map(ToString::to_string).collect::<Vec<_>>();
    let of_info = "authenticatorGetInfo: 2 bytes follow the answer (CTAP 2.3 §8)";
    assert_eq!(told(key.faults()), [of_info]);

    let (result, found) = key.recording(|key| key.send(&Selection, &mut Unwatched));
    assert!(result.is_ok());
    let of_selection = "authenticatorSelection: 1 byte follows the status, and nothing should (CTAP 2.3 §8)";
    assert_eq!(told(&found), [of_selection]);
    assert_eq!(told(key.faults()), [of_info, of_selection]);

    let (result, found) = key.recording(Key::refresh);
    assert!(result.is_ok());
    assert_eq!(told(&found), [of_info], "again, although it was seen before");
    assert_eq!(told(key.faults()), [of_info, of_selection]);
}

#[test]
fn a_refusal_has_no_data() {
    let (mut key, _) = key(info(b"FIDO_2_1", b""), vec![0x27, 0xA0]);
    assert!(key.send(&Selection, &mut Unwatched).is_err());
    assert_eq!(key.faults().len(), 1);
}
