//! PUT, DELETE, RENAME, and which requests are refused.

use std::string::String;
use std::vec::Vec;

use crate::limits::RESERVED_RECORDS;
use crate::testing::key::{CHANNEL, Key};
use crate::testing::oath::{Account, HOTP, ONLY_INCREASING, SHA1, SHA256, SHA512, TOTP, apdu, object};

fn account(name: &str) -> Account {
    Account::new(name, TOTP | SHA1, b"a secret of this account")
}

fn names(key: &mut Key) -> Vec<String> {
    key.accounts().unwrap().into_iter().map(|(name, _)| name).collect()
}

#[test]
fn select_says_version_and_identifier() {
    let mut key = Key::new();
    let selected = key.oath_select(CHANNEL);
    assert_eq!(selected[0], (0x79, [5, 4, 3].into()));
    assert_eq!((selected[1].0, selected[1].1.len()), (0x71, 8));
    assert_eq!(selected.len(), 2);
    assert_eq!(
        key.restarted().oath_select(CHANNEL),
        selected,
        "the same after a power cycle"
    );
    assert_ne!(Key::seeded(2).oath_select(CHANNEL), selected, "another key's");
}

#[test]
fn select_wants_the_applets_name() {
    let mut key = Key::new();
    let select = |name: &[u8]| apdu(0xa4, 4, 0, name);
    let full = b"\xa0\0\0\x05\x27\x21\x01\x01";
    assert_eq!(key.oath_on(CHANNEL, &select(full)).1, 0x9000);
    for name in [&full[..6], b"\xa0\0\0\x05\x27\x20\x01", b""] {
        assert_eq!(key.oath_on(CHANNEL, &select(name)).1, 0x6a82);
    }
}

#[test]
fn accounts_are_there_after_a_power_cycle() {
    let mut key = Key::new();
    key.put(&account("AWS:alice")).unwrap();
    key.put(&Account::new("60/ä", HOTP | SHA512, &[7; 64]).starting_at(3))
        .unwrap();
    let before = (key.totp("AWS:alice", 9), key.accounts());
    assert_eq!(before.1, Ok([("60/ä".into(), 0x13), ("AWS:alice".into(), 0x21)].into()));
    let mut key = key.restarted();
    assert_eq!((key.totp("AWS:alice", 9), key.accounts()), before);
}

#[test]
fn an_account_replaces_that_of_its_name() {
    let mut key = Key::new();
    key.put(&account("alice")).unwrap();
    let records = key.storage().records.len();
    let old = key.totp("alice", 1);
    key.put(&Account::new("alice", TOTP | SHA256, b"x")).unwrap();
    assert_ne!(key.totp("alice", 1), old);
    assert_eq!(key.accounts().unwrap(), [("alice".into(), 0x22)]);
    assert_eq!(key.storage().records.len(), records);
}

#[test]
fn what_is_deleted_is_gone() {
    let mut key = Key::new();
    let records = key.storage().records.len();
    key.put(&account("alice")).unwrap();
    key.delete("alice").unwrap();
    assert_eq!(key.totp("alice", 1), Err(0x6984));
    assert_eq!(key.delete("alice"), Err(0x6984));
    assert_eq!(names(&mut key), [""; 0]);
    assert_eq!(key.storage().records.len(), records);
}

#[test]
fn a_renamed_account_is_the_same() {
    let mut key = Key::new();
    let hotp = Account::new("hotp", HOTP | SHA1, b"12345678901234567890");
    key.put(&hotp.starting_at(1).with(0)).unwrap();
    key.put(&account("alice")).unwrap();
    assert_eq!(key.hotp("hotp").unwrap(), "287082");
    key.rename("hotp", "Acme:bob").unwrap();
    assert_eq!(key.hotp("Acme:bob").unwrap(), "359152");
    assert_eq!(key.hotp("hotp"), Err(0x6984));
    assert_eq!(
        key.accounts().unwrap(),
        [("Acme:bob".into(), 0x11), ("alice".into(), 0x21)]
    );
}

