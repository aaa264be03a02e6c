//! getPinToken, getPinUvAuthTokenUsingPinWithPermissions, and how long tokens are good for (CTAP 2.3 §6.5.5.7).

use cbor4ii::core::Value;

use crate::ctap2::Status;
use crate::ctap2::pin_protocol::Protocol;
use crate::limits::{TOKEN_INITIAL_USAGE, TOKEN_MAX_USAGE, TOKEN_USER_PRESENT};
use crate::testing::cbor::{bytes, int, text};
use crate::testing::key::Key;
use crate::testing::pin::{ACFG, BE, CM, GA, LBW, MC, PCMR, PIN, Token};
use crate::testing::request::{
    RP, discover, get_assertion, make_credential, make_discoverable, option, set_min_pin_length,
};

/// What needs `acfg` and changes nothing.
fn works(key: &mut Key, token: &Token) -> bool {
    let request = token.sign(set_min_pin_length([]));
    match key.send(&request) {
        Ok(None) => true,
        Err(Status::PinAuthInvalid) => false,
        other => panic!("{other:?}"),
    }
}

fn pin_token(key: &mut Key, protocol: Protocol) -> Token {
    let platform = key.platform(protocol);
    let answer = key.send(&platform.get_pin_token(PIN)).unwrap().unwrap();
    platform.token(&answer)
}

#[test]
fn a_pin_token_makes_a_credential_or_signs_in() {
    for protocol in Protocol::OFFERED {
        let mut key = Key::with_pin();
        let token = pin_token(&mut key, protocol);
        let made = key.made(&token.sign(make_credential(RP, b"alice"))).unwrap();
        assert_eq!(made.auth_data.flags, 0x45, "UP, UV and AT");
        let token = pin_token(&mut key, protocol);
        let request = token.sign(get_assertion(RP, &[&made.id]));
        let assertion = key.asserted(&request).unwrap();
        assert_eq!(assertion.auth_data.flags, 0x05, "UP and UV");
        made.verify(RP, &assertion);
    }
}

#[test]
fn a_pin_token_manages_nothing() {
    let mut key = Key::with_pin();
    let token = pin_token(&mut key, Protocol::Two);
    assert!(!works(&mut key, &token));
}

#[test]
fn a_pin_token_takes_no_permissions_and_no_rp_id() {
    let mut key = Key::with_pin();
    let request = key.platform(Protocol::Two).get_pin_token(PIN);
    for bent in [
        request.clone().with(9, int(1)),
        request.clone().with(9, int(0)),
        request.clone().with(10, text(RP)),
    ] {
        assert_eq!(key.refusal(&bent), Status::InvalidParameter);
    }
    for member in [1, 3, 6] {
        assert_eq!(key.refusal(&request.clone().without(member)), Status::MissingParameter);
    }
    assert_eq!(key.refusal(&request.with(1, int(3))), Status::InvalidParameter);
    assert_eq!(key.retries(), 8);
}

#[test]
fn without_a_pin_there_is_no_token() {
    let mut key = Key::new();
    let platform = key.platform(Protocol::Two);
    assert_eq!(key.refusal(&platform.get_pin_token(PIN)), Status::PinNotSet);
    assert_eq!(key.refusal(&platform.get_token(PIN, ACFG, None)), Status::PinNotSet);
}

#[test]
fn permissions_are_needed() {
    let mut key = Key::with_pin();
    let platform = key.platform(Protocol::Two);
    let request = platform.get_token(PIN, MC, Some(RP));
    for member in [1, 3, 6, 9] {
        assert_eq!(key.refusal(&request.clone().without(member)), Status::MissingParameter);
    }
    assert_eq!(key.refusal(&request.clone().with(1, int(0))), Status::InvalidParameter);
    // No permission at all, and none that the standard defines.
    for permissions in [0, 0x80, 0x100] {
        let request = platform.get_token(PIN, permissions, Some(RP));
        assert_eq!(key.refusal(&request), Status::InvalidParameter, "{permissions:#x}");
    }
    assert_eq!(key.refusal(&request.with(9, int(-1))), Status::CborUnexpectedType);
    assert_eq!(key.retries(), 8);
}

