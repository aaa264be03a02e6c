use super::*;

#[test]
fn a_new_key_has_the_initial_array() {
    let mut key = Key::new();
    assert!(window(&mut key, 0, 0).is_empty());
    for count in [17, 18, MAX_FRAGMENT] {
        assert_eq!(window(&mut key, count, 0), INITIAL);
    }
    assert_eq!(window(&mut key, 5, 3), INITIAL[3..8]);
    assert_eq!(records(&key), 0);
}

#[test]
fn at_the_end_there_is_nothing_and_behind_it_an_error() {
    let mut key = Key::new();
    for array in [INITIAL.to_vec(), array(1024, 0), array(LARGE_BLOB_ARRAY_MAX, 0)] {
        if array != INITIAL {
            write(&mut key, &array, MAX_FRAGMENT).unwrap();
        }
        assert!(window(&mut key, 100, array.len()).is_empty());
        assert_eq!(window(&mut key, 100, array.len() - 1), array[array.len() - 1..]);
        for offset in [array.len() + 1, 0xffff, 0x1_0000_0000] {
            assert_eq!(key.refusal(&get(1, offset)), Status::InvalidParameter);
        }
        let far = get(1, 0).with(3, Value::Integer(u64::MAX.into()));
        assert_eq!(key.refusal(&far), Status::InvalidParameter);
    }
}

#[test]
fn no_more_is_read_than_a_message_carries() {
    let mut key = Key::new();
    assert_eq!(key.refusal(&get(MAX_FRAGMENT + 1, 0)), Status::InvalidLength);
    let most = get(1, 0).with(1, Value::Integer(u64::MAX.into()));
    assert_eq!(key.refusal(&most), Status::InvalidLength);
}

#[test]
fn reading_takes_no_length_and_no_token() {
    let mut key = Key::new();
    for (member, value) in [(4, int(17)), (5, bytes([0; 16])), (6, int(2))] {
        let request = get(17, 0).with(member, value);
        assert_eq!(key.refusal(&request), Status::InvalidParameter);
    }
}

#[test]
fn a_chunk_that_is_gone_or_cut_is_told_and_can_be_written_anew() {
    let mut key = Key::new();
    write(&mut key, &array(3000, 0), 3000).unwrap();
    let chunk = keys(&key).pop().unwrap();
    key.storage_mut().records.get_mut(&chunk).unwrap().truncate(10);
    assert_eq!(key.refusal(&get(3000, 0)), Status::Other);
    assert_eq!(window(&mut key, 2048, 0), array(3000, 0)[..2048], "what is there");
    key.storage_mut().records.remove(&chunk);
    assert_eq!(key.refusal(&get(3000, 0)), Status::Other);
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