#[test]
fn no_name_is_taken_from_another_account() {
    let mut key = Key::new();
    key.put(&account("alice")).unwrap();
    key.put(&Account::new("bob", TOTP | SHA1, b"another")).unwrap();
    let before = key.storage().records.clone();
    assert_eq!(key.rename("alice", "bob"), Err(0x6a80));
    assert_eq!(key.rename("alice", "alice"), Err(0x6a80));
    assert_eq!(key.rename("carol", "dave"), Err(0x6984));
    assert_eq!(key.storage().records, before);
}

#[test]
fn names_and_secrets_have_1_to_64_bytes() {
    let mut key = Key::new();
    let long = "n".repeat(64);
    for (name, secret) in [("n", &[1; 1][..]), (&long, &[1; 64])] {
        key.put(&Account::new(name, TOTP | SHA512, secret)).unwrap();
        assert!(key.totp(name, 1).is_ok());
    }
    let before = key.storage().records.clone();
    let too_long = "n".repeat(65);
    for (name, secret) in [("", &[1; 1][..]), (&too_long, &[1; 1]), ("m", &[]), ("m", &[1; 65])] {
        assert_eq!(key.put(&Account::new(name, TOTP | SHA1, secret)), Err(0x6a80));
    }
    assert_eq!(key.rename("n", ""), Err(0x6a80));
    assert_eq!(key.rename("n", &too_long), Err(0x6a80));
    assert_eq!(key.storage().records, before);
}

#[test]
fn names_are_text() {
    let mut key = Key::new();
    let mut data = account("xx").encode();
    data[2..4].copy_from_slice(b"\xc3\x28");
    assert_eq!(key.oath(0x01, &data), Err(0x6a80));
    assert_eq!(names(&mut key), [""; 0]);
}

#[test]
fn what_no_account_can_have_is_refused() {
    let mut key = Key::new();
    key.put(&account("alice")).unwrap();
    let before = key.storage().records.clone();
    for kind in [0, 0x01, 0x20, 0x24, 0x31, 0xff] {
        assert_eq!(key.put(&Account::new("alice", kind, b"x")), Err(0x6a80), "{kind:02x}");
    }
    for digits in [0, 5, 9, 0xff] {
        assert_eq!(key.put(&account("alice").digits(digits)), Err(0x6a80));
    }
    assert_eq!(key.put(&account("alice").with(4)), Err(0x6a80), "an unknown property");
    let good = account("alice").encode();
    for tail in [
        &[0x78][..],
        &[0x7a, 3, 0, 0, 0],
        &[0x7a, 4, 0, 0, 0],
        &[0x7a],
        &[0x99, 0],
        &[0],
    ] {
        assert_eq!(key.oath(0x01, &[&good, tail].concat()), Err(0x6a80), "{tail:02x?}");
    }
    for length in 0..good.len() {
        assert!(key.oath(0x01, &good[..length]).is_err(), "{length}");
    }
    assert_eq!(key.storage().records, before);
}

#[test]
fn every_command_says_what_is_wrong_with_its_request() {
    let mut key = Key::new();
    key.put(&account("alice")).unwrap();
    let name = object(0x71, b"alice");
    let step = object(0x74, &[0; 8]);
    // A tag that the command does not have, something behind the data, a time step of another length.
    for (instruction, data) in [
        (0x02, object(0x72, b"alice")),
        (0x02, [&name[..], &[0]].concat()),
        (0x05, name.clone()),
        (0x05, [&name[..], &name, &name].concat()),
        (0xa1, name.clone()),
        (0xa2, name.clone()),
        (0xa2, [&name[..], &step, &[0]].concat()),
        (0xa2, [name.clone(), object(0x74, &[0; 7])].concat()),
        (0xa2, [name.clone(), object(0x74, &[])].concat()),
        (0xa4, object(0x74, &[0; 9])),
        (0xa4, [&step[..], &step].concat()),
        (0xa5, name.clone()),
        (0x03, object(0x73, &[0x21])),
    ] {
        assert_eq!(
            key.oath(instruction, &data),
            Err(0x6a80),
            "{instruction:02x} {data:02x?}"
        );
    }
    assert_eq!(key.oath(0xa5, &[]), Err(0x6985), "nothing remains");
    for apdu in [
        &[0, 0x01, 1, 0][..],
        &[0, 0x02, 0, 1],
        &[0, 0x04, 0, 0],
        &[0, 0x04, 0xde, 0xae],
        &[0, 0xa1, 0, 1],
        &[0, 0xa2, 0, 2],
        &[0, 0xa3, 1, 0],
        &[0, 0xa4, 1, 0],
        &[0, 0xa5, 0, 1],
    ] {
        assert_eq!(key.oath_on(CHANNEL, apdu), ([].into(), 0x6a86), "{apdu:02x?}");
    }
    for instruction in [0x00, 0x06, 0xa0, 0xa6, 0xc0, 0xff] {
        assert_eq!(key.oath(instruction, &[]), Err(0x6d00));
    }
    assert_eq!(key.oath_on(CHANNEL, &[0x80, 0xa1, 0, 0]), ([].into(), 0x6e00));
    assert_eq!(key.oath_on(CHANNEL, &[0, 0xa1, 0]), ([].into(), 0x6700));
}

