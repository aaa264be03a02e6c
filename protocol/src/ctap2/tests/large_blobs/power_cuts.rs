use super::super::power_cuts::at_every_cut;
use super::*;

/// A cut anywhere in the sequence leaves the old array or the new one, and nothing of the other.
fn leaves_one_of(prepared: &mut Key, new: &[u8], size: usize) {
    let old = stored(prepared);
    at_every_cut(
        prepared,
        |key| write(key, new, size),
        |mut key, answer| {
            let stored = stored(&mut key);
            assert!(stored == new || answer.is_err() && stored == old);
            let chunks = if stored == INITIAL {
                0
            } else {
                1 + stored.len().div_ceil(1024)
            };
            assert_eq!(records(&key), chunks, "orphans are collected");
            // The key continues as if nothing had happened.
            write(&mut key, &old, MAX_FRAGMENT).unwrap();
            write(&mut key, new, size).unwrap();
            assert_eq!(self::stored(&mut key), new);
        },
    );
}

#[test]
fn the_first_array_is_there_whole_or_not_at_all() {
    leaves_one_of(&mut Key::new(), &array(2500, 1), 900);
}

#[test]
fn an_array_is_the_old_one_or_the_new_one() {
    for (old, new) in [(3000, 2500), (17, LARGE_BLOB_ARRAY_MAX), (LARGE_BLOB_ARRAY_MAX, 17)] {
        for size in [MAX_FRAGMENT, 900] {
            let mut key = Key::new();
            write(&mut key, &array(old, 1), old).unwrap();
            leaves_one_of(&mut key, &array(new, 2), size);
        }
    }
}

#[test]
fn collecting_at_a_start_can_be_cut_too() {
    let mut key = Key::new();
    let old = array(2000, 1);
    write(&mut key, &old, 2000).unwrap();
    let whole = key.storage().records.clone();
    key.send(first(&array(4000, 2)[..3999], 4000)).unwrap();
    let left = key.storage().clone();
    let mut cuts = 0;
    for operation in 0..32 {
        for happens in [false, true] {
            let mut storage = left.clone();
            storage.cut_power_at(operation, happens);
            let mut key = Key::recover(storage);
            assert_eq!(key.storage().records, whole);
            assert_eq!(stored(&mut key), old);
            cuts += 1;
        }
    }
    assert_eq!(cuts, 64);
}

/// Without a cut: one operation fails, and the key stays on.
#[test]
fn a_storage_that_fails_once_leaves_the_old_array_or_the_new_one() {
    let (old, new) = (array(2000, 1), array(3000, 2));
    let mut prepared = Key::new();
    write(&mut prepared, &old, 2000).unwrap();
    for operation in 0..24 {
        for happens in [false, true] {
            let mut key = prepared.fork();
            key.storage_mut().fail_at(operation, happens);
            let answer = write(&mut key, &new, 1500);
            key.storage_mut().power_up();
            let stored = stored(&mut key);
            assert!(stored == new || answer.is_err() && stored == old);
            write(&mut key, &new, 1500).unwrap();
            assert_eq!(self::stored(&mut key), new);
            assert_eq!(records(&key), 4);
        }
    }
}
