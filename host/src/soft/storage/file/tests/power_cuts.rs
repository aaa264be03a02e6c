//! Power cuts and full disks at every single change that the database makes.
//!
//! That a killed process loses nothing is shown end to end, with a real process.

use std::collections::BTreeMap;

use brasskey_protocol::limits::STORAGE_VALUE_MAX;
use brasskey_protocol::platform::StorageError;

use super::disk::{Disk, Fault};
use crate::soft::storage::file::records::Records;

type Content = BTreeMap<Vec<u8>, Vec<u8>>;

/// A record's new value, or None to remove it.
type Step = (&'static [u8], Option<Vec<u8>>);

/// What a token does: creates, replaces and removes small and large records.
fn steps() -> Vec<Step> {
    vec![
        (b"root", Some(vec![1; 100])),
        (b"counter", Some(vec![0; 4])),
        (b"credential 1", Some(vec![2; 400])),
        (b"credential 2", Some(vec![3; STORAGE_VALUE_MAX])),
        (b"counter", Some(vec![64; 4])),
        (b"credential 1", None),
        (b"credential 3", Some(vec![4; STORAGE_VALUE_MAX])),
        (b"credential 2", Some(vec![5; 10])),
        (b"root", Some(vec![6; 100])),
        (b"credential 3", None),
        (b"counter", Some(vec![128; 4])),
    ]
}

/// What was acknowledged, and the step that was not.
struct Outcome {
    content: Content,
    unfinished: Option<Step>,
}

fn apply(content: &mut Content, (key, value): &Step) {
    match value {
        Some(value) => drop(content.insert(key.to_vec(), value.clone())),
        None => drop(content.remove(*key)),
    }
}

/// Runs the steps until one fails.
fn run(disk: &Disk) -> Outcome {
    let mut content = Content::new();
    let Ok(mut records) = Records::open(disk.clone()) else {
        return Outcome {
            content,
            unfinished: None,
        };
    };
    for step in steps() {
        if records.set(step.0, step.1.as_deref()).is_err() {
            return Outcome {
                content,
                unfinished: Some(step),
            };
        }
        apply(&mut content, &step);
    }
    Outcome {
        content,
        unfinished: None,
    }
}

fn content(records: &mut Records) -> Content {
    let mut content = Content::new();
    let (mut key, mut value) = ([0; 40], [0; STORAGE_VALUE_MAX]);
    let mut last: Option<Vec<u8>> = None;
    while let Some(length) = records.next_key(b"", last.as_deref(), &mut key).unwrap() {
        let key = key[..length].to_vec();
        let length = records.read(&key, &mut value).unwrap().unwrap();
        content.insert(key.clone(), value[..length].to_vec());
        last = Some(key);
    }
    content
}

fn changes_without_a_fault() -> usize {
    let disk = Disk::new(Vec::new(), Fault::None);
    let outcome = run(&disk);
    assert!(outcome.unfinished.is_none());
    disk.changes()
}

/// Marsaglia's xorshift: the same choices in every run.
pub(super) fn choices(seed: u64) -> impl FnMut() -> bool {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.count_ones().is_multiple_of(2)
    }
}

/// What the disk may hold after a cut: nothing of the unsynced, all of it, or any part of it.
fn images(disk: &Disk, seed: u64) -> impl Iterator<Item = Vec<u8>> {
    let random = (0..6).map(move |n| disk.after_cut(choices(seed * 6 + n)));
    [disk.after_cut(|| false), disk.after_cut(|| true)]
        .into_iter()
        .chain(random)
}

fn check_cut(image: Vec<u8>, outcome: &Outcome, context: &str) -> Records {
    let mut records = match Records::open(Disk::new(image, Fault::None)) {
        Ok(records) => records,
        Err(problem) => panic!("{context}: {problem}"),
    };
    let found = content(&mut records);
    let mut finished = outcome.content.clone();
    if let Some(step) = &outcome.unfinished {
        apply(&mut finished, step);
    }
    assert!(found == outcome.content || found == finished, "{context}");
    records
}

