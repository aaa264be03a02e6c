//! What every storage promises ([`Storage`]).

use brasskey_protocol::limits::{STORAGE_KEY_MAX, STORAGE_VALUE_MAX};
use brasskey_protocol::platform::{Storage, StorageError};
use proptest::prelude::*;

use super::{AnyStorage, CAPACITY, FileStorage, MemoryStorage};

fn for_each(check: impl Fn(&mut AnyStorage)) {
    check(&mut AnyStorage::open(None).unwrap());
    let directory = tempfile::tempdir().unwrap();
    let open = |name: &str| FileStorage::open(directory.path().join(name)).unwrap();
    check(&mut AnyStorage::File(Box::new(open("token.redb"))));
    let mut sealed = open("sealed.redb");
    sealed.reseal(super::seal::tests::passphrase("right")).unwrap();
    check(&mut AnyStorage::File(Box::new(sealed)));
}

/// The record at `key`.
pub(super) fn get(storage: &mut impl Storage, key: &[u8]) -> Option<Vec<u8>> {
    let mut value = [0; STORAGE_VALUE_MAX];
    let length = storage.read(key, &mut value).unwrap()?;
    Some(value[..length].to_vec())
}

/// Every key that begins with `prefix`, in the storage's order.
pub(super) fn keys(storage: &mut impl Storage, prefix: &[u8]) -> Vec<Vec<u8>> {
    let mut found: Vec<Vec<u8>> = Vec::new();
    let mut key = [0; STORAGE_KEY_MAX];
    while let Some(length) = storage
        .next_key(prefix, found.last().map(Vec::as_slice), &mut key)
        .unwrap()
    {
        found.push(key[..length].to_vec());
    }
    found
}

#[test]
fn a_record_is_created_replaced_and_removed() {
    for_each(|storage| {
        assert_eq!(get(storage, b"key"), None);
        storage.write(b"key", b"old").unwrap();
        assert_eq!(get(storage, b"key").unwrap(), b"old");
        storage.write(b"key", b"newer").unwrap();
        assert_eq!(get(storage, b"key").unwrap(), b"newer");
        storage.remove(b"key").unwrap();
        assert_eq!(get(storage, b"key"), None);
        storage.remove(b"key").unwrap();
    });
}

#[test]
fn an_empty_record_is_not_an_absent_one() {
    for_each(|storage| {
        storage.write(b"key", b"").unwrap();
        assert_eq!(get(storage, b"key").unwrap(), b"");
    });
}

#[test]
fn a_read_leaves_what_lies_beyond_the_record() {
    for_each(|storage| {
        storage.write(b"key", b"ab").unwrap();
        let mut value = *b"....";
        assert_eq!(storage.read(b"key", &mut value), Ok(Some(2)));
        assert_eq!(&value, b"ab..");
        assert_eq!(storage.read(b"key", &mut value[..1]), Err(StorageError::Failed));
    });
}

#[test]
fn sizes_are_enforced() {
    for_each(|storage| {
        let (key, value) = ([7; STORAGE_KEY_MAX + 1], [7; STORAGE_VALUE_MAX + 1]);
        storage.write(&key[1..], &value[1..]).unwrap();
        assert_eq!(get(storage, &key[1..]).unwrap(), &value[1..]);
        assert_eq!(storage.write(&key, b""), Err(StorageError::Failed));
        assert_eq!(storage.write(b"", b""), Err(StorageError::Failed));
        assert_eq!(storage.write(b"key", &value), Err(StorageError::Failed));
        assert_eq!(keys(storage, b""), [&key[1..]]);
    });
}

#[test]
fn keys_come_in_bytewise_order_within_their_prefix() {
    for_each(|storage| {
        for key in [&b"b\xff"[..], b"b", b"a", b"b\x00", b"c", b"b\xff\xff"] {
            storage.write(key, b"").unwrap();
        }
        assert_eq!(keys(storage, b"b"), [&b"b"[..], b"b\x00", b"b\xff", b"b\xff\xff"]);
        assert_eq!(keys(storage, b"b\xff"), [&b"b\xff"[..], b"b\xff\xff"]);
        assert_eq!(keys(storage, b"").len(), 6);
        assert_eq!(keys(storage, b"d"), [b""; 0]);
        let mut key = [0; STORAGE_KEY_MAX];
        assert_eq!(storage.next_key(b"b", Some(b"b\x7f"), &mut key), Ok(Some(2)));
        assert_eq!(&key[..2], b"b\xff");
    });
}

