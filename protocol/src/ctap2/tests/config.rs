//! authenticatorConfig (CTAP 2.3 §6.11).

use std::format;
use std::vec::Vec;

use cbor4ii::core::Value;

use crate::crypto::sha256;
use crate::ctap2::pin_protocol::Protocol;
use crate::ctap2::{Status, command};
use crate::testing::cbor::{Tree, array, bytes, int, text};
use crate::testing::key::Key;
use crate::testing::pin::{ACFG, CM, MC, PIN};
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

fn option(key: &mut Key, name: &str) -> Value {
    info(key).number(4).member(name).clone()
}

/// A request with a token of its own.
fn send(key: &mut Key, request: Request) -> Result<Option<Value>, Status> {
    let token = key.token(ACFG, None);
    key.send(&token.sign(request))
}

#[test]
fn a_subcommand_is_needed_and_must_be_known() {
    let mut key = Key::new();
    assert_eq!(
        key.refusal(&Request::new(command::CONFIG).with(3, int(2))),
        Status::MissingParameter
    );
    // 01 is for keys with a certificate for enterprises, FF for vendors.
    for subcommand in [0x00, 0x01, 0x05, 0x7e, 0xff, 0x102, u64::MAX] {
        assert_eq!(
            key.refusal(&config(subcommand)),
            Status::InvalidSubcommand,
            "{subcommand:#x}"
        );
    }
}

#[test]
fn a_parameter_of_another_type_is_unexpected() {
    let mut key = Key::new();
    for (member, value) in [(1, text("2")), (2, int(1)), (3, text("2")), (4, int(2))] {
        assert_eq!(
            key.refusal(&toggle_always_uv().with(member, value)),
            Status::CborUnexpectedType
        );
    }
    for (parameter, value) in [
        (1, text("6")),
        (1, int(-6)),
        (2, text(RP)),
        (2, array([int(1)])),
        (3, int(1)),
        (4, int(1)),
    ] {
        let request = set_min_pin_length([(parameter, value)]);
        assert_eq!(key.refusal(&request), Status::CborUnexpectedType);
    }
    assert_eq!(info(&mut key), info(&mut Key::new()));
}

#[test]
fn a_key_with_a_pin_is_configured_with_a_token_that_may() {
    let mut key = Key::with_pin();
    let token = key.token(ACFG, None);
    let request = token.sign(toggle_always_uv());
    assert_eq!(key.refusal(&toggle_always_uv()), Status::PuatRequired);
    assert_eq!(key.refusal(&toggle_always_uv().with(3, int(2))), Status::PuatRequired);
    assert_eq!(key.refusal(&request.clone().without(3)), Status::MissingParameter);
    assert_eq!(key.refusal(&request.clone().with(3, int(3))), Status::InvalidParameter);
    assert_eq!(key.refusal(&request.clone().with(3, int(1))), Status::PinAuthInvalid);
    assert_eq!(
        key.refusal(&request.clone().with(4, bytes([0; 32]))),
        Status::PinAuthInvalid
    );
    assert_eq!(key.refusal(&request.clone().with(4, bytes([]))), Status::PinAuthInvalid);
    assert_eq!(option(&mut key, "alwaysUv"), FALSE);
    assert_eq!(key.send(&request), Ok(None));
    let other = key.token(CM | MC, Some(RP));
    assert_eq!(key.refusal(&other.sign(toggle_always_uv())), Status::PinAuthInvalid);
    assert_eq!(option(&mut key, "alwaysUv"), TRUE);
}

#[test]
fn a_token_of_either_protocol_will_do() {
    for protocol in Protocol::OFFERED {
        let mut key = Key::with_pin();
        let platform = key.platform(protocol);
        let answer = key.send(&platform.get_token(PIN, ACFG, None)).unwrap().unwrap();
        let request = platform.token(&answer).sign(toggle_always_uv());
        assert_eq!(key.send(&request), Ok(None));
    }
}

