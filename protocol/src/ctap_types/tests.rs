use std::boxed::Box;
use std::vec;
use std::vec::Vec;

use cbor4ii::core::Value;
use ctap_types::ctap1::{self, ControlByte};
use ctap_types::ctap2::get_info::{Extension, Version};
use ctap_types::ctap2::{self, Authenticator as _};

use super::*;
use crate::ctap2::Status;
use crate::ctap2::pin_protocol::Protocol;
use crate::ctap2::token::Permissions;
use crate::limits::LARGE_BLOB_ARRAY_MAX;
use crate::testing::attestation::{BATCH, certificate, point};
use crate::testing::cbor::{Tree, array, bytes, decode, decode_first, int, map, text};
use crate::testing::key::{Key, verifies, verifies_p256};
use crate::testing::manager::next;
use crate::testing::pin::{PIN, Platform, Token, client_pin, get_key_agreement};
use crate::testing::request::{
    HASH, RP, Request, config, descriptor, discover, get_assertion, get_info, make_credential, make_discoverable,
    next_assertion, option, parameter, reset, selection, set_min_pin_length, user,
};

/// Two keys with the same secrets. One is asked by the bytes of each message, the other through `ctap-types`.
struct Twins {
    direct: Key,
    through: Key,
}

impl Twins {
    fn new() -> Self {
        Self {
            direct: Key::new(),
            through: Key::new(),
        }
    }

    /// What the second key answers, after holding it to what the first does.
    #[track_caller]
    fn answer(&mut self, request: &Request) -> Vec<u8> {
        let message = request.bytes();
        let mut response = Box::new([0; MAX_MESSAGE]);
        let length = self.direct.0.ctap2(CHANNEL, &message, &mut response);
        let answer = response[..length].to_vec();
        let other = through(&mut self.through, &message);
        assert_eq!(
            comparable(&message, &other),
            comparable(&message, &answer),
            "{request:?}"
        );
        other
    }

    /// The same for what is done.
    #[track_caller]
    fn done(&mut self, request: &Request) -> Vec<u8> {
        let answer = self.answer(request);
        assert_eq!(answer[0], 0, "{request:?}");
        answer[1..].to_vec()
    }

    /// The same for what is refused.
    #[track_caller]
    fn refused(&mut self, request: &Request, status: Status) {
        assert_eq!(self.answer(request), [status.code()], "{request:?}");
    }

    /// The credential ID and the public key.
    #[track_caller]
    fn register(&mut self, request: &Request) -> (Vec<u8>, Value) {
        let answer = decode(&self.done(request));
        let auth_data = answer.number(2).as_bytes();
        let length = u16::from_be_bytes([auth_data[53], auth_data[54]]);
        let (id, rest) = auth_data[55..].split_at(length.into());
        (id.to_vec(), decode_first(rest).0)
    }

    fn token(&mut self, permissions: Permissions) -> Token {
        let token = self.direct.issue(Protocol::Two, permissions, None);
        assert_eq!(self.through.issue(Protocol::Two, permissions, None), token);
        token
    }
}

/// A status, and what follows it. Without the signature: some libraries sign with a random nonce.
fn comparable(message: &[u8], answer: &[u8]) -> (u8, Option<Value>) {
    let (&status, body) = answer.split_first().unwrap();
    let mut body = (!body.is_empty()).then(|| decode(body));
    if let (Some(Value::Map(members)), 0x01 | 0x02 | 0x08) = (&mut body, message[0]) {
        let (_, signed) = members.iter_mut().find(|(key, _)| *key == int(3)).unwrap();
        match signed {
            Value::Map(statement) => statement.retain(|(name, _)| *name != text("sig")),
            signature => *signature = Value::Null,
        }
    }
    (status, body)
}

/// As a runner does it: decode, call, encode.
fn through(key: &mut Key, message: &[u8]) -> Vec<u8> {
    let mut response = ctap2::Response::Reset;
    let called = ctap2::Request::deserialize(message).and_then(|request| key.0.call_ctap2(&request, &mut response));
    match called {
        Ok(()) => {
            let mut buffer = ctap_types::Vec::<u8, MAX_MESSAGE>::new();
            response.serialize(&mut buffer);
            buffer.to_vec()
        }
        Err(error) => vec![error.into()],
    }
}

