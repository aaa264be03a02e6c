//! authenticatorConfig (CTAP 2.3 §6.11).

use std::format;
use std::vec::Vec;

use cbor4ii::core::Value;

use crate::crypto::sha256;
use crate::ctap2::Status;
use crate::ctap2::pin_protocol::Protocol;
use crate::testing::cbor::{Tree, array, int, text};
use crate::testing::key::Key;
use crate::testing::pin::{ACFG, PIN};
use crate::testing::request::{RP, Request, config, make_credential, reset, set_min_pin_length, toggle_always_uv};

const TRUE: Value = Value::Bool(true);
const FALSE: Value = Value::Bool(false);

fn info(key: &mut Key) -> Value {
    key.steady_info()
}

/// A member of getInfo.
fn member(key: &mut Key, number: i64) -> Value {
    info(key).number(number).clone()
}

/// A request with a token of its own.
fn send(key: &mut Key, request: Request) -> Result<Option<Value>, Status> {
    let token = key.token(ACFG, None);
    key.send(&token.sign(request))
}

#[test]
fn a_pin_that_is_long_enough_stays_and_so_do_tokens() {
    let mut key = Key::new();
    key.set_pin("12345678");
    let token = key.try_token("12345678", ACFG, None).unwrap();
    for length in [6, 8] {
        let request = token.sign(set_min_pin_length([(1, int(length))]));
        assert_eq!(key.send(&request), Ok(None));
        assert_eq!(member(&mut key, 0x0c), FALSE);
    }
    assert_eq!(key.send(&token.sign(set_min_pin_length([(1, int(9))]))), Ok(None));
    assert_eq!(member(&mut key, 0x0c), TRUE);
    assert_eq!(key.refusal(&token.sign(toggle_always_uv())), Status::PinAuthInvalid);
}

#[test]
fn the_minimum_never_goes_down_nor_above_the_maximum() {
    let mut key = Key::new();
    for length in [4, 6, 6] {
        assert_eq!(key.send(&set_min_pin_length([(1, int(length))])), Ok(None));
    }
    let before = key.storage().records.clone();
    for length in [0, 5, 64, 256, 262, i64::MAX] {
        let request = set_min_pin_length([(1, int(length))]);
        assert_eq!(key.refusal(&request), Status::PinPolicyViolation, "{length}");
    }
    for request in [
        config(0x03),
        set_min_pin_length([]),
        set_min_pin_length([(3, FALSE), (4, FALSE)]),
    ] {
        assert_eq!(key.send(&request), Ok(None));
    }
    assert_eq!(key.storage().records, before);
    assert_eq!(key.send(&set_min_pin_length([(1, int(63))])), Ok(None));
    let request = key.platform(Protocol::Two).set_pin("123456");
    assert_eq!(key.refusal(&request), Status::PinPolicyViolation);
}

#[test]
fn a_change_can_be_forced_where_there_is_a_pin() {
    let force = set_min_pin_length([(3, TRUE)]);
    assert_eq!(Key::new().refusal(&force), Status::PinNotSet);
    let mut key = Key::with_pin();
    let token = key.token(ACFG, None);
    assert_eq!(key.send(&token.sign(force.clone())), Ok(None));
    assert_eq!(member(&mut key, 0x0c), TRUE);
    assert_eq!(key.refusal(&token.sign(force)), Status::PinAuthInvalid);
    assert_eq!(member(&mut key.restarted(), 0x0c), TRUE);
}

#[test]
fn a_check_that_fails_leaves_everything_unchanged() {
    let mut key = Key::with_pin();
    let token = key.token(ACFG, None);
    let many: Vec<_> = (0..9).map(|number| text(format!("{number}.example"))).collect();
    let before = key.storage().records.clone();
    for (request, status) in [
        (
            set_min_pin_length([(1, int(3)), (3, TRUE), (4, TRUE)]),
            Status::PinPolicyViolation,
        ),
        (
            set_min_pin_length([(1, int(6)), (2, array(many)), (3, TRUE)]),
            Status::KeyStoreFull,
        ),
    ] {
        assert_eq!(key.refusal(&token.sign(request)), status);
        assert_eq!(key.storage().records, before);
    }
    assert_eq!(
        key.send(&token.sign(toggle_always_uv())),
        Ok(None),
        "nor is the token gone"
    );
}

