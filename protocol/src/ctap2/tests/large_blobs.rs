//! authenticatorLargeBlobs (CTAP 2.3 §6.10): records that are left, lost, damaged or find no room, and exact times.

mod power_cuts;
mod properties;

use std::vec::Vec;

use crate::crypto::sha256;
use crate::ctap2::{Status, command};
use crate::limits::{LARGE_BLOB_ARRAY_MAX, MAX_FRAGMENT, SEQUENCE_TIMEOUT, TOKEN_MAX_USAGE};
use crate::testing::hex;
use crate::testing::key::Key;
use crate::testing::pin::LBW;
use crate::testing::request::Request;

pub(super) const INITIAL: [u8; 17] = hex("8076be8b528d0075f7aae98d6fa57a6d3c");

/// An array of this length, with its trailer.
pub(super) fn array(length: usize, seed: u8) -> Vec<u8> {
    let content = (0..length - 16).map(|i| u8::try_from(i % 251).unwrap() ^ seed);
    let mut array: Vec<u8> = content.collect();
    let hash = sha256(&[&array]);
    array.extend_from_slice(&hash[..16]);
    array
}

fn get(count: usize, offset: usize) -> Request {
    Request::new(command::LARGE_BLOBS)
        .with(1, count as u64)
        .with(3, offset as u64)
}

/// A fragment that goes on.
fn next(fragment: &[u8], offset: usize) -> Request {
    Request::new(command::LARGE_BLOBS)
        .with(2, fragment)
        .with(3, offset as u64)
}

/// A fragment that begins an array of this length.
fn first(fragment: &[u8], length: usize) -> Request {
    next(fragment, 0).with(4, length as u64)
}

/// The requests that write an array in fragments of this size.
pub(super) fn writing(array: &[u8], size: usize) -> Vec<Request> {
    let fragments = array.chunks(size).enumerate();
    let requests = fragments.map(|(i, fragment)| match i {
        0 => first(fragment, array.len()),
        i => next(fragment, i * size),
    });
    requests.collect()
}

/// Writes an array, up to the first fragment that is refused.
fn write(key: &mut Key, array: &[u8], size: usize) -> Result<(), Status> {
    for request in writing(array, size) {
        assert_eq!(key.send(&request)?, None, "an answer without members");
    }
    Ok(())
}

#[track_caller]
fn window(key: &mut Key, count: usize, offset: usize) -> Vec<u8> {
    let answer = key.answer(get(count, offset)).unwrap();
    assert!(answer.keys().eq(&[1]));
    answer[&1].as_bytes().unwrap().clone()
}

/// The whole array.
#[track_caller]
pub(super) fn stored(key: &mut Key) -> Vec<u8> {
    window(key, MAX_FRAGMENT, 0)
}

/// The keys of the array's records: of the one that says which copy is valid, then of the chunks.
fn keys(key: &Key) -> Vec<Vec<u8>> {
    let keys = key.storage().records.keys();
    keys.filter(|key| key.get(5) == Some(&b'L')).cloned().collect()
}

/// How many records there are.
fn records(key: &Key) -> usize {
    keys(key).len()
}

#[test]
fn each_fragment_has_thirty_seconds() {
    let mut key = Key::new();
    let array = array(100, 0);
    key.send(first(&array[..40], 100)).unwrap();
    key.at(SEQUENCE_TIMEOUT).send(next(&array[40..60], 40)).unwrap();
    key.at(2 * SEQUENCE_TIMEOUT + 1);
    assert_eq!(key.refusal(next(&array[60..], 60)), Status::InvalidSeq);
}

