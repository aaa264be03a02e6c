use std::vec;

use super::*;
use crate::platform::Presence;
use crate::testing::key::Registration;
use crate::testing::request::{discover, next_assertion, option};

const ONE: [u8; 32] = [0x11; 32];
const TWO: [u8; 32] = [0x22; 32];

fn asking(request: Request, input: Value) -> Request {
    getting(request, [("hmac-secret", input)])
}

fn by_id(made: &Registration) -> Request {
    get_assertion(RP, &[&made.id])
}

/// The output, still encrypted.
#[track_caller]
fn answer(key: &mut Key, request: Request, input: Value) -> Value {
    let assertion = key.asserted(&asking(request, input)).unwrap();
    output(&assertion.auth_data, "hmac-secret").clone()
}

/// The salted secret that the key gives the platform.
#[track_caller]
fn secret(key: &mut Key, platform: &Platform, request: Request, salts: &[u8]) -> Vec<u8> {
    platform.open(&answer(key, request, platform.salts(salts)))
}

#[test]
fn a_new_credential_says_that_it_has_its_secrets() {
    let mut key = Key::new();
    for request in [make_credential(RP, b"alice"), make_discoverable(RP, b"alice")] {
        let made = key.made(&making(request.clone(), [("hmac-secret", TRUE)])).unwrap();
        assert_eq!(output(&made.auth_data, "hmac-secret"), &TRUE);
        let made = key.made(&making(request, [("hmac-secret", FALSE)])).unwrap();
        is_silent(&made.auth_data);
    }
}

#[test]
fn one_salt_gives_one_secret_always_the_same() {
    for (protocol, length) in [(Protocol::One, 32), (Protocol::Two, 48)] {
        let mut key = Key::new();
        let made = [key.register(RP), key.register_discoverable(RP, b"alice")];
        let secrets = made.map(|made| {
            let platform = key.platform(protocol);
            let encrypted = answer(&mut key, by_id(&made), platform.salts(&ONE));
            assert_eq!(encrypted.as_bytes().len(), length);
            let first = platform.open(&encrypted);

            // After a power cycle, which brings a new key agreement.
            let mut key = key.fork();
            let platform = key.platform(protocol);
            assert_eq!(secret(&mut key, &platform, by_id(&made), &ONE), first);
            assert_ne!(secret(&mut key, &platform, by_id(&made), &TWO), first);
            first
        });
        assert_ne!(secrets[0], secrets[1], "each credential has its own");
    }
}

#[test]
fn both_protocols_lead_to_the_same_secret() {
    let mut key = Key::new();
    let made = key.register(RP);
    let [one, two] = Protocol::OFFERED.map(|protocol| {
        let platform = key.platform(protocol);
        secret(&mut key, &platform, by_id(&made), &ONE)
    });
    assert_eq!(one, two);
}

#[test]
fn two_salts_give_two_secrets() {
    for (protocol, length) in [(Protocol::One, 64), (Protocol::Two, 80)] {
        let mut key = Key::new();
        let made = key.register(RP);
        let platform = key.platform(protocol);
        let [one, two] = [ONE, TWO].map(|salt| secret(&mut key, &platform, by_id(&made), &salt));
        assert_ne!(one, two);
        let both = answer(&mut key, by_id(&made), platform.salts(&[ONE, TWO].concat()));
        assert_eq!(both.as_bytes().len(), length);
        assert_eq!(platform.open(&both), [one, two].concat());
    }
}

#[test]
fn user_verification_has_a_secret_of_its_own() {
    let mut key = Key::new();
    let made = key.register(RP);
    let platform = key.platform(Protocol::Two);
    let without = secret(&mut key, &platform, by_id(&made), &ONE);
    let [with, again] = [(), ()].map(|()| {
        let request = verified(&mut key, by_id(&made));
        secret(&mut key, &platform, request, &ONE)
    });
    assert_ne!(with, without);
    assert_eq!(with, again);
    // The PIN changed nothing for a user who does not enter it.
    assert_eq!(secret(&mut key, &platform, by_id(&made), &ONE), without);
}

#[test]
fn salts_are_one_or_two_of_thirty_two_bytes() {
    let mut key = Key::new();
    let made = key.register(RP);
    for protocol in Protocol::OFFERED {
        let platform = key.platform(protocol);
        for length in [0, 16, 48, 80, 96] {
            let request = asking(by_id(&made), platform.salts(&vec![1; length]));
            refused(&mut key, &request, Status::InvalidParameter);
        }
        // A length that is not whole blocks, and less than an IV.
        for length in [31, 33, 15] {
            let request = asking(by_id(&made), platform.authentic(&vec![1; length]));
            refused(&mut key, &request, Status::InvalidParameter);
        }
    }
}

