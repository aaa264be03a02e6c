//! Credentials deleted and renamed (CTAP 2.3 §6.8.5 and §6.8.6), and what getInfo tells of the changes (§6.4).

use std::vec;
use std::vec::Vec;

use aes::Aes128;
use cbc::Decryptor;
use cbc::cipher::{BlockModeDecrypt, KeyIvInit};
use cbor4ii::core::Value;

use crate::crypto::hkdf_sha256;
use crate::ctap2::Status;
use crate::testing::cbor::{Tree, bytes, int, map, text};
use crate::testing::key::{Key, Registration};
use crate::testing::manager::next;
use crate::testing::request::{
    RP, descriptor, discover, get_assertion, get_info, make_credential, make_discoverable, reset, user,
};

/// The user entity of a relying party's only credential.
fn shown(key: &mut Key) -> Value {
    let manager = key.manager();
    let answer = key.answer(&manager.credentials_of(RP)).unwrap();
    assert_eq!(answer.number(9), &int(1));
    answer.number(6).clone()
}

fn signs(key: &mut Key, made: &Registration) -> u32 {
    let assertion = key.asserted(&get_assertion(RP, &[&made.id])).unwrap();
    made.verify(RP, &assertion);
    assertion.auth_data.sign_count
}

#[test]
fn a_deleted_credential_is_gone_and_no_other() {
    let mut key = Key::new();
    let [alice, bob] = [b"alice", b"bobby"].map(|user| key.register_discoverable(RP, user));
    let other = key.register_discoverable("other.example", b"alice");
    let manager = key.manager();
    assert_eq!(
        key.send(&manager.delete(&alice.id)),
        Ok(None),
        "a status and nothing else"
    );
    assert_eq!(key.refusal(&get_assertion(RP, &[&alice.id])), Status::NoCredentials);
    assert_eq!(key.refusal(&manager.delete(&alice.id)), Status::NoCredentials);
    assert_eq!(shown(&mut key).member("id").as_bytes(), b"bobby");
    signs(&mut key, &bob);

    let manager = key.manager();
    key.send(&manager.delete(&bob.id)).unwrap();
    let parties = key.walk(&manager.relying_parties(), &next(0x03), 5);
    assert_eq!(parties.len(), 1, "a relying party goes with its last credential");
    assert_eq!(parties[0].number(3).member("id").as_text(), "other.example");
    assert_eq!(key.refusal(&discover(RP)), Status::NoCredentials);
    other.verify("other.example", &key.asserted(&discover("other.example")).unwrap());
}

#[test]
fn only_a_discoverable_credential_of_this_key_can_be_changed() {
    let mut key = Key::new();
    let listed = key.register(RP);
    let made = key.register_discoverable(RP, b"alice");
    let replaced = made.id;
    let made = key.register_discoverable(RP, b"alice");
    let manager = key.manager();
    for id in [&listed.id, &replaced, &vec![7; 59], &vec![], &made.id[1..].to_vec()] {
        assert_eq!(key.refusal(&manager.delete(id)), Status::NoCredentials);
        let update = manager.update(id, user(b"alice"));
        assert_eq!(key.refusal(&update), Status::NoCredentials);
    }
    let of_another_type = map([("id", bytes(&made.id[..])), ("type", text("password"))]);
    let params = Value::Map(vec![(int(2), of_another_type)]);
    assert_eq!(key.refusal(&manager.request(0x06, Some(params))), Status::NoCredentials);
    signs(&mut key, &made);
    signs(&mut key, &listed);
}

#[test]
fn a_deleted_account_can_be_registered_anew_and_counts_from_the_start() {
    let mut key = Key::new();
    let made = key.register_discoverable(RP, b"alice");
    assert_eq!(signs(&mut key, &made), 1);
    let manager = key.manager();
    key.send(&manager.delete(&made.id)).unwrap();
    let anew = key.register_discoverable(RP, b"alice");
    assert_eq!(signs(&mut key, &anew), 1);
}

