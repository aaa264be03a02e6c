//! A power cut at each storage operation of each command, just before the operation takes effect or just after.

use std::vec::Vec;

use crate::ctap2::Status;
use crate::testing::key::{Key, Made};
use crate::testing::request::{
    GET_NEXT_ASSERTION, RESET, RP, get_assertion, get_assertion_by, make_discoverable, map, member,
};

/// Runs `act` with a cut at each of its storage operations in turn, and shows `check` the key after the next
/// power-up and what the host was told.
pub(crate) fn at_every_cut<T>(prepared: &Key, act: impl Fn(&mut Key) -> T, check: impl Fn(Key, T)) {
    for operation in 0.. {
        let mut cuts = 0;
        for happens in [false, true] {
            let mut key = prepared.fork();
            key.storage_mut().cut_power_at(operation, happens);
            let answer = act(&mut key);
            cuts += usize::from(key.storage().has_failed());
            check(key.restarted(), answer);
        }
        if cuts == 0 {
            assert!(operation > 0, "a command that does nothing proves nothing");
            return;
        }
    }
}

/// The accounts of the relying party, the newest first.
fn accounts(key: &mut Key) -> Vec<Vec<u8>> {
    let mut accounts = Vec::new();
    let mut step = key.asserted(get_assertion(RP));
    while let Ok(assertion) = step {
        accounts.push(assertion.user_id().to_vec());
        step = key.asserted(GET_NEXT_ASSERTION);
    }
    accounts
}

fn signs(key: &mut Key, made: &Made) {
    key.asserted(get_assertion_by(RP, &[&made.id])).unwrap().is_by(made, RP);
}

#[test]
fn a_new_account_is_there_whole_or_not_at_all() {
    let mut prepared = Key::new();
    let listed = prepared.register(RP);
    let alice = prepared.register_discoverable(RP, b"alice");
    at_every_cut(
        &prepared,
        |key| key.made(make_discoverable(RP, b"bob")),
        |mut key, answer| {
            let names = accounts(&mut key);
            match &answer {
                Ok(bob) => signs(&mut key, bob),
                Err(status) => assert_eq!(*status, Status::Other),
            }
            assert!(names == [b"bob".to_vec(), b"alice".to_vec()] || answer.is_err() && names == [b"alice"]);
            signs(&mut key, &alice);
            signs(&mut key, &listed);
        },
    );
}

#[test]
fn a_renewed_account_has_its_old_credential_or_its_new_one() {
    let mut prepared = Key::new();
    let bob = prepared.register_discoverable(RP, b"bob");
    let old = prepared.register_discoverable(RP, b"alice");
    at_every_cut(
        &prepared,
        |key| key.made(make_discoverable(RP, b"alice")),
        |mut key, answer| {
            assert_eq!(accounts(&mut key), [b"alice".to_vec(), b"bob".to_vec()]);
            let current = key.asserted(get_assertion(RP)).unwrap();
            if let Ok(new) = answer {
                current.is_by(&new, RP);
            }
            let old_signs = key.asserted(get_assertion_by(RP, &[&old.id])).is_ok();
            assert_eq!(old_signs, current.id == old.id, "never both");
            signs(&mut key, &bob);
        },
    );
}

#[test]
fn a_counter_value_is_never_given_out_twice() {
    let mut prepared = Key::new();
    let listed = prepared.register(RP);
    let discovered = prepared.register_discoverable(RP, b"alice");
    for request in [
        get_assertion_by(RP, &[&listed.id]),
        get_assertion(RP),
        get_assertion_by(RP, &[&discovered.id]),
    ] {
        let last = prepared.asserted(&request).unwrap().auth_data.sign_count;
        at_every_cut(
            &prepared,
            |key| key.asserted(&request),
            |mut key, answer| {
                let cut = answer.map_or(last, |assertion| assertion.auth_data.sign_count);
                let after = key.asserted(&request).unwrap().auth_data.sign_count;
                assert!(last <= cut && cut < after, "{last} {cut} {after}");
            },
        );
    }
}

#[test]
fn a_u2f_counter_value_is_never_given_out_twice() {
    let mut prepared = Key::new();
    let listed = prepared.register(RP);
    let data = [&[0; 32], &listed.auth_data.rp_id_hash[..], &[43], &listed.id].concat();
    let apdu = [&[0, 2, 8, 0, 108][..], &data].concat();
    let count = |data: Vec<u8>| u32::from_be_bytes(data[1..5].try_into().unwrap());
    let last = count(prepared.apdu(&apdu).unwrap());
    at_every_cut(
        &prepared,
        |key| key.apdu(&apdu),
        |mut key, answer| {
            let cut = match answer {
                Ok(data) => count(data),
                Err(word) => {
                    assert_eq!(word, 0x6f00);
                    last
                }
            };
            let after = count(key.apdu(&apdu).unwrap());
            assert!(last <= cut && cut < after, "{last} {cut} {after}");
        },
    );
}

