use super::*;
use crate::limits::SEQUENCE_TIMEOUT;
use crate::testing::request::{RP, discover, get_info, make_credential, next_assertion, selection};

#[test]
fn an_array_comes_back_as_it_went_however_it_was_cut() {
    let mut key = Key::new();
    for (length, size) in [
        (17, 17),
        (17, 1),
        (1024, 1024),
        (1025, 100),
        (2048, 1024),
        (3000, 1023),
        (LARGE_BLOB_ARRAY_MAX, 1025),
        (LARGE_BLOB_ARRAY_MAX, LARGE_BLOB_ARRAY_MAX),
    ] {
        let array = array(length, 7);
        write(&mut key, &array, size).unwrap();
        assert_eq!(stored(&mut key), array, "{length} by {size}");
        assert_eq!(
            records(&key),
            1 + length.div_ceil(1024),
            "nothing is left of the one before"
        );
        key = key.restarted();
        assert_eq!(stored(&mut key), array);
    }
}

#[test]
fn an_array_has_a_length_from_the_start_on() {
    let mut key = Key::new();
    for (request, status) in [
        (next(&[0; 17], 0), Status::InvalidParameter),
        (first(&[0; 16], 16), Status::InvalidParameter),
        (first(&[], 0), Status::InvalidParameter),
        (first(&[0; 17], LARGE_BLOB_ARRAY_MAX + 1), Status::LargeBlobStorageFull),
        (first(&[0; 17], 0x1_0000_0000), Status::LargeBlobStorageFull),
        (next(&[0; 17], 17).with(4, int(17)), Status::InvalidParameter),
        (first(&[0; 18], 17), Status::InvalidParameter),
        (first(&[0; MAX_FRAGMENT + 1], 17), Status::InvalidLength),
    ] {
        assert_eq!(key.refusal(&request), status);
        assert_eq!(records(&key), 0);
    }
    assert_eq!(stored(&mut key), INITIAL);
}

#[test]
fn fragments_follow_one_another() {
    let array = array(100, 0);
    for wrong in [
        next(&array[40..], 39),
        next(&array[41..], 41),
        next(&array[40..], 0x1_0000_0028),
    ] {
        let mut key = Key::new();
        assert_eq!(key.refusal(&wrong), Status::InvalidSeq, "nothing was begun");
        key.send(&first(&array[..40], 100)).unwrap();
        assert_eq!(key.refusal(&wrong), Status::InvalidSeq);
        assert_eq!(key.refusal(&next(&array[40..], 40)), Status::InvalidSeq, "it is over");
        assert_eq!(stored(&mut key), INITIAL);
    }
}

#[test]
fn fragments_are_no_longer_than_the_array() {
    let mut key = Key::new();
    let array = array(100, 0);
    key.send(&first(&array[..40], 100)).unwrap();
    assert_eq!(key.refusal(&next(&[0; 61], 40)), Status::InvalidParameter);
    assert_eq!(records(&key), 0, "nothing is left");
    assert_eq!(stored(&mut key), INITIAL);
}

#[test]
fn an_array_whose_trailer_is_wrong_is_refused_and_the_old_one_stays() {
    let mut key = Key::new();
    let old = array(2000, 1);
    write(&mut key, &old, 2000).unwrap();
    for flipped in [0, 1500, 1982, 1984, 1999] {
        for size in [2000, 999] {
            let mut array = array(2000, 2);
            array[flipped] ^= 0x40;
            assert_eq!(write(&mut key, &array, size), Err(Status::IntegrityFailure));
            assert_eq!(stored(&mut key), old);
            assert_eq!(records(&key), 3, "nothing is left");
        }
    }
}

#[test]
fn reading_and_asking_for_info_do_not_end_a_sequence() {
    let mut key = Key::new();
    let array = array(100, 0);
    key.send(&first(&array[..40], 100)).unwrap();
    key.send(&get_info()).unwrap();
    assert_eq!(stored(&mut key), INITIAL, "until it is whole");
    key.send(&next(&array[40..], 40)).unwrap();
    assert_eq!(stored(&mut key), array);
}

#[test]
fn other_commands_end_a_sequence_whatever_becomes_of_them() {
    let array = array(100, 0);
    for other in [
        make_credential(RP, b"alice"),
        discover(RP),
        next_assertion(),
        selection(),
        Request::new(0x7e),
    ] {
        let mut key = Key::new();
        key.send(&first(&array[..40], 100)).unwrap();
        let _ = key.send(&other);
        assert_eq!(key.refusal(&next(&array[40..], 40)), Status::InvalidSeq, "{other:?}");
        assert_eq!(stored(&mut key), INITIAL);
    }
}

