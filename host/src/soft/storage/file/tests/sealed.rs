//! Sealed files: who opens them, what they show, and how they become what they are.

use redb::TableHandle as _;

use super::*;
use crate::soft::storage::seal::tests::{Knows, passphrase};
use crate::soft::storage::{Keyring, KeyringError, NewSeal, Seal};

const SECRET: &[u8] = b"the master secret";

fn sealed(path: &Path) -> FileStorage {
    let mut storage = open(path);
    storage.reseal(passphrase("right")).unwrap();
    storage.write(b"key", SECRET).unwrap();
    storage
}

fn shows_the_secret(path: &Path) -> bool {
    fs::read(path)
        .unwrap()
        .windows(SECRET.len())
        .any(|window| window == SECRET)
}

#[test]
fn only_the_passphrase_opens_it() {
    let (_directory, path) = place();
    drop(sealed(&path));
    assert!(!shows_the_secret(&path));
    assert!(matches!(problem(&path), StorageOpenProblem::PassphraseNeeded));
    let wrong = Knows::passphrase("wrong").open(&path);
    assert!(matches!(wrong, Err(StorageOpenProblem::WrongPassphrase)));
    let at_last = Knows {
        passphrases: vec!["wrong", "right"],
        keyring: None,
    };
    let mut storage = at_last.open(&path).unwrap();
    assert_eq!(storage.seal(), Seal::Passphrase);
    assert_eq!(get(&mut storage, b"key").unwrap(), SECRET);
    storage.scrub().unwrap();
    storage.write(b"key", b"another").unwrap();
    drop(storage);
    assert_eq!(
        get(&mut Knows::passphrase("right").open(&path).unwrap(), b"key").unwrap(),
        b"another"
    );
}

#[test]
fn only_the_keyring_opens_it() {
    let (_directory, path) = place();
    let keyring = Keyring::in_memory();
    let mut storage = open(&path);
    storage.write(b"key", SECRET).unwrap();
    storage.reseal(NewSeal::keyring(&keyring, &path).unwrap()).unwrap();
    drop(storage);
    assert!(!shows_the_secret(&path));
    let other = Knows::keyring(&Keyring::in_memory()).open(&path);
    assert!(matches!(other, Err(StorageOpenProblem::Keyring(KeyringError::NoKey))));
    let none = Knows::passphrase("right").open(&path);
    assert!(matches!(
        none,
        Err(StorageOpenProblem::Keyring(KeyringError::Unsupported))
    ));
    let mut storage = Knows::keyring(&keyring).open(&path).unwrap();
    assert_eq!(storage.seal(), Seal::Keyring);
    assert_eq!(get(&mut storage, b"key").unwrap(), SECRET);
}

#[test]
fn a_seal_is_put_on_changed_and_taken_away() {
    let (_directory, path) = place();
    let keyring = Keyring::in_memory();
    let knows = Knows {
        passphrases: vec!["one", "two"],
        keyring: Some(keyring.clone()),
    };
    let mut storage = open(&path);
    storage.write(b"key", SECRET).unwrap();
    storage.write(b"empty", b"").unwrap();
    let seals = [
        passphrase("one"),
        passphrase("two"),
        NewSeal::keyring(&keyring, &path).unwrap(),
        NewSeal::none(),
        NewSeal::keyring(&keyring, &path).unwrap(),
        passphrase("one"),
        NewSeal::none(),
    ];
    for new in seals {
        let seal = new.seal;
        storage.reseal(new).unwrap();
        assert!(matches!(problem(&path), StorageOpenProblem::Locked { holder: None }));
        storage.write(b"later", b"value").unwrap();
        drop(storage);
        assert_eq!(shows_the_secret(&path), seal == Seal::None);
        storage = knows.clone().open(&path).unwrap();
        assert_eq!(storage.seal(), seal);
        assert_eq!(keys(&mut storage, b""), [&b"empty"[..], b"key", b"later"]);
        assert_eq!(get(&mut storage, b"key").unwrap(), SECRET);
        assert_eq!(get(&mut storage, b"empty").unwrap(), b"");
    }
}

#[test]
fn a_file_is_sealed_from_the_first() {
    let (_directory, path) = place();
    let mut storage = FileStorage::make(&path, passphrase("right")).unwrap();
    assert_eq!(storage.seal(), Seal::Passphrase);
    storage.write(b"key", SECRET).unwrap();
    drop(storage);
    assert!(!shows_the_secret(&path));
    let mut storage = Knows::passphrase("right").open(&path).unwrap();
    assert_eq!(get(&mut storage, b"key").unwrap(), SECRET);
}

