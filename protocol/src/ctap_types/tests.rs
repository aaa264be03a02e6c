use std::boxed::Box;
use std::vec;
use std::vec::Vec;

use brasskey_conformance::host::cbor::decode_canonical;
use brasskey_conformance::host::response::Response;
use brasskey_conformance::host::verify::PublicKey;
use ciborium::Value;
use ctap_types::ctap1::{self, ControlByte};
use ctap_types::ctap2::get_info::{Extension, Version};
use ctap_types::ctap2::{self, Authenticator as _};

use super::*;
use crate::ctap2::Status;
use crate::ctap2::token::Permissions;
use crate::limits::LARGE_BLOB_ARRAY_MAX;
use crate::platform::Presence;
use crate::testing::attestation::{BATCH, certificate, point};
use crate::testing::key::{Assertion, Key, Made};
use crate::testing::pin::{Agreement, PIN, Protocol, Token, client_pin, cp};
use crate::testing::request::{
    GET_INFO, GET_NEXT_ASSERTION, RESET, RP, Request, SELECTION, array, descriptor, get_assertion, get_assertion_by,
    make_credential, make_discoverable, manage, map, option, parameters, set_min_pin_length, user,
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
    fn answer(&mut self, request: impl Into<Vec<u8>>) -> Vec<u8> {
        let message = request.into();
        let mut response = Box::new([0; MAX_MESSAGE]);
        let length = self.direct.0.ctap2(CHANNEL, &message, &mut response);
        let answer = response[..length].to_vec();
        let other = through(&mut self.through, &message);
        assert_eq!(
            comparable(&message, &other),
            comparable(&message, &answer),
            "{message:02x?}"
        );
        other
    }

    /// The same for what is done.
    #[track_caller]
    fn done(&mut self, request: impl Into<Vec<u8>>) -> Response {
        let response = Response::decode(&self.answer(request));
        assert_eq!(response.status, 0);
        response
    }

    /// The same for what is refused.
    #[track_caller]
    fn refused(&mut self, request: impl Into<Vec<u8>>, status: Status) {
        assert_eq!(self.answer(request), [status.code()]);
    }

    #[track_caller]
    fn register(&mut self, request: &Request) -> Made {
        Made::of(&self.done(request))
    }

    fn token(&mut self, permissions: Permissions) -> Token {
        let token = self.direct.issue(permissions, None);
        assert_eq!(self.through.issue(permissions, None), token);
        token
    }
}

