//! authenticatorGetAssertion (CTAP 2.3 §6.2).

use std::vec;

use cbor4ii::core::Value;

use crate::crypto::Algorithm;
use crate::crypto::sha256;
use crate::ctap2::Status;
use crate::limits::USER_ACTION_TIMEOUT;
use crate::platform::{Gesture, Operation, Presence};
use crate::testing::cbor::{Tree, array, bytes, int, map, text};
use crate::testing::key::Key;
use crate::testing::pin::{GA, PIN};
use crate::testing::platform::Prompt;
use crate::testing::request::{
    RP, Request, descriptor, discover, get_assertion, make_credential, make_discoverable, next_assertion, option,
    parameter,
};

/// The key refuses the request with this status, and asks for no touch.
#[track_caller]
fn refused(key: &mut Key, request: &Request, status: Status, why: &str) {
    key.user().prompts.clear();
    assert_eq!(key.refusal(request), status, "{why}");
    assert!(key.user().prompts.is_empty(), "{why}: nobody was asked for a touch");
}

#[test]
fn a_listed_credential_signs() {
    for algorithm in Algorithm::SUPPORTED.iter().map(|one| one.cose()) {
        let mut key = Key::new();
        let request = make_credential(RP, b"alice").with(4, array([parameter(algorithm)]));
        let made = key.made(&request).unwrap();
        let assertion = key.asserted(&get_assertion(RP, &[&made.id])).unwrap();
        made.verify(RP, &assertion);
        assert_eq!(assertion.answer.keys(), [1, 2, 3].map(int));
        assert_eq!(assertion.answer.number(1).keys(), ["id", "type"].map(text));
        assert_eq!(assertion.auth_data.raw.len(), 37);
        assert_eq!(assertion.auth_data.flags, 0x01, "UP alone");
    }
}

#[test]
fn a_discovered_credential_signs_and_names_its_user_by_id_alone() {
    let mut key = Key::new();
    let made = key.register_discoverable(RP, b"alice");
    let assertion = key.asserted(&discover(RP)).unwrap();
    made.verify(RP, &assertion);
    // A single account is not counted.
    assert_eq!(assertion.answer.keys(), [1, 2, 3, 4].map(int));
    assert_eq!(assertion.answer.number(4), &map([("id", bytes(*b"alice"))]));
}

#[test]
fn a_listed_discoverable_credential_names_its_user_by_id_alone() {
    let mut key = Key::new();
    let made = key.register_discoverable(RP, b"alice");
    key.set_pin(PIN);
    let listed = get_assertion(RP, &[&made.id]);
    let silent = listed.clone().with(5, option("up", false));
    let verified = key.token(GA, Some(RP)).sign(listed.clone());
    for request in [verified, silent, listed] {
        let assertion = key.asserted(&request).unwrap();
        made.verify(RP, &assertion);
        assert_eq!(assertion.answer.keys(), [1, 2, 3, 4].map(int));
        assert_eq!(assertion.answer.number(4), &map([("id", bytes(*b"alice"))]));
    }
}

#[test]
fn the_user_is_asked_with_the_relying_party() {
    let mut key = Key::new();
    let made = key.register(RP);
    key.user().prompts.clear();
    key.at(2_000).send(&get_assertion(RP, &[&made.id])).unwrap();
    let prompt = Prompt {
        operation: Operation::Authenticate,
        gesture: Gesture::Touch,
        rp_id: Some(RP.into()),
        application: None,
        user: None,
        deadline: Some(2_000 + USER_ACTION_TIMEOUT),
    };
    assert_eq!(key.user().prompts, [prompt]);
}

#[test]
fn without_a_touch_nothing_is_signed_and_no_walk_begins() {
    for (presence, status) in [
        (Presence::Declined, Status::OperationDenied),
        (Presence::TimedOut, Status::UserActionTimeout),
        (Presence::Aborted, Status::KeepaliveCancel),
    ] {
        let mut key = Key::new();
        key.register_discoverable(RP, b"alice");
        key.register_discoverable(RP, b"bob");
        let before = key.storage().records.clone();
        key.user().answers.push_back(presence);
        assert_eq!(key.refusal(&discover(RP)), status);
        assert_eq!(key.refusal(&next_assertion()), Status::NotAllowed);
        assert_eq!(key.storage().records, before);
    }
}

#[test]
fn user_presence_can_be_switched_off() {
    let mut key = Key::new();
    for made in [key.register(RP), key.register_discoverable(RP, b"alice")] {
        key.user().prompts.clear();
        let request = get_assertion(RP, &[&made.id]).with(5, option("up", false));
        let assertion = key.asserted(&request).unwrap();
        made.verify(RP, &assertion);
        assert_eq!(assertion.auth_data.flags, 0x00);
        assert!(key.user().prompts.is_empty());
    }
}