#[test]
fn a_token_for_ceremonies_without_a_relying_party_is_bound_by_its_first() {
    for permissions in [MC | GA, GA | LBW, MC | GA | CM | LBW | ACFG] {
        let mut key = Key::with_pin();
        let request = key.token(MC, None).sign(make_discoverable(RP, b"alice"));
        assert_eq!(key.made(&request).unwrap().auth_data.flags, 0x45, "UP, UV and AT");
        let token = key.token(permissions, None);
        let silent = |rp_id| token.sign(discover(rp_id).with(5, option("up", false)));
        assert_eq!(key.asserted(&silent(RP)).unwrap().auth_data.flags, 0x04);
        // It is bound now, to this relying party alone, and managing no longer sees the others.
        for request in [
            silent("other.example"),
            token.sign(make_credential("other.example", b"alice")),
            token.relying_parties(),
            token.credentials_of("other.example"),
        ] {
            assert_eq!(key.refusal(&request), Status::PinAuthInvalid);
        }
        assert_eq!(key.asserted(&token.sign(discover(RP))).unwrap().auth_data.flags, 0x05);
        // And it is spent.
        assert_eq!(key.refusal(&token.sign(discover(RP))), Status::PinAuthInvalid);
    }
}

#[test]
fn a_token_without_a_relying_party_has_the_permissions_that_were_asked_for() {
    let mut key = Key::with_pin();
    let token = key.token(GA, None);
    assert_eq!(
        key.refusal(&token.sign(make_credential(RP, b"alice"))),
        Status::PinAuthInvalid
    );
    assert_eq!(key.refusal(&token.metadata()), Status::PinAuthInvalid);
    assert!(!works(&mut key, &token));
}

#[test]
fn other_permissions_need_no_relying_party() {
    let mut key = Key::with_pin();
    for permissions in [
        CM,
        LBW,
        ACFG,
        CM | LBW | ACFG,
        ACFG | 0x80,
        ACFG | 0x8000_0000_0000_0000,
    ] {
        let token = key.token(permissions, None);
        assert_eq!(works(&mut key, &token), permissions & ACFG != 0, "{permissions:#x}");
    }
}

#[test]
fn what_the_key_cannot_grant_is_refused_before_the_pin_is_tried() {
    let mut key = Key::with_pin();
    for permissions in [BE, BE | CM, PCMR | CM, PCMR | MC, PCMR | ACFG | LBW] {
        for pin in [PIN, "4321"] {
            let answer = key.try_token(pin, permissions, Some(RP));
            assert_eq!(answer, Err(Status::UnauthorizedPermission), "{permissions:#x}");
        }
    }
    assert_eq!(key.retries(), 8);
}

#[test]
fn the_persistent_token_leaves_others_in_use_and_outlives_a_power_cycle() {
    let mut key = Key::with_pin();
    let token = key.token(ACFG, None);
    let persistent = key.token(PCMR, None);
    assert!(works(&mut key, &token));
    let platform = key.platform(Protocol::One);
    let answer = key.send(&platform.get_token(PIN, PCMR, Some(RP))).unwrap().unwrap();
    assert_eq!(platform.token(&answer).secret, persistent.secret);
    let mut key = key.restarted();
    assert_eq!(key.token(PCMR, None).secret, persistent.secret);
    let other = Key::seeded(7);
    assert_ne!(
        Key::fork(&other)
            .0
            .store
            .secret
            .device_secret("persistent token", &[0; 4])[..],
        persistent.secret
    );
}

#[test]
fn the_persistent_token_is_no_other_token() {
    let mut key = Key::with_pin();
    let persistent = key.token(PCMR, None);
    assert!(!works(&mut key, &persistent));
    for request in [
        persistent.sign(make_credential(RP, b"alice")),
        persistent.sign(discover(RP)),
    ] {
        assert_eq!(key.refusal(&request), Status::PinAuthInvalid);
    }
}