/// Whether the credential is listed, with this user name.
fn listed(key: &mut Key, made: &Made) -> Option<std::string::String> {
    let manager = key.manager();
    let listed = key.listed(&manager);
    let mut credentials = listed.iter().flat_map(|(_, credentials)| credentials);
    let found = credentials.find(|credential| member(&credential[&7], "id") == &made.id[..].into())?;
    Some(member(&found[&6], "name").as_text().unwrap().into())
}

/// After a change of the credentials the state differs from the one before, whatever part of the change a cut leaves.
fn assert_state_told(prepared: &Key, key: &Key, changed: bool) {
    assert!(!changed || prepared.0.store.state() != key.0.store.state());
}

#[test]
fn a_deleted_account_is_there_whole_or_not_at_all() {
    let mut prepared = Key::new();
    let alice = prepared.register_discoverable(RP, b"alice");
    let bob = prepared.register_discoverable(RP, b"bob");
    at_every_cut(
        &prepared,
        |key| {
            let manager = key.manager();
            key.send(manager.delete(&alice.id))
        },
        |mut key, answer| {
            let gone = listed(&mut key, &alice).is_none();
            assert!(gone || answer == Err(Status::Other));
            assert_state_told(&prepared, &key, gone);
            let signed = key.asserted(get_assertion_by(RP, &[&alice.id]));
            assert_eq!(signed.map(drop), if gone { Err(Status::NoCredentials) } else { Ok(()) });
            signs(&mut key, &bob);
        },
    );
}

#[test]
fn a_renamed_user_has_the_old_name_or_the_new_one() {
    let mut prepared = Key::new();
    let alice = prepared.register_discoverable(RP, b"alice");
    let last = prepared.asserted(get_assertion(RP)).unwrap().auth_data.sign_count;
    at_every_cut(
        &prepared,
        |key| {
            let manager = key.manager();
            key.send(manager.update(&alice.id, map([("id", b"alice"[..].into()), ("name", "new".into())])))
        },
        |mut key, answer| {
            let name = listed(&mut key, &alice).unwrap();
            assert!(name == "new" || name == "alice@example.com" && answer == Err(Status::Other));
            assert_state_told(&prepared, &key, name == "new");
            let after = key.asserted(get_assertion_by(RP, &[&alice.id])).unwrap();
            after.is_by(&alice, RP);
            assert!(after.auth_data.sign_count > last);
        },
    );
}

#[test]
fn a_new_account_is_told_by_the_state() {
    let mut prepared = Key::new();
    let old = prepared.register_discoverable(RP, b"alice");
    for user in [b"alice", b"bobby"] {
        at_every_cut(
            &prepared,
            |key| key.made(make_discoverable(RP, user)),
            |mut key, _| {
                let changed = accounts(&mut key).len() == 2 || listed(&mut key, &old).is_none();
                assert_state_told(&prepared, &key, changed);
            },
        );
    }
}

#[test]
fn a_reset_erases_everything_or_nothing() {
    let mut prepared = Key::new();
    let empty = prepared.storage().records.len();
    let listed = prepared.register(RP);
    let made = [b"alice", b"bobby", b"carol"].map(|user| prepared.register_discoverable(RP, user));
    at_every_cut(
        &prepared,
        |key| key.send(RESET),
        |mut key, answer| {
            let gone = accounts(&mut key).is_empty();
            assert!(gone || answer == Err(Status::Other));
            for made in made.iter().chain([&listed]) {
                let signed = key.asserted(get_assertion_by(RP, &[&made.id]));
                assert_eq!(signed.map(drop), if gone { Err(Status::NoCredentials) } else { Ok(()) });
            }
            if gone {
                assert_eq!(key.storage().records.len(), empty, "nothing is left behind");
                assert!(key.storage().scrubbed > 0, "nor can be read");
            }
        },
    );
}

#[test]
fn collecting_what_a_reset_left_can_be_cut_too() {
    let mut key = Key::new();
    let empty = key.storage().records.len();
    for user in [b"alice", b"bobby", b"carol"] {
        key.register_discoverable(RP, user);
    }
    // The settings are read, the root is written, nothing is collected: the cut comes at the operation behind it.
    let operation_behind_root = 2;
    key.storage_mut().cut_power_at(operation_behind_root, false);
    assert_eq!(key.refusal(RESET), Status::Other);
    let mut left = key.storage().clone();
    left.power_up();
    assert!(left.records.len() > empty);
    for operation in 0..16 {
        for happens in [false, true] {
            let mut storage = left.clone();
            storage.cut_power_at(operation, happens);
            let mut key = Key::recover(storage);
            assert_eq!(accounts(&mut key), Vec::<Vec<u8>>::new());
            assert_eq!(key.storage().records.len(), empty);
            assert!(key.storage().scrubbed > 0);
        }
    }
}
