//! authenticatorCredentialManagement (CTAP 2.3 §6.8): time to the millisecond, what storage holds and has room for, and
//! what a walk costs.

use std::format;
use std::vec::Vec;

use brasskey_conformance::host::verify::PublicKey;
use ciborium::Value;

use crate::crypto::sha256;
use crate::ctap2::Status;
use crate::ctap2::token::Permissions;
use crate::limits::{RP_ID_MAX, SEQUENCE_TIMEOUT, TOKEN_MAX_USAGE};
use crate::testing::key::Key;
use crate::testing::pin::Token;
use crate::testing::request::{
    RP, Request, descriptor, get_assertion, integer, make_credential, manage, map, member, user,
};

/// The subcommands that continue a walk, by their numbers.
const NEXT_RP: u8 = 0x03;
const NEXT_CREDENTIAL: u8 = 0x05;

const RPS: [&str; 3] = [RP, "login.example.org", "other.example"];

/// A key with three relying parties that have three credentials each, and more that are not discoverable.
fn key_with_nine() -> (Key, Token) {
    let mut key = Key::new();
    for rp_id in RPS {
        for user in [b"alice", b"bobby", b"carol"] {
            key.register_discoverable(rp_id, user);
            key.send(make_credential(rp_id, user)).unwrap();
        }
    }
    key.register("nobody.example");
    let manager = key.manager();
    (key, manager)
}

/// A key in the middle of each walk, and the request that continues it.
fn walks() -> [(Key, Request); 2] {
    [NEXT_RP, NEXT_CREDENTIAL].map(|sub_command| {
        let (mut key, manager) = key_with_nine();
        let begin = match sub_command {
            NEXT_RP => manager.relying_parties(),
            _ => manager.credentials(RP),
        };
        key.send(&begin).unwrap();
        (key, manage(sub_command, None))
    })
}

#[test]
fn each_step_has_thirty_seconds() {
    for (mut key, next) in walks() {
        key.at(SEQUENCE_TIMEOUT);
        key.send(&next).unwrap();
        key.at(2 * SEQUENCE_TIMEOUT + 1);
        assert_eq!(key.refusal(&next), Status::NotAllowed);
        key.at(SEQUENCE_TIMEOUT);
        assert_eq!(key.refusal(&next), Status::NotAllowed, "gone for good");
    }
}

#[test]
fn a_walk_does_not_outlive_its_token() {
    for (mut key, next) in walks() {
        key.0.tokens.reset();
        assert_eq!(key.refusal(&next), Status::NotAllowed);
    }
    for (mut key, next) in walks() {
        key.0.tokens.reset();
        key.manager();
        assert_eq!(
            key.refusal(&next),
            Status::NotAllowed,
            "another token is not that token"
        );
    }
    let (mut key, manager) = key_with_nine();
    key.at(TOKEN_MAX_USAGE - SEQUENCE_TIMEOUT);
    // The token was used in time, and begins a walk shortly before its end.
    assert_eq!(key.refusal(manager.relying_parties()), Status::PinAuthInvalid);
    key.at(0);
    let manager = key.manager();
    key.send(manager.metadata()).unwrap();
    key.at(TOKEN_MAX_USAGE - SEQUENCE_TIMEOUT / 2);
    key.send(manager.relying_parties()).unwrap();
    key.at(TOKEN_MAX_USAGE);
    key.send(manage(NEXT_RP, None)).unwrap();
    key.at(TOKEN_MAX_USAGE + 1);
    assert_eq!(key.refusal(manage(NEXT_RP, None)), Status::NotAllowed);
}

#[test]
fn an_rp_id_that_is_too_long_to_keep_is_known_by_its_hash() {
    let mut key = Key::new();
    let long = [&"x".repeat(RP_ID_MAX), ".example"].concat();
    let made = key.register_discoverable(&long, b"alice");
    // The part of it that is kept is another relying party's whole ID.
    let kept = &long[long.len() - RP_ID_MAX..];
    let namesake = key.register_discoverable(kept, b"bobby");
    let manager = key.manager();
    let parties = key.walk(&manager.relying_parties(), &manage(NEXT_RP, None), 5);
    let hashes: Vec<_> = parties
        .iter()
        .map(|party| party[&4].as_bytes().unwrap().to_vec())
        .collect();
    assert!(
        parties
            .iter()
            .all(|party| member(&party[&3], "id").as_text().unwrap() == kept)
    );
    for (rp_id, made, id) in [(&long[..], &made, b"alice"), (kept, &namesake, b"bobby")] {
        assert!(hashes.contains(&sha256(&[rp_id.as_bytes()]).to_vec()));
        let manager = key.manager();
        let answers = key.walk(&manager.credentials(rp_id), &manage(NEXT_CREDENTIAL, None), 9);
        assert_eq!(answers.len(), 1);
        assert_eq!(answers[0][&7], descriptor(&made.id));
        // It stays so when the record is written anew, by a count and by a new name.
        for _ in 0..2 {
            key.asserted(get_assertion(rp_id)).unwrap().is_by(made, rp_id);
            key = key.restarted();
        }
        let manager = key.issue(Permissions::CREDENTIAL_MANAGEMENT, Some(rp_id));
        key.send(manager.update(&made.id, user(id))).unwrap();
        let answer = key.answer(manager.credentials(rp_id)).unwrap();
        assert_eq!(PublicKey::of(&answer[&8]), made.public_key);
        key.send(manager.delete(&made.id)).unwrap();
    }
    let manager = key.manager();
    assert_eq!(key.refusal(manager.relying_parties()), Status::NoCredentials);
}

