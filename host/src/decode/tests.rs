//! Inputs as people paste them, whole and broken.

use std::sync::LazyLock;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use proptest::prelude::*;

use super::*;
use crate::client::Unwatched;
use crate::client::ceremony::{Protocol, create, get};
use crate::client::u2f::Registration;
use crate::client::{Channel, Key};
use crate::relying_party::Outcome;
use crate::soft::{SoftKey, Touch};
use crate::webauthn::{
    AssertionResponse, AttestationConveyancePreference, AttestationResponse, CreationOptions, Origin,
    RelyingPartyEntity, RequestOptions, UserEntity,
};

fn soft() -> SoftKey {
    SoftKey::builder().touch(Touch::Auto).build().unwrap()
}

/// A registration and a sign-in at example.com.
fn answers(protocol: Protocol) -> (AttestationResponse, AssertionResponse) {
    let soft = soft();
    let mut key = Key::open(Box::new(soft.connect())).unwrap();
    let origin = Origin::parse("https://login.example.com").unwrap();
    let user = UserEntity::new(*b"id", "alice\u{202e}");
    let mut options = CreationOptions::new(RelyingPartyEntity::new("example.com"), user).unwrap();
    options.attestation = AttestationConveyancePreference::Direct;
    let registered = create(&mut key, &options, &origin, protocol, &mut Unwatched).unwrap();
    let mut options = RequestOptions::new("example.com").unwrap();
    options.allow = vec![crate::webauthn::CredentialDescriptor {
        id: registered.credential_id.clone(),
        transports: Vec::new(),
    }];
    let signed_in = get(&mut key, &options, &origin, protocol, &mut Unwatched).unwrap();
    (registered, signed_in)
}

fn read(input: impl AsRef<[u8]>) -> Decoded {
    decode(input.as_ref(), &Options::default()).unwrap()
}

fn outcome(decoded: &Decoded, name: &str) -> Outcome {
    decoded.checks.iter().find(|check| check.name == name).unwrap().outcome
}

fn find<'a>(decoded: &'a Decoded, name: &str) -> &'a Node {
    let mut members = decoded.members.iter();
    members
        .find_map(|node| if node.name == name { Some(node) } else { node.find(name) })
        .unwrap()
}