#[test]
fn a_renamed_user_keeps_the_credential_and_its_counter() {
    let mut key = Key::new();
    let made = key.register_discoverable(RP, b"alice");
    let count = signs(&mut key, &made);
    let manager = key.manager();
    let renamed = map([
        ("id", bytes(b"alice")),
        ("name", text("alice@example.org")),
        ("displayName", text("Alice A.")),
    ]);
    assert_eq!(key.send(&manager.update(&made.id, renamed.clone())), Ok(None));
    assert_eq!(shown(&mut key), renamed);
    assert_eq!(signs(&mut key, &made), count + 1);
    assert_eq!(shown(&mut key.restarted()), renamed);
}

#[test]
fn a_name_that_is_absent_or_empty_is_removed() {
    let mut key = Key::new();
    let made = key.register_discoverable(RP, b"alice");
    let bare = map([("id", bytes(b"alice"))]);
    let empty = map([("id", bytes(b"alice")), ("name", text("")), ("displayName", text(""))]);
    for entity in [bare.clone(), empty] {
        let manager = key.manager();
        key.send(&manager.update(&made.id, user(b"alice"))).unwrap();
        assert_eq!(shown(&mut key), user(b"alice"));
        let manager = key.manager();
        key.send(&manager.update(&made.id, entity)).unwrap();
        assert_eq!(shown(&mut key), bare);
    }
}

#[test]
fn a_name_that_is_too_long_is_cut_between_characters() {
    let mut key = Key::new();
    let made = key.register_discoverable(RP, b"alice");
    let manager = key.manager();
    let long = map([("id", bytes(b"alice")), ("name", text("é".repeat(33)))]);
    key.send(&manager.update(&made.id, long)).unwrap();
    assert_eq!(shown(&mut key).member("name").as_text(), "é".repeat(32));
}

#[test]
fn another_user_id_is_an_invalid_parameter_and_changes_nothing() {
    let mut key = Key::new();
    let made = key.register_discoverable(RP, b"alice");
    let before = key.storage().records.clone();
    let manager = key.manager();
    for id in [&b"bobby"[..], b"alic", b"alice2", b"", &[7; 64], &[7; 65], &[7; 300]] {
        assert_eq!(
            key.refusal(&manager.update(&made.id, user(id))),
            Status::InvalidParameter
        );
    }
    assert_eq!(key.storage().records, before);
}

#[test]
fn a_name_that_finds_no_room_changes_nothing() {
    let mut key = Key::new();
    let made = key.register_discoverable(RP, b"alice");
    key.storage_mut().refuses = true;
    let manager = key.manager();
    let update = manager.update(&made.id, map([("id", bytes(b"alice"))]));
    assert_eq!(key.refusal(&update), Status::KeyStoreFull);
    key.storage_mut().refuses = false;
    assert_eq!(shown(&mut key), user(b"alice"));
}

#[test]
fn a_full_key_deletes_and_renames() {
    let mut key = Key::new();
    let [alice, bob] = [b"alice", b"bobby"].map(|user| key.register_discoverable(RP, user));
    key.storage_mut().room = Some(key.storage().records.len());
    let manager = key.manager();
    key.send(&manager.update(&alice.id, map([("id", bytes(b"alice"))])))
        .unwrap();
    key.send(&manager.delete(&bob.id)).unwrap();
    assert_eq!(shown(&mut key), map([("id", bytes(b"alice"))]));
}

/// The initialization vectors and the plaintexts of encIdentifier and encCredStoreState, for a platform that has the
/// token.
fn identifiers(key: &mut Key) -> [(Vec<u8>, Vec<u8>); 2] {
    let pin = key.0.store.pin().unwrap();
    let token = pin.persistent_token(&key.0.store.secret);
    let info = key.answer(&get_info()).unwrap();
    [(0x19, "encIdentifier"), (0x1e, "encCredStoreState")].map(|(member, label)| {
        let (iv, block) = info.number(member).as_bytes().split_first_chunk::<16>().unwrap();
        let mut block: [u8; 16] = block.try_into().unwrap();
        let output = hkdf_sha256(&token, label.as_bytes());
        let key: &[u8; 16] = output.first_chunk().unwrap();
        Decryptor::<Aes128>::new(key.into(), iv.into()).decrypt_block((&mut block).into());
        (iv.to_vec(), block.to_vec())
    })
}