#[test]
fn the_raw_bytes_of_the_parameters_are_authenticated() {
    let mut key = Key::with_pin();
    let token = key.token(ACFG, None);
    let six = token.sign(set_min_pin_length([(1, int(6))]));
    let seven = set_min_pin_length([(1, int(7))]).members[&2].clone();
    assert_eq!(key.refusal(&six.clone().with(2, seven)), Status::PinAuthInvalid);
    assert_eq!(key.refusal(&six.clone().without(2)), Status::PinAuthInvalid);
    // An empty map is not the same as no map.
    let empty = token.sign(set_min_pin_length([]));
    assert_eq!(key.refusal(&empty.clone().without(2)), Status::PinAuthInvalid);
    // Nor does one subcommand stand for another, nor another key of the map for one that is ignored.
    assert_eq!(key.refusal(&six.with(1, int(4))), Status::PinAuthInvalid);
    let unknown = Value::Map([(int(9), int(1))].to_vec());
    assert_eq!(key.refusal(&empty.with(2, unknown)), Status::PinAuthInvalid);
}

#[test]
fn without_a_pin_nothing_needs_a_token() {
    let mut key = Key::new();
    for request in [
        set_min_pin_length([(1, int(5))]),
        config(0x04),
        // Nor does the key look at one.
        config(0x03).with(4, bytes([1, 2, 3])),
        toggle_always_uv(),
    ] {
        assert_eq!(key.send(&request), Ok(None));
    }
    assert_eq!(option(&mut key, "alwaysUv"), TRUE);
    assert_eq!((member(&mut key, 0x0d), member(&mut key, 0x18)), (int(5), TRUE));
}

#[test]
fn always_uv_without_a_pin_can_be_switched_off_and_nothing_else() {
    let mut key = Key::new();
    assert_eq!(key.send(&toggle_always_uv()), Ok(None));
    for request in [set_min_pin_length([(1, int(6))]), config(0x04)] {
        assert_eq!(key.refusal(&request), Status::PuatRequired);
    }
    assert_eq!(key.send(&toggle_always_uv()), Ok(None));
    assert_eq!(option(&mut key, "alwaysUv"), FALSE);
}

#[test]
fn always_uv_shows_at_once_and_takes_u2f_and_make_cred_uv_not_rqd_with_it() {
    let mut key = Key::with_pin();
    for is_on in [TRUE, FALSE] {
        assert_eq!(send(&mut key, toggle_always_uv()), Ok(None));
        assert_eq!(option(&mut key, "alwaysUv"), is_on);
        assert_eq!(option(&mut key, "makeCredUvNotRqd") == FALSE, is_on == TRUE);
        let versions = member(&mut key, 0x01);
        let u2f = ["U2F_V2"].iter().filter(|_| is_on == FALSE);
        let expected: Vec<_> = u2f
            .chain(&["FIDO_2_0", "FIDO_2_1", "FIDO_2_3"])
            .map(|&name| text(name))
            .collect();
        assert_eq!(versions, array(expected));
    }
}

#[test]
fn a_longer_minimum_forces_a_shorter_pin_to_change() {
    let mut key = Key::with_pin();
    assert_eq!(send(&mut key, set_min_pin_length([(1, int(6))])), Ok(None));
    assert_eq!(member(&mut key, 0x0d), int(6));
    assert_eq!(member(&mut key, 0x0c), TRUE);
    let short = key.platform(Protocol::Two).change_pin(PIN, "98765");
    assert_eq!(key.refusal(&short), Status::PinPolicyViolation);
    let long = key.platform(Protocol::Two).change_pin(PIN, "987654");
    assert_eq!(key.send(&long), Ok(None));
    assert_eq!(member(&mut key, 0x0c), FALSE);
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
fn the_long_touch_stays_on() {
    let mut key = Key::new();
    for _ in 0..2 {
        assert_eq!(key.send(&config(0x04)), Ok(None));
        assert_eq!(member(&mut key, 0x18), TRUE);
    }
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
