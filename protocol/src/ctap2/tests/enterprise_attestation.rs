//! Enterprise attestation (CTAP 2.3 §6.1.2 step 9, §7.1).

use cbor4ii::core::Value;

use crate::ctap2::{Status, command};
use crate::testing::attestation::{BATCH, ENTERPRISE, LISTED, certificate, point};
use crate::testing::cbor::{Tree, array, bytes, int, text};
use crate::testing::key::{Key, Registration, verifies_p256};
use crate::testing::request::{HASH, RP, Request, get_info, make_credential, reset};

/// authenticatorConfig, enableEnterpriseAttestation.
fn enable() -> Request {
    Request::new(command::CONFIG).with(1, int(1))
}

/// `ep` in getInfo, and whether the key says that it can be enabled.
fn advertised(key: &mut Key) -> (Option<Value>, bool) {
    let info = key.send(&get_info()).unwrap().unwrap();
    let Value::Array(commands) = info.number(0x1f) else {
        panic!("no authenticatorConfigCommands")
    };
    (info.number(4).find(&text("ep")).cloned(), commands.contains(&int(1)))
}

fn enabled() -> Key {
    let mut key = Key::with_enterprise();
    key.send(&enable()).unwrap();
    key
}

fn asking(rp_id: &str, value: i64) -> Request {
    make_credential(rp_id, b"alice").with(10, int(value))
}

#[track_caller]
fn verify(made: &Registration, enterprise: bool) {
    let (private_key, length) = if enterprise { (&ENTERPRISE, 500) } else { (&BATCH, 600) };
    assert_eq!(made.answer.number(1), &text("packed"));
    assert_eq!(
        made.answer.find(&int(4)),
        enterprise.then_some(&Value::Bool(true)),
        "epAtt"
    );
    let statement = made.answer.number(3);
    assert_eq!(
        statement.member("x5c"),
        &array([bytes(certificate(private_key, length))])
    );
    let message = [&made.auth_data.raw[..], &HASH].concat();
    assert!(verifies_p256(
        &point(private_key),
        &message,
        statement.member("sig").as_bytes()
    ));
}

#[test]
fn a_key_without_a_certificate_for_it_is_not_capable() {
    for mut key in [Key::new(), Key::with_batch()] {
        assert_eq!(advertised(&mut key), (None, false));
        assert_eq!(key.refusal(&enable()), Status::InvalidSubcommand);
    }
}

#[test]
fn it_is_enabled_once_and_for_all_until_a_reset() {
    let mut key = Key::with_enterprise();
    assert_eq!(advertised(&mut key), (Some(Value::Bool(false)), true));
    for _ in 0..2 {
        key.send(&enable()).unwrap();
        assert_eq!(advertised(&mut key), (Some(Value::Bool(true)), true));
    }
    let mut key = key.restarted();
    assert_eq!(advertised(&mut key), (Some(Value::Bool(true)), true));
    key.send(&reset()).unwrap();
    assert_eq!(advertised(&mut key), (Some(Value::Bool(false)), true));
    assert_eq!(key.refusal(&asking(LISTED, 1)), Status::InvalidParameter);
}

#[test]
fn a_key_that_is_not_capable_or_not_enabled_refuses_every_value() {
    for mut key in [Key::new(), Key::with_batch(), Key::with_enterprise()] {
        for value in [0, 1, 2, 3, 7] {
            assert_eq!(key.refusal(&asking(LISTED, value)), Status::InvalidParameter, "{value}");
        }
        assert!(key.user().prompts.is_empty());
    }
}

#[test]
fn values_that_the_standard_does_not_know_are_refused_without_a_touch() {
    let mut key = enabled();
    for value in [0, 3, 7] {
        assert_eq!(key.refusal(&asking(LISTED, value)), Status::InvalidOption, "{value}");
    }
    let request = make_credential(LISTED, b"alice").with(10, text("1"));
    assert_eq!(key.refusal(&request), Status::CborUnexpectedType);
    assert!(key.user().prompts.is_empty());
}

#[test]
fn vendor_facilitated_is_granted_to_listed_relying_parties() {
    let mut key = enabled();
    verify(&key.made(&asking(LISTED, 1)).unwrap(), true);
    for other in [RP, "x.corp.example", "corp.exampl", "CORP.EXAMPLE"] {
        verify(&key.made(&asking(other, 1)).unwrap(), false);
    }
}

#[test]
fn platform_managed_is_granted_to_all() {
    let mut key = enabled();
    for rp_id in [LISTED, RP] {
        verify(&key.made(&asking(rp_id, 2)).unwrap(), true);
    }
}

#[test]
fn without_the_parameter_attestation_is_ordinary() {
    verify(&enabled().register(LISTED), false);
}

#[test]
fn a_request_that_prefers_none_gets_none() {
    let made = enabled().made(&asking(RP, 2).with(11, array([text("none")]))).unwrap();
    assert_eq!(made.answer.number(1), &text("none"));
    assert_eq!(made.answer.keys(), [1, 2, 3].map(int), "no epAtt");
}

#[test]
fn a_grant_comes_as_packed_whatever_else_is_preferred() {
    let made = enabled()
        .made(&asking(RP, 2).with(11, array([text("fido-u2f")])))
        .unwrap();
    verify(&made, true);
}
