//! authenticatorGetNextAssertion (CTAP 2.3 §6.3).

use crate::ctap2::Status;
use crate::limits::SEQUENCE_TIMEOUT;
use crate::testing::key::{Assertion, Key, Made};
use crate::testing::request::{GET_NEXT_ASSERTION, RP, get_assertion};

const USERS: [&[u8]; 3] = [b"alice", b"bob", b"carol"];

/// A key with three accounts, oldest first.
fn key_with_three() -> (Key, [Made; 3]) {
    let mut key = Key::new();
    let made = USERS.map(|user| key.register_discoverable(RP, user));
    key.register_discoverable("other.example", b"eve");
    (key, made)
}

/// The same, after the first answer of the walk.
fn key_on_a_walk() -> Key {
    let (mut key, _) = key_with_three();
    assert_eq!(key.asserted(get_assertion(RP)).unwrap().number_of_credentials, Some(3));
    key
}

fn next(key: &mut Key) -> Result<Assertion, Status> {
    key.asserted(GET_NEXT_ASSERTION)
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
