//! PINs and tokens, with the soft key of this process and with keys that are made up.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use brasskey_protocol::ctaphid::RequestKind;

use super::*;
use crate::client::ctap2::{ConfigSubcommand, CredentialManagement, CredentialManagementSubcommand};
use crate::client::error::ErrorKind;
use crate::client::fake::{FakeKey, Reply};
use crate::client::{Pin, Unwatched, Watch};
use crate::soft::{SoftKey, Touch};

/// A person who knows some PINs, and tries them one after the other.
#[derive(Default)]
struct Person {
    pins: VecDeque<&'static str>,
    requests: Vec<PinRequest>,
}

impl Watch for Person {}

impl UserInteraction for Person {
    fn pin(&mut self, request: &PinRequest) -> Result<Pin, Error> {
        self.requests.push(*request);
        let pin = self.pins.pop_front().ok_or(Error::PinNeeded)?;
        Ok(Pin::new(pin)?)
    }

    fn can_try_again(&self) -> bool {
        true
    }
}

fn person(pins: &[&'static str]) -> Person {
    Person {
        pins: pins.iter().copied().collect(),
        requests: Vec::new(),
    }
}

fn soft() -> (SoftKey, Key) {
    let soft = SoftKey::builder().touch(Touch::Auto).build().unwrap();
    let key = Key::open(Box::new(soft.connect())).unwrap();
    (soft, key)
}

fn pin(text: &str) -> Pin {
    Pin::new(text).unwrap()
}

const MANAGE: Permissions = Permissions::CREDENTIAL_MANAGEMENT;

#[test]
fn a_pin_is_set_used_and_changed() {
    let (_soft, mut key) = soft();
    assert!(matches!(key.token(MANAGE, None, &mut Unwatched), Err(Error::NoPin)));
    key.set_pin(&pin("1234"), &mut Unwatched).unwrap();
    assert!(key.info().unwrap().has("clientPin"), "the state was asked for again");
    let mut one = person(&["1234"]);
    let token = key.token(MANAGE, None, &mut one).unwrap();
    let request = CredentialManagement::new(CredentialManagementSubcommand::GetCredsMetadata, &token);
    assert_eq!(
        key.send(&request, &mut Unwatched)
            .unwrap()
            .existing_resident_credentials_count,
        Some(0)
    );

    key.change_pin(&pin("1234"), &pin("5678"), &mut Unwatched).unwrap();
    let refused = key.change_pin(&pin("1234"), &pin("9999"), &mut Unwatched);
    assert!(matches!(refused, Err(Error::WrongPin { left: Some(7) })));
    key.token(MANAGE, None, &mut person(&["5678"])).unwrap();
    assert_eq!(key.pin_retries(&mut Unwatched).unwrap().left, 8);
}

#[test]
fn whoever_is_wrong_is_asked_again_and_told_how_often_they_may_be() {
    let (_soft, mut key) = soft();
    key.set_pin(&pin("1234"), &mut Unwatched).unwrap();
    let mut anna = person(&["0000", "1111", "1234"]);
    key.token(MANAGE, None, &mut anna).unwrap();
    let asked: Vec<_> = anna
        .requests
        .iter()
        .map(|request| (request.retries.left, request.again))
        .collect();
    assert_eq!(asked, [(8, false), (7, true), (6, true)]);
}

#[test]
fn three_wrong_pins_in_a_row_and_eight_in_all_are_the_end() {
    let (soft, mut key) = soft();
    key.set_pin(&pin("1234"), &mut Unwatched).unwrap();
    let wrong = ["0000", "0001", "0002", "0003", "0004", "0005", "0006", "0007", "0008"];
    let mut left = Vec::new();
    for _ in 0..3 {
        let mut bob = person(&wrong);
        let refused = key.token(MANAGE, None, &mut bob);
        left.extend(bob.requests.iter().map(|request| request.retries.left));
        if matches!(refused, Err(Error::PinBlocked)) {
            break;
        }
        assert!(matches!(refused, Err(Error::PinAuthBlocked)));
        // Before it was unplugged, not even the right PIN is sent.
        let mut late = person(&["1234"]);
        let refused = key.token(MANAGE, None, &mut late);
        assert!(matches!(refused, Err(Error::PinAuthBlocked)));
        assert_eq!(late.requests, []);
        soft.power_cycle().unwrap();
        key = Key::open(Box::new(soft.connect())).unwrap();
    }
    assert_eq!(left, [8, 7, 6, 5, 4, 3, 2, 1]);
    let mut late = person(&["1234"]);
    let refused = key.token(MANAGE, None, &mut late);
    assert!(matches!(refused, Err(Error::PinBlocked)));
    assert_eq!(late.requests, []);
}

#[test]
fn a_wrong_pin_is_sent_once_whatever_it_is_for() {
    let (_soft, mut key) = soft();
    key.set_pin(&pin("1234"), &mut Unwatched).unwrap();
    let mut stubborn = person(&["0000"; 9]);
    for _ in 0..3 {
        let refused = key.token(MANAGE, None, &mut stubborn).unwrap_err();
        assert!(matches!(refused, Error::WrongPin { left: Some(7) }));
        assert_eq!(refused.kind(), ErrorKind::Pin, "no verdict about the key");
    }
    let refused = key.change_pin(&pin("0000"), &pin("5678"), &mut Unwatched);
    assert!(matches!(refused, Err(Error::WrongPin { left: Some(7) })));
    let refused = key.configure(ConfigSubcommand::ToggleAlwaysUv, &mut person(&["0000"]));
    assert!(matches!(refused, Err(Error::WrongPin { left: Some(7) })));
    assert!(matches!(
        key.manage_credentials(None, &mut person(&["0000"])),
        Err(Error::WrongPin { left: Some(7) })
    ));
    assert_eq!(key.pin_retries(&mut Unwatched).unwrap().left, 7);
    // What `change_pin` sent counts as well.
    let refused = key.change_pin(&pin("1111"), &pin("5678"), &mut Unwatched);
    assert!(matches!(refused, Err(Error::WrongPin { left: Some(6) })));
    let refused = key.token(MANAGE, None, &mut person(&["1111"]));
    assert!(matches!(refused, Err(Error::WrongPin { left: Some(6) })));
    // Once the key has another PIN, it may be one that was wrong.
    key.change_pin(&pin("1234"), &pin("0000"), &mut Unwatched).unwrap();
    key.token(MANAGE, None, &mut person(&["0000"])).unwrap();
}

#[test]
fn a_pin_that_must_be_changed_is_of_no_use() {
    let (_soft, mut key) = soft();
    key.set_pin(&pin("1234"), &mut Unwatched).unwrap();
    let rules = ConfigSubcommand::SetMinPinLength(crate::client::ctap2::PinRules {
        new_min_pin_length: Some(6),
        ..Default::default()
    });
    key.configure(rules, &mut person(&["1234"])).unwrap();
    assert_eq!(key.info().unwrap().force_pin_change, Some(true));
    let refused = key.token(MANAGE, None, &mut person(&["1234"]));
    assert!(matches!(refused, Err(Error::MustChangePin)));
    let short = key.change_pin(&pin("1234"), &pin("12345"), &mut Unwatched);
    assert!(matches!(
        short,
        Err(Error::Pin(crate::client::PinError::TooShort { minimum: 6 }))
    ));
    key.change_pin(&pin("1234"), &pin("123456"), &mut Unwatched).unwrap();
    key.token(MANAGE, None, &mut person(&["123456"])).unwrap();
}

#[test]
fn settings_need_no_pin_where_there_is_none() {
    let (_soft, mut key) = soft();
    key.configure(ConfigSubcommand::EnableLongTouchForReset, &mut Unwatched)
        .unwrap();
    assert_eq!(key.info().unwrap().long_touch_for_reset, Some(true));
    let impossible = key.configure(ConfigSubcommand::EnableEnterpriseAttestation, &mut Unwatched);
    assert!(matches!(impossible, Err(Error::Unsupported { .. })));
}

/// The answer to getKeyAgreement of a key whose public key is the generator of P-256.
fn generator() -> Vec<u8> {
    let (x, y) = (
        b"\x6b\x17\xd1\xf2\xe1\x2c\x42\x47\xf8\xbc\xe6\xe5\x63\xa4\x40\xf2\
          \x77\x03\x7d\x81\x2d\xeb\x33\xa0\xf4\xa1\x39\x45\xd8\x98\xc2\x96",
        b"\x4f\xe3\x42\xe2\xfe\x1a\x7f\x9b\x8e\xe7\xeb\x4a\x7c\x0f\x9e\x16\
          \x2b\xce\x33\x57\x6b\x31\x5e\xce\xcb\xb6\x40\x68\x37\xbf\x51\xf5",
    );
    let head = b"\x00\xA1\x01\xA5\x01\x02\x03\x38\x18\x20\x01\x21\x58\x20";
    [&head[..], x, b"\x22\x58\x20", y].concat()
}

/// A key of CTAP 2.0 that answers with the same token whatever it is asked, and keeps the requests.
fn old(options: &'static [u8]) -> (Key, Arc<Mutex<Vec<Vec<u8>>>>) {
    made_up(options, None)
}

/// As [`old`], with this answer where the key is to verify its user by itself.
fn made_up(options: &'static [u8], by_itself: Option<u8>) -> (Key, Arc<Mutex<Vec<Vec<u8>>>>) {
    let asked = Arc::new(Mutex::new(Vec::new()));
    let log = asked.clone();
    let key = FakeKey::key(move |kind, request| {
        if kind != RequestKind::Cbor {
            return Reply::Now(vec![0x6D, 0x00]);
        }
        if request == [0x04] {
            let info = [b"\x00\xA3\x01\x81\x68FIDO_2_0\x03\x50AAAAAAAAAAAAAAAA\x04", options].concat();
            return Reply::Now(info);
        }
        log.lock().unwrap().push(request.to_vec());
        Reply::Now(match request {
            [0x06, rest @ ..] if rest.ends_with(b"\x02\x01") => b"\x00\xA1\x03\x08".to_vec(),
            [0x06, rest @ ..] if rest.ends_with(b"\x02\x02") => generator(),
            [0x06, _, 0x01, 0x01, 0x02, 0x06, ..] if by_itself.is_some() => by_itself.into_iter().collect(),
            _ => [&b"\x00\xA1\x02\x50"[..], &[7; 16]].concat(),
        })
    });
    (key, asked)
}

#[test]
fn a_key_of_ctap_2_0_gives_a_token_without_permissions() {
    let (mut key, asked) = old(b"\xA1\x69clientPin\xF5");
    key.token(MANAGE, None, &mut person(&["1234"])).unwrap();
    let asked = asked.lock().unwrap();
    // getPINRetries, getKeyAgreement, getPinToken: protocol one, and neither permissions nor an RP ID.
    let heads: Vec<_> = asked.iter().map(|request| request[..4].to_vec()).collect();
    assert_eq!(
        heads,
        [
            b"\x06\xA1\x02\x01".to_vec(),
            b"\x06\xA2\x01\x01".to_vec(),
            b"\x06\xA4\x01\x01".to_vec()
        ]
    );
    assert!(asked[2].starts_with(b"\x06\xA4\x01\x01\x02\x05\x03\xA5"));
}

#[test]
fn a_key_that_verifies_by_itself_is_not_told_the_pin() {
    let (mut key, asked) = old(b"\xA3\x62uv\xF5\x69clientPin\xF5\x6EpinUvAuthToken\xF5");
    let mut nobody = person(&[]);
    key.token(MANAGE, None, &mut nobody).unwrap();
    assert_eq!(nobody.requests, []);
    assert!(asked.lock().unwrap()[1].starts_with(b"\x06\xA4\x01\x01\x02\x06"));
    // It may not configure by its own verification, and so the PIN is asked for.
    let refused = key.token(Permissions::AUTHENTICATOR_CONFIG, None, &mut nobody);
    assert!(matches!(refused, Err(Error::PinNeeded)));
}

#[test]
fn a_key_without_pins_is_told_from_one_without_a_pin() {
    let (mut key, _) = old(b"\xA1\x62rk\xF5");
    assert!(matches!(
        key.token(MANAGE, None, &mut Unwatched),
        Err(Error::Unsupported { .. })
    ));
    let (mut key, _) = old(b"\xA1\x69clientPin\xF4");
    assert!(matches!(key.token(MANAGE, None, &mut Unwatched), Err(Error::NoPin)));
}

#[test]
fn where_the_keys_own_verification_fails_the_pin_is_asked_for() {
    // UV_INVALID and UV_BLOCKED.
    for status in [0x3F, 0x3C] {
        let (mut key, _) = made_up(b"\xA3\x62uv\xF5\x69clientPin\xF5\x6EpinUvAuthToken\xF5", Some(status));
        let mut owner = person(&["1234"]);
        key.token(MANAGE, None, &mut owner).unwrap();
        assert_eq!(owner.requests.len(), 1);

        // There is none, and the key is not said to need one.
        for none in [
            &b"\xA3\x62uv\xF5\x69clientPin\xF4\x6EpinUvAuthToken\xF5"[..],
            b"\xA2\x62uv\xF5\x6EpinUvAuthToken\xF5",
        ] {
            let (mut key, _) = made_up(none, Some(status));
            let refused = key.token(MANAGE, None, &mut owner);
            match status {
                0x3F => assert!(matches!(refused, Err(Error::NotVerified)), "{refused:?}"),
                _ => assert!(matches!(refused, Err(Error::VerificationBlocked)), "{refused:?}"),
            }
        }
    }
    // The user refused: that is no reason to ask for something else.
    let (mut key, _) = made_up(b"\xA3\x62uv\xF5\x69clientPin\xF5\x6EpinUvAuthToken\xF5", Some(0x27));
    let mut owner = person(&["1234"]);
    assert!(matches!(
        key.token(MANAGE, None, &mut owner),
        Err(Error::Status {
            status: Status::OperationDenied,
            ..
        })
    ));
    assert_eq!(owner.requests, []);
}

/// How a request begins, and the answer to it.
type Answers = &'static [(&'static [u8], &'static [u8])];

/// A key that prefers protocol two, and answers `two` under it to the requests that begin so; and how often it was sent
/// a PIN. Under protocol one it is right.
fn half_broken(two: Answers) -> (Key, Arc<Mutex<u64>>) {
    let sent = Arc::new(Mutex::new(0));
    let counter = sent.clone();
    let key = FakeKey::key(move |_, request| {
        if request == [0x04] {
            let head = b"\x00\xA4\x01\x81\x68FIDO_2_0\x03\x50AAAAAAAAAAAAAAAA\x04\xA1\x69clientPin\xF5\x06\x82\x02\x01";
            return Reply::Now(head.to_vec());
        }
        let mut sent = counter.lock().unwrap();
        *sent += u64::from(request[1..].starts_with(b"\xA4"));
        // Each PIN that was sent takes a try, where the answer says so.
        let broken = two.iter().find(|(head, _)| request.starts_with(head));
        Reply::Now(match (broken, request) {
            (Some((_, answer)), _) => answer.to_vec(),
            (None, b"\x06\xA1\x02\x01") if two.len() > 1 => vec![0x00, 0xA1, 0x03, u8::try_from(8 - *sent).unwrap()],
            (None, b"\x06\xA1\x02\x01") => b"\x00\xA1\x03\x08".to_vec(),
            (None, [0x06, 0xA2, ..]) => generator(),
            _ => [&b"\x00\xA1\x02\x50"[..], &[7; 16]].concat(),
        })
    });
    (key, sent)
}

#[test]
fn where_one_protocol_is_broken_the_other_is_tried() {
    const AGREE: &[u8] = b"\x06\xA2\x01\x02";
    const TOKEN: &[u8] = b"\x06\xA4\x01\x02";
    let cases: [(Answers, u64); 7] = [
        (&[(AGREE, b"\x02")], 1),
        (&[(AGREE, b"\x00")], 1),
        (&[(AGREE, b"\x00\xA0")], 1),
        (&[(AGREE, b"\x7F")], 1),
        // It was not looked at, or it was right.
        (&[(TOKEN, b"\x33")], 2),
        (&[(TOKEN, b"\x12")], 2),
        (&[(TOKEN, b"\x00\xA1\x02\x41\x00")], 2),
    ];
    for (two, sent) in cases {
        let (mut key, counter) = half_broken(two);
        key.token(MANAGE, None, &mut person(&["1234"])).unwrap();
        assert_eq!(*counter.lock().unwrap(), sent, "{two:02x?}");
        // From then on the one that works goes first.
        key.token(MANAGE, None, &mut person(&["1234"])).unwrap();
        assert_eq!(*counter.lock().unwrap(), sent + 1, "{two:02x?}");
    }
    // What took a try is a wrong PIN, whatever the key calls it, and no reason to send the PIN again.
    for answer in [&b"\x31"[..], b"\x7F", b"\x33", b"\x00\x80"] {
        let two: Answers = Box::leak(Box::new([(TOKEN, answer), (b"none", b"")]));
        let (mut key, counter) = half_broken(two);
        let refused = key.token(MANAGE, None, &mut Once);
        assert!(matches!(refused, Err(Error::WrongPin { left: Some(7) })), "{refused:?}");
        assert_eq!(*counter.lock().unwrap(), 1);
    }
    // Where both are broken, the first failure is told.
    let (mut key, _) = half_broken(&[(b"\x06\xA2\x01\x02", b"\x3E"), (b"\x06\xA2\x01\x01", b"\x02")]);
    let refused = key.token(MANAGE, None, &mut Once);
    assert!(matches!(
        refused,
        Err(Error::Status {
            status: Status::InvalidSubcommand,
            ..
        })
    ));
}

/// A script that knows one PIN.
struct Once;

impl Watch for Once {}

impl UserInteraction for Once {
    fn pin(&mut self, _: &PinRequest) -> Result<Pin, Error> {
        Ok(pin("1234"))
    }
}
