//! OATH's reset and FIDO's: each erases its own.

use std::vec::Vec;

use crate::testing::key::{CHANNEL, Key};
use crate::testing::oath::{AccessCode, Account, HOTP, SHA1, TOTP, apdu};
use crate::testing::pin::PIN;
use crate::testing::request::{RESET, RP, get_assertion, get_assertion_by};

const CODE: AccessCode = AccessCode(SHA1, b"sixteen bytes of");

#[test]
fn a_reset_forgets_accounts_and_code_whoever_asks() {
    let mut key = Key::new();
    let records: Vec<_> = key.storage().records.keys().cloned().collect();
    let identifier = key.oath_select(CHANNEL)[1].clone();
    let account = Account::new("alice", TOTP | SHA1, b"secret");
    key.put(&account).unwrap();
    let sealed = key.storage().records.clone();
    key.set_code(Some(CODE)).unwrap();
    let mut key = key.restarted();
    key.oath_reset().unwrap();
    assert!(key.storage().records.keys().eq(&records));
    assert_eq!(key.storage().scrubbed, 1);
    let selected = key.oath_select(CHANNEL);
    assert_eq!(selected.len(), 2, "no challenge");
    assert_ne!(selected[1], identifier);
    assert_eq!(key.accounts(), Ok([].into()));
    // A record from before, put back, does not open.
    for (name, record) in sealed.iter().filter(|(name, _)| name[0] == b'T') {
        key.storage_mut().records.insert(name.clone(), record.clone());
    }
    assert_eq!(key.accounts(), Ok([].into()));
    assert_eq!(key.totp("alice", 1), Err(0x6581));
    key.put(&account).unwrap();
    assert!(key.restarted().totp("alice", 1).is_ok());
}

#[test]
fn fidos_reset_leaves_the_codes() {
    let mut key = Key::new();
    let made = key.register_discoverable(RP, b"alice");
    let account = Account::new("hotp", HOTP | SHA1, b"12345678901234567890");
    key.put(&account).unwrap();
    key.hotp("hotp").unwrap();
    key.set_code(Some(CODE)).unwrap();
    key.send(RESET).unwrap();
    assert!(key.asserted(get_assertion_by(RP, &[&made.id])).is_err());
    assert_eq!(key.hotp("hotp").unwrap(), "287082");
    let mut key = key.restarted();
    assert_eq!(key.hotp("hotp"), Err(0x6982), "nor does it open them");
    key.unlock(CHANNEL, CODE).unwrap();
    assert_eq!(key.hotp("hotp").unwrap(), "359152");
}

#[test]
fn oaths_reset_leaves_the_passkeys() {
    let mut key = Key::new();
    let listed = key.register(RP);
    let passkey = key.register_discoverable(RP, b"alice");
    key.set_pin(PIN);
    key.put(&Account::new("alice", TOTP | SHA1, b"secret")).unwrap();
    key.oath_reset().unwrap();
    let mut key = key.restarted();
    key.asserted(get_assertion(RP)).unwrap().is_by(&passkey, RP);
    key.asserted(get_assertion_by(RP, &[&listed.id]))
        .unwrap()
        .is_by(&listed, RP);
    assert_eq!(key.try_pin(PIN), Ok(()));
}

#[test]
fn a_reset_without_its_password_is_none() {
    let mut key = Key::new();
    key.put(&Account::new("alice", TOTP | SHA1, b"secret")).unwrap();
    let before = key.storage().records.clone();
    assert_eq!(key.oath_on(CHANNEL, &apdu(0x04, 0, 0, &[])).1, 0x6a86);
    assert_eq!(key.oath_on(CHANNEL, &apdu(0x04, 0xde, 0xad, b"x")).1, 0x6a80);
    assert_eq!(key.storage().records, before);
}
