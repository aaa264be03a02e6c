//! The parameters of authenticatorMakeCredential (CTAP 2.3 §6.1.1): each mistake gets its exact code.

use std::vec;

use cbor4ii::core::Value;

use crate::crypto::Algorithm;
use crate::ctap2::Status;
use crate::limits::USER_NAME_MAX;
use crate::testing::cbor::{Tree, array, bytes, int, map, text};
use crate::testing::key::Key;
use crate::testing::request::{
    HASH, RP, Request, descriptor, discover, make_credential, make_discoverable, option, parameter,
};

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
fn a_required_parameter_is_missing() {
    for (key, name) in [(1, "clientDataHash"), (2, "rp"), (3, "user"), (4, "pubKeyCredParams")] {
        refused(&valid().without(key), Status::MissingParameter, name);
    }
    for (key, value, name) in [
        (2, map([("name", text("Example"))]), "rp.id"),
        (3, map([("name", text("Alice"))]), "user.id"),
    ] {
        refused(&valid().with(key, value), Status::MissingParameter, name);
    }
}

#[test]
fn a_parameter_is_of_an_unexpected_type() {
    for (key, value, name) in [
        (1, text("hash"), "clientDataHash"),
        (2, text(RP), "rp"),
        (2, map([("id", bytes(*b"x"))]), "rp.id"),
        (2, map([("id", text(RP)), ("name", int(1))]), "rp.name"),
        (3, bytes(*b"alice"), "user"),
        (3, map([("id", text("alice"))]), "user.id"),
        (3, map([("id", bytes(*b"a")), ("name", int(1))]), "user.name"),
        (
            3,
            map([("id", bytes(*b"a")), ("displayName", bytes(*b"b"))]),
            "user.displayName",
        ),
        (4, map([]), "pubKeyCredParams"),
        (4, array([text("ES256")]), "an entry of pubKeyCredParams"),
        (
            4,
            array([map([("alg", text("-7")), ("type", text("public-key"))])]),
            "alg",
        ),
        (4, array([map([("alg", int(-7)), ("type", int(0))])]), "type"),
        (4, array([parameter(-7), int(1)]), "an entry after the chosen one"),
        (5, map([]), "excludeList"),
        (6, array([]), "extensions"),
        (7, array([]), "options"),
        (7, map([("rk", int(1))]), "options.rk"),
        (8, text("param"), "pinUvAuthParam"),
        (9, text("protocol"), "pinUvAuthProtocol"),
        (10, text("enterprise"), "enterpriseAttestation"),
        (11, text("packed"), "attestationFormatsPreference"),
        (11, array([int(1)]), "an entry of attestationFormatsPreference"),
    ] {
        refused(&valid().with(key, value), Status::CborUnexpectedType, name);
    }
}

#[test]
fn an_exclude_list_holds_descriptors_and_nothing_else() {
    for (entry, why) in [
        (bytes(*b"id"), "not a map"),
        (map([("id", bytes(*b"id"))]), "no type"),
        (
            map([("id", bytes(*b"id")), ("type", int(1))]),
            "a type that is not text",
        ),
        (map([("type", text("public-key"))]), "no id"),
        (
            map([("id", text("id")), ("type", text("public-key"))]),
            "an id that is not bytes",
        ),
    ] {
        let list = array([descriptor(b"id"), entry]);
        refused(&valid().with(5, list), Status::CborUnexpectedType, why);
    }
}

#[test]
fn an_exclude_list_has_sixteen_entries_at_most() {
    let list = |length| array(vec![descriptor(b"id"); length]);
    assert!(Key::new().send(&valid().with(5, list(16))).is_ok());
    refused(&valid().with(5, list(17)), Status::LimitExceeded, "seventeen entries");
}

#[test]
fn an_algorithm_without_its_type_or_identifier_is_invalid() {
    for entry in [map([("alg", int(-7))]), map([("type", text("public-key"))])] {
        refused(
            &valid().with(4, array([parameter(-7), entry])),
            Status::InvalidCbor,
            "half an entry",
        );
    }
}

