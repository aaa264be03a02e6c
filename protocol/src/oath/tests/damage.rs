//! Records that no version of this key wrote. They give no code, and hinder nobody else.

use std::vec::Vec;

use crate::store::StartError;
use crate::testing::key::{CHANNEL, Key};
use crate::testing::oath::{AccessCode, Account, SHA1, TOTP};
use crate::testing::platform::Dice;
use crate::testing::request::RP;

const ROOT: &[u8] = b"O";

fn key() -> Key {
    let mut key = Key::new();
    for name in ["alice", "bob"] {
        key.put(&Account::new(name, TOTP | SHA1, name.as_bytes())).unwrap();
    }
    key
}

/// The key of the record with this name.
fn place(key: &mut Key, name: &str) -> Vec<u8> {
    let mut without = key.fork();
    without.delete(name).unwrap();
    let is_gone = |place: &&Vec<u8>| !without.storage().records.contains_key(*place);
    key.storage().records.keys().find(is_gone).unwrap().clone()
}

/// Every way to damage a record by a bit, by its end, or by more behind it.
fn damaged(record: &[u8]) -> Vec<Vec<u8>> {
    let flipped = (0..8 * record.len()).map(|bit| {
        let mut record = record.to_vec();
        record[bit / 8] ^= 1 << (bit % 8);
        record
    });
    let cut = (0..record.len()).map(|length| record[..length].to_vec());
    let longer = [1, 200].map(|more| [record, &std::vec![0; more]].concat());
    flipped.chain(cut).chain(longer).collect()
}

#[test]
fn a_damaged_account_hides_itself_alone() {
    let mut key = key();
    let place = place(&mut key, "alice");
    let record = key.storage().records[&place].clone();
    let bob = key.totp("bob", 1);
    for damaged in damaged(&record) {
        key.storage_mut().records.insert(place.clone(), damaged);
        assert_eq!(key.accounts().unwrap(), [("bob".into(), 0x21)]);
        assert_eq!(key.codes(1).unwrap().len(), 1);
        assert_eq!(key.totp("alice", 1), Err(0x6581));
        assert_eq!(key.rename("alice", "carol"), Err(0x6581));
        assert_eq!(key.rename("bob", "alice"), Err(0x6a80));
        assert_eq!(key.totp("bob", 1), bob);
    }
    let mut replaced = key.fork();
    replaced.put(&Account::new("alice", TOTP | SHA1, b"alice")).unwrap();
    assert_eq!(replaced.accounts().unwrap().len(), 2);
    key.delete("alice").unwrap();
    assert_eq!(key.totp("alice", 1), Err(0x6984));
}

#[test]
fn a_record_in_anothers_place_is_neither() {
    let mut key = key();
    let (alice, bob) = (place(&mut key, "alice"), place(&mut key, "bob"));
    let record = key.storage().records[&alice].clone();
    key.storage_mut().records.insert(bob, record);
    assert_eq!(key.totp("bob", 1), Err(0x6581));
    assert_eq!(key.accounts().unwrap(), [("alice".into(), 0x21)]);
}

#[test]
fn a_damaged_root_takes_no_codes_and_no_passkeys_and_a_reset_mends_it() {
    let mut key = key();
    key.set_code(Some(AccessCode(SHA1, b"code"))).unwrap();
    let passkey = key.register_discoverable(RP, b"alice");
    let record = key.storage().records[ROOT].clone();
    let mut refused = 0;
    for mut damaged in damaged(&record) {
        if damaged.first().is_some_and(|schema| *schema > 1) {
            damaged[0] = 0;
        }
        let mut storage = key.storage().clone();
        storage.records.insert(ROOT.into(), damaged.clone());
        let mut key = Key::recover(storage);
        // A root says nothing of whether it is the right one: another secret just opens nothing.
        match key.accounts() {
            Err(0x6581) => {
                refused += 1;
                assert_eq!(key.totp("alice", 1), Err(0x6581));
                assert_eq!(key.put(&Account::new("eve", TOTP | SHA1, b"x")), Err(0x6581));
                // As of a key without accounts: stock clients find their way to a reset.
                let selected = key.oath_select(CHANNEL);
                assert_eq!(selected[1..], [(0x71, [0; 8].into())]);
                assert_eq!(key.storage().records[ROOT], damaged, "left as it is");
            }
            Err(word) => assert_eq!(word, 0x6982),
            Ok(accounts) => assert!(accounts.len() <= 2),
        }
        assert!(
            key.asserted(crate::testing::request::get_assertion_by(RP, &[&passkey.id]))
                .is_ok()
        );
        key.oath_reset().unwrap();
        let mut key = key.restarted();
        assert_eq!(key.accounts(), Ok([].into()));
        key.put(&Account::new("alice", TOTP | SHA1, b"new")).unwrap();
        assert!(key.restarted().totp("alice", 1).is_ok());
    }
    assert!(refused > record.len(), "{refused}");
}

#[test]
fn a_newer_versions_root_is_left_alone() {
    let mut key = key();
    key.storage_mut().records.insert(ROOT.into(), [2, 0, 0].into());
    let before = key.storage().records.clone();
    let (storage, error) = Key::start(key.storage().clone(), Dice::default()).err().unwrap();
    assert_eq!(error, StartError::NewerSchema(2));
    assert_eq!(storage.records, before);
}
