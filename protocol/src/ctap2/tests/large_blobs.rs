//! authenticatorLargeBlobs (CTAP 2.3 §6.10).

mod get;
mod power_cuts;
mod properties;
mod set;
mod tokens;

use std::vec::Vec;

use cbor4ii::core::Value;

use crate::crypto::sha256;
use crate::ctap2::{Status, command};
use crate::limits::{LARGE_BLOB_ARRAY_MAX, MAX_FRAGMENT};
use crate::testing::cbor::{Tree, bytes, int, text};
use crate::testing::hex;
use crate::testing::key::{CHANNEL, Key};
use crate::testing::request::{RP, Request, discover, get_info, reset};

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
        .with(1, int(count.try_into().unwrap()))
        .with(3, int(offset.try_into().unwrap()))
}

/// A fragment that goes on.
fn next(fragment: &[u8], offset: usize) -> Request {
    Request::new(command::LARGE_BLOBS)
        .with(2, bytes(fragment))
        .with(3, int(offset.try_into().unwrap()))
}

/// A fragment that begins an array of this length.
fn first(fragment: &[u8], length: usize) -> Request {
    next(fragment, 0).with(4, int(length.try_into().unwrap()))
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
    let answer = key.send(&get(count, offset)).unwrap().expect("a map");
    assert_eq!(answer.keys(), [int(1)]);
    answer.number(1).as_bytes().to_vec()
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
fn the_key_says_that_it_keeps_them() {
    let info = Key::new().send(&get_info()).unwrap().unwrap();
    assert_eq!(info.number(4).member("largeBlobs"), &Value::Bool(true));
    assert_eq!(info.number(0x0b), &int(LARGE_BLOB_ARRAY_MAX.try_into().unwrap()));
}

#[test]
fn nobody_is_asked_for_a_touch() {
    let mut key = Key::new();
    write(&mut key, &array(100, 0), 40).unwrap();
    stored(&mut key);
    assert!(key.user().prompts.is_empty());
}

#[test]
fn a_request_reads_or_writes_and_says_where() {
    let mut key = Key::new();
    let valid = first(&array(17, 0), 17);
    for request in [
        get(17, 0).without(3),
        valid.clone().without(3),
        valid.clone().without(2),
        get(17, 0).with(2, bytes([])),
        Request::new(command::LARGE_BLOBS).with(3, int(0)),
    ] {
        assert_eq!(key.refusal(&request), Status::InvalidParameter, "{request:?}");
    }
    assert_eq!(
        key.send_on(CHANNEL, &[command::LARGE_BLOBS]),
        Err(Status::MissingParameter)
    );
}

#[test]
fn a_parameter_of_a_wrong_type_is_refused() {
    let mut key = Key::new();
    let valid = first(&array(17, 0), 17);
    for member in 1..=6 {
        let request = valid.clone().with(member, text("zzz"));
        assert_eq!(key.refusal(&request), Status::CborUnexpectedType, "{member}");
    }
}

#[test]
fn a_reset_brings_the_initial_array_back() {
    let mut key = Key::new();
    write(&mut key, &array(3000, 0), 3000).unwrap();
    key.send(&reset()).unwrap();
    assert_eq!(stored(&mut key), INITIAL);
    assert_eq!(records(&key), 0);
    write(&mut key, &array(18, 1), 18).unwrap();
    assert_eq!(stored(&mut key), array(18, 1));
}

#[test]
fn the_array_is_an_affair_of_its_own() {
    let mut key = Key::new();
    let made = key.register_discoverable(RP, b"alice");
    write(&mut key, &array(2000, 0), 2000).unwrap();
    let request = discover(RP);
    made.verify(RP, &key.asserted(&request).unwrap());
    assert_eq!(stored(&mut key), array(2000, 0));
}
