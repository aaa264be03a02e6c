//! Which user verification makeCredential and getAssertion need, and how a token gives it (CTAP 2.3 §6.1.2, §6.2.2).

use crate::ctap2::Status;
use crate::ctap2::pin_protocol::Protocol;
use crate::limits::{TOKEN_INITIAL_USAGE, TOKEN_MAX_USAGE};
use crate::platform::{Operation, Presence};
use crate::testing::cbor::{array, bytes, int};
use crate::testing::key::{CHANNEL, Key};
use crate::testing::pin::{ACFG, GA, MC, PIN};
use crate::testing::request::{
    RP, Request, descriptor, discover, get_assertion, make_credential, make_discoverable, next_assertion, option,
    toggle_always_uv,
};

const OTHER_RP: &str = "other.example";

#[track_caller]
fn refused(key: &mut Key, request: &Request, status: Status) {
    let prompts = key.user().prompts.len();
    assert_eq!(key.refusal(request), status);
    assert_eq!(key.user().prompts.len(), prompts, "without asking for a touch");
}

/// A key with a PIN and `alwaysUv`.
fn always_uv() -> Key {
    let mut key = Key::with_pin();
    let token = key.token(ACFG, None);
    assert_eq!(key.send(&token.sign(toggle_always_uv())), Ok(None));
    key
}

#[test]
fn without_a_pin_no_user_is_verified() {
    let mut key = Key::new();
    for request in [make_credential(RP, b"alice"), make_discoverable(RP, b"alice")] {
        assert_eq!(key.made(&request).unwrap().auth_data.flags, 0x41, "UP and AT");
    }
    // Nor does the key look at a param.
    let junk = make_discoverable(RP, b"alice")
        .with(8, bytes([1, 2, 3]))
        .with(9, int(1));
    assert_eq!(key.made(&junk).unwrap().auth_data.flags, 0x41);
    let junk = discover(RP).with(6, bytes([1, 2, 3])).with(7, int(2));
    assert_eq!(key.asserted(&junk).unwrap().auth_data.flags, 0x01);
}

#[test]
fn a_key_with_a_pin_makes_discoverable_credentials_for_verified_users_only() {
    let mut key = Key::with_pin();
    let made = key.made(&make_credential(RP, b"alice")).unwrap();
    assert_eq!(made.auth_data.flags, 0x41, "makeCredUvNotRqd");
    refused(&mut key, &make_discoverable(RP, b"alice"), Status::PuatRequired);
    let token = key.token(MC, Some(RP));
    let made = key.made(&token.sign(make_discoverable(RP, b"alice"))).unwrap();
    assert_eq!(made.auth_data.flags, 0x45, "UP, UV and AT");
    assert_eq!(key.asserted(&discover(RP)).unwrap().auth_data.flags, 0x01);
}

#[test]
fn the_option_uv_is_for_keys_with_user_verification_of_their_own() {
    let mut key = Key::with_pin();
    refused(
        &mut key,
        &make_credential(RP, b"alice").with(7, option("uv", true)),
        Status::InvalidOption,
    );
    // A param overrides it.
    let token = key.token(MC, Some(RP));
    let request = token.sign(make_credential(RP, b"alice")).with(7, option("uv", true));
    assert_eq!(key.made(&request).unwrap().auth_data.flags, 0x45);
    let id = key.register(RP).id;
    let token = key.token(GA, Some(RP));
    let request = token.sign(get_assertion(RP, &[&id])).with(5, option("uv", true));
    assert_eq!(key.asserted(&request).unwrap().auth_data.flags, 0x05);
}

#[test]
fn an_empty_param_asks_for_a_touch_and_whether_there_is_a_pin() {
    for (mut key, status) in [(Key::new(), Status::PinNotSet), (Key::with_pin(), Status::PinInvalid)] {
        for request in [
            make_credential(RP, b"alice").with(8, bytes([])),
            make_credential(RP, b"alice").with(8, bytes([])).with(9, int(7)),
            discover(RP).with(6, bytes([])),
            discover(RP).with(6, bytes([])).with(7, int(2)),
        ] {
            key.user().prompts.clear();
            assert_eq!(key.refusal(&request), status);
            let operations: std::vec::Vec<_> = key.user().prompts.iter().map(|prompt| prompt.operation).collect();
            assert_eq!(operations, [Operation::Select]);
            for (presence, refusal) in [
                (Presence::Declined, Status::OperationDenied),
                (Presence::TimedOut, Status::OperationDenied),
                (Presence::Aborted, Status::KeepaliveCancel),
            ] {
                key.user().answers.push_back(presence);
                assert_eq!(key.refusal(&request), refusal);
            }
        }
        assert_eq!(key.retries(), 8);
    }
}