#[test]
fn a_power_cut_loses_nothing_acknowledged() {
    for cut in 0..changes_without_a_fault() {
        let disk = Disk::new(Vec::new(), Fault::Cut(cut));
        let outcome = run(&disk);
        for (n, image) in images(&disk, cut as u64).enumerate() {
            // A file that was not whole never got its name.
            if outcome.content.is_empty() && outcome.unfinished.is_none() {
                continue;
            }
            let mut records = check_cut(image, &outcome, &format!("cut {cut}, image {n}"));
            records.set(b"after", Some(b"the cut")).unwrap();
        }
    }
}

/// The power can go again while the database recovers.
#[test]
fn a_second_cut_during_recovery_loses_nothing_either() {
    let total = changes_without_a_fault();
    for cut in (total / 2..total).step_by(3) {
        let disk = Disk::new(Vec::new(), Fault::Cut(cut));
        let outcome = run(&disk);
        let image = disk.after_cut(choices(cut as u64));
        for second in 0.. {
            let disk = Disk::new(image.clone(), Fault::Cut(second));
            let opened = Records::open(disk.clone()).is_ok();
            for (n, image) in images(&disk, second as u64).enumerate() {
                check_cut(image, &outcome, &format!("cuts {cut} and {second}, image {n}"));
            }
            if opened {
                break;
            }
        }
    }
}

#[test]
fn a_full_disk_changes_nothing_and_is_survived() {
    for at in 0..changes_without_a_fault() {
        let disk = Disk::new(Vec::new(), Fault::Full(at));
        let Ok(mut records) = Records::open(disk) else {
            continue;
        };
        let mut expected = Content::new();
        for step in steps() {
            match records.set(step.0, step.1.as_deref()) {
                Ok(()) => apply(&mut expected, &step),
                Err(error) => assert_eq!(error, StorageError::Full),
            }
            assert_eq!(content(&mut records), expected, "change {at}");
        }
    }
}

/// A key that takes a retry of the PIN can give it back, and a counter goes up, however full the disk is.
#[test]
fn a_full_disk_takes_what_is_as_long_as_what_it_replaces() {
    let disk = Disk::new(Vec::new(), Fault::None);
    let mut records = Records::open(disk.clone()).unwrap();
    let mut grown = 0;
    for account in 0..600_u32 {
        let before = disk.allocated();
        records.set(&account.to_be_bytes(), Some(&[1; 1000])).unwrap();
        grown += usize::from(disk.allocated() > before);
        // Where the file has just grown, or is about to.
        if account % 200 == 0 || disk.allocated() > before {
            let image = disk.after_cut(|| true);
            check_full(&Disk::new(image, Fault::None), account);
        }
    }
    assert!(grown > 1, "it grew {grown} times");
}

/// Replaces records on a disk that is full, also where it is switched off in between, and adds none.
fn check_full(disk: &Disk, last: u32) {
    let mut records = Records::open(disk.clone()).unwrap();
    records.set(&last.to_be_bytes(), Some(&[1; 1001])).unwrap();
    disk.fill();
    for round in 0..20_u8 {
        for account in [0, last / 2, last] {
            let length = if account == last { 1001 } else { 1000 };
            let value = vec![round; length];
            records.set(&account.to_be_bytes(), Some(&value)).unwrap();
        }
        if round % 16 == 15 {
            drop(records);
            records = Records::open(disk.clone()).unwrap();
        }
    }
    let mut added = 0;
    let refused = loop {
        match records.set(&(1000 + added as u32).to_be_bytes(), Some(&[0; STORAGE_VALUE_MAX])) {
            Ok(()) => added += 1,
            Err(error) => break error,
        }
        assert!(added < 2000);
    };
    assert_eq!(refused, StorageError::Full);
    assert!(records.refusal.is_some());
    for round in 0..20_u8 {
        records.set(&0_u32.to_be_bytes(), Some(&[round; 1000])).unwrap();
    }
}
