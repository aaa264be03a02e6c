use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use proptest::prelude::*;

use super::*;
use crate::client::fake::{FakeKey, Reply};
use crate::client::watch::Unwatched;

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
    assert_eq!(array.get(&key(1)).unwrap().as_deref(), Some(&b"another"[..]));
    assert_eq!(array.get(&key(2)).unwrap().as_deref(), Some(&b""[..]));
    assert_eq!(array.get(&key(3)).unwrap(), None);
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
    let Some(Value::Map(mut members)) = decode(&sealed) else {
        panic!("not a map")
    };
    members[2].1 = Value::Integer(5);
    assert!(open(&encode(&Value::Map(members)), &key(1)).is_none());
}

#[test]
fn what_compresses_well_takes_little_room() {
    let mut array = LargeBlobArray::default();
    array.set(&key(1), &[7; 10_000]).unwrap();
    assert!(array.serialize().len() < 150);
}

#[test]
fn what_no_passkey_opens_is_an_orphan() {
    let other: &[u8] = b"\xA1\x01\x40";
    let mut blobs = array(&[other]);
    for byte in 1..=3 {
        blobs.set(&key(byte), b"data").unwrap();
    }
    let (one, three) = (key(1), key(3));
    let keys = [&one, &three];
    let orphans = blobs.orphans(&keys);
    assert_eq!(orphans.len(), 2);
    assert_eq!(orphans[0], other.len());
    blobs.retain(&keys);
    assert_eq!((blobs.len(), blobs.orphans(&keys)), (2, vec![]));
    assert!(blobs.get(&one).unwrap().is_some() && blobs.get(&key(2)).unwrap().is_none());
}

/// An entry with this data, whatever its size is, and with this size, whatever the data is.
fn forged(data: &[u8], original_size: u64) -> Vec<u8> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(data).unwrap();
    let payload = Payload {
        msg: &encoder.finish().unwrap(),
        aad: &associated_data(original_size),
    };
    let ciphertext = Aes256Gcm::new((&*key(1).0).into())
        .encrypt(&Nonce::from([0; NONCE]), payload)
        .unwrap();
    encode(&Value::Map(vec![
        (Value::Integer(1), Value::Bytes(ciphertext)),
        (Value::Integer(2), Value::Bytes(vec![0; NONCE])),
        (Value::Integer(3), Value::Integer(original_size.into())),
    ]))
}

#[test]
fn nothing_expands_without_bound() {
    let bomb = vec![0; MAX_BLOB + 1];
    let too_large = |entry: Vec<u8>| {
        let found = array(&[&entry]).get(&key(1));
        matches!(found, Err(Error::BlobTooLarge { limit: MAX_BLOB }))
    };
    assert!(too_large(forged(&bomb, bomb.len() as u64)));
    assert!(too_large(forged(&bomb, u64::MAX)), "the key's own number is no bound");
    // One that says less than it is, and one that says more.
    for (data, size) in [(&bomb[..], 5), (&bomb[..], MAX_BLOB as u64), (b"data", 5)] {
        assert_eq!(array(&[&forged(data, size)]).get(&key(1)).unwrap(), None);
    }
    // It can be got rid of.
    let mut blobs = array(&[&forged(&bomb, u64::MAX)]);
    assert!(blobs.remove(&key(1)));
    assert!(matches!(blobs.set(&key(1), &bomb), Err(Error::BlobTooLarge { .. })));
    blobs.set(&key(1), &bomb[1..]).unwrap();
    assert_eq!(blobs.get(&key(1)).unwrap().unwrap().len(), MAX_BLOB);
}

/// A key with room for `capacity` bytes that answers each request for a piece of the array with `answer`.
fn holding(capacity: u64, mut answer: impl FnMut() -> Vec<u8> + Send + 'static) -> Key {
    FakeKey::key(move |_, request| {
        let info = [
            &b"\x00\xA4\x01\x81\x68FIDO_2_1\x03\x50AAAAAAAAAAAAAAAA\x04\xA1\x6AlargeBlobs\xF5\x0B\x1B"[..],
            &capacity.to_be_bytes(),
        ];
        Reply::Now(match request {
            [0x04] => info.concat(),
            _ => answer(),
        })
    })
}

#[test]
fn an_array_without_end_is_not_read_for_ever() {
    for capacity in [u64::MAX, 2000] {
        // 960 bytes each time: as many as fit into a message of 1024.
        let piece = [&b"\x00\xA1\x01\x59\x03\xC0"[..], &[0; 960]].concat();
        let asked = Arc::new(AtomicUsize::new(0));
        let counter = asked.clone();
        let mut key = holding(capacity, move || {
            counter.fetch_add(1, Ordering::Relaxed);
            piece.clone()
        });
        assert!(matches!(
            key.large_blobs(&mut Unwatched),
            Err(Error::Malformed {
                why: Malformed::Endless,
                ..
            })
        ));
        assert!(asked.load(Ordering::Relaxed) <= MAX_ARRAY / 960 + 1);
    }
    // One that ends is read, whatever the key says of its room.
    let whole = [&b"\x00\xA1\x01\x51"[..], &EMPTY].concat();
    let mut key = holding(u64::MAX, move || whole.clone());
    assert_eq!(key.large_blobs(&mut Unwatched).unwrap(), LargeBlobArray::default());
}

proptest! {
    #[test]
    fn arbitrary_arrays_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..100)) {
        let checksum = Sha256::digest(&bytes);
        if let Some(array) = LargeBlobArray::parse(&[&bytes[..], &checksum[..CHECKSUM]].concat()) {
            prop_assert_eq!(array.get(&key(1)).unwrap(), None);
        }
    }

    #[test]
    fn every_blob_is_read_back(data in proptest::collection::vec(any::<u8>(), 0..600), others in 0_usize..30) {
        let mut array = array(&vec![&b"\xA0"[..]; others]);
        array.set(&key(9), &data).unwrap();
        let array = LargeBlobArray::parse(&array.serialize()).unwrap();
        prop_assert_eq!(array.len(), others + 1);
        prop_assert_eq!(array.get(&key(9)).unwrap(), Some(data));
    }
}
