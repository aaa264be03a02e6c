//! authenticatorMakeCredential (CTAP 2.3 §6.1): what it does.

use crate::crypto::Algorithm;
use crate::crypto::sha256;
use crate::ctap2::Status;
use crate::limits::USER_ACTION_TIMEOUT;
use crate::platform::{Gesture, Operation, Presence};
use crate::testing::cbor::{Tree, array, int, map, text};
use crate::testing::key::{CONFIG, Key, Registration};
use crate::testing::platform::Prompt;
use crate::testing::request::{
    HASH, RP, Request, descriptor, discover, get_assertion, make_credential, make_discoverable, parameter, user,
};

fn verify_self_attestation(made: &Registration, algorithm: i64) {
    let statement = made.answer.number(3);
    assert_eq!(statement.keys(), [text("alg"), text("sig")], "no x5c");
    assert_eq!(statement.member("alg"), &int(algorithm));
    let message = [&made.auth_data.raw[..], &HASH].concat();
    assert!(made.signed(&message, statement.member("sig").as_bytes()));
}

#[test]
fn a_credential_is_attested_by_its_own_key() {
    for algorithm in Algorithm::SUPPORTED.iter().map(|one| one.cose()) {
        for request in [make_credential(RP, b"alice"), make_discoverable(RP, b"alice")] {
            let made = Key::new()
                .made(&request.with(4, array([parameter(algorithm)])))
                .unwrap();
            // No unsigned extension outputs, no epAtt.
            assert_eq!(made.answer.keys(), [1, 2, 3].map(int));
            assert_eq!(made.answer.number(1), &text("packed"));
            assert_eq!(made.auth_data.rp_id_hash, sha256(&[RP.as_bytes()]));
            assert_eq!(made.auth_data.flags, 0x41, "UP and AT, neither UV nor ED");
            assert_eq!(made.auth_data.attested.as_ref().unwrap().aaguid, CONFIG.aaguid);
            verify_self_attestation(&made, algorithm);
        }
    }
}

#[test]
fn attestation_none_has_an_empty_statement() {
    let request = make_credential(RP, b"alice").with(11, array([text("none")]));
    let made = Key::new().made(&request).unwrap();
    assert_eq!(made.answer.keys(), [1, 2, 3].map(int));
    assert_eq!(made.answer.number(3), &map([]));
}

#[test]
fn the_user_is_asked_with_the_relying_party_and_the_account() {
    let mut key = Key::new();
    key.at(5_000).register(RP);
    let prompt = Prompt {
        operation: Operation::Register,
        gesture: Gesture::Touch,
        rp_id: Some(RP.into()),
        application: None,
        user: Some("alice@example.com".into()),
        deadline: Some(5_000 + USER_ACTION_TIMEOUT),
    };
    assert_eq!(key.user().prompts, [prompt]);
}

#[test]
fn without_a_touch_nothing_is_stored() {
    for (presence, status) in [
        (Presence::Declined, Status::OperationDenied),
        (Presence::TimedOut, Status::UserActionTimeout),
        (Presence::Aborted, Status::KeepaliveCancel),
    ] {
        let mut key = Key::new();
        let before = key.storage().records.clone();
        key.user().answers.push_back(presence);
        assert_eq!(key.refusal(&make_discoverable(RP, b"alice")), status);
        assert_eq!(key.storage().records, before);
    }
}

#[test]
fn a_credential_that_is_not_discoverable_leaves_nothing_in_the_storage() {
    let mut key = Key::new();
    let before = key.storage().records.clone();
    key.register(RP);
    assert_eq!(key.storage().records, before);
    assert_eq!(key.refusal(&discover(RP)), Status::NoCredentials);
}

#[test]
fn every_credential_has_its_own_id_and_key() {
    let mut key = Key::new();
    let (first, second) = (key.register(RP), key.register(RP));
    assert_ne!(first.id, second.id);
    assert_ne!(first.cose_key, second.cose_key);
}

fn excluding(ids: &[&[u8]]) -> Request {
    let list: std::vec::Vec<_> = ids.iter().map(|id| descriptor(id)).collect();
    make_credential(RP, b"alice").with(5, array(list))
}

