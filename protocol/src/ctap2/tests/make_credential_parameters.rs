//! The parameters of authenticatorMakeCredential (CTAP 2.3 §6.1.1): each mistake gets its exact code.

use std::vec;

use crate::crypto::Algorithm;
use crate::ctap2::Status;
use crate::limits::USER_NAME_MAX;
use crate::testing::cbor::{Tree, array, bytes, int, map, text};
use crate::testing::key::Key;
use crate::testing::request::{RP, Request, discover, make_credential, make_discoverable, option, parameter};

fn valid() -> Request {
    make_credential(RP, b"alice")
}

/// The key refuses the request with this status, asks for no touch, and leaves no trace in the storage.
#[track_caller]
fn refused(request: &Request, status: Status, why: &str) {
    let mut key = Key::new();
    let before = key.storage().records.clone();
    assert_eq!(key.refusal(request), status, "{why}");
    assert!(key.user().prompts.is_empty(), "{why}: nobody was asked for a touch");
    assert_eq!(key.storage().records, before, "{why}");
}

#[test]
fn every_algorithm_built_in_is_made_under_the_identifier_that_was_asked_for() {
    for identifier in [-7, -8, -9, -19, -35, -36, -47, -48, -49, -51, -52] {
        let request = valid().with(4, array([parameter(identifier)]));
        match Algorithm::from_cose(identifier.into()) {
            Some(_) => assert_eq!(Key::new().made(&request).unwrap().cose_key.number(3), &int(identifier)),
            None => refused(&request, Status::UnsupportedAlgorithm, "not built in"),
        }
    }
}

#[test]
fn a_request_wrong_in_several_ways_gets_the_code_of_the_earliest_step() {
    let request = valid()
        .with(4, array([parameter(0)]))
        .with(7, option("uv", true))
        .with(10, int(1));
    let with_param = request.clone().with(8, bytes([0; 16])).with(9, int(3));
    refused(&with_param, Status::InvalidParameter, "step 2");
    refused(&request, Status::UnsupportedAlgorithm, "step 3");
    let request = request.with(4, array([parameter(-7)]));
    refused(&request, Status::InvalidOption, "step 5");
    refused(&request.without(7), Status::InvalidParameter, "step 9");
}

#[test]
fn long_names_are_kept_to_their_limit_at_the_end_of_a_character() {
    // 67 characters of 3 bytes: the 64th byte lies within the 22nd.
    let name = "鍵".repeat(67);
    let user = map([
        ("id", bytes(*b"alice")),
        ("name", text(&*name)),
        ("displayName", text(&*name)),
    ]);
    let mut key = Key::new();
    key.send(&make_discoverable(RP, b"alice").with(3, user)).unwrap();
    let stored: vec::Vec<_> = key.storage().records.values().flatten().copied().collect();
    let kept = &name.as_bytes()[..63];
    assert!(USER_NAME_MAX - kept.len() < 3);
    assert_eq!(stored.windows(63).filter(|window| window == &kept).count(), 2);
    assert!(!stored.windows(64).any(|window| window == &name.as_bytes()[..64]));
    // The user sees it whole.
    assert_eq!(key.user().prompts[0].user.as_deref(), Some(&*name));
    assert!(key.asserted(&discover(RP)).is_ok());
}

#[test]
fn an_rp_id_longer_than_any_domain_works() {
    let rp_id = "é".repeat(300);
    let mut key = Key::new();
    let made = key.register_discoverable(&rp_id, b"alice");
    made.verify(&rp_id, &key.asserted(&discover(&rp_id)).unwrap());
}

#[test]
fn the_first_attestation_format_that_the_key_offers_is_chosen() {
    for (preference, format) in [
        (&["packed"][..], "packed"),
        (&["none"], "none"),
        (&["fido-u2f"], "fido-u2f"),
        (&["zzz", "none", "packed"], "none"),
        (&["zzz"], "packed"),
        (&[], "packed"),
    ] {
        let preference: vec::Vec<_> = preference.iter().map(|&name| text(name)).collect();
        let made = Key::new().made(&valid().with(11, array(preference))).unwrap();
        assert_eq!(made.answer.number(1), &text(format));
        let statement = made.answer.number(3);
        assert_eq!(statement == &map([]), format == "none", "{statement:?}");
    }
}