/// Whether `act` changed the identifier, and the credential store state.
fn changes(key: &mut Key, act: impl FnOnce(&mut Key)) -> (bool, bool) {
    let before = identifiers(key);
    act(key);
    let after = identifiers(key);
    for index in [0, 1] {
        assert_ne!(before[index].0, after[index].0, "a fresh initialization vector");
        assert_ne!(after[index].1, [0; 16]);
    }
    assert_ne!(after[0].0, after[1].0);
    assert_ne!(after[0].1, after[1].1);
    (before[0].1 != after[0].1, before[1].1 != after[1].1)
}

#[test]
fn the_identifiers_are_the_same_in_fresh_disguise() {
    let mut key = Key::new();
    assert_eq!(changes(&mut key, |_| ()), (false, false));
    let before = identifiers(&mut key);
    let after = identifiers(&mut key.restarted());
    assert_eq!((&before[0].1, &before[1].1), (&after[0].1, &after[1].1));
}

#[test]
fn the_state_changes_with_the_discoverable_credentials_and_with_nothing_else() {
    let mut key = Key::new();
    let change = |key: &mut Key, act: &dyn Fn(&mut Key)| changes(key, |key| act(key));
    let made = key.register_discoverable(RP, b"alice");
    assert_eq!(
        change(&mut key, &|key| drop(key.register_discoverable(RP, b"bobby"))),
        (false, true)
    );
    assert_eq!(
        change(&mut key, &|key| drop(key.register_discoverable(RP, b"bobby"))),
        (false, true),
        "an account renewed"
    );
    let update = |key: &mut Key| {
        let manager = key.manager();
        key.send(&manager.update(&made.id, user(b"alice"))).unwrap();
    };
    assert_eq!(change(&mut key, &update), (false, true));
    let delete = |key: &mut Key| {
        let manager = key.manager();
        key.send(&manager.delete(&made.id)).unwrap();
    };
    for request in [
        discover(RP),
        make_credential(RP, b"alice"),
        make_discoverable(RP, b"alice").without(1),
    ] {
        assert_eq!(change(&mut key, &|key| drop(key.send(&request))), (false, false));
    }
    let list = |key: &mut Key| {
        let manager = key.manager();
        key.listed(&manager);
        key.refusal(&manager.delete(&[7; 59]));
    };
    assert_eq!(change(&mut key, &list), (false, false));
    assert_eq!(change(&mut key, &delete), (false, true));
}

#[test]
fn a_reset_renews_the_identifier_and_the_state() {
    let mut key = Key::new();
    // Also where nothing was to be erased.
    for _ in 0..2 {
        assert_eq!(changes(&mut key, |key| drop(key.send(&reset()).unwrap())), (true, true));
    }
}

#[test]
fn other_keys_have_other_identifiers() {
    let [one, other] = [0, 1].map(|seed| identifiers(&mut Key::seeded(seed)));
    assert_ne!(one[0].1, other[0].1);
    assert_ne!(one[1].1, other[1].1);
}

#[test]
fn the_room_that_is_left_shows_at_once() {
    let mut key = Key::new();
    let room = |key: &mut Key| key.answer(&get_info()).unwrap().number(0x14).as_int();
    let empty = room(&mut key);
    let made = key.register_discoverable(RP, b"alice");
    assert_eq!(room(&mut key), empty - 1);
    key.register(RP);
    assert_eq!(room(&mut key), empty - 1);
    let manager = key.manager();
    key.send(&manager.delete(&made.id)).unwrap();
    assert_eq!(room(&mut key), empty);
}

#[test]
fn a_descriptor_says_what_the_enumeration_said() {
    let mut key = Key::new();
    let made = key.register_discoverable(RP, b"alice");
    let manager = key.manager();
    let answer = key.answer(&manager.credentials_of(RP)).unwrap();
    assert_eq!(answer.number(7), &descriptor(&made.id));
    let params = Value::Map(vec![(int(2), answer.number(7).clone())]);
    key.send(&manager.request(0x06, Some(params))).unwrap();
}