#[test]
fn an_excluded_credential_is_told_after_the_user_has_acted() {
    for presence in [Presence::Confirmed, Presence::Declined, Presence::TimedOut] {
        let mut key = Key::new();
        for own in [key.register(RP), key.register_discoverable(RP, b"bob")] {
            key.user().prompts.clear();
            key.user().answers.push_back(presence);
            assert_eq!(
                key.refusal(&excluding(&[b"foreign", &own.id])),
                Status::CredentialExcluded
            );
            assert_eq!(key.user().prompts.len(), 1);
            assert_eq!(key.user().prompts[0].operation, Operation::Excluded);
        }
    }
}

#[test]
fn cancelling_an_excluded_registration_tells_nothing() {
    let mut key = Key::new();
    let own = key.register(RP);
    key.user().answers.push_back(Presence::Aborted);
    assert_eq!(key.refusal(&excluding(&[&own.id])), Status::KeepaliveCancel);
}

#[test]
fn credentials_that_are_not_this_relying_partys_exclude_nothing() {
    let mut key = Key::new();
    let elsewhere = key.register("other.example");
    let replaced = key.register_discoverable(RP, b"bob");
    key.register_discoverable(RP, b"bob");
    let foreign = Key::seeded(2).register(RP);
    let list: [&[u8]; 5] = [b"", b"foreign", &elsewhere.id, &replaced.id, &foreign.id];
    assert!(key.send(&excluding(&list)).is_ok());
}

#[test]
fn an_empty_exclude_list_is_none() {
    let mut key = Key::new();
    for request in [excluding(&[]), make_discoverable(RP, b"alice").with(5, array([]))] {
        for _ in 0..2 {
            assert!(key.made(&request).is_ok());
        }
    }
}

#[test]
fn a_descriptor_of_an_unknown_type_excludes_nothing() {
    let mut key = Key::new();
    let own = key.register(RP);
    let unknown = map([
        ("id", descriptor(&own.id).member("id").clone()),
        ("type", text("unknown")),
    ]);
    let request = make_credential(RP, b"alice").with(5, array([unknown]));
    assert!(key.send(&request).is_ok());
}

#[test]
fn a_discoverable_credential_replaces_the_one_of_the_same_account() {
    let mut key = Key::new();
    let other_rp = key.register_discoverable("other.example", b"alice");
    let other_user = key.register_discoverable(RP, b"bob");
    let old = key.register_discoverable(RP, b"alice");
    let records = key.storage().records.len();
    let new = key.register_discoverable(RP, b"alice");
    assert_eq!(key.storage().records.len(), records);
    assert_ne!(old.id, new.id);
    assert_ne!(old.cose_key, new.cose_key);
    assert_eq!(key.refusal(&get_assertion(RP, &[&old.id])), Status::NoCredentials);
    for (made, rp_id) in [(&new, RP), (&other_user, RP), (&other_rp, "other.example")] {
        made.verify(rp_id, &key.asserted(&get_assertion(rp_id, &[&made.id])).unwrap());
    }
}

#[test]
fn an_account_may_have_a_credential_of_either_kind() {
    let mut key = Key::new();
    let (listed, discovered) = (key.register(RP), key.register_discoverable(RP, b"alice"));
    listed.verify(RP, &key.asserted(&get_assertion(RP, &[&listed.id])).unwrap());
    discovered.verify(RP, &key.asserted(&discover(RP)).unwrap());
}

#[test]
fn a_user_without_a_name_is_a_user() {
    let mut key = Key::new();
    let id = user(b"alice").member("id").clone();
    let request = make_discoverable(RP, b"alice").with(3, map([("id", id)]));
    assert!(key.send(&request).is_ok());
    assert_eq!(key.user().prompts[0].user, None);
    assert_eq!(key.asserted(&discover(RP)).unwrap().user_id(), b"alice");
}

#[test]
fn credentials_outlive_a_power_cycle() {
    let mut key = Key::new();
    let (listed, discovered) = (key.register(RP), key.register_discoverable(RP, b"alice"));
    let mut key = key.restarted();
    listed.verify(RP, &key.asserted(&get_assertion(RP, &[&listed.id])).unwrap());
    discovered.verify(RP, &key.asserted(&discover(RP)).unwrap());
}
