//! Extensions (CTAP 2.3 §12).

mod cred_blob;
mod cred_protect;
mod hmac_secret;
mod hmac_secret_mc;
mod large_blob_key;
mod pin_policy;
mod third_party_payment;

use std::vec::Vec;

use cbor4ii::core::Value;

use crate::ctap2::Status;
use crate::ctap2::pin_protocol::Protocol;
use crate::testing::cbor::{Tree, array, bytes, int, map, text};
use crate::testing::key::{AuthData, Key};
use crate::testing::pin::{GA, MC, PIN, Platform};
use crate::testing::request::{HASH, RP, Request, get_assertion, get_info, make_credential, make_discoverable};

/// makeCredential with extension inputs.
fn making<const N: usize>(request: Request, inputs: [(&str, Value); N]) -> Request {
    request.with(6, map(inputs))
}

/// getAssertion with extension inputs.
fn getting<const N: usize>(request: Request, inputs: [(&str, Value); N]) -> Request {
    request.with(4, map(inputs))
}

/// The same request by a user who enters the PIN. A key without a PIN gets one first.
fn verified(key: &mut Key, request: Request) -> Request {
    let info = key.send(&get_info()).unwrap().unwrap();
    if info.number(4).member("clientPin") == &FALSE {
        key.set_pin(PIN);
    }
    key.token(MC | GA, Some(RP)).sign(request)
}

const TRUE: Value = Value::Bool(true);
const FALSE: Value = Value::Bool(false);

/// The one output of an extension.
#[track_caller]
fn output<'a>(auth_data: &'a AuthData, name: &str) -> &'a Value {
    let outputs = auth_data.extensions.as_ref().expect("ED is set");
    assert_eq!(outputs.keys(), [text(name)], "only what was asked for");
    outputs.member(name)
}

#[track_caller]
fn is_silent(auth_data: &AuthData) {
    assert!(auth_data.extensions.is_none(), "ED is clear");
}

/// A refusal that costs nothing: no touch, and nothing is kept.
#[track_caller]
fn refused(key: &mut Key, request: &Request, status: Status) {
    let before = key.storage().records.clone();
    key.user().prompts.clear();
    assert_eq!(key.refusal(request), status, "{request:?}");
    assert!(key.user().prompts.is_empty(), "nobody was asked for a touch");
    assert_eq!(key.storage().records, before);
}

#[test]
fn an_input_of_a_wrong_type_is_refused() {
    let mut key = Key::new();
    let made = key.register(RP);
    let making_names = [
        "credBlob",
        "credProtect",
        "hmac-secret",
        "largeBlobKey",
        "minPinLength",
        "hmac-secret-mc",
        "thirdPartyPayment",
        "pinComplexityPolicy",
    ];
    for name in making_names {
        for request in [make_credential(RP, b"alice"), make_discoverable(RP, b"alice")] {
            refused(
                &mut key,
                &making(request, [(name, text("yes"))]),
                Status::CborUnexpectedType,
            );
        }
    }
    for name in ["credBlob", "hmac-secret", "largeBlobKey", "thirdPartyPayment"] {
        let request = getting(get_assertion(RP, &[&made.id]), [(name, text("yes"))]);
        refused(&mut key, &request, Status::CborUnexpectedType);
    }
}

#[test]
fn what_a_command_does_not_know_is_ignored() {
    let mut key = Key::new();
    let unknown = [("foo", text("bar")), ("credBlobs", TRUE)];
    let made = key
        .made(&making(make_credential(RP, b"alice"), unknown.clone()))
        .unwrap();
    is_silent(&made.auth_data);
    // Some belong to makeCredential alone.
    for inputs in [
        unknown,
        [("credProtect", text("zzz")), ("minPinLength", text("zzz"))],
        [("hmac-secret-mc", text("zzz")), ("pinComplexityPolicy", text("zzz"))],
    ] {
        let assertion = key.asserted(&getting(get_assertion(RP, &[&made.id]), inputs)).unwrap();
        is_silent(&assertion.auth_data);
        made.verify(RP, &assertion);
    }
}

#[test]
fn names_of_another_type_are_ignored() {
    let inputs = Value::Map(std::vec![(int(1), TRUE), (text("credProtect"), int(2))]);
    let made = Key::new().made(&make_credential(RP, b"alice").with(6, inputs)).unwrap();
    assert_eq!(output(&made.auth_data, "credProtect"), &int(2));
}

#[test]
fn an_empty_map_of_inputs_has_no_outputs() {
    let mut key = Key::new();
    let made = key.made(&making(make_credential(RP, b"alice"), [])).unwrap();
    is_silent(&made.auth_data);
    let assertion = key.asserted(&getting(get_assertion(RP, &[&made.id]), [])).unwrap();
    is_silent(&assertion.auth_data);
}

/// The test's decoder refuses what is not canonical. Here all extensions that answer do so at once.
#[test]
fn all_outputs_stand_together_under_one_signature() {
    let mut key = Key::new();
    pin_policy::let_it_know(&mut key, RP);
    let platform = key.platform(Protocol::Two);
    let inputs = [
        ("credBlob", bytes([9; 32])),
        ("credProtect", int(2)),
        ("hmac-secret", TRUE),
        ("largeBlobKey", TRUE),
        ("minPinLength", TRUE),
        ("hmac-secret-mc", platform.salts(&[1; 64])),
        ("thirdPartyPayment", TRUE),
        ("pinComplexityPolicy", TRUE),
    ];
    let made = key.made(&making(make_discoverable(RP, b"alice"), inputs)).unwrap();
    let names = |auth_data: &AuthData| -> Vec<Value> { auth_data.extensions.as_ref().unwrap().keys() };
    let of_making = [
        "credBlob",
        "credProtect",
        "hmac-secret",
        "minPinLength",
        "hmac-secret-mc",
        "pinComplexityPolicy",
    ];
    assert_eq!(names(&made.auth_data), of_making.map(text));
    let signature = made.answer.number(3).member("sig").as_bytes();
    let message = [&made.auth_data.raw[..], &HASH].concat();
    assert!(made.signed(&message, signature));

    let inputs = [
        ("credBlob", TRUE),
        ("hmac-secret", platform.salts(&[1; 64])),
        ("largeBlobKey", TRUE),
        ("thirdPartyPayment", TRUE),
    ];
    let assertion = key.asserted(&getting(get_assertion(RP, &[&made.id]), inputs)).unwrap();
    assert_eq!(
        names(&assertion.auth_data),
        ["credBlob", "hmac-secret", "thirdPartyPayment"].map(text)
    );
    made.verify(RP, &assertion);
}
