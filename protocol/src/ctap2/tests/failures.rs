//! The key's surroundings fail: storage that is full or broken, and a random number generator that stops.

use std::vec;
use std::vec::Vec;

use cbor4ii::core::Value;
use proptest::prelude::*;

use crate::ctap2::Status;
use crate::testing::cbor::{array, bytes, map};
use crate::testing::key::Key;
use crate::testing::request::{
    RP, descriptor, discover, get_assertion, get_info, make_credential, make_discoverable, next_assertion, option,
    reset, selection,
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
fn counting_needs_no_room() {
    let mut key = Key::new();
    let with_blob = make_discoverable(RP, b"alice").with(6, map([("credBlob", bytes(b"blob"))]));
    let made = [key.register(RP), key.made(&with_blob).unwrap()];
    let sizes = |key: &Key| key.storage().records.values().map(Vec::len).collect::<Vec<_>>();
    let before = sizes(&key);
    for made in made {
        for _ in 0..300 {
            key.asserted(&get_assertion(RP, &[&made.id])).unwrap();
        }
    }
    assert_eq!(sizes(&key), before);
    // The count is kept in the record of the account, and leaves the rest of it.
    let asking = discover(RP).with(4, map([("credBlob", Value::Bool(true))]));
    let outputs = key.restarted().asserted(&asking).unwrap().auth_data.extensions;
    assert_eq!(outputs, Some(map([("credBlob", bytes(b"blob"))])));
}

#[test]
fn only_a_registration_is_told_that_the_key_store_is_full() {
    let mut key = Key::new();
    let made = key.register_discoverable(RP, b"alice");
    key.storage_mut().refuses = true;
    assert_eq!(key.refusal(&get_assertion(RP, &[&made.id])), Status::Other);
    assert_eq!(key.refusal(&make_discoverable(RP, b"bob")), Status::KeyStoreFull);
    assert_eq!(key.refusal(&reset()), Status::Other);
}

#[test]
fn a_broken_storage_ends_commands_that_need_it_and_no_signature_leaves() {
    let mut key = Key::new();
    let listed = key.register(RP);
    let discovered = key.register_discoverable(RP, b"alice");
    key.storage_mut().broken = true;
    for request in [
        // These two read the settings.
        get_info(),
        make_credential(RP, b"bob"),
        make_discoverable(RP, b"bob"),
        get_assertion(RP, &[&listed.id]),
        get_assertion(RP, &[&discovered.id]),
        discover(RP),
    ] {
        assert_eq!(key.refusal(&request), Status::Other, "{request:?}");
    }

    key.storage_mut().broken = false;
    listed.verify(RP, &key.asserted(&get_assertion(RP, &[&listed.id])).unwrap());
    discovered.verify(RP, &key.asserted(&discover(RP)).unwrap());
}

#[test]
fn a_damaged_record_of_the_pin_or_the_settings_is_not_taken_for_none() {
    let mut prepared = Key::with_pin();
    prepared.register(RP);
    for kind in [b"P", b"S"] {
        let name = [b"E\0\0\0\0", &kind[..]].concat();
        let length = prepared.storage().records[&name].len();
        for garbage in [
            vec![],
            vec![0; 1],
            vec![0xff; length],
            vec![0; length - 1],
            vec![0; length + 1],
        ] {
            let mut key = prepared.fork();
            key.storage_mut().records.insert(name.clone(), garbage);
            let mut key = key.restarted();
            for request in [get_info(), make_credential(RP, b"bob"), discover(RP)] {
                assert_eq!(key.refusal(&request), Status::Other, "{request:?}");
            }
            assert_eq!(key.send(&reset()), Ok(None), "the way out");
            assert!(key.made(&make_credential(RP, b"bob")).is_ok());
        }
    }
}

#[test]
fn a_damaged_record_hides_its_own_account_and_no_other() {
    let mut prepared = Key::new();
    let alice = prepared.register_discoverable(RP, b"alice");
    let records = &prepared.storage().records;
    let (name, _) = records.iter().find(|(name, _)| name.starts_with(b"E")).unwrap();
    let name = name.clone();
    let bob = prepared.register_discoverable(RP, b"bob");
    for garbage in [&b""[..], b"\xff", b"\xa1\x01\x42\x00", b"\x81\x01", &[0x5a; 1024]] {
        let mut key = prepared.fork();
        key.storage_mut().records.insert(name.clone(), garbage.to_vec());
        assert_eq!(key.refusal(&get_assertion(RP, &[&alice.id])), Status::NoCredentials);
        bob.verify(RP, &key.asserted(&get_assertion(RP, &[&alice.id, &bob.id])).unwrap());
        let assertion = key.asserted(&discover(RP)).unwrap();
        bob.verify(RP, &assertion);
        assert_eq!(assertion.number_of_credentials, None);
        // Nor does it exclude its account, which can be registered anew.
        let exclude = array([descriptor(&alice.id)]);
        let anew = key.made(&make_discoverable(RP, b"alice").with(5, exclude)).unwrap();
        anew.verify(RP, &key.asserted(&discover(RP)).unwrap());
        assert_eq!(key.storage().records.len(), prepared.storage().records.len());
    }
}

proptest! {
    #[test]
    fn whatever_a_record_holds_the_key_survives_it(
        flips in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
        length: prop::sample::Index,
        shorten: bool,
    ) {
        let mut key = Key::new();
        let alice = key.register_discoverable(RP, b"alice");
        let records = &mut key.storage_mut().records;
        let (_, record) = records.iter_mut().find(|(name, _)| name.starts_with(b"E")).unwrap();
        for (index, flip) in flips {
            *index.get_mut(record) ^= flip;
        }
        if shorten {
            record.truncate(length.index(record.len()));
        }
        let bob = key.register_discoverable(RP, b"bob");
        for request in [discover(RP), get_assertion(RP, &[&alice.id])] {
            if let Err(status) = key.asserted(&request) {
                prop_assert!([Status::NoCredentials, Status::Other].contains(&status), "{status:?}");
            }
        }
        bob.verify(RP, &key.asserted(&get_assertion(RP, &[&alice.id[..9], &bob.id])).unwrap());
        prop_assert!(key.made(&make_discoverable(RP, b"alice")).is_ok());
    }
}

#[test]
fn after_a_reset_that_failed_the_key_refuses_all_work_until_the_next_power_up() {
    let mut prepared = Key::new();
    let listed = prepared.register(RP);
    let discovered = prepared.register_discoverable(RP, b"alice");
    let version = [0, 3, 0, 0];
    // Operation 0 reads the settings; without them the reset takes a long touch.
    for operation in 1.. {
        for happens in [false, true] {
            let mut key = prepared.fork();
            key.storage_mut().fail_at(operation, happens);
            let answer = key.send(&reset());
            if !key.storage().has_failed() {
                assert_eq!(answer, Ok(None));
                assert!(operation > 5, "the root, two records, the medium and the root again");
                return;
            }
            assert_eq!(answer, Err(Status::Other));
            key.user().prompts.clear();
            for request in [
                get_info(),
                make_credential(RP, b"bob"),
                make_discoverable(RP, b"bob"),
                get_assertion(RP, &[&listed.id]).with(5, option("up", false)),
                reset(),
            ] {
                assert_eq!(key.refusal(&request), Status::Other, "{request:?}");
            }
            assert_eq!(key.apdu(&version), Err(0x6f00));
            assert!(key.user().prompts.is_empty());

            let mut key = key.restarted();
            let expected = if operation == 1 && !happens {
                Ok(())
            } else {
                Err(Status::NoCredentials)
            };
            for request in [
                get_assertion(RP, &[&listed.id]),
                get_assertion(RP, &[&discovered.id]),
                discover(RP),
            ] {
                assert_eq!(key.asserted(&request).map(drop), expected);
            }
            assert!(key.apdu(&version).is_ok());
        }
    }
}

#[test]
fn when_randomness_ends_the_key_refuses_all_work_until_the_next_power_up() {
    let mut key = Key::new();
    let made = key.register_discoverable(RP, b"alice");
    key.0.rng.inner_mut().broken = true;
    let before = key.storage().records.clone();
    assert_eq!(key.refusal(&make_discoverable(RP, b"bob")), Status::Other);
    // What failed once is not trusted again, even if it works again.
    key.0.rng.inner_mut().broken = false;
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
        key.0.rng.inner_mut().broken = true;
        let before = key.storage().records.clone();
        assert_eq!(key.refusal(&request), Status::Other, "{request:?}");
        assert_eq!(key.storage().records, before);
    }
}