#[test]
fn credentials_are_made_and_used_alike() {
    let mut keys = Twins::new();
    let (id, public_key) = keys.register(&make_credential(RP, b"1"));
    let answer = decode(&keys.done(&get_assertion(RP, &[&id])));
    let signed = [answer.number(2).as_bytes(), &HASH].concat();
    assert!(verifies(&public_key, &signed, answer.number(3).as_bytes()));
    keys.register(&make_credential(RP, b"2").with(4, array([parameter(-8), parameter(-7)])));
    keys.refused(
        &make_credential(RP, b"1").with(5, array([descriptor(&id)])),
        Status::CredentialExcluded,
    );
    keys.refused(&get_assertion(RP, &[&[7; 59]]), Status::NoCredentials);
    keys.refused(
        &make_credential(RP, b"1").with(1, bytes([7; 31])),
        Status::InvalidLength,
    );

    let inputs = [
        ("credProtect", int(1)),
        ("hmac-secret", Value::Bool(true)),
        ("largeBlobKey", Value::Bool(true)),
    ];
    keys.register(&make_discoverable(RP, b"3").with(6, map(inputs)));
    keys.register(&make_discoverable(RP, b"4").with(6, map([("credBlob", bytes(b"blob"))])));
    keys.done(&discover(RP).with(4, map([("credBlob", Value::Bool(true))])));
    keys.done(&next_assertion());
    keys.refused(&next_assertion(), Status::NotAllowed);
    keys.refused(&discover(RP).with(5, option("uv", true)), Status::InvalidOption);
    keys.done(&selection());
}

#[test]
fn pins_are_set_and_tried_alike() {
    let mut keys = Twins::new();
    let agreement = keys.done(&get_key_agreement(2));
    let platform = Platform::new(&mut keys.direct, Protocol::Two);
    assert_eq!(agreement, keys.done(&get_key_agreement(2)));
    keys.refused(&platform.get_pin_token(PIN), Status::PinNotSet);
    assert_eq!(keys.done(&platform.set_pin(PIN)), []);
    let answer = keys.done(&platform.get_token(PIN, 0x01, Some(RP)));
    let token = platform.token(&decode(&answer));
    keys.done(&token.sign(make_credential(RP, b"1")));
    keys.refused(&platform.get_token("4321", 0x01, Some(RP)), Status::PinInvalid);
    keys.done(&client_pin(0x01));
}

#[test]
fn credentials_are_managed_alike() {
    let mut keys = Twins::new();
    let (id, _) = keys.register(&make_discoverable(RP, b"1"));
    keys.register(&make_discoverable(RP, b"2"));
    let manager = keys.token(Permissions::CREDENTIAL_MANAGEMENT);
    keys.done(&manager.metadata());
    keys.done(&manager.relying_parties());
    keys.done(&manager.credentials_of(RP));
    keys.done(&next(0x05));
    keys.done(&manager.update(&id, user(b"1")));
    keys.done(&manager.delete(&id));
    keys.refused(&manager.delete(&id), Status::NoCredentials);
    keys.refused(&next(0x05), Status::NotAllowed);
}

#[test]
fn settings_are_changed_alike() {
    let mut keys = Twins::new();
    let token = keys.token(Permissions::AUTHENTICATOR_CONFIG);
    assert_eq!(keys.done(&token.sign(config(0x02))), []);
    let minimum = set_min_pin_length([(1, int(6)), (2, array([text(RP)]))]);
    assert_eq!(keys.done(&token.sign(minimum)), []);
    let lower = set_min_pin_length([(1, int(5))]);
    keys.refused(&token.sign(lower), Status::PinPolicyViolation);
    assert_eq!(keys.done(&reset()), []);
}

#[test]
fn large_blobs_are_read_and_written_alike() {
    let mut keys = Twins::new();
    let get = |count: i64| Request::new(0x0c).with(1, int(count)).with(3, int(0));
    let longest = i64::try_from(ctap_types::sizes::LARGE_BLOB_MAX_FRAGMENT_LENGTH).unwrap();
    keys.done(&get(longest));
    let token = keys.token(Permissions::LARGE_BLOB_WRITE);
    let array = decode(&keys.done(&get(17))).number(1).as_bytes().to_vec();
    let set = Request::new(0x0c)
        .with(2, bytes(array))
        .with(3, int(0))
        .with(4, int(17));
    keys.done(&token.sign(set));
    let too_long = get(longest + 1).bytes();
    assert_eq!(through(&mut keys.through, &too_long), [Status::InvalidLength.code()]);
    assert!(
        longest < i64::try_from(LARGE_BLOB_ARRAY_MAX).unwrap(),
        "the limit is one"
    );
}

