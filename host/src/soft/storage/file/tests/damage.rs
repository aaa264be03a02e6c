//! Files that somebody else has changed.

use brasskey_protocol::limits::{STORAGE_KEY_MAX, STORAGE_VALUE_MAX};
use proptest::prelude::*;

use super::disk::{Disk, Fault};
use crate::soft::storage::file::records::Records;

#[derive(Clone, Debug)]
enum Damage {
    Flip { at: prop::sample::Index, mask: u8 },
    Overwrite { at: prop::sample::Index, with: Vec<u8> },
    Truncate { at: prop::sample::Index },
    Append { what: Vec<u8> },
}

impl Damage {
    fn apply(&self, file: &mut Vec<u8>) {
        match self {
            Self::Flip { at, mask } => {
                let at = at.index(file.len());
                file[at] ^= mask;
            }
            Self::Overwrite { at, with } => {
                let at = at.index(file.len());
                let end = file.len().min(at + with.len());
                file[at..end].copy_from_slice(&with[..end - at]);
            }
            Self::Truncate { at } => file.truncate(1 + at.index(file.len())),
            Self::Append { what } => file.extend_from_slice(what),
        }
    }
}

fn damage() -> impl Strategy<Value = Damage> {
    let bytes = || prop::collection::vec(any::<u8>(), 1..600);
    prop_oneof![
        4 => (any::<prop::sample::Index>(), 1..=255_u8).prop_map(|(at, mask)| Damage::Flip { at, mask }),
        2 => (any::<prop::sample::Index>(), bytes()).prop_map(|(at, with)| Damage::Overwrite { at, with }),
        1 => any::<prop::sample::Index>().prop_map(|at| Damage::Truncate { at }),
        1 => bytes().prop_map(|what| Damage::Append { what }),
    ]
}

fn valid_file() -> Vec<u8> {
    let disk = Disk::new(Vec::new(), Fault::None);
    let mut records = Records::open(disk.clone()).unwrap();
    for i in 0..40_u8 {
        records.set(&[b'k', i], Some(&[i; 300])).unwrap();
    }
    drop(records);
    disk.after_cut(|| true)
}

/// Opens and uses a file with this content. The results do not matter; that there are results does.
fn use_file(content: Vec<u8>) {
    let mut records = match Records::open(Disk::new(content, Fault::None)) {
        Ok(records) => records,
        Err(problem) => return assert!(!problem.hint().is_empty()),
    };
    let (mut key, mut value) = ([0; STORAGE_KEY_MAX], [0; STORAGE_VALUE_MAX]);
    let mut last: Option<Vec<u8>> = None;
    while let Ok(Some(length)) = records.next_key(b"k", last.as_deref(), &mut key) {
        let _ = records.read(&key[..length], &mut value);
        last = Some(key[..length].to_vec());
    }
    let _ = records.set(b"new", Some(b"value"));
    let _ = records.set(b"k\0", None);
    let mut fresh = Records::open(Disk::new(Vec::new(), Fault::None)).unwrap();
    let _ = records.copy_to(&mut fresh);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_damaged_file_is_refused_or_read_but_never_panics(damages in prop::collection::vec(damage(), 1..4)) {
        let mut content = valid_file();
        for damage in &damages {
            damage.apply(&mut content);
        }
        use_file(content);
    }

    #[test]
    fn random_bytes_never_panic(content in prop::collection::vec(any::<u8>(), 0..5000)) {
        use_file(content);
    }
}

/// The header says how to read all the rest, so every byte of it is tried.
#[test]
fn a_damaged_header_never_panics() {
    let valid = valid_file();
    for at in 0..320 {
        let mut content = valid.clone();
        content[at] ^= 0xff;
        use_file(content);
    }
}