#[test]
fn a_file_that_is_there_is_not_made_anew() {
    for old in [passphrase("old"), NewSeal::none()] {
        let (_directory, path) = place();
        let seal = old.seal;
        drop(FileStorage::make(&path, old).unwrap());
        let refused = FileStorage::make(&path, passphrase("new")).unwrap_err();
        assert!(matches!(refused.problem, StorageOpenProblem::Locked { holder: None }));
        assert_eq!(Knows::passphrase("old").open(&path).unwrap().seal(), seal);
    }
}

#[test]
fn a_copy_that_did_not_come_about_is_not_there() {
    let (directory, path) = place();
    // It may hold secrets.
    let mut storage = open(&path);
    storage.records.set(b"key", Some(SECRET)).unwrap();
    storage.reseal(passphrase("right")).unwrap();
    storage.records.set(b"damaged", Some(b"not sealed")).unwrap();
    assert!(storage.reseal(NewSeal::none()).is_err());
    let there: Vec<_> = fs::read_dir(&directory).unwrap().collect();
    assert_eq!(there.len(), 1, "{there:?}");
}

#[test]
fn records_can_neither_change_places_nor_be_changed() {
    let (_directory, path) = place();
    let mut storage = sealed(&path);
    storage.write(b"other", b"another").unwrap();
    let mut value = [0; 200];
    let length = storage.records.read(b"key", &mut value).unwrap().unwrap();
    let value = &mut value[..length];
    storage.records.set(b"other", Some(value)).unwrap();
    assert_eq!(storage.read(b"other", &mut [0; 200]), Err(StorageError::Failed));
    assert_eq!(get(&mut storage, b"key").unwrap(), SECRET);
    for at in 0..length {
        value[at] ^= 1;
        storage.records.set(b"key", Some(value)).unwrap();
        assert_eq!(storage.read(b"key", &mut [0; 200]), Err(StorageError::Failed));
        value[at] ^= 1;
    }
    storage.records.set(b"key", Some(&value[..length - 1])).unwrap();
    assert_eq!(storage.read(b"key", &mut [0; 200]), Err(StorageError::Failed));

    // What is damaged is not sealed anew, and so not lost either.
    assert!(matches!(
        storage.reseal(NewSeal::none()).unwrap_err().problem,
        StorageOpenProblem::Corrupt
    ));
    storage.records.set(b"other", None).unwrap();
    storage.records.set(b"key", Some(value)).unwrap();
    drop(storage);
    assert_eq!(
        get(&mut Knows::passphrase("right").open(&path).unwrap(), b"key").unwrap(),
        SECRET
    );
}

/// A process can be killed at each step of sealing: while it writes the new file, and before the rename.
#[test]
fn a_sealing_cut_short_leaves_the_old_file() {
    let (directory, path) = place();
    let new = new_file(&path);
    open(&path).write(b"key", SECRET).unwrap();
    let whole = {
        let other = directory.path().join("other");
        fs::copy(&path, &other).unwrap();
        open(&other).reseal(passphrase("right")).unwrap();
        fs::read(other).unwrap()
    };
    for length in [0, 1, 4096, whole.len()] {
        fs::write(&new, &whole[..length]).unwrap();
        let mut storage = open(&path);
        assert!(!new.exists());
        assert_eq!(
            (storage.seal(), get(&mut storage, b"key").unwrap()),
            (Seal::None, SECRET.to_vec())
        );
    }

    // One that does not get as far leaves it as well, and at work.
    let mut storage = open(&path);
    fs::create_dir(&new).unwrap();
    assert!(storage.reseal(passphrase("right")).is_err());
    assert_eq!(storage.seal(), Seal::None);
    storage.write(b"key", b"value").unwrap();
    fs::remove_dir(&new).unwrap();
    storage.reseal(passphrase("right")).unwrap();
    assert_eq!(get(&mut storage, b"key").unwrap(), b"value");
}

const BRASSKEY: TableDefinition<'_, &str, u32> = TableDefinition::new("brasskey");
const RECORDS: TableDefinition<'_, &[u8], &[u8]> = TableDefinition::new("records");
const META: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("meta");

/// An empty file that brasskey may open.
fn blank(path: &Path) {
    drop(open(path));
    let database = Database::open(path).unwrap();
    let transaction = database.begin_write().unwrap();
    for table in transaction.list_tables().unwrap().collect::<Vec<_>>() {
        transaction.delete_table(table).unwrap();
    }
    transaction.commit().unwrap();
}