#[test]
fn a_required_parameter_is_missing() {
    let mut key = Key::new();
    for parameter in [1, 2] {
        refused(&mut key, &discover(RP).without(parameter), Status::MissingParameter, "");
    }
}

#[test]
fn a_parameter_is_of_an_unexpected_type() {
    let mut key = Key::new();
    let own = bytes(key.register(RP).id);
    for (parameter, value, why) in [
        (1, bytes(*b"example.com"), "rpId"),
        (2, text("hash"), "clientDataHash"),
        (3, map([]), "allowList"),
        (3, array([own.clone()]), "a descriptor that is no map"),
        (3, array([map([("id", own.clone())])]), "a descriptor without type"),
        (3, array([map([("id", own.clone()), ("type", int(1))])]), "type"),
        (
            3,
            array([map([("type", text("public-key"))])]),
            "a descriptor without id",
        ),
        (
            3,
            array([map([("id", text("id")), ("type", text("public-key"))])]),
            "id",
        ),
        (4, array([]), "extensions"),
        (5, array([]), "options"),
        (5, map([("up", int(1))]), "options.up"),
        (6, text("param"), "pinUvAuthParam"),
        (7, text("protocol"), "pinUvAuthProtocol"),
    ] {
        let request = discover(RP).with(parameter, value);
        refused(&mut key, &request, Status::CborUnexpectedType, why);
    }
}

#[test]
fn an_empty_allow_list_is_none() {
    let mut key = Key::new();
    assert_eq!(key.refusal(&get_assertion(RP, &[])), Status::NoCredentials);
    let [alice, bob] = [b"alice", b"bobby"].map(|user| key.register_discoverable(RP, user));
    let assertion = key.asserted(&get_assertion(RP, &[])).unwrap();
    bob.verify(RP, &assertion);
    assert_eq!(assertion.number_of_credentials, Some(2));
    alice.verify(RP, &key.asserted(&next_assertion()).unwrap());
    // A list that names nothing that this key knows is still a list.
    let foreign = array([map([("id", bytes(&alice.id[..])), ("type", text("other"))])]);
    assert_eq!(key.refusal(&discover(RP).with(3, foreign)), Status::NoCredentials);
}

#[test]
fn an_empty_allow_list_shows_no_more_than_none() {
    let mut key = Key::new();
    for (level, found) in [
        (1, Ok(())),
        (2, Err(Status::NoCredentials)),
        (3, Err(Status::NoCredentials)),
    ] {
        let protect = map([("credProtect", int(level))]);
        let made = key.made(&make_discoverable(RP, b"alice").with(6, protect)).unwrap();
        for up in [true, false] {
            let request = get_assertion(RP, &[]).with(5, option("up", up));
            assert_eq!(key.asserted(&request).map(drop), found, "level {level}");
        }
        let listed = key.asserted(&get_assertion(RP, &[&made.id])).map(drop);
        assert_eq!(listed.is_ok(), level < 3);
    }
}

#[test]
fn a_hash_has_thirty_two_bytes() {
    for length in [0, 31, 33] {
        let request = discover(RP).with(2, bytes(vec![0; length]));
        refused(&mut Key::new(), &request, Status::InvalidLength, "clientDataHash");
    }
}

#[test]
fn options_are_held_to_what_the_key_can_do() {
    let mut key = Key::new();
    let made = key.register(RP);
    let request = |name, value| get_assertion(RP, &[&made.id]).with(5, option(name, value));
    refused(&mut key, &request("rk", true), Status::UnsupportedOption, "rk");
    refused(&mut key, &request("rk", false), Status::UnsupportedOption, "rk");
    refused(&mut key, &request("uv", true), Status::InvalidOption, "uv");
    for (name, value) in [("up", true), ("uv", false), ("zz", true)] {
        let assertion = key.asserted(&request(name, value)).unwrap();
        assert_eq!(assertion.auth_data.flags, 0x01, "{name}");
    }
}

#[test]
fn a_pin_uv_auth_param_needs_a_protocol_that_the_key_knows() {
    let mut key = Key::new();
    key.register_discoverable(RP, b"alice");
    let request = discover(RP).with(6, bytes([0; 32]));
    refused(&mut key, &request, Status::MissingParameter, "no protocol");
    for protocol in [0, 3] {
        let request = request.clone().with(7, int(protocol));
        refused(&mut key, &request, Status::InvalidParameter, "no protocol of this key");
    }
    // Without a param the key does not look at the protocol.
    assert!(key.send(&discover(RP).with(7, int(3))).is_ok());
}

