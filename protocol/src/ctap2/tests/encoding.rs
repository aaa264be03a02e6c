//! The message itself: command bytes and the canonical form (CTAP 2.3 §8).

use std::vec::Vec;

use cbor4ii::core::Value;

use crate::ctap2::{Status, command};
use crate::testing::cbor::{bytes, encode, int, map, text};
use crate::testing::key::{CHANNEL, Key};
use crate::testing::request::{HASH, RP, Request, get_assertion, make_credential};

fn refusal(message: &[u8]) -> Status {
    let mut key = Key::new();
    let status = key.send_on(CHANNEL, message).expect_err("the message is refused");
    assert!(key.user().prompts.is_empty(), "nobody was asked for a touch");
    status
}

#[test]
fn no_command_byte_is_an_invalid_length() {
    assert_eq!(refusal(&[]), Status::InvalidLength);
}

#[test]
fn every_command_that_is_not_offered_is_invalid() {
    let offered = [0x01, 0x02, 0x04, 0x06, 0x07, 0x08, 0x0a, 0x0b, 0x0c, 0x0d, 0x41];
    for command in (0..=u8::MAX).filter(|command| !offered.contains(command)) {
        assert_eq!(refusal(&[command]), Status::InvalidCommand, "{command:#04x}");
        assert_eq!(refusal(&[command, 0xa0]), Status::InvalidCommand, "{command:#04x}");
    }
}

const WITH_PARAMETERS: [u8; 4] = [
    command::MAKE_CREDENTIAL,
    command::GET_ASSERTION,
    command::CLIENT_PIN,
    command::CONFIG,
];

#[test]
fn parameters_that_are_no_map_are_of_an_unexpected_type() {
    for command in WITH_PARAMETERS {
        assert_eq!(refusal(&[command, 0x80]), Status::CborUnexpectedType);
        assert_eq!(refusal(&[command, 0x01]), Status::CborUnexpectedType);
    }
}

/// The members of a valid makeCredential, to be put together wrongly.
fn members() -> Vec<(Value, Value)> {
    let members = make_credential(RP, b"alice").members;
    members
        .into_iter()
        .map(|(key, value)| (Value::Integer(key.into()), value))
        .collect()
}

#[test]
fn a_message_out_of_the_canonical_form_is_invalid_cbor() {
    let make = |members| [&[command::MAKE_CREDENTIAL], &encode(&Value::Map(members))[..]].concat();
    let valid = make(members());
    assert!(Key::new().send_on(CHANNEL, &valid).is_ok());

    let mut swapped = members();
    swapped.swap(1, 2);
    let mut doubled = members();
    doubled.insert(1, doubled[0].clone());
    let mut long_head = valid.clone();
    long_head.splice(1..2, [0xb8, 0x04]);
    let mut long_key = valid.clone();
    long_key.splice(2..3, [0x18, 0x01]);
    let mut indefinite = valid.clone();
    indefinite[1] = 0xbf;
    indefinite.push(0xff);
    let mut tagged = valid.clone();
    tagged.insert(3, 0xc2);
    for (why, message) in [
        ("keys out of order", make(swapped)),
        ("a duplicate key", make(doubled)),
        ("a map head longer than it need be", long_head),
        ("an integer longer than it need be", long_key),
        ("an indefinite map", indefinite),
        ("a tag", tagged),
        ("cut short", valid[..valid.len() - 1].to_vec()),
        ("trailing bytes", [&valid[..], &[0]].concat()),
    ] {
        assert_eq!(refusal(&message), Status::InvalidCbor, "{why}");
    }
}

#[test]
fn four_levels_are_nested_deep_enough_and_five_too_deep() {
    let nested = |depth| (1..depth).fold(int(0), |inner, _| map([("a", inner)]));
    let request = |depth| make_credential(RP, b"alice").with(0x20, nested(depth));
    assert!(Key::new().send(&request(4)).is_ok());
    assert_eq!(refusal(&request(5).bytes()), Status::InvalidCbor);
}

#[test]
fn unknown_parameters_are_ignored() {
    let mut key = Key::new();
    let made = key.made(&make_credential(RP, b"alice").with(0x20, int(1))).unwrap();
    assert!(key.send(&get_assertion(RP, &[&made.id]).with(0x20, text("x"))).is_ok());
    // Keys of other types sort behind the numbers.
    let mut members = members();
    members.push((int(-1), int(0)));
    members.push((text("x"), int(0)));
    let message = [&[command::MAKE_CREDENTIAL], &encode(&Value::Map(members))[..]].concat();
    assert!(key.send_on(CHANNEL, &message).is_ok());
}

#[test]
fn numbers_beyond_all_limits_do_not_overflow() {
    let huge = Value::Integer(u64::MAX.into());
    let lowest = Value::Integer(i64::MIN.into());
    let unexpected = Status::CborUnexpectedType;
    for (why, request, status) in [
        (
            "protocol",
            make(9, huge.clone()).with(8, bytes(HASH)),
            Status::InvalidParameter,
        ),
        (
            "negative protocol",
            make(9, lowest.clone()).with(8, bytes(HASH)),
            unexpected,
        ),
        (
            "enterpriseAttestation",
            make(10, huge.clone()),
            Status::InvalidParameter,
        ),
        ("negative enterpriseAttestation", make(10, lowest), unexpected),
        (
            "alg",
            make(
                4,
                Value::Array([map([("alg", huge), ("type", text("public-key"))])].into()),
            ),
            Status::UnsupportedAlgorithm,
        ),
    ] {
        assert_eq!(refusal(&request.bytes()), status, "{why}");
    }
}

fn make(key: u64, value: Value) -> Request {
    make_credential(RP, b"alice").with(key, value)
}