#[test]
fn a_file_without_a_seal_is_read_as_ever() {
    let (_directory, path) = place();
    blank(&path);
    insert(&path, BRASSKEY, "format", 1);
    insert(&path, RECORDS, &b"key"[..], SECRET);
    let mut storage = open(&path);
    assert_eq!(get(&mut storage, b"key").unwrap(), SECRET);
    storage.write(b"key", b"value").unwrap();
    drop(storage);
    let database = Database::open(&path).unwrap();
    let transaction = database.begin_read().unwrap();
    let tables = transaction.list_tables().unwrap().map(|table| table.name().to_owned());
    assert_eq!(
        tables.collect::<Vec<_>>(),
        ["brasskey", "records"],
        "an older version reads it, too"
    );
}

/// Made with argon2-cffi and PyNaCl, from what is said in `header.rs` and `cipher.rs` only.
const HEADER: [u8; 101] = [
    0x01, 0x00, 0x00, 0x00, 0x40, 0x00, 0x00, 0x00, 0x03, 0x00, 0x00, 0x00, 0x04, 0x8b, 0xe5, 0x6b, 0x31, 0xeb, 0x55,
    0xca, 0x6a, 0xb9, 0x47, 0x12, 0x17, 0x82, 0x3e, 0x7a, 0xab, 0xc6, 0x2f, 0x54, 0x3c, 0x9d, 0xcd, 0x5a, 0x34, 0x15,
    0xe5, 0x4b, 0x35, 0xac, 0x1b, 0x0b, 0x41, 0x87, 0x16, 0x78, 0xf3, 0x54, 0x05, 0x9d, 0xcb, 0x36, 0x2e, 0x2b, 0xbb,
    0xc9, 0x98, 0x9b, 0x8d, 0x70, 0x96, 0xa5, 0x0f, 0x95, 0xb1, 0xfd, 0xbc, 0x7a, 0x37, 0x87, 0xa5, 0xf6, 0x40, 0x40,
    0x44, 0x5b, 0x22, 0x78, 0xfb, 0x32, 0xbf, 0x2b, 0xd2, 0xf2, 0x04, 0x59, 0xe7, 0x59, 0x37, 0x9d, 0xb9, 0x58, 0x83,
    0xac, 0x01, 0xb8, 0x2e, 0xbb, 0x6d,
];
const RECORD: [u8; 57] = [
    0x75, 0xa5, 0x8f, 0xec, 0x6a, 0xfd, 0x8a, 0xc8, 0x1f, 0x24, 0x05, 0xd3, 0x60, 0xf2, 0xc0, 0x2a, 0x7b, 0x5f, 0x63,
    0xcb, 0xdb, 0x81, 0x4b, 0x26, 0x30, 0x5e, 0x4b, 0xad, 0x47, 0xad, 0xee, 0x80, 0xf3, 0xb3, 0x7a, 0xbf, 0xbb, 0xf8,
    0x37, 0x2b, 0x62, 0x50, 0xff, 0x6b, 0xee, 0x83, 0x43, 0xa1, 0x90, 0x49, 0x93, 0x58, 0xba, 0x9a, 0xca, 0x86, 0xbc,
];

/// What can be read once can be read for ever.
#[test]
fn a_file_sealed_with_a_passphrase_is_read_for_ever() {
    let (_directory, path) = place();
    blank(&path);
    insert(&path, BRASSKEY, "format", 2);
    insert(&path, META, "seal", &HEADER[..]);
    insert(&path, RECORDS, &b"key"[..], &RECORD[..]);
    let mut storage = Knows::passphrase("correct horse battery staple").open(&path).unwrap();
    assert_eq!(get(&mut storage, b"key").unwrap(), SECRET);
}

#[test]
fn a_header_belongs_to_a_sealed_file() {
    let (_directory, path) = place();
    drop(sealed(&path));
    insert(&path, BRASSKEY, "format", 1);
    assert!(matches!(problem(&path), StorageOpenProblem::Corrupt));
    insert(&path, BRASSKEY, "format", 2);
    insert(&path, META, "seal", &b"no header"[..]);
    assert!(matches!(problem(&path), StorageOpenProblem::Corrupt));
    fs::remove_file(&path).unwrap();
    blank(&path);
    insert(&path, BRASSKEY, "format", 2);
    insert(&path, RECORDS, &b"key"[..], SECRET);
    assert!(matches!(problem(&path), StorageOpenProblem::Corrupt));
}
