//! The enumerations of relying parties and credentials (CTAP 2.3 §6.8.3 and §6.8.4).

use std::collections::BTreeMap;
use std::format;
use std::string::String;
use std::vec::Vec;

use cbor4ii::core::Value;

use crate::crypto::sha256;
use crate::ctap2::Status;
use crate::ctap2::command::CREDENTIAL_MANAGEMENT_PREVIEW;
use crate::ctap2::pin_protocol::Protocol;
use crate::ctap2::token::Permissions;
use crate::limits::{RP_ID_MAX, SEQUENCE_TIMEOUT, TOKEN_MAX_USAGE};
use crate::testing::cbor::{Tree, array, int, map, text};
use crate::testing::key::{CHANNEL, Key};
use crate::testing::manager::next;
use crate::testing::pin::Token;
use crate::testing::request::{
    RP, Request, descriptor, discover, get_info, make_credential, make_discoverable, next_assertion, parameter,
    selection, user,
};

/// The subcommands that continue a walk, by their numbers.
const NEXT_RP: i64 = 0x03;
const NEXT_CREDENTIAL: i64 = 0x05;

const RPS: [&str; 3] = [RP, "login.example.org", "other.example"];

/// A key with three relying parties that have three credentials each, and more that are not discoverable.
fn key_with_nine() -> (Key, Token) {
    let mut key = Key::new();
    for rp_id in RPS {
        for user in [b"alice", b"bobby", b"carol"] {
            key.register_discoverable(rp_id, user);
            key.send(&make_credential(rp_id, user)).unwrap();
        }
    }
    key.register("nobody.example");
    let manager = key.manager();
    (key, manager)
}

#[test]
fn an_empty_key_has_no_credentials() {
    let mut key = Key::new();
    key.register(RP);
    let manager = key.manager();
    assert_eq!(key.refusal(&manager.relying_parties()), Status::NoCredentials);
    assert_eq!(key.refusal(&manager.credentials_of(RP)), Status::NoCredentials);
}

#[test]
fn relying_parties_follow_each_other_each_once() {
    let (mut key, manager) = key_with_nine();
    let first = key.answer(&manager.relying_parties()).unwrap();
    assert_eq!(first.keys(), [3, 4, 5].map(int));
    assert_eq!(first.number(5), &int(3));
    let mut seen = BTreeMap::new();
    let mut answer = first;
    loop {
        let rp_id = answer.number(3).member("id").as_text();
        assert_eq!(answer.number(3), &map([("id", text(rp_id))]));
        assert_eq!(answer.number(4).as_bytes(), sha256(&[rp_id.as_bytes()]));
        *seen.entry(String::from(rp_id)).or_insert(0) += 1;
        if seen.len() == RPS.len() {
            break;
        }
        answer = key.answer(&next(NEXT_RP)).unwrap();
        assert_eq!(answer.keys(), [3, 4].map(int), "not counted again");
    }
    assert_eq!(seen, RPS.map(|rp_id| (String::from(rp_id), 1)).into());
    assert_eq!(key.refusal(&next(NEXT_RP)), Status::NotAllowed);
    assert_eq!(key.refusal(&next(NEXT_RP)), Status::NotAllowed, "over for good");
}

#[test]
fn the_preview_s_number_answers_the_same_and_goes_on_the_same() {
    let (mut key, manager) = key_with_nine();
    let steps = [
        manager.metadata(),
        manager.relying_parties(),
        next(NEXT_RP),
        manager.credentials_of(RP),
        next(NEXT_CREDENTIAL),
    ];
    let answers = steps.clone().map(|request| key.answer(&request).unwrap());
    let preview = steps.map(|mut request| {
        request.command = CREDENTIAL_MANAGEMENT_PREVIEW;
        key.answer(&request).unwrap()
    });
    assert_eq!(preview, answers);
}

#[test]
fn a_credential_is_shown_as_it_was_made() {
    let mut key = Key::new();
    let request = make_discoverable(RP, b"alice");
    for algorithm in [-7, -8] {
        let made = key
            .made(&request.clone().with(4, array([parameter(algorithm)])))
            .unwrap();
        let manager = key.manager();
        let answer = key.answer(&manager.credentials_of(RP)).unwrap();
        assert_eq!(answer.keys(), [6, 7, 8, 9, 10, 12].map(int));
        assert_eq!(answer.number(6), &user(b"alice"));
        assert_eq!(answer.number(7), &descriptor(&made.id));
        assert_eq!(answer.number(8), &made.cose_key);
        assert_eq!(answer.number(9), &int(1));
        assert_eq!(answer.number(10), &int(1));
        assert_eq!(answer.number(12), &Value::Bool(false));
    }
}