#[test]
fn a_fragment_ends_a_walk_through_assertions() {
    let mut key = Key::new();
    for user in [b"alice", b"bobby"] {
        key.register_discoverable(RP, user);
    }
    for request in [get(17, 0), first(&array(100, 0)[..40], 100)] {
        key.send(&discover(RP)).unwrap();
        key.send(&request).unwrap();
        assert_eq!(key.refusal(&next_assertion()), Status::NotAllowed);
    }
}

#[test]
fn a_sequence_is_its_channels_own() {
    let mut key = Key::new();
    let array = array(100, 0);
    key.send(&first(&array[..40], 100)).unwrap();
    let rest = next(&array[40..], 40);
    assert_eq!(key.send_on(CHANNEL + 1, &rest.bytes()), Err(Status::InvalidSeq));
    key.send(&rest).unwrap();
    assert_eq!(stored(&mut key), array);
}

#[test]
fn each_fragment_has_thirty_seconds() {
    let mut key = Key::new();
    let array = array(100, 0);
    key.send(&first(&array[..40], 100)).unwrap();
    key.at(SEQUENCE_TIMEOUT).send(&next(&array[40..60], 40)).unwrap();
    key.at(2 * SEQUENCE_TIMEOUT + 1);
    assert_eq!(key.refusal(&next(&array[60..], 60)), Status::InvalidSeq);
}

#[test]
fn a_new_first_fragment_begins_anew() {
    let mut key = Key::new();
    let (long, short) = (array(LARGE_BLOB_ARRAY_MAX, 1), array(100, 2));
    key.send(&first(&long[..4000], long.len())).unwrap();
    key.send(&first(&short[..40], 100)).unwrap();
    key.send(&next(&short[40..], 40)).unwrap();
    assert_eq!(stored(&mut key), short);
    assert_eq!(records(&key), 2, "nothing is left of the longer one");
}

#[test]
fn a_first_fragment_that_is_refused_ends_the_sequence_before_it() {
    let mut key = Key::new();
    let array = array(2000, 1);
    // At the end of a chunk the next fragment would need nothing of the earlier ones.
    key.send(&first(&array[..1024], 2000)).unwrap();
    assert_eq!(key.refusal(&first(&[0; 18], 17)), Status::InvalidParameter);
    assert_eq!(key.refusal(&next(&array[1024..], 1024)), Status::InvalidSeq);
    assert_eq!(stored(&mut key), INITIAL);
}

#[test]
fn empty_fragments_change_nothing() {
    let mut key = Key::new();
    let array = array(100, 0);
    key.send(&first(&[], 100)).unwrap();
    key.send(&first(&array[..40], 100)).unwrap();
    key.send(&next(&[], 40)).unwrap();
    key.send(&next(&array[40..], 40)).unwrap();
    assert_eq!(stored(&mut key), array);
}

#[test]
fn a_storage_without_room_for_both_keeps_the_old_array() {
    for size in [700, LARGE_BLOB_ARRAY_MAX] {
        let mut key = Key::new();
        let old = array(2000, 1);
        write(&mut key, &old, 2000).unwrap();
        let before = key.storage().records.clone();
        let new = array(LARGE_BLOB_ARRAY_MAX, 2);
        for more in 0..4 {
            key.storage_mut().room = Some(before.len() + more);
            assert_eq!(write(&mut key, &new, size), Err(Status::LargeBlobStorageFull));
            assert_eq!(key.storage().records, before, "nothing is left");
            assert_eq!(stored(&mut key), old);
        }
        key.storage_mut().room = Some(before.len() + 4);
        write(&mut key, &new, size).unwrap();
        assert_eq!(stored(&mut key), new);
    }
}

#[test]
fn a_full_storage_keeps_the_initial_array() {
    let mut key = Key::new();
    let before = key.storage().records.clone();
    // One chunk fits, the record that makes it the array does not.
    key.storage_mut().room = Some(before.len() + 1);
    let outcome = write(&mut key, &array(100, 0), 100);
    assert_eq!(outcome, Err(Status::LargeBlobStorageFull));
    assert_eq!(key.storage().records, before);
    assert_eq!(stored(&mut key), INITIAL);
}

#[test]
fn what_an_abandoned_sequence_left_goes_at_the_next_start() {
    let mut key = Key::new();
    let old = array(2000, 1);
    write(&mut key, &old, 2000).unwrap();
    let before = key.storage().records.clone();
    key.send(&first(&array(3000, 2)[..2999], 3000)).unwrap();
    assert_ne!(key.storage().records, before);
    let mut key = key.restarted();
    assert_eq!(key.storage().records, before);
    assert_eq!(key.refusal(&next(&array(3000, 2)[2999..], 2999)), Status::InvalidSeq);
    assert_eq!(stored(&mut key), old);
}
