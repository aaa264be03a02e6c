//! setPIN (CTAP 2.3 §6.5.5.5).

use std::vec;

use cbor4ii::core::Value;

use crate::ctap2::Status;
use crate::ctap2::pin_protocol::Protocol;
use crate::testing::cbor::{Tree, bytes, int};
use crate::testing::key::Key;
use crate::testing::pin::{PIN, padded};
use crate::testing::request::{Request, get_info};

fn has_pin(key: &mut Key) -> bool {
    let info = key.send(&get_info()).unwrap().unwrap();
    info.number(4).member("clientPin") == &Value::Bool(true)
}

/// A refused request changes nothing that is stored.
#[track_caller]
fn refused(key: &mut Key, request: &Request, status: Status) {
    let before = key.storage().records.clone();
    assert_eq!(key.refusal(request), status);
    assert_eq!(key.storage().records, before);
}

#[test]
fn a_pin_is_set_by_either_protocol_and_shows_at_once() {
    for protocol in Protocol::OFFERED {
        let mut key = Key::new();
        assert!(!has_pin(&mut key));
        let request = key.platform(protocol).set_pin(PIN);
        assert_eq!(key.send(&request), Ok(None));
        assert!(has_pin(&mut key));
        assert_eq!(key.try_pin(PIN), Ok(()));
        let mut key = key.restarted();
        assert!(has_pin(&mut key));
        assert_eq!(key.try_pin(PIN), Ok(()));
    }
}

#[test]
fn a_pin_is_set_once() {
    let mut key = Key::with_pin();
    let request = key.platform(Protocol::Two).set_pin("5678");
    refused(&mut key, &request, Status::PinAuthInvalid);
    assert_eq!(key.try_pin(PIN), Ok(()));
}

#[test]
fn every_parameter_is_needed() {
    let mut key = Key::new();
    let request = key.platform(Protocol::Two).set_pin(PIN);
    for member in [1, 3, 4, 5] {
        refused(&mut key, &request.clone().without(member), Status::MissingParameter);
    }
    // This comes before the check of the protocol, and that before anything else.
    refused(
        &mut key,
        &request.clone().with(1, int(3)).without(5),
        Status::MissingParameter,
    );
    let mut protected = Key::with_pin();
    refused(&mut protected, &request.with(1, int(3)), Status::InvalidParameter);
}

#[test]
fn a_platform_key_that_is_no_point_is_refused() {
    let mut key = Key::new();
    let request = key.platform(Protocol::Two).set_pin(PIN);
    let Some(Value::Map(mut members)) = request.members.get(&3).cloned() else {
        panic!("a COSE_Key")
    };
    members[4].1 = bytes([7; 32]);
    // Also where the proof is wrong: it cannot be checked without the secret.
    let request = request.with(3, Value::Map(members)).with(4, bytes([0; 32]));
    refused(&mut key, &request, Status::InvalidParameter);
}

#[test]
fn the_new_pin_is_authenticated() {
    let mut key = Key::new();
    for protocol in Protocol::OFFERED {
        let request = key.platform(protocol).set_pin(PIN);
        for length in [0, 15, 16, 31, 32] {
            refused(
                &mut key,
                &request.clone().with(4, bytes(&[0; 32][..length])),
                Status::PinAuthInvalid,
            );
        }
    }
}

#[test]
fn a_pin_has_its_length_in_code_points() {
    // 4 bytes each.
    for (pin, status) in [
        ("123", Err(Status::PinPolicyViolation)),
        ("😀😀😀", Err(Status::PinPolicyViolation)),
        ("😀😀😀😀", Ok(None)),
        ("", Err(Status::PinPolicyViolation)),
    ] {
        let mut key = Key::new();
        let request = key.platform(Protocol::Two).set_pin(pin);
        assert_eq!(key.send(&request), status, "{pin}");
        assert_eq!(has_pin(&mut key), status.is_ok());
    }
}

#[test]
fn a_pin_has_at_most_sixty_three_bytes() {
    let mut key = Key::new();
    let platform = key.platform(Protocol::Two);
    refused(&mut key, &platform.set_padded(&[b'1'; 64]), Status::PinPolicyViolation);
    let longest = core::str::from_utf8(&[b'1'; 63]).unwrap();
    assert_eq!(key.send(&platform.set_pin(longest)), Ok(None));
    assert_eq!(key.try_pin(longest), Ok(()));
    assert_eq!(key.try_pin(&longest[1..]), Err(Status::PinInvalid));
}

#[test]
fn a_padded_pin_has_sixty_four_bytes() {
    for protocol in Protocol::OFFERED {
        let mut key = Key::new();
        let platform = key.platform(protocol);
        for (length, status) in [
            (0, Status::InvalidParameter),
            (48, Status::InvalidParameter),
            (80, Status::PinPolicyViolation),
            (512, Status::PinPolicyViolation),
        ] {
            let mut padded = padded(PIN);
            padded.resize(length, 0);
            refused(&mut key, &platform.set_padded(&padded), status);
        }
    }
}

#[test]
fn a_ciphertext_that_is_not_whole_blocks_is_refused() {
    for protocol in Protocol::OFFERED {
        let mut key = Key::new();
        let platform = key.platform(protocol);
        let new_pin_enc = vec![0; 65];
        let request = platform
            .set_pin(PIN)
            .with(4, bytes(&platform.shared.authenticate(&[&new_pin_enc])[..]))
            .with(5, bytes(new_pin_enc));
        refused(&mut key, &request, Status::PinAuthInvalid);
    }
}

#[test]
fn a_pin_is_text() {
    let mut key = Key::new();
    let mut padded = padded("12345");
    padded[4] = 0xff;
    let request = key.platform(Protocol::Two).set_padded(&padded);
    refused(&mut key, &request, Status::PinPolicyViolation);
}

#[test]
fn a_pin_can_be_set_where_nothing_else_fits() {
    let mut key = Key::new();
    key.storage_mut().room = Some(key.storage().records.len());
    key.set_pin(PIN);
    // A key of an older version whose storage was full has no place for it.
    let mut key = Key::new();
    key.storage_mut()
        .records
        .retain(|name, _| !name.ends_with(b"P") && !name.ends_with(b"S"));
    key.storage_mut().room = Some(key.storage().records.len());
    let mut key = key.restarted();
    let request = key.platform(Protocol::Two).set_pin(PIN);
    refused(&mut key, &request, Status::KeyStoreFull);
    assert!(!has_pin(&mut key));
}