#[test]
fn damaged_records_are_neither_listed_nor_counted_and_hide_no_others() {
    let (prepared, _) = key_with_nine();
    let names: Vec<Vec<u8>> = prepared.storage().records.keys().cloned().collect();
    let accounts: Vec<_> = names.iter().filter(|name| name.len() == 38).collect();
    assert_eq!(accounts.len(), 9);
    let another = prepared.storage().records[accounts[8]].clone();
    for damaged in 0..8 {
        for garbage in [&b""[..], b"\xff", &[0x5a; 1024], &another] {
            let mut key = prepared.fork();
            // Damages this one, and all before it.
            for name in &accounts[..=damaged] {
                key.storage_mut().records.insert(name.to_vec(), garbage.to_vec());
            }
            let manager = key.manager();
            let listed = key.listed(&manager);
            let left: usize = listed.iter().map(|(_, credentials)| credentials.len()).sum();
            assert_eq!(left, 8 - damaged, "{garbage:02x?}");
        }
    }
}

/// The storage operations of each step of a walk.
fn costs(key: &mut Key, begin: &Request, next: &Request, total: u8) -> Vec<usize> {
    let mut costs = Vec::new();
    key.storage_mut().operations = 0;
    let first = key.answer(begin).unwrap();
    costs.push(key.storage().operations);
    for _ in 1..integer(&first[&total]) {
        key.storage_mut().operations = 0;
        key.send(next).unwrap();
        costs.push(key.storage().operations);
    }
    costs
}

/// Each step looks for the next key and reads one record. The first step does so for all that it counts, and reads the
/// PIN's record; a count ends with a key that is not there.
#[track_caller]
fn assert_linear(costs: &[usize], count: usize) {
    assert_eq!(costs.len(), count);
    assert_eq!(costs[0], 1 + (2 * count + 1) + 2);
    assert!(costs[1..].iter().all(|&cost| cost == 2), "{costs:?}");
}

#[test]
fn a_thousand_relying_parties_are_enumerated_in_linear_time() {
    let mut key = Key::new();
    for index in 0..1000 {
        key.register_discoverable(&format!("{index}.example"), b"alice");
    }
    let manager = key.manager();
    let costs = costs(&mut key, &manager.relying_parties(), &manage(NEXT_RP, None), 5);
    assert_linear(&costs, 1000);
}

#[test]
fn a_thousand_credentials_of_one_relying_party_are_enumerated_in_linear_time() {
    let mut key = Key::new();
    for index in 0..1000_u32 {
        key.keep_account(RP, &index.to_be_bytes());
    }
    let manager = key.manager();
    let costs = costs(&mut key, &manager.credentials(RP), &manage(NEXT_CREDENTIAL, None), 9);
    assert_linear(&costs, 1000);
}

/// A persistent token opens nothing before it was given to somebody.
#[test]
fn the_persistent_token_may_read_once_it_was_granted() {
    let mut key = Key::new();
    key.register_discoverable(RP, b"alice");
    let token = key.persistent_manager(false);
    assert_eq!(key.refusal(token.metadata()), Status::PinAuthInvalid);
    assert_eq!(key.persistent_manager(true).token, token.token);
    assert_eq!(key.listed(&token).len(), 1);
}

/// The user entity of a relying party's only credential.
fn shown(key: &mut Key) -> Value {
    let manager = key.manager();
    let answer = key.answer(manager.credentials(RP)).unwrap();
    assert_eq!(answer[&9], 1.into());
    answer[&6].clone()
}

#[test]
fn a_name_that_finds_no_room_changes_nothing() {
    let mut key = Key::new();
    let made = key.register_discoverable(RP, b"alice");
    key.storage_mut().refuses = true;
    let manager = key.manager();
    let update = manager.update(&made.id, map([("id", b"alice"[..].into())]));
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
    key.send(manager.update(&alice.id, map([("id", b"alice"[..].into())])))
        .unwrap();
    key.send(manager.delete(&bob.id)).unwrap();
    assert_eq!(shown(&mut key), map([("id", b"alice"[..].into())]));
}
