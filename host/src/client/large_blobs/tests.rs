use proptest::prelude::*;

use super::*;

/// The array of a new key.
const EMPTY: [u8; 17] = *b"\x80\x76\xBE\x8B\x52\x8D\x00\x75\xF7\xAA\xE9\x8D\x6F\xA5\x7A\x6D\x3C";

fn key(byte: u8) -> LargeBlobKey {
    LargeBlobKey(Zeroizing::new([byte; 32]))
}

/// An array of these entries.
fn array(entries: &[&[u8]]) -> LargeBlobArray {
    LargeBlobArray {
        entries: entries.iter().map(|entry| entry.to_vec()).collect(),
    }
}

#[test]
fn the_array_of_a_new_key_is_empty() {
    assert_eq!(LargeBlobArray::default().serialize(), EMPTY);
    assert_eq!(LargeBlobArray::parse(&EMPTY), Some(LargeBlobArray::default()));
}

#[test]
fn a_damaged_array_is_none() {
    for index in 0..EMPTY.len() {
        let mut damaged = EMPTY;
        damaged[index] ^= 1;
        assert_eq!(LargeBlobArray::parse(&damaged), None);
    }
    assert_eq!(LargeBlobArray::parse(&EMPTY[1..]), None);
    // A map with a right checksum.
    let mut map = b"\xA0".to_vec();
    map.extend_from_slice(&Sha256::digest(b"\xA0")[..16]);
    assert_eq!(LargeBlobArray::parse(&map), None);
}

#[test]
fn each_key_opens_its_own_blob() {
    let mut array = LargeBlobArray::default();
    array.set(&key(1), b"one").unwrap();
    array.set(&key(2), b"").unwrap();
    array.set(&key(1), b"another").unwrap();
    let array = LargeBlobArray::parse(&array.serialize()).unwrap();
    assert_eq!(array.len(), 2);
    assert_eq!(array.get(&key(1)).as_deref(), Some(&b"another"[..]));
    assert_eq!(array.get(&key(2)).as_deref(), Some(&b""[..]));
    assert_eq!(array.get(&key(3)), None);
}

#[test]
fn what_is_deleted_is_gone_and_the_rest_stays_byte_by_byte() {
    // Entries of others, not canonical and not even maps.
    let others: [&[u8]; 3] = [b"\x18\x01", b"\xBF\xFF", b"\xA1\x01\x40"];
    let mut blobs = array(&others);
    blobs.set(&key(1), b"one").unwrap();
    let mut blobs = LargeBlobArray::parse(&blobs.serialize()).unwrap();
    assert!(blobs.remove(&key(1)));
    assert!(!blobs.remove(&key(1)));
    assert_eq!(blobs, array(&others));
}

#[test]
fn a_blob_of_another_size_than_it_says_is_none() {
    let sealed = seal(b"data", &key(1)).unwrap();
    let Some(Value::Map(mut members)) = decode_value(&sealed) else {
        panic!("not a map")
    };
    members[2].1 = Value::Integer(5);
    assert_eq!(open(&encode_value(&Value::Map(members)), &key(1)), None);
}

#[test]
fn what_compresses_well_takes_little_room() {
    let mut array = LargeBlobArray::default();
    array.set(&key(1), &[7; 10_000]).unwrap();
    assert!(array.serialize().len() < 150);
}

proptest! {
    #[test]
    fn arbitrary_arrays_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..100)) {
        let checksum = Sha256::digest(&bytes);
        if let Some(array) = LargeBlobArray::parse(&[&bytes[..], &checksum[..CHECKSUM]].concat()) {
            prop_assert_eq!(array.get(&key(1)), None);
        }
    }

    #[test]
    fn every_blob_is_read_back(data in proptest::collection::vec(any::<u8>(), 0..600), others in 0_usize..30) {
        let mut array = array(&vec![&b"\xA0"[..]; others]);
        array.set(&key(9), &data).unwrap();
        let array = LargeBlobArray::parse(&array.serialize()).unwrap();
        prop_assert_eq!(array.len(), others + 1);
        prop_assert_eq!(array.get(&key(9)), Some(data));
    }
}
