//! authenticatorGetAssertion (CTAP 2.3 §6.2).

use crate::ctap2::Status;
use crate::limits::USER_ACTION_TIMEOUT;
use crate::platform::{Gesture, Operation, Presence};
use crate::testing::cbor::{array, bytes, int, map, text};
use crate::testing::key::Key;
use crate::testing::platform::Prompt;
use crate::testing::request::{RP, Request, discover, get_assertion, make_discoverable, next_assertion, option};

/// The key refuses the request with this status, and asks for no touch.
#[track_caller]
fn refused(key: &mut Key, request: &Request, status: Status, why: &str) {
    key.user().prompts.clear();
    assert_eq!(key.refusal(request), status, "{why}");
    assert!(key.user().prompts.is_empty(), "{why}: nobody was asked for a touch");
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
