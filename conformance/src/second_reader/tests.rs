use ciborium::Value;
use ctap_types::ctap2::Request as Expressed;

use super::*;
use crate::host::cbor::{array, map};
use crate::host::client_pin::{Agreement, PROTOCOLS, Protocol, Token, client_pin, configure, cose_key, cp};
use crate::host::ctap2::{
    Request, algorithm, descriptor, descriptors, extending, get_assertion, get_assertion_by, make_credential,
    make_discoverable, mc, parameters,
};

/// A request as `ctap-types` reads and encodes it.
fn expressed(message: &[u8]) -> Option<Vec<u8>> {
    let mut buffer = vec![0; 8192];
    let body = match Expressed::deserialize(message).ok()? {
        Expressed::MakeCredential(request) => cbor_smol::cbor_serialize(&request, &mut buffer),
        Expressed::GetAssertion(request) => cbor_smol::cbor_serialize(&request, &mut buffer),
        Expressed::ClientPin(request) => cbor_smol::cbor_serialize(&request, &mut buffer),
        Expressed::CredentialManagement(request) => cbor_smol::cbor_serialize(&request, &mut buffer),
        Expressed::LargeBlobs(request) => cbor_smol::cbor_serialize(&request, &mut buffer),
        Expressed::Config(request) => cbor_smol::cbor_serialize(&request, &mut buffer),
        _ => Ok(&[][..]),
    };
    Some([&message[..1], body.ok()?].concat())
}

/// An agreement with a key whose public key is the generator of P-256 (FIPS 186-5 §D.1.2.3).
fn agreement(protocol: Protocol) -> Agreement {
    let x = b"\x6b\x17\xd1\xf2\xe1\x2c\x42\x47\xf8\xbc\xe6\xe5\x63\xa4\x40\xf2\
        \x77\x03\x7d\x81\x2d\xeb\x33\xa0\xf4\xa1\x39\x45\xd8\x98\xc2\x96";
    let y = b"\x4f\xe3\x42\xe2\xfe\x1a\x7f\x9b\x8e\xe7\xeb\x4a\x7c\x0f\x9e\x16\
        \x2b\xce\x33\x57\x6b\x31\x5e\xce\xcb\xb6\x40\x68\x37\xbf\x51\xf5";
    Agreement::new(protocol, &cose_key(x, y))
}

#[test]
fn the_hosts_requests_are_those_of_ctap_types() {
    let mut requests = vec![
        make_credential("example.com", b"1"),
        make_discoverable("example.com", b"1"),
        make_credential("example.com", b"1").with(mc::EXCLUDE_LIST, descriptors(&[&[7; 43]])),
        make_credential("example.com", b"1").with(mc::ENTERPRISE_ATTESTATION, 1),
        extending(
            make_discoverable("example.com", b"1"),
            [("credProtect", 3.into()), ("hmac-secret", true.into())],
        ),
        get_assertion("example.com"),
        get_assertion_by("example.com", &[&[7; 43], &[8; 43]]),
        client_pin(0x01),
        client_pin(0x02).with(cp::PIN_UV_AUTH_PROTOCOL, 2),
        configure(0x02, None),
        Request::new(0x0C).with(0x01, 17).with(0x03, 0),
    ];
    for protocol in PROTOCOLS {
        let agreement = agreement(protocol);
        let token = Token {
            protocol,
            token: vec![7; 32],
        };
        let user = map([("id", b"1".to_vec().into()), ("name", "alice".into())]);
        requests.extend([
            agreement.set_pin("1234"),
            agreement.change_pin("1234", "5678"),
            agreement.get_pin_token("1234"),
            agreement.get_token("1234", 0x01, Some("example.com")),
            token.on(make_credential("example.com", b"1")),
            token.on(get_assertion("example.com")),
            token.manage(0x01, None),
            token.manage(
                0x07,
                Some(Value::Map(vec![(2.into(), descriptor(&[7; 43])), (3.into(), user)])),
            ),
            token.configure(0x03, Some(Value::Map(vec![(1.into(), 6.into())]))),
            token.set_blob(Request::new(0x0C).with(0x02, &[7; 17][..]).with(0x03, 0), 0, &[7; 17]),
        ]);
    }
    for request in requests {
        let message = request.encode();
        assert_eq!(expressed(&message), Some(message), "{request:?}");
    }
}