#[test]
fn what_extensions_made_of_a_credential_is_shown() {
    for level in 1..=3 {
        for (payment, large_blob) in [(false, false), (false, true), (true, false), (true, true)] {
            let mut inputs = Vec::from([(text("credProtect"), int(level))]);
            if large_blob {
                inputs.push((text("largeBlobKey"), Value::Bool(true)));
            }
            if payment {
                inputs.push((text("thirdPartyPayment"), Value::Bool(true)));
            }
            let mut key = Key::new();
            let request = make_discoverable(RP, b"alice").with(6, Value::Map(inputs));
            let made = key.answer(&request).unwrap();
            let manager = key.manager();
            let answer = key.answer(&manager.credentials_of(RP)).unwrap();
            assert_eq!(answer.number(10), &int(level));
            assert_eq!(answer.find(&int(11)), made.find(&int(5)));
            assert_eq!(answer.find(&int(11)).is_some(), large_blob);
            assert_eq!(answer.number(12), &Value::Bool(payment));
        }
    }
}

#[test]
fn credentials_of_a_relying_party_follow_each_other() {
    let (mut key, manager) = key_with_nine();
    let answers = key.walk(&manager.credentials_of(RP), &next(NEXT_CREDENTIAL), 9);
    let mut users: Vec<_> = answers.iter().map(|answer| answer.number(6).clone()).collect();
    users.sort_by_key(|user| user.member("id").as_bytes().to_vec());
    assert_eq!(users, [b"alice", b"bobby", b"carol"].map(|id| user(id)));
    for answer in &answers[1..] {
        assert_eq!(answer.keys(), [6, 7, 8, 10, 12].map(int), "not counted again");
    }
    assert_eq!(key.refusal(&next(NEXT_CREDENTIAL)), Status::NotAllowed, "over for good");
}

#[test]
fn a_second_beginning_takes_the_place_of_the_first() {
    let (mut key, manager) = key_with_nine();
    let expected = key.walk(&manager.credentials_of(RPS[1]), &next(NEXT_CREDENTIAL), 9);
    key.send(&manager.credentials_of(RPS[0])).unwrap();
    let first = key.answer(&manager.credentials_of(RPS[1])).unwrap();
    assert_eq!(first, expected[0]);
    assert_eq!(key.answer(&next(NEXT_CREDENTIAL)).unwrap(), expected[1]);
}

#[test]
fn a_walk_goes_on_with_its_own_subcommand_alone() {
    let (mut key, manager) = key_with_nine();
    for (begin, right, wrong) in [
        (manager.relying_parties(), NEXT_RP, NEXT_CREDENTIAL),
        (manager.credentials_of(RP), NEXT_CREDENTIAL, NEXT_RP),
    ] {
        assert_eq!(key.refusal(&next(right)), Status::NotAllowed, "before it began");
        key.send(&begin).unwrap();
        assert_eq!(key.refusal(&next(wrong)), Status::NotAllowed);
        assert_eq!(key.refusal(&next(right)), Status::NotAllowed);
        key.send(&begin).unwrap();
        assert_eq!(key.refusal(&next_assertion()), Status::NotAllowed);
    }
    key.send(&discover(RP)).unwrap();
    assert_eq!(key.refusal(&next(NEXT_CREDENTIAL)), Status::NotAllowed);
}

/// A key in the middle of each walk, and the request that continues it.
fn walks() -> [(Key, Request); 2] {
    [NEXT_RP, NEXT_CREDENTIAL].map(|sub_command| {
        let (mut key, manager) = key_with_nine();
        let begin = match sub_command {
            NEXT_RP => manager.relying_parties(),
            _ => manager.credentials_of(RP),
        };
        key.send(&begin).unwrap();
        (key, next(sub_command))
    })
}