#[test]
fn extensions_that_are_not_offered_are_ignored() {
    let mut key = Key::new();
    let made = key.register(RP);
    let request = get_assertion(RP, &[&made.id]).with(4, map([("foo", Value::Null)]));
    assert_eq!(key.asserted(&request).unwrap().auth_data.flags, 0x01, "no ED");
}

#[test]
fn credentials_that_are_not_this_relying_partys_are_answered_at_once() {
    let mut key = Key::new();
    let own = key.register(RP);
    let elsewhere = key.register("other.example");
    let foreign = Key::seeded(2).register(RP);
    let unknown_type = array([map([("id", bytes(own.id)), ("type", text("zzz"))])]);
    for (request, why) in [
        (
            get_assertion(RP, &[b"", b"foreign", &foreign.id]),
            "made by another key",
        ),
        (get_assertion(RP, &[&elsewhere.id]), "of another relying party"),
        (get_assertion(RP, &[]), "an empty list"),
        (discover(RP).with(3, unknown_type), "of an unknown type"),
        (discover(RP), "none is discoverable"),
    ] {
        refused(&mut key, &request, Status::NoCredentials, why);
    }
}

#[test]
fn an_id_with_any_bit_flipped_or_byte_more_or_less_is_not_ours() {
    let mut key = Key::new();
    for made in [key.register(RP), key.register_discoverable(RP, b"alice")] {
        for bit in 0..8 * made.id.len() {
            let mut altered = made.id.clone();
            altered[bit / 8] ^= 1 << (bit % 8);
            refused(
                &mut key,
                &get_assertion(RP, &[&altered]),
                Status::NoCredentials,
                "altered",
            );
        }
        for length in 0..made.id.len() {
            refused(
                &mut key,
                &get_assertion(RP, &[&made.id[..length]]),
                Status::NoCredentials,
                "shortened",
            );
        }
        let longer = [&made.id[..], &[0]].concat();
        refused(
            &mut key,
            &get_assertion(RP, &[&longer]),
            Status::NoCredentials,
            "lengthened",
        );
    }
}

#[test]
fn of_several_listed_credentials_one_signs() {
    let mut key = Key::new();
    let elsewhere = key.register("other.example");
    let (first, second) = (key.register_discoverable(RP, b"alice"), key.register(RP));
    let request = get_assertion(RP, &[&elsewhere.id, &first.id, &second.id]);
    let assertion = key.asserted(&request).unwrap();
    first.verify(RP, &assertion);
    assert_eq!(assertion.number_of_credentials, None);
    assert_eq!(key.refusal(&next_assertion()), Status::NotAllowed);
}

#[test]
fn a_descriptor_of_an_unknown_type_is_skipped() {
    let mut key = Key::new();
    let made = key.register(RP);
    let unknown = map([("id", bytes(&*made.id)), ("type", text("zzz"))]);
    let request = discover(RP).with(3, array([unknown, descriptor(&made.id)]));
    made.verify(RP, &key.asserted(&request).unwrap());
}

#[test]
fn an_allow_list_has_sixteen_entries_at_most() {
    let mut key = Key::new();
    let made = key.register(RP);
    let mut list: vec::Vec<&[u8]> = vec![b"foreign"; 15];
    list.push(&made.id);
    assert!(key.send(&get_assertion(RP, &list)).is_ok());
    list.push(&made.id);
    refused(&mut key, &get_assertion(RP, &list), Status::LimitExceeded, "seventeen");
}

#[test]
fn several_accounts_are_counted_and_the_newest_comes_first() {
    let mut key = Key::new();
    let oldest = key.register_discoverable(RP, b"alice");
    key.register_discoverable(RP, b"bob");
    key.register_discoverable("other.example", b"eve");
    key.register(RP);
    // The oldest account, when it is registered anew, is the newest.
    let newest = key.register_discoverable(RP, b"alice");
    assert_ne!(oldest.id, newest.id);
    let assertion = key.asserted(&discover(RP)).unwrap();
    newest.verify(RP, &assertion);
    assert_eq!(assertion.number_of_credentials, Some(2));
    assert_eq!(assertion.answer.number(4), &map([("id", bytes(*b"alice"))]));
}

#[test]
fn the_rp_id_hash_is_that_of_the_request() {
    let mut key = Key::new();
    let made = key.register("other.example");
    let assertion = key.asserted(&get_assertion("other.example", &[&made.id])).unwrap();
    assert_eq!(assertion.auth_data.rp_id_hash, sha256(&[b"other.example"]));
}