#[test]
fn a_first_fragment_that_is_refused_ends_the_sequence_before_it() {
    let mut key = Key::new();
    let array = array(2000, 1);
    // At the end of a chunk the next fragment would need nothing of the earlier ones.
    key.send(first(&array[..1024], 2000)).unwrap();
    assert_eq!(key.refusal(first(&[0; 18], 17)), Status::InvalidParameter);
    assert_eq!(key.refusal(next(&array[1024..], 1024)), Status::InvalidSeq);
    assert_eq!(stored(&mut key), INITIAL);
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
    key.send(first(&array(3000, 2)[..2999], 3000)).unwrap();
    assert_ne!(key.storage().records, before);
    let mut key = key.restarted();
    assert_eq!(key.storage().records, before);
    assert_eq!(key.refusal(next(&array(3000, 2)[2999..], 2999)), Status::InvalidSeq);
    assert_eq!(stored(&mut key), old);
}

#[test]
fn a_sequence_ends_with_the_token_that_authorized_it() {
    let mut key = Key::with_pin();
    let array = array(100, 0);
    let (one, two) = array.split_at(40);
    let token = key.token(LBW, None);
    let begin = token.on(first(one, 100));
    key.send(&begin).unwrap();
    key.at(TOKEN_MAX_USAGE).send(&begin).unwrap();
    key.at(TOKEN_MAX_USAGE + 1);
    let request = token.on(next(two, 40));
    assert_eq!(key.refusal(&request), Status::InvalidSeq);
    assert_eq!(stored(&mut key), INITIAL);
}

#[test]
fn a_chunk_that_is_gone_or_cut_is_told_and_can_be_written_anew() {
    let mut key = Key::new();
    write(&mut key, &array(3000, 0), 3000).unwrap();
    let chunk = keys(&key).pop().unwrap();
    key.storage_mut().records.get_mut(&chunk).unwrap().truncate(10);
    assert_eq!(key.refusal(get(3000, 0)), Status::Other);
    assert_eq!(window(&mut key, 2048, 0), array(3000, 0)[..2048], "what is there");
    key.storage_mut().records.remove(&chunk);
    assert_eq!(key.refusal(get(3000, 0)), Status::Other);
    write(&mut key, &array(500, 1), 500).unwrap();
    assert_eq!(stored(&mut key), array(500, 1));
}

#[test]
fn a_damaged_record_of_the_array_counts_as_none() {
    let mut key = Key::new();
    write(&mut key, &array(3000, 0), 3000).unwrap();
    let record = keys(&key).remove(0);
    for value in [&[][..], &[0, 1], &[2, 0, 17], &[0, 0, 17, 0]] {
        key.storage_mut().records.insert(record.clone(), value.to_vec());
        let mut key = key.fork();
        assert_eq!(stored(&mut key), INITIAL);
        for seed in [1, 2] {
            write(&mut key, &array(2000, seed), 2000).unwrap();
            assert_eq!(stored(&mut key), array(2000, seed));
            assert_eq!(records(&key), 3);
        }
    }
}

#[test]
fn what_is_refused_or_replaced_leaves_no_record() {
    let mut key = Key::new();
    let old = array(2000, 1);
    for (array, size) in [(array(LARGE_BLOB_ARRAY_MAX, 7), 1025), (old.clone(), 999)] {
        write(&mut key, &array, size).unwrap();
        assert_eq!(records(&key), 1 + array.len().div_ceil(1024));
    }
    let mut wrong = array(2000, 2);
    wrong[1984] ^= 0x40;
    for (begin, refused, status) in [
        (
            first(&wrong[..999], 2000),
            next(&wrong[999..], 999),
            Status::IntegrityFailure,
        ),
        (first(&wrong[..40], 100), next(&[0; 61], 40), Status::InvalidParameter),
        (
            first(&wrong[..1500], 2000),
            first(&wrong[..18], 17),
            Status::InvalidParameter,
        ),
    ] {
        key.send(&begin).unwrap();
        assert_eq!(key.refusal(&refused), status);
        assert_eq!(records(&key), 3);
        assert_eq!(stored(&mut key), old);
    }
    let short = array(100, 3);
    key.send(first(&wrong[..1500], 2000)).unwrap();
    write(&mut key, &short, 40).unwrap();
    assert_eq!(records(&key), 2);
}