#[test]
fn scrubbing_keeps_the_records_there_are() {
    for_each(|storage| {
        storage.write(b"kept", b"value").unwrap();
        storage.write(b"gone", b"value").unwrap();
        storage.remove(b"gone").unwrap();
        storage.scrub().unwrap();
        assert_eq!(keys(storage, b""), [b"kept"]);
        storage.write(b"new", b"value").unwrap();
        assert_eq!(get(storage, b"kept").unwrap(), b"value");
    });
}

#[test]
fn a_storage_can_move_to_the_tokens_thread() {
    for_each(|storage| {
        std::thread::scope(|scope| scope.spawn(|| storage.write(b"key", b"value")).join().unwrap()).unwrap();
        assert_eq!(keys(storage, b""), [b"key"]);
    });
}

#[test]
fn a_limited_memory_is_full_at_its_limit() {
    let mut storage = MemoryStorage::limited_to(2);
    storage.write(b"a", b"1").unwrap();
    storage.write(b"b", b"1").unwrap();
    assert_eq!(storage.write(b"c", b"1"), Err(StorageError::Full));
    assert_eq!(keys(&mut storage, b""), [b"a", b"b"]);
    storage.write(b"a", b"2").unwrap();
    storage.remove(b"b").unwrap();
    storage.write(b"c", b"1").unwrap();
    assert_eq!(storage.len(), 2);
}

#[test]
fn each_record_takes_a_place_and_gives_it_back() {
    for_each(|storage| {
        assert_eq!(storage.room(STORAGE_VALUE_MAX), Ok(CAPACITY));
        storage.write(b"short", b"").unwrap();
        storage.write(b"long", &[7; STORAGE_VALUE_MAX]).unwrap();
        assert_eq!(storage.room(STORAGE_VALUE_MAX), Ok(CAPACITY - 2));
        storage.write(b"short", b"replaced").unwrap();
        assert_eq!(storage.room(STORAGE_VALUE_MAX), Ok(CAPACITY - 2));
        storage.remove(b"long").unwrap();
        assert_eq!(storage.room(STORAGE_VALUE_MAX), Ok(CAPACITY - 1));
    });
}

#[test]
fn a_clone_of_memory_is_a_snapshot() {
    let mut storage = MemoryStorage::new();
    storage.write(b"key", b"before").unwrap();
    let mut snapshot = storage.clone();
    storage.write(b"key", b"after").unwrap();
    assert_eq!(get(&mut snapshot, b"key").unwrap(), b"before");
}

#[test]
fn nothing_kept_shows_in_debug_output() {
    for_each(|storage| {
        storage.write(b"key", b"secret").unwrap();
        let shown = format!("{storage:?}");
        let bytes = format!("{:?}", b"secret");
        assert!(!shown.contains("secret") && !shown.contains(bytes.trim_matches(['[', ']'])));
    });
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    /// Both storages answer alike, whatever is done to them.
    #[test]
    fn memory_and_file_agree(
        operations in prop::collection::vec(
            ("[ab]{1,3}", prop::option::of(prop::collection::vec(any::<u8>(), 0..40))),
            1..20,
        ),
    ) {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("token.redb");
        let mut memory = AnyStorage::open(None).unwrap();
        let mut file = AnyStorage::open(Some(&path)).unwrap();
        for (key, value) in &operations {
            for storage in [&mut memory, &mut file] {
                match value {
                    Some(value) => storage.write(key.as_bytes(), value).unwrap(),
                    None => storage.remove(key.as_bytes()).unwrap(),
                }
            }
        }
        drop(file);
        let mut file = AnyStorage::open(Some(&path)).unwrap();
        for prefix in ["", "a", "b", "ab"] {
            prop_assert_eq!(keys(&mut memory, prefix.as_bytes()), keys(&mut file, prefix.as_bytes()));
        }
        for key in keys(&mut memory, b"") {
            prop_assert_eq!(get(&mut memory, &key), get(&mut file, &key));
        }
    }
}