#[test]
fn a_param_comes_with_a_protocol_that_the_key_knows() {
    let mut key = Key::with_pin();
    let made = key.register(RP);
    let token = key.token(MC | GA, Some(RP));
    let make = token.sign(make_credential(RP, b"alice"));
    let get = token.sign(get_assertion(RP, &[&made.id]));
    refused(&mut key, &make.clone().without(9), Status::MissingParameter);
    refused(&mut key, &get.clone().without(7), Status::MissingParameter);
    for protocol in [0, 3] {
        refused(&mut key, &make.clone().with(9, int(protocol)), Status::InvalidParameter);
        refused(&mut key, &get.clone().with(7, int(protocol)), Status::InvalidParameter);
    }
}

#[test]
fn a_param_that_proves_nothing_is_refused() {
    let mut key = Key::with_pin();
    let made = key.register(RP);
    let platform = key.platform(Protocol::One);
    let answer = key.send(&platform.get_token(PIN, MC | GA, Some(RP))).unwrap().unwrap();
    let one = platform.token(&answer);
    let make = one.sign(make_credential(RP, b"alice"));
    let get = one.sign(get_assertion(RP, &[&made.id]));
    for length in [1, 15, 16, 17, 31, 32] {
        refused(
            &mut key,
            &make.clone().with(8, bytes(&[0; 32][..length])),
            Status::PinAuthInvalid,
        );
        refused(
            &mut key,
            &get.clone().with(6, bytes(&[0; 32][..length])),
            Status::PinAuthInvalid,
        );
    }
    // The right bytes under the other protocol, and the other protocol's bytes.
    refused(&mut key, &make.clone().with(9, int(2)), Status::PinAuthInvalid);
    let as_two = crate::testing::pin::Token {
        protocol: Protocol::Two,
        ..one
    };
    let two = as_two.sign(make_credential(RP, b"alice"));
    refused(&mut key, &two.clone().with(9, int(1)), Status::PinAuthInvalid);
    refused(&mut key, &two, Status::PinAuthInvalid);
    // For another message.
    refused(&mut key, &make.clone().with(1, bytes([0; 32])), Status::PinAuthInvalid);
    assert!(key.made(&make).is_ok());
}

#[test]
fn a_token_without_the_permission_is_refused() {
    let mut key = Key::with_pin();
    let made = key.register(RP);
    let token = key.token(GA, Some(RP));
    refused(
        &mut key,
        &token.sign(make_credential(RP, b"alice")),
        Status::PinAuthInvalid,
    );
    let token = key.token(MC, Some(RP));
    refused(
        &mut key,
        &token.sign(get_assertion(RP, &[&made.id])),
        Status::PinAuthInvalid,
    );
}

#[test]
fn a_token_is_bound_to_its_relying_party() {
    let mut key = Key::with_pin();
    let made = key.register(OTHER_RP);
    let token = key.token(MC | GA, Some(RP));
    refused(
        &mut key,
        &token.sign(make_credential(OTHER_RP, b"alice")),
        Status::PinAuthInvalid,
    );
    refused(
        &mut key,
        &token.sign(get_assertion(OTHER_RP, &[&made.id])),
        Status::PinAuthInvalid,
    );
    assert!(key.made(&token.sign(make_credential(RP, b"alice"))).is_ok());
}

#[test]
fn the_first_ceremony_binds_a_pin_token() {
    let mut key = Key::with_pin();
    let made = [RP, OTHER_RP].map(|rp_id| key.register(rp_id));
    let platform = key.platform(Protocol::Two);
    let answer = key.send(&platform.get_pin_token(PIN)).unwrap().unwrap();
    let token = platform.token(&answer);
    // A request without user presence leaves the token otherwise unchanged.
    let silent = |rp_id, id: &[u8]| token.sign(get_assertion(rp_id, &[id])).with(5, option("up", false));
    assert_eq!(
        key.asserted(&silent(RP, &made[0].id)).unwrap().auth_data.flags,
        0x04,
        "UV alone"
    );
    refused(&mut key, &silent(OTHER_RP, &made[1].id), Status::PinAuthInvalid);
    refused(
        &mut key,
        &token.sign(make_credential(OTHER_RP, b"alice")),
        Status::PinAuthInvalid,
    );
    assert!(key.made(&token.sign(make_credential(RP, b"alice"))).is_ok());
}

#[test]
fn a_test_of_user_presence_spends_the_token() {
    let mut key = Key::with_pin();
    let made = key.register(RP);
    let get = get_assertion(RP, &[&made.id]);
    let token = key.token(MC | GA, Some(RP));
    for _ in 0..3 {
        let silent = token.sign(get.clone()).with(5, option("up", false));
        assert_eq!(key.asserted(&silent).unwrap().auth_data.flags, 0x04);
    }
    assert_eq!(key.asserted(&token.sign(get.clone())).unwrap().auth_data.flags, 0x05);
    refused(&mut key, &token.sign(get.clone()), Status::PinAuthInvalid);
    refused(
        &mut key,
        &token.sign(make_credential(RP, b"alice")),
        Status::PinAuthInvalid,
    );

    // Also by a ceremony that did not use it.
    let token = key.token(MC | GA, Some(RP));
    assert!(key.asserted(&get).is_ok());
    refused(&mut key, &token.sign(get), Status::PinAuthInvalid);
}