#[test]
fn what_is_not_the_same_is_noticed() {
    let retries = map_of(3, 8.into());
    must_agree(Part::Answer(0x06), &encode(&retries));
    for wrong in [map_of(3, "8".into()), map_of(9, 8.into())] {
        let read = std::panic::catch_unwind(|| must_agree(Part::Answer(0x06), &encode(&wrong)));
        assert!(read.is_err(), "{wrong:?}");
    }
}

#[test]
fn what_is_new_is_noticed() {
    let unknown = map([("minPinLength", 4.into()), ("somethingThatIsNew", true.into())]);
    assert!(std::panic::catch_unwind(|| must_agree(Part::RegistrationOutputs, &encode(&unknown))).is_err());
}

/// Answers in which everything is that the two disagree about.
fn examples() -> [(Part, Value); 6] {
    let bytes = |length| Value::Bytes(vec![7; length]);
    let texts = |texts: [&str; 2]| array(texts.map(Value::from));
    let information = [
        (0x01, texts(["U2F_V2", "FIDO_2_3"])),
        (0x02, texts(["credBlob", "pinComplexityPolicy"])),
        (0x03, bytes(16)),
        (
            0x04,
            map([("rk", true.into()), ("up", true.into()), ("perCredMgmtRO", true.into())]),
        ),
        (
            0x0A,
            array([parameters(algorithm::ES256), parameters(algorithm::ES384)]),
        ),
        (0x16, texts(["packed", "fido-u2f"])),
        (0x19, bytes(32)),
        (0x1E, bytes(32)),
    ];
    let registration = [
        (0x01, "packed".into()),
        (0x02, bytes(677)),
        (0x03, map([("alg", algorithm::ES384.into()), ("sig", bytes(78))])),
    ];
    let u2f = [
        (0x01, "fido-u2f".into()),
        (0x02, bytes(37)),
        (0x03, map([("sig", bytes(70)), ("x5c", array([bytes(100)]))])),
    ];
    let assertion = [(0x01, descriptor(&[7; 43])), (0x02, bytes(37)), (0x03, bytes(78))];
    let public_key = Value::Map(vec![
        (1.into(), 2.into()),
        (3.into(), algorithm::ES256K.into()),
        ((-1).into(), 8.into()),
        ((-2).into(), bytes(32)),
        ((-3).into(), bytes(32)),
    ]);
    let listed = [(0x07, descriptor(&[7; 43])), (0x08, public_key), (0x0A, 1.into())];
    let outputs = map([("minPinLength", 4.into()), ("pinComplexityPolicy", true.into())]);
    [
        (Part::Answer(0x04), numbered(information)),
        (Part::Answer(0x01), numbered(registration)),
        (Part::Answer(0x01), numbered(u2f)),
        (Part::Answer(0x02), numbered(assertion)),
        (Part::Answer(0x0A), numbered(listed)),
        (Part::RegistrationOutputs, outputs),
    ]
}

#[test]
fn each_disagreement_is_one() {
    for (n, known) in DISAGREEMENTS.iter().enumerate() {
        let met = examples().into_iter().filter(|(part, answer)| {
            let mut answer = answer.clone();
            for (other, disagreement) in DISAGREEMENTS.iter().enumerate() {
                if other != n {
                    (disagreement.take_out)(*part, &mut answer);
                }
            }
            let body = encode(&answer);
            (known.take_out)(*part, &mut answer) && read_again(*part, &body) != Some(body)
        });
        assert_eq!(met.count(), 1, "{}", known.what);
    }
    for (part, answer) in examples() {
        must_agree(part, &encode(&answer));
    }
}

fn map_of(key: u8, value: Value) -> Value {
    numbered([(key, value)])
}

fn numbered<const N: usize>(members: [(u8, Value); N]) -> Value {
    Value::Map(members.map(|(key, value)| (key.into(), value)).into())
}