#[test]
fn time_steps_only_increase_where_the_account_says_so() {
    let mut key = Key::new();
    key.put(&account("free")).unwrap();
    key.put(&account("increasing").with(ONLY_INCREASING)).unwrap();
    for step in [7, 7, 3] {
        key.totp("free", step).unwrap();
    }
    let (first, later) = (key.totp("increasing", 7), key.totp("free", 7));
    assert_eq!(first, later);
    for step in [7, 6, 0] {
        assert_eq!(key.totp("increasing", step), Err(0x6a80));
    }
    let mut key = key.restarted();
    assert_eq!(key.totp("increasing", 7), Err(0x6a80), "durable");
    assert!(key.totp("increasing", 8).is_ok());
    assert_eq!(
        key.totp("increasing", u64::MAX),
        Err(0x6a80),
        "no step would come after it"
    );
    assert!(key.totp("increasing", 9).is_ok());
}

#[test]
fn a_full_key_says_so_and_changes_nothing() {
    let mut key = Key::new();
    let room = key.storage().records.len() + RESERVED_RECORDS as usize + 2;
    key.storage_mut().room = Some(room);
    key.put(&account("alice")).unwrap();
    key.put(&account("bob")).unwrap();
    let before = key.storage().records.clone();
    assert_eq!(key.put(&account("carol")), Err(0x6a84));
    assert_eq!(key.storage().records, before);
    // What is there can be replaced, renamed with the room that is kept free, and deleted.
    key.put(&account("bob")).unwrap();
    key.rename("bob", "dave").unwrap();
    key.delete("alice").unwrap();
    key.put(&account("carol")).unwrap();
    assert_eq!(names(&mut key), ["carol", "dave"]);
}

#[test]
fn a_renaming_without_room_for_both_records_changes_nothing() {
    let mut key = Key::new();
    key.put(&account("alice")).unwrap();
    key.storage_mut().room = Some(key.storage().records.len());
    assert_eq!(key.rename("alice", "bob"), Err(0x6a84));
    assert_eq!(names(&mut key), ["alice"]);
    assert_eq!(names(&mut key.restarted()), ["alice"]);
}

#[test]
fn a_storage_that_was_full_before_there_were_codes_gets_a_root_when_there_is_room() {
    let mut key = Key::new();
    key.storage_mut().records.remove(&b"O"[..]);
    key.storage_mut().room = Some(key.storage().records.len());
    let mut key = key.restarted();
    assert_eq!(key.oath_on(CHANNEL, &apdu(0xa4, 4, 0, &crate::oath::AID)).1, 0x6a84);
    assert_eq!(key.put(&account("alice")), Err(0x6a84));
    assert_eq!(key.oath_reset(), Err(0x6a84));
    key.storage_mut().room = None;
    key.put(&account("alice")).unwrap();
    assert_eq!(names(&mut key.restarted()), ["alice"]);
}

#[test]
fn a_failed_generator_ends_all_work() {
    let mut key = Key::new();
    key.put(&account("alice")).unwrap();
    key.0.rng.inner_mut().broken = true;
    assert_eq!(key.put(&account("bob")), Err(0x6581));
    assert_eq!(key.totp("alice", 1), Err(0x6f00));
    assert_eq!(key.oath_reset(), Err(0x6f00));
}
