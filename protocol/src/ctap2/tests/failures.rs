//! The key's surroundings fail: storage that is full or broken, and a random number generator that stops.

use std::vec;
use std::vec::Vec;

use proptest::prelude::*;

use crate::ctap2::Status;
use crate::testing::key::Key;
use crate::testing::request::{
    GET_INFO, GET_NEXT_ASSERTION, RESET, RP, SELECTION, array, descriptor, get_assertion, get_assertion_by,
    make_credential, make_discoverable, map, option,
};

#[test]
fn a_full_storage_refuses_new_accounts_and_keeps_the_old() {
    let mut key = Key::new();
    let made = key.register_discoverable(RP, b"alice");
    key.storage_mut().room = Some(key.storage().records.len());
    let before = key.storage().records.clone();
    assert_eq!(key.refusal(make_discoverable(RP, b"bob")), Status::KeyStoreFull);
    assert_eq!(
        key.refusal(make_discoverable("other.example", b"eve")),
        Status::KeyStoreFull
    );
    assert_eq!(key.storage().records, before);
    key.asserted(get_assertion(RP)).unwrap().is_by(&made, RP);
}

#[test]
fn a_full_storage_renews_accounts_and_makes_credentials_that_need_no_room() {
    let mut key = Key::new();
    let old = key.register_discoverable(RP, b"alice");
    key.storage_mut().room = Some(key.storage().records.len());
    let new = key.register_discoverable(RP, b"alice");
    assert_eq!(key.refusal(get_assertion_by(RP, &[&old.id])), Status::NoCredentials);
    key.asserted(get_assertion(RP)).unwrap().is_by(&new, RP);
    key.register(RP);
}

#[test]
fn a_storage_full_of_accounts_still_counts_the_use_of_other_credentials() {
    let mut key = Key::new();
    let listed = key.register(RP);
    key.storage_mut().room = Some(key.storage().records.len());
    assert_eq!(key.refusal(make_discoverable(RP, b"alice")), Status::KeyStoreFull);
    key.asserted(get_assertion_by(RP, &[&listed.id]))
        .unwrap()
        .is_by(&listed, RP);
}

#[test]
fn counting_needs_no_room() {
    let mut key = Key::new();
    let with_blob = make_discoverable(RP, b"alice").with(6, map([("credBlob", b"blob"[..].into())]));
    let made = [key.register(RP), key.made(&with_blob).unwrap()];
    let sizes = |key: &Key| key.storage().records.values().map(Vec::len).collect::<Vec<_>>();
    let before = sizes(&key);
    for made in made {
        for _ in 0..300 {
            key.asserted(get_assertion_by(RP, &[&made.id])).unwrap();
        }
    }
    assert_eq!(sizes(&key), before);
    // The count is kept in the record of the account, and leaves the rest of it.
    let asking = get_assertion(RP).with(4, map([("credBlob", true.into())]));
    let outputs = key.restarted().asserted(&asking).unwrap().auth_data.extensions;
    assert_eq!(outputs, Some(map([("credBlob", b"blob"[..].into())])));
}

#[test]
fn only_a_registration_is_told_that_the_key_store_is_full() {
    let mut key = Key::new();
    let made = key.register_discoverable(RP, b"alice");
    key.storage_mut().refuses = true;
    assert_eq!(key.refusal(get_assertion_by(RP, &[&made.id])), Status::Other);
    assert_eq!(key.refusal(make_discoverable(RP, b"bob")), Status::KeyStoreFull);
    assert_eq!(key.refusal(RESET), Status::Other);
}

