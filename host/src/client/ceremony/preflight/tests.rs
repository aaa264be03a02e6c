//! Keys that do not say without a touch which credentials they hold.

use std::sync::{Arc, Mutex};

use brasskey_protocol::ctaphid::RequestKind;

use super::super::tests::{creation, request};
use super::super::{Protocol, create, get};
use super::*;
use crate::client::Unwatched;
use crate::client::fake::{FakeKey, Reply};
use crate::webauthn::{Origin, Requirement};

/// UNSUPPORTED_OPTION, INVALID_OPTION, INVALID_CREDENTIAL, INVALID_CBOR, INVALID_LENGTH, PUAT_REQUIRED, OTHER; an
/// answer that is none.
const ANSWERS: [&[u8]; 8] = [
    &[0x2B],
    &[0x2C],
    &[0x22],
    &[0x12],
    &[0x03],
    &[0x36],
    &[0x7F],
    b"\x00\x80",
];

type Log = Arc<Mutex<Vec<Vec<u8>>>>;

/// A key that takes one credential a list, answers `silent` where it shall not wait for a touch, and holds the
/// credential `held`. The requests that want a touch are kept.
fn key(silent: &'static [u8], held: u8) -> (Key, Log) {
    let log = Log::default();
    let kept = log.clone();
    let key = FakeKey::key(move |kind, request| {
        assert_eq!(kind, RequestKind::Cbor);
        let names = |id: u8| request.windows(5).any(|bytes| bytes == [0x62, b'i', b'd', 0x41, id]);
        let is_silent = request.windows(4).any(|bytes| bytes == b"\x62up\xF4");
        if request != [0x04] && !is_silent {
            kept.lock().unwrap().push(request.to_vec());
        }
        Reply::Now(match request {
            [0x04] => b"\x00\xA3\x01\x81\x68FIDO_2_0\x03\x50AAAAAAAAAAAAAAAA\x07\x01".to_vec(),
            [0x02, ..] if is_silent => silent.to_vec(),
            [0x02, ..] if names(held) => {
                let head = b"\x00\xA3\x01\xA2\x62id\x41\x09\x64type\x6Apublic-key\x02\x58\x25";
                [&head[..], &[0; 37], b"\x03\x41\x00"].concat()
            }
            [0x02, ..] => vec![0x2E],
            [0x01, ..] if names(held) => vec![0x19],
            _ => {
                let auth_data = [&[1; 32][..], &[0x41], &[0; 20], &[0, 3], b"abc", b"\xA0"].concat();
                [&b"\x00\xA3\x01\x64none\x02\x58\x3B"[..], &auth_data, b"\x03\xA0"].concat()
            }
        })
    });
    (key, log)
}

fn origin() -> Origin {
    Origin::parse("https://example.com").unwrap()
}

#[test]
fn a_registration_goes_on_and_leaves_the_rest_to_the_key() {
    for answer in ANSWERS {
        let mut options = creation(Requirement::Discouraged, Requirement::Discouraged);
        options.exclude = request(Requirement::Discouraged, &[&[7], &[8]]).allow;
        let (mut key, log) = key(answer, 99);
        create(&mut key, &options, &origin(), Protocol::Ctap2, &mut Unwatched).unwrap();
        let log = log.lock().unwrap();
        assert_eq!(log.len(), 1);
        // excludeList is member 5: what the key did not say is asked with the touch.
        assert!(
            log[0].windows(4).any(|bytes| bytes == b"\x05\x81\xA2\x62"),
            "{:02x?}",
            log[0]
        );
        // A key that holds it refuses, as ever.
        let (mut key, _) = self::key(answer, 7);
        let refused = create(&mut key, &options, &origin(), Protocol::Ctap2, &mut Unwatched);
        assert!(matches!(refused, Err(CeremonyError::Excluded)));
    }
}

#[test]
fn a_sign_in_goes_on_with_each_list() {
    for answer in ANSWERS {
        let options = request(Requirement::Discouraged, &[&[8], &[9]]);
        let (mut key, log) = key(answer, 9);
        let signed = get(&mut key, &options, &origin(), Protocol::Ctap2, &mut Unwatched).unwrap();
        assert_eq!(signed.credential_id, [9]);
        assert_eq!(log.lock().unwrap().len(), 2);
        let (mut key, _) = self::key(answer, 99);
        let refused = get(&mut key, &options, &origin(), Protocol::Ctap2, &mut Unwatched);
        assert!(matches!(refused, Err(CeremonyError::NoCredentials)));
    }
}

#[test]
fn a_list_that_is_too_long_for_a_message_is_cut() {
    let mut longest = 0;
    let mut key = FakeKey::key(move |_, request| {
        longest = longest.max(request.len());
        assert!(longest <= 1024);
        Reply::Now(match request {
            [0x04] => b"\x00\xA3\x01\x81\x68FIDO_2_0\x03\x50AAAAAAAAAAAAAAAA\x07\x18\x20".to_vec(),
            _ => vec![0x2E],
        })
    });
    let listed: Vec<_> = (0..32).map(|id| CredentialDescriptor::new(vec![id; 64])).collect();
    let found = held(&mut key, "example.com", &listed, &Verification::None, &mut Unwatched).unwrap();
    assert_eq!(found, Held::None);
}

#[test]
fn a_u2f_key_that_stumbles_over_an_id_does_not_hold_it() {
    let mut key = FakeKey::key(|kind, request| {
        Reply::Now(match (kind, request) {
            (RequestKind::Cbor, _) => vec![0x01],
            (_, [0, 3, ..]) => b"U2F_V2\x90\x00".to_vec(),
            // Byte 71 is the key handle's length.
            (_, [0, 2, ..]) if request[72] == 9 => vec![0x69, 0x85],
            _ => vec![0x6F, 0x00],
        })
    });
    let listed = request(Requirement::Discouraged, &[&[8], &[9]]).allow;
    assert_eq!(first_held_u2f(&mut key, &[0; 32], &listed).unwrap(), Some(vec![9]));
}