#[test]
fn a_touch_that_is_refused_spends_nothing() {
    let mut key = Key::with_pin();
    let token = key.token(MC, Some(RP));
    let request = token.sign(make_credential(RP, b"alice"));
    key.user().answers.push_back(Presence::Declined);
    assert_eq!(key.refusal(&request), Status::OperationDenied);
    assert!(key.made(&request).is_ok());
}

#[test]
fn an_expired_token_is_refused() {
    let mut key = Key::with_pin();
    let made = key.register(RP);
    let token = key.token(GA, Some(RP));
    key.at(TOKEN_INITIAL_USAGE + 1);
    refused(
        &mut key,
        &token.sign(get_assertion(RP, &[&made.id])),
        Status::PinAuthInvalid,
    );
}

#[test]
fn an_excluded_credential_is_told_after_a_touch_whatever_the_user_does() {
    let mut key = Key::with_pin();
    let made = key.register(RP);
    let request = make_credential(RP, b"alice").with(5, array([descriptor(&made.id)]));
    let token = key.token(MC, Some(RP));
    for request in [request.clone(), token.sign(request)] {
        for (presence, status) in [
            (Presence::Confirmed, Status::CredentialExcluded),
            (Presence::Declined, Status::CredentialExcluded),
            (Presence::TimedOut, Status::CredentialExcluded),
            (Presence::Aborted, Status::KeepaliveCancel),
        ] {
            key.user().prompts.clear();
            key.user().answers.push_back(presence);
            assert_eq!(key.refusal(&request), status);
            assert_eq!(key.user().prompts.len(), 1);
        }
    }
}

#[test]
fn always_uv_takes_a_token_for_all_but_silent_questions() {
    let mut key = always_uv();
    let token = key.token(MC, Some(RP));
    let made = key.made(&token.sign(make_credential(RP, b"alice"))).unwrap();
    refused(&mut key, &make_credential(RP, b"bob"), Status::PuatRequired);
    refused(&mut key, &make_discoverable(RP, b"bob"), Status::PuatRequired);
    let get = get_assertion(RP, &[&made.id]);
    refused(&mut key, &get, Status::PuatRequired);
    let silent = key.asserted(&get.clone().with(5, option("up", false))).unwrap();
    assert_eq!(silent.auth_data.flags, 0x00);
    let token = key.token(GA, Some(RP));
    assert_eq!(key.asserted(&token.sign(get)).unwrap().auth_data.flags, 0x05);
}

#[test]
fn always_uv_without_a_pin_refuses_every_ceremony() {
    let mut key = Key::new();
    let made = key.register(RP);
    assert_eq!(key.send(&toggle_always_uv()), Ok(None));
    for request in [
        make_credential(RP, b"alice"),
        make_credential(RP, b"alice").with(8, bytes([0; 32])).with(9, int(2)),
        get_assertion(RP, &[&made.id]),
        get_assertion(RP, &[&made.id]).with(6, bytes([0; 32])).with(7, int(2)),
    ] {
        refused(&mut key, &request, Status::PuatRequired);
    }
}

#[test]
fn a_walk_through_assertions_ends_with_its_token() {
    let mut prepared = Key::new();
    for user in [b"alice", b"bobby", b"carol"] {
        prepared.register_discoverable(RP, user);
    }
    prepared.set_pin(PIN);
    for (now, goes_on) in [(TOKEN_MAX_USAGE, true), (TOKEN_MAX_USAGE + 1, false)] {
        let mut key = prepared.fork();
        let token = key.token(GA, Some(RP));
        // Used at once, so that it stays valid; the ceremony comes late in its life.
        let silent = token.sign(discover(RP)).with(5, option("up", false));
        assert!(key.asserted(&silent).is_ok());
        key.at(TOKEN_MAX_USAGE - 1000);
        assert_eq!(key.asserted(&token.sign(discover(RP))).unwrap().auth_data.flags, 0x05);
        assert_eq!(
            key.asserted(&next_assertion()).unwrap().auth_data.flags,
            0x05,
            "spent, but in use"
        );
        key.at(now);
        let next = key.asserted(&next_assertion()).map(drop);
        assert_eq!(next, if goes_on { Ok(()) } else { Err(Status::NotAllowed) });
    }
}

#[test]
fn a_walk_without_a_token_outlives_tokens() {
    let mut key = Key::new();
    for user in [b"alice", b"bobby"] {
        key.register_discoverable(RP, user);
    }
    key.set_pin(PIN);
    key.token(GA, Some(RP));
    assert!(key.asserted(&discover(RP)).is_ok());
    assert!(key.send_on(CHANNEL, &next_assertion().bytes()).is_ok());
}