#[test]
fn a_broken_storage_ends_commands_that_need_it_and_no_signature_leaves() {
    let mut key = Key::new();
    let listed = key.register(RP);
    let discovered = key.register_discoverable(RP, b"alice");
    key.storage_mut().broken = true;
    for request in [
        // These two read the settings.
        GET_INFO.to_vec(),
        make_credential(RP, b"bob").encode(),
        make_discoverable(RP, b"bob").encode(),
        get_assertion_by(RP, &[&listed.id]).encode(),
        get_assertion_by(RP, &[&discovered.id]).encode(),
        get_assertion(RP).encode(),
    ] {
        assert_eq!(key.refusal(request.clone()), Status::Other, "{request:02x?}");
    }

    key.storage_mut().broken = false;
    key.asserted(get_assertion_by(RP, &[&listed.id]))
        .unwrap()
        .is_by(&listed, RP);
    key.asserted(get_assertion(RP)).unwrap().is_by(&discovered, RP);
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
            for request in [
                GET_INFO.to_vec(),
                make_credential(RP, b"bob").encode(),
                get_assertion(RP).encode(),
            ] {
                assert_eq!(key.refusal(request.clone()), Status::Other, "{request:02x?}");
            }
            assert_eq!(key.send(RESET), Ok(None), "the way out");
            assert!(key.made(make_credential(RP, b"bob")).is_ok());
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
        assert_eq!(key.refusal(get_assertion_by(RP, &[&alice.id])), Status::NoCredentials);
        key.asserted(get_assertion_by(RP, &[&alice.id, &bob.id]))
            .unwrap()
            .is_by(&bob, RP);
        let assertion = key.asserted(get_assertion(RP)).unwrap();
        assertion.is_by(&bob, RP);
        assert_eq!(assertion.number_of_credentials, None);
        // Nor does it exclude its account, which can be registered anew.
        let exclude = array([descriptor(&alice.id)]);
        let anew = key.made(make_discoverable(RP, b"alice").with(5, exclude)).unwrap();
        key.asserted(get_assertion(RP)).unwrap().is_by(&anew, RP);
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
        for request in [get_assertion(RP), get_assertion_by(RP, &[&alice.id])] {
            if let Err(status) = key.asserted(&request) {
                prop_assert!([Status::NoCredentials, Status::Other].contains(&status), "{status:?}");
            }
        }
        key.asserted(get_assertion_by(RP, &[&alice.id[..9], &bob.id])).unwrap().is_by(&bob, RP);
        prop_assert!(key.made(make_discoverable(RP, b"alice")).is_ok());
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
            let answer = key.send(RESET);
            if !key.storage().has_failed() {
                assert_eq!(answer, Ok(None));
                assert!(operation > 5, "the root, two records, the medium and the root again");
                return;
            }
            assert_eq!(answer, Err(Status::Other));
            key.user().prompts.clear();
            for request in [
                GET_INFO.to_vec(),
                make_credential(RP, b"bob").encode(),
                make_discoverable(RP, b"bob").encode(),
                get_assertion_by(RP, &[&listed.id])
                    .with(5, option("up", false))
                    .encode(),
                RESET.to_vec(),
            ] {
                assert_eq!(key.refusal(request.clone()), Status::Other, "{request:02x?}");
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
                get_assertion_by(RP, &[&listed.id]),
                get_assertion_by(RP, &[&discovered.id]),
                get_assertion(RP),
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
    assert_eq!(key.refusal(make_discoverable(RP, b"bob")), Status::Other);
    // What failed once is not trusted again, even if it works again.
    key.0.rng.inner_mut().broken = false;
    key.user().prompts.clear();
    for request in [
        GET_INFO.to_vec(),
        make_credential(RP, b"bob").encode(),
        get_assertion(RP).with(5, option("up", false)).encode(),
        GET_NEXT_ASSERTION.to_vec(),
        SELECTION.to_vec(),
        RESET.to_vec(),
    ] {
        assert_eq!(key.refusal(request.clone()), Status::Other, "{request:02x?}");
    }
    assert_eq!(key.apdu(&[0, 3, 0, 0]), Err(0x6f00));
    assert!(key.user().prompts.is_empty());
    assert_eq!(key.storage().records, before);

    let mut key = key.restarted();
    key.asserted(get_assertion(RP)).unwrap().is_by(&made, RP);
}

#[test]
fn without_randomness_no_command_that_needs_it_leaves_a_trace() {
    let mut prepared = Key::new();
    let listed = prepared.register(RP);
    prepared.register_discoverable(RP, b"alice");
    for request in [
        make_discoverable(RP, b"alice").encode(),
        make_credential(RP, b"alice").encode(),
        get_assertion_by(RP, &[&listed.id]).encode(),
        RESET.to_vec(),
    ] {
        let mut key = prepared.fork();
        key.0.rng.inner_mut().broken = true;
        let before = key.storage().records.clone();
        assert_eq!(key.refusal(request.clone()), Status::Other, "{request:02x?}");
        assert_eq!(key.storage().records, before);
    }
}