#[test]
fn salts_that_are_not_the_platforms_are_refused() {
    let mut key = Key::new();
    let made = key.register(RP);
    for protocol in Protocol::OFFERED {
        let platform = key.platform(protocol);
        for auth in [&[][..], &[0; 16], &[0; 32]] {
            let request = asking(by_id(&made), platform.input(&[0; 32], auth));
            refused(&mut key, &request, Status::PinAuthInvalid);
        }
    }
}

/// The input with one member set or dropped.
fn bent(platform: &Platform, member: i64, value: Option<Value>) -> Value {
    let Value::Map(members) = platform.salts(&ONE) else {
        panic!("a map")
    };
    let members = members.into_iter().filter_map(|(key, kept)| {
        let value = if key == int(member) { value.clone() } else { Some(kept) };
        Some((key, value?))
    });
    Value::Map(members.collect())
}

#[test]
fn each_member_is_held_to_its_type_and_value() {
    let mut key = Key::new();
    let made = key.register(RP);
    let platform = key.platform(Protocol::Two);
    let off_curve = [
        (1, int(2)),
        (3, int(-25)),
        (-1, int(1)),
        (-2, bytes([1; 32])),
        (-3, bytes([1; 32])),
    ];
    let off_curve = off_curve.map(|(label, value)| (int(label), value));
    for (member, value, status) in [
        (1, None, Status::MissingParameter),
        (2, None, Status::MissingParameter),
        (3, None, Status::MissingParameter),
        (1, Some(text("zzz")), Status::CborUnexpectedType),
        (2, Some(text("zzz")), Status::CborUnexpectedType),
        (3, Some(text("zzz")), Status::CborUnexpectedType),
        (4, Some(text("zzz")), Status::CborUnexpectedType),
        (1, Some(map([])), Status::InvalidParameter),
        (1, Some(Value::Map(off_curve.into())), Status::InvalidParameter),
        (4, Some(int(0)), Status::InvalidParameter),
        (4, Some(int(3)), Status::InvalidParameter),
        // Another protocol's secret does not verify.
        (4, Some(int(1)), Status::PinAuthInvalid),
        (4, None, Status::PinAuthInvalid),
    ] {
        let request = asking(by_id(&made), bent(&platform, member, value));
        refused(&mut key, &request, status);
    }
}

#[test]
fn a_platform_that_names_no_protocol_speaks_protocol_one() {
    let mut key = Key::new();
    let made = key.register(RP);
    let platform = key.platform(Protocol::One);
    let unnamed = answer(&mut key, by_id(&made), bent(&platform, 4, None));
    let named = secret(&mut key, &platform, by_id(&made), &ONE);
    assert_eq!(platform.open(&unnamed), named);
}

#[test]
fn secrets_are_not_given_out_silently() {
    let mut key = Key::new();
    let made = key.register(RP);
    let salts = key.platform(Protocol::Two).salts(&ONE);
    let silent = by_id(&made).with(5, option("up", false));
    refused(&mut key, &asking(silent, salts), Status::UnsupportedOption);
}

#[test]
fn where_there_is_no_credential_salts_are_not_looked_at() {
    let mut key = Key::new();
    let salts = key.platform(Protocol::Two).salts(&[1; 16]);
    refused(&mut key, &asking(discover(RP), salts), Status::NoCredentials);
}

#[test]
fn without_a_touch_no_secret_leaves() {
    let mut key = Key::new();
    let made = key.register(RP);
    let salts = key.platform(Protocol::Two).salts(&ONE);
    key.user().answers.push_back(Presence::Declined);
    assert_eq!(key.refusal(&asking(by_id(&made), salts)), Status::OperationDenied);
}

#[test]
fn each_account_of_a_walk_salts_its_own_secret() {
    let mut key = Key::new();
    let made = [b"alice", b"bobby", b"carol"].map(|user| key.register_discoverable(RP, user));
    let platform = key.platform(Protocol::Two);
    let salts = [ONE, TWO].concat();
    let alone = made.map(|made| secret(&mut key, &platform, by_id(&made), &salts));

    let mut step = key.asserted(&asking(discover(RP), platform.salts(&salts)));
    for alone in alone.into_iter().rev() {
        let walked = step.unwrap();
        let walked = platform.open(output(&walked.auth_data, "hmac-secret"));
        assert_eq!(walked, alone);
        step = key.asserted(&next_assertion());
    }
    assert_eq!(step.unwrap_err(), Status::NotAllowed);
}
