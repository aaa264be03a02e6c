//! The world around fails: storage that is full or broken, randomness that ends.

use crate::ctap2::Status;
use crate::testing::key::Key;
use crate::testing::request::{
    RP, discover, get_assertion, get_info, make_credential, make_discoverable, next_assertion, option, reset, selection,
};

#[test]
fn a_full_storage_refuses_new_accounts_and_keeps_the_old() {
    let mut key = Key::new();
    let made = key.register_discoverable(RP, b"alice");
    key.storage_mut().room = Some(key.storage().records.len());
    let before = key.storage().records.clone();
    assert_eq!(key.refusal(&make_discoverable(RP, b"bob")), Status::KeyStoreFull);
    assert_eq!(
        key.refusal(&make_discoverable("other.example", b"eve")),
        Status::KeyStoreFull
    );
    assert_eq!(key.storage().records, before);
    made.verify(RP, &key.asserted(&discover(RP)).unwrap());
}

#[test]
fn a_full_storage_renews_accounts_and_makes_credentials_that_need_no_room() {
    let mut key = Key::new();
    let old = key.register_discoverable(RP, b"alice");
    key.storage_mut().room = Some(key.storage().records.len());
    let new = key.register_discoverable(RP, b"alice");
    assert_eq!(key.refusal(&get_assertion(RP, &[&old.id])), Status::NoCredentials);
    new.verify(RP, &key.asserted(&discover(RP)).unwrap());
    key.register(RP);
}

#[test]
fn a_storage_full_of_accounts_still_counts_the_use_of_other_credentials() {
    let mut key = Key::new();
    let listed = key.register(RP);
    key.storage_mut().room = Some(key.storage().records.len());
    assert_eq!(key.refusal(&make_discoverable(RP, b"alice")), Status::KeyStoreFull);
    listed.verify(RP, &key.asserted(&get_assertion(RP, &[&listed.id])).unwrap());
}

#[test]
fn a_broken_storage_ends_commands_that_need_it_and_no_signature_leaves() {
    let mut key = Key::new();
    let listed = key.register(RP);
    let discovered = key.register_discoverable(RP, b"alice");
    key.storage_mut().broken = true;
    for request in [
        make_discoverable(RP, b"bob"),
        get_assertion(RP, &[&listed.id]),
        get_assertion(RP, &[&discovered.id]),
        discover(RP),
        reset(),
    ] {
        assert_eq!(key.refusal(&request), Status::Other, "{request:?}");
    }
    assert!(key.send(&get_info()).is_ok());
    assert!(key.send(&make_credential(RP, b"bob")).is_ok());

    key.storage_mut().broken = false;
    listed.verify(RP, &key.asserted(&get_assertion(RP, &[&listed.id])).unwrap());
    discovered.verify(RP, &key.asserted(&discover(RP)).unwrap());
}

#[test]
fn a_record_that_is_none_is_a_failure_and_not_a_credential() {
    let mut key = Key::new();
    let made = key.register_discoverable(RP, b"alice");
    let records = &mut key.storage_mut().records;
    let (name, _) = records.iter().find(|(name, _)| name.starts_with(b"C")).unwrap();
    let name = name.clone();
    for garbage in [&b""[..], b"\xff", b"\xa1\x01\x42\x00", b"\x81\x01", &[0x5a; 1024]] {
        key.storage_mut().records.insert(name.clone(), garbage.to_vec());
        assert_eq!(key.refusal(&get_assertion(RP, &[&made.id])), Status::Other);
        assert_eq!(key.refusal(&discover(RP)), Status::Other);
    }
}

#[test]
fn when_randomness_ends_the_key_refuses_all_work_until_the_next_power_up() {
    let mut key = Key::new();
    let made = key.register_discoverable(RP, b"alice");
    key.0.seams.rng.inner_mut().broken = true;
    let before = key.storage().records.clone();
    assert_eq!(key.refusal(&make_discoverable(RP, b"bob")), Status::Other);
    // Healed or not: what failed once is not trusted again.
    key.0.seams.rng.inner_mut().broken = false;
    key.user().prompts.clear();
    for request in [
        get_info(),
        make_credential(RP, b"bob"),
        discover(RP).with(5, option("up", false)),
        next_assertion(),
        selection(),
        reset(),
    ] {
        assert_eq!(key.refusal(&request), Status::Other, "{request:?}");
    }
    assert_eq!(key.apdu(&[0, 3, 0, 0]), Err(0x6f00));
    assert!(key.user().prompts.is_empty());
    assert_eq!(key.storage().records, before);

    let mut key = key.restarted();
    made.verify(RP, &key.asserted(&discover(RP)).unwrap());
}

#[test]
fn without_randomness_no_command_that_needs_it_leaves_a_trace() {
    let mut prepared = Key::new();
    let listed = prepared.register(RP);
    prepared.register_discoverable(RP, b"alice");
    for request in [
        make_discoverable(RP, b"alice"),
        make_credential(RP, b"alice"),
        get_assertion(RP, &[&listed.id]),
        reset(),
    ] {
        let mut key = prepared.fork();
        key.0.seams.rng.inner_mut().broken = true;
        let before = key.storage().records.clone();
        assert_eq!(key.refusal(&request), Status::Other, "{request:?}");
        assert_eq!(key.storage().records, before);
    }
}