#[test]
fn a_new_token_replaces_that_of_either_protocol() {
    for (old, new) in [
        (Protocol::One, Protocol::Two),
        (Protocol::Two, Protocol::One),
        (Protocol::Two, Protocol::Two),
    ] {
        let mut key = Key::with_pin();
        let platforms = [key.platform(old), key.platform(new)];
        let [first, second] = platforms.map(|platform| {
            let answer = key.send(&platform.get_token(PIN, ACFG, None)).unwrap().unwrap();
            platform.token(&answer)
        });
        assert!(!works(&mut key, &first));
        assert!(works(&mut key, &second));
        let crossed = Token {
            protocol: first.protocol,
            ..second
        };
        assert_eq!(works(&mut key, &crossed), old == new, "a token is of one protocol");
    }
}

#[test]
fn a_token_ends_with_the_power() {
    let mut key = Key::with_pin();
    let token = key.token(ACFG, None);
    assert!(!works(&mut key.restarted(), &token));
}

#[test]
fn a_token_is_not_consumed_by_configuring() {
    let mut key = Key::with_pin();
    let token = key.token(ACFG, None);
    for _ in 0..3 {
        assert!(works(&mut key, &token));
    }
}

#[test]
fn a_token_that_is_not_used_expires() {
    for (age, expected) in [(TOKEN_INITIAL_USAGE, true), (TOKEN_INITIAL_USAGE + 1, false)] {
        let mut key = Key::with_pin();
        let token = key.at(500).token(ACFG, None);
        // A use that is refused does not count.
        let forged = set_min_pin_length([]).with(3, int(2)).with(4, bytes([0; 32]));
        assert_eq!(key.refusal(&forged), Status::PinAuthInvalid);
        assert_eq!(works(key.at(500 + age), &token), expected);
        assert_eq!(works(key.at(500), &token), expected, "an expired token stays so");
    }
}

#[test]
fn a_token_in_use_expires_after_ten_minutes() {
    let mut key = Key::with_pin();
    let token = key.token(ACFG, None);
    for now in [TOKEN_INITIAL_USAGE, 2 * TOKEN_INITIAL_USAGE, TOKEN_MAX_USAGE] {
        assert!(works(key.at(now), &token));
    }
    assert!(!works(key.at(TOKEN_MAX_USAGE + 1), &token));
}

#[test]
fn a_token_for_ceremonies_is_good_for_one_and_keeps_only_the_large_blobs() {
    use crate::ctap2::token::Permissions;

    let mut key = Key::with_pin();
    let token = key.token(MC | GA | CM | LBW | ACFG, Some(RP));
    assert!(works(&mut key, &token));
    assert!(key.made(&token.sign(make_credential(RP, b"alice"))).is_ok());
    for request in [
        token.sign(make_credential(RP, b"bob")),
        token.sign(discover(RP)),
        token.sign(set_min_pin_length([])),
    ] {
        assert_eq!(key.refusal(&request), Status::PinAuthInvalid);
    }
    let param = token.param(&[b"message"]);
    let Value::Bytes(param) = param else { panic!("bytes") };
    let left = key
        .0
        .tokens
        .verify(Protocol::Two, &[b"message"], &param, 0)
        .unwrap()
        .permissions();
    assert_eq!(left, Permissions::LARGE_BLOB_WRITE);
}

#[test]
fn a_touch_that_gave_a_token_counts_for_a_while() {
    use crate::ctap2::token::{Grant, Permissions};

    // As a key that verifies users by itself would issue it.
    let grant = Grant {
        permissions: Permissions::MAKE_CREDENTIAL,
        rp_id_hash: None,
        user_is_present: true,
    };
    for (age, prompts) in [(TOKEN_USER_PRESENT, 0), (TOKEN_USER_PRESENT + 1, 1)] {
        let mut key = Key::with_pin();
        let Key(authenticator) = &mut key;
        let rng = &mut authenticator.rng;
        let secret = *authenticator.tokens.issue(Protocol::Two, grant, 0, rng).unwrap();
        let token = Token {
            protocol: Protocol::Two,
            secret,
        };
        // It is used, so that it does not expire before.
        let Value::Bytes(param) = token.param(&[b"message"]) else {
            panic!("bytes")
        };
        assert!(key.0.tokens.verify(Protocol::Two, &[b"message"], &param, 0).is_some());
        key.at(age);
        let made = key.made(&token.sign(make_credential(RP, b"alice"))).unwrap();
        assert_eq!(made.auth_data.flags, 0x45);
        assert_eq!(key.user().prompts.len(), prompts);
    }
}
