use super::*;

/// Fills the storage with records of `length` bytes; how many fit.
fn fill(bench: &mut Bench, length: usize) -> u32 {
    for record in 0_u32.. {
        match bench.write(&record.to_be_bytes(), &std::vec![0x5a; length]) {
            Ok(()) => {}
            Err(error) => {
                assert_eq!(error, StorageError::Full);
                return record;
            }
        }
    }
    unreachable!()
}

#[test]
fn hundreds_of_accounts_fit() {
    // A discoverable credential with a short domain and names takes less.
    let mut bench = Bench::new();
    assert_eq!(fill(&mut bench, 240), RECORDS as u32);
    bench.restart();
    assert_eq!(bench.keys(b"").len(), RECORDS);
}

#[test]
fn as_many_records_fit_as_it_says_and_each_takes_a_place() {
    for (length, written) in [(610, 610), (610, 40), (1, 1), (STORAGE_VALUE_MAX, STORAGE_VALUE_MAX)] {
        let mut bench = Bench::new();
        let room = bench.records().room(length).unwrap();
        for record in 0..room {
            bench.write(&record.to_be_bytes(), &std::vec![1; written]).unwrap();
            let left = bench.records().room(length).unwrap();
            assert_eq!(left, room - 1 - record, "{length} {written} {record}");
        }
        bench.records().remove(&0_u32.to_be_bytes()).unwrap();
        assert_eq!(bench.records().room(length), Ok(1));
    }
}

#[test]
fn a_record_as_long_as_the_one_it_replaces_always_fits() {
    for length in [1, 40, 300, 470, 511, 700, STORAGE_VALUE_MAX] {
        let mut bench = Bench::new();
        let count = fill(&mut bench, length);
        for round in 0..4_u8 {
            for record in 0..count {
                // Back and forth: the gaps at the ends of pages differ each time.
                let record = if round % 2 == 0 { record } else { count - 1 - record };
                let value = std::vec![round; length];
                bench.write(&record.to_be_bytes(), &value).unwrap();
            }
        }
        bench.restart();
        for record in 0..count {
            assert_eq!(bench.read(&record.to_be_bytes()).unwrap(), std::vec![3; length]);
        }
    }
}

#[test]
fn a_full_storage_refuses_to_grow_and_leaves_everything_as_it_is() {
    let mut bench = Bench::new();
    let count = fill(&mut bench, STORAGE_VALUE_MAX - 1);
    assert_eq!(bench.write(b"more", &[0; STORAGE_VALUE_MAX]), Err(StorageError::Full));
    assert_eq!(bench.read(b"more"), None);
    assert_eq!(bench.keys(b"").len(), count as usize);
    // Smaller ones may fit until there is no slot.
    for record in count.. {
        if bench.write(&record.to_be_bytes(), &[]).is_err() {
            break;
        }
    }
    assert_eq!(bench.write(&0_u32.to_be_bytes(), &[1; STORAGE_VALUE_MAX - 1]), Ok(()));
}

#[test]
fn removing_makes_room() {
    let mut bench = Bench::new();
    let count = fill(&mut bench, 800);
    for record in 0..count {
        bench.records().remove(&record.to_be_bytes()).unwrap();
    }
    assert_eq!(fill(&mut bench, 800), count);
}

#[test]
fn a_full_storage_can_be_scrubbed() {
    for length in [1, 300, 700, STORAGE_VALUE_MAX] {
        let mut bench = Bench::new();
        let count = fill(&mut bench, length);
        bench.write(&0_u32.to_be_bytes(), &std::vec![0xa5; length]).unwrap();
        bench.records().scrub().unwrap();
        bench.restart();
        assert_eq!(bench.keys(b"").len(), count as usize, "{length}");
    }
}
