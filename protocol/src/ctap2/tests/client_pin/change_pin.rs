//! changePIN (CTAP 2.3 §6.5.5.6).

use cbor4ii::core::Value;

use crate::ctap2::Status;
use crate::ctap2::pin_protocol::Protocol;
use crate::testing::cbor::{Tree, bytes, int};
use crate::testing::key::Key;
use crate::testing::pin::{ACFG, PCMR, PIN};
use crate::testing::request::{get_info, set_min_pin_length, toggle_always_uv};

const NEW: &str = "5678";

/// A key whose PIN must be changed.
fn forced() -> Key {
    let mut key = Key::with_pin();
    let force = set_min_pin_length([(3, Value::Bool(true))]);
    let token = key.token(ACFG, None);
    assert_eq!(key.send(&token.sign(force)), Ok(None));
    key
}

fn must_change(key: &mut Key) -> bool {
    let info = key.send(&get_info()).unwrap().unwrap();
    info.number(0x0c) == &Value::Bool(true)
}

#[test]
fn who_knows_the_pin_changes_it() {
    for protocol in Protocol::OFFERED {
        let mut key = Key::with_pin();
        let request = key.platform(protocol).change_pin(PIN, NEW);
        assert_eq!(key.send(&request), Ok(None));
        assert_eq!(key.try_pin(PIN), Err(Status::PinInvalid));
        assert_eq!(key.try_pin(NEW), Ok(()));
        assert_eq!(key.restarted().try_pin(NEW), Ok(()));
    }
}

#[test]
fn a_wrong_pin_costs_a_retry() {
    let mut key = Key::with_pin();
    let request = key.platform(Protocol::Two).change_pin("4321", NEW);
    assert_eq!(key.refusal(&request), Status::PinInvalid);
    assert_eq!(key.retries(), 7);
    let request = key.platform(Protocol::Two).change_pin(PIN, NEW);
    assert_eq!(key.send(&request), Ok(None));
    assert_eq!(key.retries(), 8);
}

#[test]
fn what_is_not_authenticated_costs_none() {
    let mut key = Key::with_pin();
    let platform = key.platform(Protocol::Two);
    let request = platform.change_pin(PIN, NEW);
    let other_hash = bytes(platform.pin_hash_enc("4321"));
    for bent in [
        request.clone().with(4, bytes([0; 32])),
        request.clone().with(4, bytes([])),
        request.clone().with(6, other_hash),
        platform.change_pin(PIN, "9999").with(4, request.members[&4].clone()),
    ] {
        assert_eq!(key.refusal(&bent), Status::PinAuthInvalid);
    }
    assert_eq!(key.retries(), 8);
    assert_eq!(key.send(&request), Ok(None), "nor does it change the key agreement");
}

#[test]
fn every_parameter_is_needed() {
    let mut key = Key::with_pin();
    let request = key.platform(Protocol::Two).change_pin(PIN, NEW);
    for member in [1, 3, 4, 5, 6] {
        assert_eq!(key.refusal(&request.clone().without(member)), Status::MissingParameter);
    }
    for protocol in [0, 3] {
        let request = request.clone().with(1, int(protocol));
        assert_eq!(key.refusal(&request), Status::InvalidParameter);
    }
    assert_eq!(key.retries(), 8);
}

#[test]
fn without_a_pin_there_is_none_to_change() {
    let mut key = Key::new();
    let request = key.platform(Protocol::Two).change_pin(PIN, NEW);
    assert_eq!(key.refusal(&request), Status::PinNotSet);
}

#[test]
fn a_new_pin_that_breaks_the_rules_leaves_the_old_one() {
    let mut key = Key::with_pin();
    let token = key.token(ACFG, None);
    let request = key.platform(Protocol::Two).change_pin(PIN, "123");
    assert_eq!(key.refusal(&request), Status::PinPolicyViolation);
    assert_eq!(key.retries(), 8);
    assert_eq!(key.send(&token.sign(toggle_always_uv())), Ok(None), "and its tokens");
    assert_eq!(key.try_pin(PIN), Ok(()));
}

#[test]
fn a_change_ends_tokens_for_now_and_for_good() {
    let mut key = Key::with_pin();
    let persistent = key.token(PCMR, None);
    let token = key.token(ACFG, None);
    let request = key.platform(Protocol::One).change_pin(PIN, NEW);
    assert_eq!(key.send(&request), Ok(None));
    assert_eq!(key.refusal(&token.sign(toggle_always_uv())), Status::PinAuthInvalid);
    let renewed = key.try_token(NEW, PCMR, None).unwrap();
    assert_ne!(renewed.secret, persistent.secret);
}

#[test]
fn a_forced_change_is_a_change() {
    let mut key = forced();
    assert!(must_change(&mut key));
    let same = key.platform(Protocol::Two).change_pin(PIN, PIN);
    assert_eq!(key.refusal(&same), Status::PinPolicyViolation);
    assert!(must_change(&mut key));
    let other = key.platform(Protocol::Two).change_pin(PIN, NEW);
    assert_eq!(key.send(&other), Ok(None));
    assert!(!must_change(&mut key));
    assert_eq!(key.try_pin(NEW), Ok(()));
}

#[test]
fn who_is_not_forced_may_keep_the_pin() {
    let mut key = Key::with_pin();
    let same = key.platform(Protocol::Two).change_pin(PIN, PIN);
    assert_eq!(key.send(&same), Ok(None));
}

#[test]
fn no_token_is_given_before_a_forced_change_and_no_retry_is_lost() {
    let mut key = forced();
    for protocol in Protocol::OFFERED {
        let platform = key.platform(protocol);
        assert_eq!(key.refusal(&platform.get_pin_token(PIN)), Status::PinInvalid);
        for permissions in [ACFG, PCMR] {
            let request = platform.get_token(PIN, permissions, None);
            assert_eq!(key.refusal(&request), Status::PinPolicyViolation);
        }
    }
    assert_eq!(key.retries(), 8);
}