#[test]
fn a_list_of_rp_ids_replaces_the_one_before_and_an_empty_one_does_not() {
    let mut key = Key::new();
    let list = |range: core::ops::Range<u32>| -> Vec<_> { range.map(|number| format!("{number}.example")).collect() };
    let set = |key: &mut Key, names: &[std::string::String]| {
        let names: Vec<_> = names.iter().map(|name| text(name.as_str())).collect();
        key.send(&set_min_pin_length([(2, array(names))]))
    };
    let has = |key: &mut Key, names: &[std::string::String]| {
        let expected: Vec<_> = names.iter().map(|name| sha256(&[name.as_bytes()])).collect();
        key.0.settings().unwrap().min_pin_length_rp_ids[..] == expected
    };
    for names in [list(0..8), list(3..5)] {
        assert_eq!(set(&mut key, &names), Ok(None));
        assert!(has(&mut key, &names));
        assert_eq!(set(&mut key, &list(0..9)), Err(Status::KeyStoreFull));
        assert_eq!(set(&mut key, &[]), Ok(None));
        assert!(has(&mut key, &names));
    }
    assert!(has(&mut key.restarted(), &list(3..5)));
}

#[test]
fn the_complexity_policy_is_for_new_pins_and_the_old_one_must_change() {
    let mut key = Key::with_pin();
    let policy = set_min_pin_length([(4, TRUE)]);
    assert_eq!(send(&mut key, policy.clone()), Ok(None));
    assert_eq!((member(&mut key, 0x1b), member(&mut key, 0x0c)), (TRUE, TRUE));
    for simple in ["1111", "4567", "8765"] {
        let request = key.platform(Protocol::Two).change_pin(PIN, simple);
        assert_eq!(key.refusal(&request), Status::PinPolicyViolation, "{simple}");
    }
    let request = key.platform(Protocol::Two).change_pin(PIN, "4711");
    assert_eq!(key.send(&request), Ok(None));
    // The policy stays on, and the new PIN was checked against it.
    for request in [policy, set_min_pin_length([(4, FALSE)])] {
        let token = key.try_token("4711", ACFG, None).unwrap();
        assert_eq!(key.send(&token.sign(request)), Ok(None));
        assert_eq!((member(&mut key, 0x1b), member(&mut key, 0x0c)), (TRUE, FALSE));
    }
    let mut key = Key::new();
    assert_eq!(key.send(&set_min_pin_length([(4, TRUE)])), Ok(None));
    let request = key.platform(Protocol::Two).set_pin(PIN);
    assert_eq!(key.refusal(&request), Status::PinPolicyViolation);
}

#[test]
fn settings_outlive_a_power_cycle_and_vanish_with_a_reset() {
    let mut key = Key::new();
    for request in [
        set_min_pin_length([(1, int(6)), (2, array([text(RP)])), (4, TRUE)]),
        config(0x04),
        toggle_always_uv(),
    ] {
        assert_eq!(key.send(&request), Ok(None));
    }
    let set = info(&mut key);
    let mut key = key.restarted();
    assert_eq!(info(&mut key), set);
    assert_eq!(
        key.0.settings().unwrap().min_pin_length_rp_ids,
        [sha256(&[RP.as_bytes()])]
    );
    assert_eq!(key.send(&reset()), Ok(None));
    assert_eq!(info(&mut key), info(&mut Key::new()));
    assert!(key.0.settings().unwrap().min_pin_length_rp_ids.is_empty());
    assert!(key.made(&make_credential(RP, b"alice")).is_ok());
}