#[test]
fn get_info_promises_what_gets_through() {
    let mut key = Key::new();
    let info = key.0.get_info();
    assert_eq!(
        info.versions,
        [Version::U2fV2, Version::Fido2_0, Version::Fido2_1, Version::Fido2_3]
    );
    let offered = key.send(&get_info()).unwrap().unwrap();
    let Value::Array(names) = offered.number(2) else {
        panic!("a list of names")
    };
    let names = names.iter().map(Tree::as_text);
    let known: Vec<_> = names.filter(|name| *name != "pinComplexityPolicy").collect();
    let extensions: Vec<&str> = info.extensions.unwrap().into_iter().map(Extension::into).collect();
    assert_eq!(extensions, known);
    assert_eq!(&info.aaguid[..], offered.number(3).as_bytes());
    assert_eq!(info.options.unwrap().client_pin, Some(false));
    assert_eq!((info.max_msg_size, info.max_creds_in_list), (Some(3072), Some(10)));
    assert_eq!(info.max_rpids_for_set_min_pin_length, Some(4));
    assert_eq!(info.min_pin_length, Some(4));
    assert!(info.algorithms.is_some() && info.attestation_formats.is_some());
}

#[test]
fn a_key_that_refuses_all_work_lists_no_version() {
    let mut key = Key::new();
    key.storage_mut().broken = true;
    assert_eq!(key.0.get_info().versions, []);
    assert_eq!(key.0.selection(), Ok(()));
}

#[test]
fn commands_of_vendors_are_unknown() {
    assert_eq!(through(&mut Key::new(), &[0x50]), [Status::InvalidCommand.code()]);
}

#[test]
fn every_error_keeps_its_code() {
    for code in 1..=Error::SpecLast.into() {
        let status = Status::from(code);
        let is_named = !matches!(status, Status::Unknown(_) | Status::SpecLast);
        let expected = if is_named { code } else { Status::Other.code() };
        assert_eq!(u8::from(error(code)), expected, "{status}");
    }
}

/// A U2F message as a runner passes it on.
fn send(key: &mut Key, request: ctap1::Request<'_>) -> ctap1::Result<Vec<u8>> {
    use ctap1::Authenticator as _;
    let mut buffer = ctap_types::Vec::<u8, MAX_MESSAGE>::new();
    key.0.call_ctap1(&request)?.serialize(&mut buffer).unwrap();
    Ok(buffer.to_vec())
}

#[test]
fn u2f_registers_and_authenticates() {
    let mut key = Key::with_batch();
    let (challenge, app_id) = (&[1; 32], &[2; 32]);
    let register = ctap1::register::Request { challenge, app_id };
    assert_eq!(
        send(&mut key, ctap1::Request::Register(register.clone())),
        Err(ctap1::Error::ConditionsOfUseNotSatisfied)
    );
    key.user().touches = 1;
    let registered = ctap1::Authenticator::register(&mut key.0, &register).unwrap();
    assert_eq!(registered.header_byte, 5);
    assert_eq!(&registered.attestation_certificate[..], certificate(&BATCH, 600));
    let signed = [
        &[0][..],
        app_id,
        challenge,
        &registered.key_handle,
        &registered.public_key,
    ]
    .concat();
    assert!(verifies_p256(&point(&BATCH), &signed, &registered.signature));

    let authenticate = |control_byte, key_handle| {
        ctap1::Request::Authenticate(ctap1::authenticate::Request {
            control_byte,
            challenge,
            app_id,
            key_handle,
        })
    };
    let handle = &registered.key_handle[..];
    assert_eq!(
        send(&mut key, authenticate(ControlByte::CheckOnly, handle)),
        Err(ctap1::Error::ConditionsOfUseNotSatisfied)
    );
    assert_eq!(
        send(&mut key, authenticate(ControlByte::CheckOnly, &handle[1..])),
        Err(ctap1::Error::IncorrectDataParameter)
    );
    assert_eq!(
        send(&mut key, authenticate(ControlByte::CheckOnly, &[7; 256])),
        Err(ctap1::Error::WrongLength)
    );
    key.user().touches = 1;
    let answer = send(&mut key, authenticate(ControlByte::EnforceUserPresenceAndSign, handle)).unwrap();
    let (covered, signature) = answer.split_at(5);
    let signed = [app_id, covered, challenge].concat();
    assert!(verifies_p256(&registered.public_key, &signed, signature));
    let unasked = send(
        &mut key,
        authenticate(ControlByte::DontEnforceUserPresenceAndSign, handle),
    )
    .unwrap();
    assert_eq!(unasked[0], 0);
    assert_eq!(send(&mut key, ctap1::Request::Version), Ok(b"U2F_V2".to_vec()));
}