/// A status, and what follows it. Without the signature: some libraries sign with a random nonce.
fn comparable(message: &[u8], answer: &[u8]) -> (u8, Option<Value>) {
    let (&status, body) = answer.split_first().unwrap();
    let mut body = (!body.is_empty()).then(|| decode_canonical(body));
    if let (Some(Value::Map(members)), 0x01 | 0x02 | 0x08) = (&mut body, message[0]) {
        let (_, signed) = members.iter_mut().find(|(key, _)| *key == 3.into()).unwrap();
        match signed {
            Value::Map(statement) => statement.retain(|(name, _)| *name != "sig".into()),
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
    let made = keys.register(&make_credential(RP, b"1"));
    let id = &made.id[..];
    Assertion::of(&keys.done(get_assertion_by(RP, &[id]))).is_by(&made, RP);
    keys.register(&make_credential(RP, b"2").with(4, array([parameters(-8), parameters(-7)])));
    keys.refused(
        make_credential(RP, b"1").with(5, array([descriptor(id)])),
        Status::CredentialExcluded,
    );
    keys.refused(get_assertion_by(RP, &[&[7; 59]]), Status::NoCredentials);
    keys.refused(make_credential(RP, b"1").with(1, &[7; 31][..]), Status::InvalidLength);

    let inputs = [
        ("credProtect", 1.into()),
        ("hmac-secret", true.into()),
        ("largeBlobKey", true.into()),
    ];
    keys.register(&make_discoverable(RP, b"3").with(6, map(inputs)));
    keys.register(&make_discoverable(RP, b"4").with(6, map([("credBlob", b"blob"[..].into())])));
    keys.done(get_assertion(RP).with(4, map([("credBlob", true.into())])));
    keys.done(GET_NEXT_ASSERTION);
    keys.refused(GET_NEXT_ASSERTION, Status::NotAllowed);
    keys.refused(get_assertion(RP).with(5, option("uv", true)), Status::InvalidOption);
    keys.done(SELECTION);
    for key in [&mut keys.direct, &mut keys.through] {
        key.user().answers.push_back(Presence::Declined);
    }
    keys.refused(SELECTION, Status::OperationDenied);
}

#[test]
fn pins_are_set_and_tried_alike() {
    let mut keys = Twins::new();
    let get_key_agreement = client_pin(0x02).with(cp::PIN_UV_AUTH_PROTOCOL, 2);
    let agreed = keys.done(&get_key_agreement);
    let agreement = Agreement::new(Protocol::Two, &agreed.ok()[&1]);
    assert_eq!(agreed, keys.done(&get_key_agreement));
    keys.refused(agreement.get_pin_token(PIN), Status::PinNotSet);
    assert_eq!(keys.done(agreement.set_pin(PIN)), Response::bare(0));
    let token = agreement.token(&keys.done(agreement.get_token(PIN, 0x01, Some(RP))));
    keys.done(token.on(make_credential(RP, b"1")));
    keys.refused(agreement.get_token("4321", 0x01, Some(RP)), Status::PinInvalid);
    keys.done(client_pin(0x01));
}

#[test]
fn credentials_are_managed_alike() {
    let mut keys = Twins::new();
    let id = keys.register(&make_discoverable(RP, b"1")).id;
    keys.register(&make_discoverable(RP, b"2"));
    let manager = keys.token(Permissions::CREDENTIAL_MANAGEMENT);
    keys.done(manager.metadata());
    keys.done(manager.relying_parties());
    keys.done(manager.credentials(RP));
    keys.done(manage(0x05, None));
    keys.done(manager.update(&id, user(b"1")));
    keys.done(manager.delete(&id));
    keys.refused(manager.delete(&id), Status::NoCredentials);
    keys.refused(manage(0x05, None), Status::NotAllowed);
}

#[test]
fn settings_are_changed_alike() {
    let mut keys = Twins::new();
    let token = keys.token(Permissions::AUTHENTICATOR_CONFIG);
    assert_eq!(keys.done(token.configure(0x02, None)), Response::bare(0));
    let minimum = set_min_pin_length([(1, 6.into()), (2, array([RP.into()]))]);
    assert_eq!(keys.done(token.on(minimum)), Response::bare(0));
    let lower = set_min_pin_length([(1, 5.into())]);
    keys.refused(token.on(lower), Status::PinPolicyViolation);
    assert_eq!(keys.done(RESET), Response::bare(0));
    assert_eq!(keys.done(set_min_pin_length([(1, 5.into())])), Response::bare(0));
}

#[test]
fn a_certificate_of_any_length_is_taken_out_of_a_registration() {
    for length in [0, 1, 0x7f, 0x80, 0xff, 0x100, 600] {
        let head = match u16::try_from(length).unwrap().to_be_bytes() {
            [0, low @ 0..=0x7f] => vec![0x30, low],
            [0, low] => vec![0x30, 0x81, low],
            [high, low] => vec![0x30, 0x82, high, low],
        };
        let certificate = [head, vec![0xcc; length]].concat();
        let parts: [&[u8]; 6] = [&[5], &[4; 65], &[3], &[7; 3], &certificate, b"signature"];
        let response = super::ctap1::registration(&parts.concat()).unwrap();
        assert_eq!(response.attestation_certificate[..], certificate, "{length}");
        assert_eq!(&response.signature[..], b"signature", "{length}");
    }
}

#[test]
fn large_blobs_are_read_and_written_alike() {
    let mut keys = Twins::new();
    let get = |count: i64| Request::new(0x0c).with(1, count).with(3, 0);
    let longest = i64::try_from(ctap_types::sizes::LARGE_BLOB_MAX_FRAGMENT_LENGTH).unwrap();
    keys.done(get(longest));
    let token = keys.token(Permissions::LARGE_BLOB_WRITE);
    let array = keys.done(get(17)).ok()[&1].clone();
    let set = Request::new(0x0c).with(2, array).with(3, 0).with(4, 17);
    keys.done(token.on(set));
    let too_long = get(longest + 1).encode();
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
    let offered = key.answer(GET_INFO).unwrap();
    let names = offered[&2]
        .as_array()
        .unwrap()
        .iter()
        .map(|name| name.as_text().unwrap());
    let known: Vec<_> = names.filter(|name| *name != "pinComplexityPolicy").collect();
    let extensions: Vec<&str> = info.extensions.unwrap().into_iter().map(Extension::into).collect();
    assert_eq!(extensions, known);
    assert_eq!(offered[&3], info.aaguid[..].into());
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
    PublicKey::es256(point(&BATCH)).verify(&[&signed], &registered.signature);

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
    // The longest there can be: the length has one byte.
    assert_eq!(
        send(&mut key, authenticate(ControlByte::CheckOnly, &[7; 255])),
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
    let public_key = registered.public_key[..].try_into().unwrap();
    PublicKey::es256(public_key).verify(&[&signed], signature);
    let unasked = send(
        &mut key,
        authenticate(ControlByte::DontEnforceUserPresenceAndSign, handle),
    )
    .unwrap();
    assert_eq!(unasked[0], 0);
    assert_eq!(send(&mut key, ctap1::Request::Version), Ok(b"U2F_V2".to_vec()));
}