#[test]
fn without_an_algorithm_in_common_there_is_no_credential() {
    let other_type = map([("alg", int(-7)), ("type", text("private-key"))]);
    for list in [array([]), array([parameter(-257), parameter(0)]), array([other_type])] {
        refused(
            &valid().with(4, list),
            Status::UnsupportedAlgorithm,
            "no algorithm in common",
        );
    }
}

#[test]
fn the_first_algorithm_that_the_key_offers_is_chosen() {
    for (list, chosen) in [(&[-257, -7][..], -7), (&[-8, -7], -8), (&[-7, -8], -7), (&[-8], -8)] {
        let list: vec::Vec<_> = list.iter().map(|&algorithm| parameter(algorithm)).collect();
        let made = Key::new().made(&valid().with(4, array(list))).unwrap();
        assert_eq!(made.cose_key.number(3), &int(chosen));
        assert_eq!(made.answer.number(3).member("alg"), &int(chosen));
    }
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
fn an_algorithm_that_no_registry_can_hold_is_one_that_nobody_offers() {
    for beyond in [
        Value::Integer(u64::MAX.into()),
        Value::Integer(-1 - i128::from(u64::MAX)),
    ] {
        let entry = map([("alg", beyond), ("type", text("public-key"))]);
        let made = Key::new().made(&valid().with(4, array([entry.clone(), parameter(-7)])));
        assert_eq!(made.unwrap().cose_key.number(3), &int(-7));
        refused(
            &valid().with(4, array([entry])),
            Status::UnsupportedAlgorithm,
            "no algorithm in common",
        );
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
fn a_hash_has_thirty_two_bytes() {
    for length in [0, 31, 33] {
        refused(
            &valid().with(1, bytes(vec![0; length])),
            Status::InvalidLength,
            "clientDataHash",
        );
    }
}

#[test]
fn a_user_id_has_one_to_sixty_four_bytes() {
    for length in [0, 65] {
        refused(
            &make_discoverable(RP, &vec![1; length]),
            Status::InvalidLength,
            "user.id",
        );
    }
    for length in [1, 64] {
        let mut key = Key::new();
        key.send(&make_discoverable(RP, &vec![1; length])).unwrap();
        assert_eq!(key.asserted(&discover(RP)).unwrap().user_id(), vec![1; length]);
    }
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
fn options_are_held_to_what_the_key_can_do() {
    for (option, why) in [
        (option("up", false), "up cannot be switched off"),
        (option("uv", true), "there is no built-in user verification"),
    ] {
        refused(&valid().with(7, option), Status::InvalidOption, why);
    }
    for option in [
        option("up", true),
        option("uv", false),
        option("rk", false),
        option("zz", true),
    ] {
        let made = Key::new().made(&valid().with(7, option)).unwrap();
        assert_eq!(made.auth_data.flags, 0x41, "UP and AT");
    }
}

#[test]
fn a_pin_uv_auth_param_needs_a_protocol_that_the_key_knows() {
    let request = valid().with(8, bytes([0; 16]));
    refused(&request, Status::MissingParameter, "no protocol");
    for protocol in [0, 3] {
        let request = request.clone().with(9, int(protocol));
        refused(&request, Status::InvalidParameter, "no protocol of this key");
    }
    // Without a param the key does not look at the protocol.
    assert!(Key::new().send(&valid().with(9, int(3))).is_ok());
}

#[test]
fn extensions_that_are_not_offered_are_ignored() {
    let extensions = map([("foo", Value::Null)]);
    let made = Key::new().made(&valid().with(6, extensions)).unwrap();
    assert_eq!(made.auth_data.flags, 0x41, "no ED");
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

#[test]
fn the_hash_is_what_is_signed() {
    let made = Key::new().made(&valid()).unwrap();
    let signature = made.answer.number(3).member("sig").as_bytes();
    assert!(made.signed(&[&made.auth_data.raw[..], &HASH].concat(), signature));
    assert!(!made.signed(&[&made.auth_data.raw[..], &[0; 32]].concat(), signature));
}
