use super::*;

/// A storage with some history: pages that are full, records that were replaced, slots that are free.
fn used() -> Bench {
    let mut bench = Bench::new();
    for round in 0..6_u8 {
        for record in 0..30_u8 {
            let length = 40 + 30 * usize::from(record);
            bench.write(&[b'E', record], &std::vec![round; length]).unwrap();
        }
    }
    for record in 20..30 {
        bench.records().remove(&[b'E', record]).unwrap();
    }
    bench.write(b"R", b"old").unwrap();
    bench
}

/// Runs `change` on the used storage again and again, and cuts the power at every `step`th of its operations in turn.
/// After each cut, the records that it does not change are as they were, `check` holds, and the storage works.
fn cut_at_every(
    step: usize,
    change: impl Fn(&mut Records<'static, Chip>) -> Result<(), StorageError>,
    check: impl Fn(&mut Bench, usize),
) {
    for cut in (1..).step_by(step) {
        let mut bench = used();
        // In some of the runs, a few more writes bring the log to the end of a page.
        for _ in 0..cut % 7 {
            bench.write(b"x", &[1; 600]).unwrap();
        }
        bench.chip().operations = cut;
        let outcome = change(bench.records());
        let survived = bench.chip().operations > 0;
        bench.restart();
        for record in 0..20_u8 {
            let length = 40 + 30 * usize::from(record);
            assert_eq!(bench.read(&[b'E', record]), Some(std::vec![5; length]), "cut {cut}");
        }
        check(&mut bench, cut);
        for round in 0..60_u8 {
            bench.write(b"after", &[round; 900]).unwrap();
        }
        bench.restart();
        assert_eq!(bench.read(b"after").unwrap(), [59; 900]);
        if survived {
            outcome.unwrap();
            return;
        }
        assert_eq!(outcome, Err(StorageError::Failed), "cut {cut}");
    }
}

#[test]
fn a_write_that_the_power_cuts_leaves_the_old_record_or_the_new() {
    cut_at_every(
        1,
        |mut records| {
            for round in 0..8_u8 {
                records.write(b"R", &[round; 700])?;
            }
            Ok(())
        },
        |bench, cut| {
            let value = bench.read(b"R").unwrap();
            assert!(value == b"old" || value.len() == 700, "cut {cut}");
        },
    );
}

#[test]
fn a_new_record_that_the_power_cuts_is_there_or_not() {
    cut_at_every(
        1,
        |mut records| records.write(b"new", &[9; 300]),
        |bench, cut| {
            let value = bench.read(b"new");
            assert!(value.is_none() || value.unwrap() == [9; 300], "cut {cut}");
        },
    );
}

#[test]
fn a_removal_that_the_power_cuts_has_happened_or_not() {
    cut_at_every(
        1,
        |mut records| records.remove(b"R"),
        |bench, cut| {
            let value = bench.read(b"R");
            assert!(value.is_none() || value.unwrap() == b"old", "cut {cut}");
        },
    );
}

#[test]
fn scrubbing_that_the_power_cuts_loses_nothing_and_can_be_done_again() {
    cut_at_every(
        11,
        |mut records| records.scrub(),
        |bench, cut| {
            assert_eq!(bench.read(b"R").unwrap(), b"old", "cut {cut}");
            bench.records().scrub().unwrap();
            assert_eq!(bench.read(b"R").unwrap(), b"old", "cut {cut}");
        },
    );
}

#[test]
fn an_erase_that_the_power_cuts_near_its_end_is_done_again() {
    let mut bench = used();
    let page = PAGE_SIZE as usize;
    // In every page that was never begun, one bit is not set yet.
    for start in (0..bench.chip().bytes.len()).step_by(page) {
        let bytes = &mut bench.chip().bytes[start..start + page];
        if bytes.iter().all(|byte| *byte == 0xff) {
            bytes[page / 2] = 0xfe;
        }
    }
    bench.restart();
    for round in 0..120_u8 {
        bench.write(b"after", &[round; 900]).unwrap();
    }
    assert_eq!(bench.read(&[b'E', 0]).unwrap(), [5; 40]);
}