fn b64(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

#[test]
fn a_registration_is_explained_and_verified_by_either_protocol() {
    for protocol in [Protocol::Ctap2, Protocol::U2f] {
        let (registered, _) = answers(protocol);
        let input = b64(&registered.attestation_object);
        let mut options = Options {
            client_data: Some(registered.client_data_json.clone()),
            rp_id: Some("example.com".to_owned()),
            ..Options::default()
        };
        let decoded = decode(input.as_bytes(), &options).unwrap();
        assert_eq!(
            (decoded.kind, decoded.encoding),
            (Kind::AttestationObject, Encoding::Base64Url)
        );
        assert_eq!(decoded.faults, []);
        assert!(
            decoded.checks.iter().all(|check| check.outcome == Outcome::Passed),
            "{:?}",
            decoded.checks
        );
        assert_eq!(decoded.checks.len(), 3);
        assert_eq!(find(&decoded, "AT").value, Some(Value::Bool(true)));
        assert_eq!(find(&decoded, "kty").value, Some(Value::Integer(2)));
        // Another client data, and another RP ID.
        options.rp_id = Some("example.org".to_owned());
        options.client_data = Some(b"{}".to_vec());
        let decoded = decode(input.as_bytes(), &options).unwrap();
        assert_eq!(outcome(&decoded, "RP ID hash"), Outcome::Failed);
        assert_eq!(outcome(&decoded, "attestation signature"), Outcome::Failed);
        options.client_data = None;
        let decoded = decode(input.as_bytes(), &options).unwrap();
        assert_eq!(outcome(&decoded, "attestation signature"), Outcome::Skipped);
    }
}

#[test]
fn whole_answers_in_json_are_explained_and_verified() {
    let (registered, signed_in) = answers(Protocol::Ctap2);
    let id = b64(&registered.credential_id);
    let json = serde_json::json!({
        "id": id, "rawId": id, "type": "public-key", "clientExtensionResults": {},
        "response": {
            "clientDataJSON": b64(&registered.client_data_json),
            "attestationObject": b64(&registered.attestation_object),
        },
    });
    let decoded = read(json.to_string());
    assert_eq!((decoded.kind, &decoded.faults[..]), (Kind::RegistrationJson, &[][..]));
    assert_eq!(outcome(&decoded, "attestation signature"), Outcome::Passed);
    // The origin is login.example.com.
    assert_eq!(outcome(&decoded, "RP ID hash"), Outcome::Passed);
    let (kind, expected) = (&find(&decoded, "type").value, "webauthn.create".to_owned());
    assert_eq!(*kind, Some(Value::Text(expected)));

    let data = crate::webauthn::authenticator_data::AuthenticatorData::parse;
    let object = item::read(&registered.attestation_object, 0).item.unwrap();
    let auth_data = object
        .named("authData")
        .and_then(item::Item::as_bytes)
        .unwrap()
        .to_vec();
    let key = data(&auth_data).unwrap().attested.unwrap().public_key.to_vec();
    let json = serde_json::json!({
        "id": id, "rawId": id, "type": "public-key", "clientExtensionResults": {},
        "response": {
            "clientDataJSON": b64(&signed_in.client_data_json),
            "authenticatorData": b64(&signed_in.authenticator_data),
            "signature": b64(&signed_in.signature),
        },
    })
    .to_string();
    let mut options = Options::default();
    let decoded = decode(json.as_bytes(), &options).unwrap();
    assert_eq!(
        (decoded.kind, outcome(&decoded, "signature")),
        (Kind::AuthenticationJson, Outcome::Skipped)
    );
    options.public_key = Some(key.clone());
    let decoded = decode(json.as_bytes(), &options).unwrap();
    assert_eq!(outcome(&decoded, "signature"), Outcome::Passed);
    assert_eq!(read(data_encoding::HEXLOWER.encode(&key)).kind, Kind::CoseKey);
    assert_eq!(read(&signed_in.authenticator_data).kind, Kind::AuthenticatorData);
    assert_eq!(read(&signed_in.client_data_json).kind, Kind::ClientData);
}

#[test]
fn a_key_s_own_answers_are_recognised() {
    let soft = soft();
    let mut channel = Channel::open(Box::new(soft.connect())).unwrap();
    let answer = channel.cbor(&[0x04], &mut Unwatched).unwrap();
    let decoded = read(&answer);
    assert_eq!((decoded.kind, &decoded.faults[..]), (Kind::Ctap2Answer, &[][..]));
    assert_eq!(find(&decoded, "versions").number, Some(1));
    assert_eq!(
        find(&decoded, "rk").meaning.as_deref(),
        words::OPTIONS.first().map(|choice| choice.yes)
    );
    assert_eq!(read(&answer[1..]).kind, Kind::GetInfo);
    let version = channel.message(&[0, 3, 0, 0, 0, 0, 0]).unwrap();
    assert_eq!(read(data_encoding::HEXUPPER.encode(&version)).kind, Kind::U2fAnswer);
}

#[test]
fn bare_answers_of_u2f_are_verified_where_what_was_signed_is_known() {
    let soft = SoftKey::builder().touch(Touch::Auto).build().unwrap();
    let mut channel = Channel::open(Box::new(soft.connect())).unwrap();
    let json = br#"{"type":"webauthn.create","challenge":"AA","origin":"https://login.example.com"}"#;
    let sha256 = |bytes: &[u8]| ring::digest::digest(&ring::digest::SHA256, bytes).as_ref().to_vec();
    let parameters = [sha256(json), sha256(b"example.com")].concat();
    let mut ask = |instruction, data: &[u8]| {
        let length = u16::try_from(data.len()).unwrap().to_be_bytes();
        let apdu = [&[0, instruction, 3, 0, 0], &length[..], data, &[0, 0]].concat();
        let answers = std::iter::repeat_with(|| channel.message(&apdu).unwrap());
        answers
            .take(100)
            .find(|answer| answer.ends_with(&[0x90, 0x00]))
            .unwrap()
    };
    let registered = ask(0x01, &parameters);
    let registration = Registration::parse(&registered[..registered.len() - 2]).unwrap();
    let length = u8::try_from(registration.key_handle.len()).unwrap();
    let signed = ask(0x02, &[&parameters[..], &[length], &registration.key_handle].concat());
    let (x, y) = registration.public_key[1..].split_at(32);
    let key = [b"\xA5\x01\x02\x03\x26\x20\x01\x21\x58\x20", x, b"\x22\x58\x20", y].concat();
    for (answer, name) in [(registered, "attestation signature"), (signed, "signature")] {
        for bytes in [&answer[..], &answer[..answer.len() - 2]] {
            let with = |client_data: Option<&[u8]>, rp_id: Option<&str>| {
                let options = Options {
                    kind: Some(Kind::U2fAnswer),
                    client_data: client_data.map(<[u8]>::to_vec),
                    rp_id: rp_id.map(str::to_owned),
                    public_key: Some(key.clone()),
                };
                let decoded = decode(bytes, &options).unwrap();
                assert_eq!(decoded.faults, []);
                outcome(&decoded, name)
            };
            // The RP ID is given, or found by the origin.
            assert_eq!(with(Some(json), Some("example.com")), Outcome::Passed);
            assert_eq!(with(Some(json), None), Outcome::Passed);
            assert_eq!(with(Some(json), Some("example.org")), Outcome::Failed);
            assert_eq!(
                with(Some(br#"{"origin":"https://example.com"}"#), None),
                Outcome::Failed
            );
            assert_eq!(with(Some(b"{}"), None), Outcome::Skipped);
            assert_eq!(with(None, Some("example.com")), Outcome::Skipped);
        }
    }
}

#[test]
fn what_is_short_may_be_several_things_and_that_is_said() {
    let decoded = read("04");
    assert_eq!(
        (decoded.kind, &decoded.also[..]),
        (Kind::Ctap2Request, &[Kind::Ctap2Answer][..])
    );
    let options = Options {
        kind: Some(Kind::Ctap2Answer),
        ..Options::default()
    };
    let decoded = decode(b"04", &options).unwrap();
    assert!(decoded.also.is_empty());
    assert!(
        find(&decoded, "status")
            .meaning
            .as_deref()
            .unwrap()
            .contains("CTAP1_ERR_INVALID_SEQ")
    );
    let decoded = read("2e");
    assert!(
        find(&decoded, "status")
            .meaning
            .as_deref()
            .unwrap()
            .contains("CTAP2_ERR_NO_CREDENTIALS (0x2E)")
    );
    let decoded = read("06a0");
    assert_eq!(decoded.kind, Kind::Ctap2Request);
}

#[test]
fn reports_are_put_together_and_each_answer_is_read_by_its_request() {
    let long = vec![0xA0; 100];
    let mut dump = Vec::new();
    for (command, payload) in [
        (0x06, &b"12345678"[..]),
        (0x10, b"\x04"),
        (0x3B, b"\x02"),
        (0x10, b"\x00\xA2\x01\x80\x03\x50AAAAAAAAAAAAAAAA"),
        (0x01, &long),
        (0x01, &long),
        (0x10, b"\x07"),
        (0x10, b"\x30"),
    ] {
        let channel = if command == 0x06 { 0xFFFF_FFFF } else { 7 };
        dump.extend(
            brasskey_protocol::ctaphid::fragment(channel, command, payload)
                .unwrap()
                .flatten(),
        );
    }
    let decoded = read(&dump);
    assert_eq!((decoded.kind, &decoded.faults[..]), (Kind::Ctaphid, &[][..]));
    let names: Vec<_> = decoded.members.iter().map(|node| node.name.as_str()).collect();
    let expected = [
        "to key: CTAPHID_INIT",
        "to key: CTAPHID_CBOR",
        "from key: CTAPHID_KEEPALIVE",
        "from key: CTAPHID_CBOR",
        "to key: CTAPHID_PING",
        "from key: CTAPHID_PING",
        "to key: CTAPHID_CBOR",
        "from key: CTAPHID_CBOR",
    ];
    assert_eq!(names, expected);
    assert!(decoded.members[3].find("aaguid").is_some());
    // A report number before each, as a program writes them; and a dump of it all.
    let numbered: Vec<u8> = dump.chunks(64).flat_map(|report| [&[0], report].concat()).collect();
    assert_eq!(read(&numbered).members.len(), 8);
    // The end is missing.
    let cut = &dump[..dump.len() - 3 * 64 - 5];
    let broken = read(cut);
    assert_eq!(broken.kind, Kind::Ctaphid);
    assert!(broken.faults.iter().any(|fault| fault.fatal), "{:?}", broken.faults);
}

/// A classic capture of usbmon with these packets: event, endpoint, device, data.
fn usbmon(packets: &[(u8, u8, u8, &[u8])]) -> Vec<u8> {
    let mut file = b"\xD4\xC3\xB2\xA1\x02\x00\x04\x00\0\0\0\0\0\0\0\0\xFF\xFF\0\0".to_vec();
    file.extend(220u32.to_le_bytes());
    for (event, endpoint, device, data) in packets {
        let mut header = vec![0; 64];
        header[8..12].copy_from_slice(&[*event, 1, *endpoint, *device]);
        let length = u32::try_from(64 + data.len()).unwrap().to_le_bytes();
        file.extend([[0; 4], [0; 4], length, length].concat());
        file.extend(header);
        file.extend_from_slice(data);
    }
    file
}

#[test]
fn a_capture_shows_the_key_and_nothing_else_that_is_plugged_in() {
    let report = |command, payload: &[u8]| {
        brasskey_protocol::ctaphid::fragment(7, command, payload)
            .unwrap()
            .next()
            .unwrap()
    };
    let (asked, answered) = (report(0x10, b"\x0B"), report(0x10, b"\x2F"));
    let file = usbmon(&[
        (b'S', 0x01, 3, &asked),
        (b'C', 0x01, 3, &[]),
        (b'C', 0x82, 9, &[0x55; 64]),
        (b'C', 0x82, 9, &[1, 2, 3]),
        (b'C', 0x81, 3, &answered),
    ]);
    let decoded = read(&file);
    assert_eq!((decoded.kind, &decoded.faults[..]), (Kind::Capture, &[][..]));
    let names: Vec<_> = decoded.members.iter().map(|node| node.name.as_str()).collect();
    assert_eq!(names, ["to key: CTAPHID_CBOR", "from key: CTAPHID_CBOR"]);
    let status = decoded.members[1].find("status").unwrap().meaning.as_deref().unwrap();
    assert!(status.contains("USER_ACTION_TIMEOUT"), "{status}");
    let cut = read(&file[..file.len() - 1]);
    assert_eq!(
        cut.faults,
        [Fault::fatal(file.len() - 1, "the capture ends within a packet")]
    );
}

#[test]
fn broken_input_is_explained_at_its_byte() {
    let (registered, _) = answers(Protocol::Ctap2);
    let object = registered.attestation_object;
    let decoded = read(b64(&object[..object.len() - 10]));
    assert_eq!(decoded.kind, Kind::AttestationObject);
    let fatal: Vec<_> = decoded.faults.iter().filter(|fault| fault.fatal).collect();
    assert_eq!(fatal.len(), 1, "{fatal:?}");
    assert_eq!(fatal[0].offset, object.len() - 10);
    assert!(find(&decoded, "fmt").value.is_some());
    assert!(decoded.checks.iter().any(|check| check.outcome == Outcome::Failed));

    let decoded = read(r#"{"type":"webauthn.get","challenge":"AAAA"#);
    assert_eq!((decoded.kind, decoded.faults[0].offset), (Kind::ClientData, 40));
    for (input, unknown) in [
        ("", Unknown::Empty),
        ("  \n", Unknown::Empty),
        ("hello, world", Unknown::Unrecognised),
    ] {
        assert_eq!(decode(input.as_bytes(), &Options::default()).unwrap_err(), unknown);
    }
}

/// An attestation object of a U2F registration: with a certificate in it.
static OBJECT: LazyLock<Vec<u8>> = LazyLock::new(|| answers(Protocol::U2f).0.attestation_object);

fn any_kind() -> impl Strategy<Value = Option<Kind>> {
    (0..=Kind::ALL.len()).prop_map(|index| Kind::ALL.get(index).copied())
}

proptest! {
    #[test]
    fn any_bytes_are_decoded_as_anything(bytes in proptest::collection::vec(any::<u8>(), 0..300), kind in any_kind()) {
        let options = Options { kind, client_data: Some(b"{}".to_vec()), ..Options::default() };
        if let Ok(decoded) = decode(&bytes, &options) {
            prop_assert!(decoded.faults.iter().all(|fault| fault.offset <= decoded.length));
        }
    }

    #[test]
    fn a_message_with_a_byte_changed_or_its_end_missing_is_decoded(
        at in 0usize..400, byte in any::<u8>(), end in 0usize..400, kind in any_kind(),
    ) {
        let mut message = OBJECT.clone();
        if let Some(place) = message.get_mut(at) {
            *place = byte;
        }
        message.truncate(end.max(1));
        let options = Options { kind, ..Options::default() };
        if let Ok(decoded) = decode(&message, &options) {
            prop_assert!(decoded.faults.iter().all(|fault| fault.offset <= decoded.length));
        }
    }
}
