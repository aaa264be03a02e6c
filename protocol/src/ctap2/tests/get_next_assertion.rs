//! authenticatorGetNextAssertion (CTAP 2.3 §6.3).

use crate::ctap2::Status;
use crate::limits::SEQUENCE_TIMEOUT;
use crate::testing::cbor::{Tree, bytes, int, map};
use crate::testing::key::{Assertion, CHANNEL, Key, Registration};
use crate::testing::request::{
    RP, Request, discover, get_assertion, get_info, make_credential, next_assertion, option, reset, selection,
};

const USERS: [&[u8]; 3] = [b"alice", b"bob", b"carol"];

/// A key with three accounts, oldest first.
fn key_with_three() -> (Key, [Registration; 3]) {
    let mut key = Key::new();
    let made = USERS.map(|user| key.register_discoverable(RP, user));
    key.register_discoverable("other.example", b"eve");
    (key, made)
}

/// The same, after the first answer of the walk.
fn key_on_a_walk() -> Key {
    let (mut key, _) = key_with_three();
    assert_eq!(key.asserted(&discover(RP)).unwrap().number_of_credentials, Some(3));
    key
}

fn next(key: &mut Key) -> Result<Assertion, Status> {
    key.asserted(&next_assertion())
}

#[test]
fn the_accounts_follow_from_the_newest_to_the_oldest() {
    let (mut key, made) = key_with_three();
    let first = key.asserted(&discover(RP)).unwrap();
    made[2].verify(RP, &first);
    for account in [1, 0] {
        let assertion = next(&mut key).unwrap();
        made[account].verify(RP, &assertion);
        assert_eq!(assertion.answer.keys(), [1, 2, 3, 4].map(int), "not counted again");
        assert_eq!(assertion.answer.number(4), &map([("id", bytes(USERS[account]))]));
        assert_eq!(assertion.auth_data.flags, first.auth_data.flags);
    }
    assert_eq!(next(&mut key).unwrap_err(), Status::NotAllowed);
    // The walk is over for good.
    assert_eq!(next(&mut key).unwrap_err(), Status::NotAllowed);
}

#[test]
fn one_touch_is_for_the_whole_walk() {
    let mut key = key_on_a_walk();
    key.user().prompts.clear();
    next(&mut key).unwrap();
    assert!(key.user().prompts.is_empty());
}

#[test]
fn a_walk_begun_without_user_presence_goes_on_without() {
    let (mut key, _) = key_with_three();
    key.send(&discover(RP).with(5, option("up", false))).unwrap();
    assert_eq!(next(&mut key).unwrap().auth_data.flags, 0x00);
}

#[test]
fn there_is_no_next_without_a_first() {
    let (mut key, made) = key_with_three();
    assert_eq!(next(&mut key).unwrap_err(), Status::NotAllowed);
    key.send(&get_assertion(RP, &[&made[0].id])).unwrap();
    assert_eq!(next(&mut key).unwrap_err(), Status::NotAllowed, "a list is not walked");
    key.send(&discover("other.example")).unwrap();
    assert_eq!(
        next(&mut key).unwrap_err(),
        Status::NotAllowed,
        "one account is not walked"
    );
}

#[test]
fn a_walk_ends_with_the_power() {
    let mut key = key_on_a_walk().restarted();
    assert_eq!(next(&mut key).unwrap_err(), Status::NotAllowed);
}

#[test]
fn each_step_has_thirty_seconds() {
    let mut key = key_on_a_walk();
    key.at(SEQUENCE_TIMEOUT);
    next(&mut key).unwrap();
    key.at(2 * SEQUENCE_TIMEOUT + 1);
    assert_eq!(next(&mut key).unwrap_err(), Status::NotAllowed);
    key.at(SEQUENCE_TIMEOUT);
    assert_eq!(next(&mut key).unwrap_err(), Status::NotAllowed, "gone for good");
}

#[test]
fn another_channel_neither_walks_nor_ends_the_walk() {
    let mut key = key_on_a_walk();
    let foreign = key.send_on(CHANNEL + 1, &next_assertion().bytes());
    assert_eq!(foreign, Err(Status::NotAllowed));
    assert!(next(&mut key).is_ok());
}

#[test]
fn asking_for_info_does_not_end_a_walk() {
    let mut key = key_on_a_walk();
    key.send(&get_info()).unwrap();
    assert!(next(&mut key).is_ok());
}

#[test]
fn other_commands_end_a_walk_whatever_becomes_of_them() {
    for other in [
        make_credential(RP, b"dave"),
        discover("nobody.example"),
        discover(RP).without(1),
        selection(),
        reset(),
        Request::new(0x7e),
    ] {
        let mut key = key_on_a_walk();
        let _ = key.send(&other);
        assert_eq!(next(&mut key).unwrap_err(), Status::NotAllowed, "{other:?}");
    }
}

#[test]
fn a_new_assertion_begins_a_new_walk() {
    let mut key = key_on_a_walk();
    next(&mut key).unwrap();
    assert_eq!(key.asserted(&discover(RP)).unwrap().number_of_credentials, Some(3));
    assert_eq!(next(&mut key).unwrap().user_id(), b"bob");
    assert_eq!(next(&mut key).unwrap().user_id(), b"alice");
}
