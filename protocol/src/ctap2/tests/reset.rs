//! authenticatorReset (CTAP 2.3 §6.6): records, storage without room, and time to the millisecond.

use std::vec::Vec;

use crate::ctap2::Status;
use crate::ctap2::tests::large_blobs::{INITIAL, array, stored, writing};
use crate::limits::RESET_WINDOW;
use crate::platform::Gesture;
use crate::testing::key::Key;
use crate::testing::pin::PIN;
use crate::testing::platform::Dice;
use crate::testing::request::{RESET, RP, get_assertion, get_assertion_by, option};

#[test]
fn the_records_go_and_the_medium_is_scrubbed() {
    let mut key = Key::new();
    let empty = key.storage().records.len();
    for user in [b"alice", b"bobby", b"carol"] {
        key.register_discoverable(RP, user);
    }
    key.send(RESET).unwrap();
    assert_eq!(key.storage().records.len(), empty);
    assert_eq!(key.storage().scrubbed, 1);
}

#[test]
fn every_record_of_the_epoch_goes_whatever_it_is() {
    let mut key = Key::new();
    let empty = key.storage().records.len();
    key.register_discoverable(RP, b"alice");
    for kind in [&b""[..], b"A", b"Z", &[0xff; 35]] {
        let name = [b"E\0\0\0\0", kind].concat();
        key.storage_mut().records.insert(name, b"of another kind".to_vec());
    }
    key.send(RESET).unwrap();
    assert_eq!(key.storage().records.len(), empty);
}

#[test]
fn later_it_is_not_allowed_until_the_next_power_up() {
    let mut key = Key::new();
    let made = key.register_discoverable(RP, b"alice");
    key.user().prompts.clear();
    assert_eq!(key.fork().at(RESET_WINDOW).send(RESET), Ok(None), "until then it is");
    key.at(RESET_WINDOW + 1);
    let before = key.storage().records.clone();
    assert_eq!(key.refusal(RESET), Status::NotAllowed);
    assert!(key.user().prompts.is_empty());
    assert_eq!(key.storage().records, before);
    key.asserted(get_assertion(RP)).unwrap().is_by(&made, RP);
    assert_eq!(key.restarted().send(RESET), Ok(None));
}

#[test]
fn the_shared_counter_does_not_go_back() {
    let mut key = Key::new();
    let made = key.register(RP);
    let before = key.asserted(get_assertion_by(RP, &[&made.id])).unwrap();
    key.send(RESET).unwrap();
    let made = key.register(RP);
    let after = key.asserted(get_assertion_by(RP, &[&made.id])).unwrap();
    assert!(after.auth_data.sign_count > before.auth_data.sign_count);
}

/// What a reset takes away: a PIN, a large-blob array and a credential of either kind, whose IDs these are.
fn key_with_everything() -> (Key, [Vec<u8>; 2]) {
    let mut key = Key::new();
    let ids = [key.register(RP).id, key.register_discoverable(RP, b"alice").id];
    for request in writing(&array(100, 7), 100) {
        key.send(&request).unwrap();
    }
    key.set_pin(PIN);
    (key, ids)
}

/// Whether everything is there, or nothing; anything else fails.
#[track_caller]
fn has_everything(key: &mut Key, ids: &[Vec<u8>; 2]) -> bool {
    let has_pin = key.try_pin(PIN) != Err(Status::PinNotSet);
    let has_blobs = stored(key) != INITIAL;
    // Without a touch: a signature with one counts, and that takes a write.
    let silent = |id: &Vec<u8>| get_assertion_by(RP, &[id]).with(5, option("up", false));
    let signing = ids.each_ref().map(|id| match key.asserted(silent(id)) {
        Ok(_) => true,
        Err(status) => {
            assert_eq!(status, Status::NoCredentials);
            false
        }
    });
    assert_eq!((has_blobs, signing), (has_pin, [has_pin; 2]));
    has_pin
}

#[test]
fn on_a_storage_that_is_full_a_reset_is_whole_or_not_at_all() {
    let (prepared, ids) = key_with_everything();
    for writes in 0.. {
        let mut key = prepared.fork();
        key.storage_mut().writes_left = Some(writes);
        let answer = key.send(RESET);
        if answer.is_ok() {
            assert_eq!(writes, 2, "the root, and the root again; the rest waits for room");
            assert!(!has_everything(&mut key, &ids));
            return;
        }
        assert_eq!(answer, Err(Status::Other));
        if writes == 0 {
            assert!(has_everything(&mut key, &ids), "nothing was begun, and the key goes on");
        }
        // If the key is unplugged while it is still full, it may not start, but it forgets nothing.
        let mut storage = key.storage().clone();
        if let Ok(mut key) = Key::start(storage.clone(), Dice::seeded(2)) {
            assert_eq!(has_everything(&mut key, &ids), writes == 0);
        }
        storage.writes_left = None;
        let mut key = Key::start(storage, Dice::seeded(2)).map_err(drop).unwrap();
        assert_eq!(has_everything(&mut key, &ids), writes == 0, "after {writes} writes");
        assert_eq!(key.send(RESET), Ok(None));
        assert!(!has_everything(&mut key, &ids));
    }
}

#[test]
fn a_reset_that_found_no_room_is_told_and_tried_again() {
    let (mut key, ids) = key_with_everything();
    key.storage_mut().refuses = true;
    assert_eq!(key.refusal(RESET), Status::Other);
    assert_eq!(key.refusal(RESET), Status::Other);
    key.storage_mut().refuses = false;
    assert!(has_everything(&mut key, &ids));
    assert_eq!(key.send(RESET), Ok(None));
    assert!(!has_everything(&mut key, &ids));
}

#[test]
fn settings_that_cannot_be_read_take_a_long_touch() {
    let mut key = Key::new();
    key.storage_mut().fail_at(0, false);
    assert_eq!(key.send(RESET), Ok(None));
    assert_eq!(key.user().prompts[0].gesture, Gesture::LongTouch);
}