#[test]
fn a_step_needs_no_token_and_ignores_what_else_it_comes_with() {
    for (mut key, next) in walks() {
        let more = next.with(2, text("params")).with(3, text("three")).with(4, int(4));
        key.send(&more).unwrap();
    }
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
    assert_eq!(key.refusal(&manager.relying_parties()), Status::PinAuthInvalid);
    key.at(0);
    let manager = key.manager();
    key.send(&manager.metadata()).unwrap();
    key.at(TOKEN_MAX_USAGE - SEQUENCE_TIMEOUT / 2);
    key.send(&manager.relying_parties()).unwrap();
    key.at(TOKEN_MAX_USAGE);
    key.send(&next(NEXT_RP)).unwrap();
    key.at(TOKEN_MAX_USAGE + 1);
    assert_eq!(key.refusal(&next(NEXT_RP)), Status::NotAllowed);
}

#[test]
fn a_walk_by_the_persistent_token_needs_no_other() {
    let (mut key, _) = key_with_nine();
    let manager = key.persistent_manager(true);
    key.0.tokens.reset();
    assert_eq!(key.listed(&manager).len(), RPS.len());
}

#[test]
fn a_walk_ends_with_the_power() {
    for (key, next) in walks() {
        assert_eq!(key.restarted().refusal(&next), Status::NotAllowed);
    }
}

#[test]
fn another_channel_neither_walks_nor_ends_the_walk() {
    for (mut key, next) in walks() {
        let foreign = key.send_on(CHANNEL + 1, &next.bytes());
        assert_eq!(foreign, Err(Status::NotAllowed));
        key.send(&next).unwrap();
    }
}

#[test]
fn asking_for_info_does_not_end_a_walk_and_other_commands_do() {
    for (mut key, next) in walks() {
        key.send(&get_info()).unwrap();
        key.send(&next).unwrap();
    }
    for other in [
        discover("nobody.example"),
        make_credential(RP, b"dave"),
        selection(),
        Request::new(0x7e),
        next(0x08),
        next(0x01),
    ] {
        for (mut key, next) in walks() {
            let _ = key.send(&other);
            assert_eq!(key.refusal(&next), Status::NotAllowed, "{other:?}");
        }
    }
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
    let parties = key.walk(&manager.relying_parties(), &next(NEXT_RP), 5);
    let hashes: Vec<_> = parties
        .iter()
        .map(|party| party.number(4).as_bytes().to_vec())
        .collect();
    assert!(
        parties
            .iter()
            .all(|party| party.number(3).member("id").as_text() == kept)
    );
    for (rp_id, made, id) in [(&long[..], &made, b"alice"), (kept, &namesake, b"bobby")] {
        assert!(hashes.contains(&sha256(&[rp_id.as_bytes()]).to_vec()));
        let manager = key.manager();
        let answers = key.walk(&manager.credentials_of(rp_id), &next(NEXT_CREDENTIAL), 9);
        assert_eq!(answers.len(), 1);
        assert_eq!(answers[0].number(7), &descriptor(&made.id));
        // It stays so when the record is written anew, by a count and by a new name.
        for _ in 0..2 {
            made.verify(rp_id, &key.asserted(&discover(rp_id)).unwrap());
            key = key.restarted();
        }
        let manager = key.issue(Protocol::Two, Permissions::CREDENTIAL_MANAGEMENT, Some(rp_id));
        key.send(&manager.update(&made.id, user(id))).unwrap();
        let answer = key.answer(&manager.credentials_of(rp_id)).unwrap();
        assert_eq!(answer.number(8), &made.cose_key);
        key.send(&manager.delete(&made.id)).unwrap();
    }
    let manager = key.manager();
    assert_eq!(key.refusal(&manager.relying_parties()), Status::NoCredentials);
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
fn costs(key: &mut Key, begin: &Request, next: &Request, total: i64) -> Vec<usize> {
    let mut costs = Vec::new();
    key.storage_mut().operations = 0;
    let first = key.answer(begin).unwrap();
    costs.push(key.storage().operations);
    for _ in 1..first.number(total).as_int() {
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
    let costs = costs(&mut key, &manager.relying_parties(), &next(NEXT_RP), 5);
    assert_linear(&costs, 1000);
}

#[test]
fn a_thousand_credentials_of_one_relying_party_are_enumerated_in_linear_time() {
    let mut key = Key::new();
    for index in 0..1000_u32 {
        key.keep_account(RP, &index.to_be_bytes());
    }
    let manager = key.manager();
    let costs = costs(&mut key, &manager.credentials_of(RP), &next(NEXT_CREDENTIAL), 9);
    assert_linear(&costs, 1000);
}
