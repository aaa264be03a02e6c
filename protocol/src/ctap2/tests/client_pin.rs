//! PINs and tokens: storage that is full or fails, and time to the millisecond (CTAP 2.3 §6.5).

use proptest::prelude::*;

use crate::ctap2::token::{Grant, Permissions};
use crate::ctap2::{Status, pin_protocol};
use crate::limits::{TOKEN_INITIAL_USAGE, TOKEN_MAX_USAGE, TOKEN_USER_PRESENT};
use crate::testing::key::Key;
use crate::testing::manager::by_protocol_two;
use crate::testing::pin::{ACFG, GA, PIN, Protocol, Token};
use crate::testing::request::{GET_NEXT_ASSERTION, RP, get_assertion, make_credential, option, set_min_pin_length};

/// The key's own name for protocol two.
const TWO: pin_protocol::Protocol = pin_protocol::Protocol::Two;

const WRONG: &str = "4321";

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
    let request = key.agree(Protocol::Two).set_pin(PIN);
    assert_eq!(key.refusal(&request), Status::KeyStoreFull);
    assert_eq!(key.try_pin(PIN), Err(Status::PinNotSet));
}

#[test]
fn blocked_for_good_is_said_before_blocked_for_now() {
    let mut key = Key::with_pin();
    for _ in 0..2 {
        for _ in 0..3 {
            assert!(key.try_pin(WRONG).is_err());
        }
        key = key.restarted();
    }
    assert_eq!(key.try_pin(WRONG), Err(Status::PinInvalid));
    assert_eq!(key.try_pin(WRONG), Err(Status::PinBlocked));
    key.0.pin_mismatches = 3;
    assert_eq!(key.try_pin(PIN), Err(Status::PinBlocked));
}

#[test]
fn a_generator_that_fails_after_a_mismatch_gives_no_guess_back() {
    let mut key = Key::with_pin();
    let request = key.agree(Protocol::One).get_pin_token(WRONG);
    key.0.rng.inner_mut().broken = true;
    assert_eq!(key.refusal(&request), Status::Other);
    key.0.rng.inner_mut().broken = false;
    assert_eq!(key.restarted().retries(), 7);
}

#[test]
fn a_storage_that_keeps_nothing_gives_no_guess() {
    let mut key = Key::with_pin();
    key.storage_mut().forgets = true;
    for pin in [PIN, WRONG] {
        assert_eq!(key.try_pin(pin), Err(Status::Other));
    }
}

/// What needs `acfg` and changes nothing.
fn works(key: &mut Key, token: &Token) -> bool {
    let request = token.on(set_min_pin_length([]));
    match key.send(&request) {
        Ok(None) => true,
        Err(Status::PinAuthInvalid) => false,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_token_that_is_not_used_expires() {
    for (age, expected) in [(TOKEN_INITIAL_USAGE, true), (TOKEN_INITIAL_USAGE + 1, false)] {
        let mut key = Key::with_pin();
        let token = key.at(500).token(ACFG, None);
        // A use that is refused does not count.
        let forged = set_min_pin_length([]).with(3, 2).with(4, &[0; 32][..]);
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
fn a_touch_that_gave_a_token_counts_for_a_while() {
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
        let token = authenticator.tokens.issue(TWO, grant, 0, rng).unwrap();
        let token = by_protocol_two(&token);
        // It is used, so that it does not expire before.
        let param = token.authenticate(&[b"message"]);
        assert!(key.0.tokens.verify(TWO, &[b"message"], &param, 0).is_some());
        key.at(age);
        let made = key.made(token.on(make_credential(RP, b"alice"))).unwrap();
        assert_eq!(made.auth_data.flags, 0x45);
        assert_eq!(key.user().prompts.len(), prompts);
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
        let silent = token.on(get_assertion(RP)).with(5, option("up", false));
        assert!(key.asserted(&silent).is_ok());
        key.at(TOKEN_MAX_USAGE - 1000);
        assert_eq!(key.asserted(token.on(get_assertion(RP))).unwrap().auth_data.flags, 0x05);
        assert_eq!(
            key.asserted(GET_NEXT_ASSERTION).unwrap().auth_data.flags,
            0x05,
            "spent, but in use"
        );
        key.at(now);
        let next = key.asserted(GET_NEXT_ASSERTION).map(drop);
        assert_eq!(next, if goes_on { Ok(()) } else { Err(Status::NotAllowed) });
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Compares retries and mismatches with a model of a few lines, for any sequence of PINs and power cycles.
    #[test]
    fn retries_are_those_of_the_model(steps in proptest::collection::vec(0..6_u8, 1..24)) {
        let mut key = Key::with_pin();
        let (mut retries, mut strikes) = (8, 0);
        for step in steps {
            if step == 0 {
                key = key.restarted();
                strikes = 0;
                continue;
            }
            let is_right = step == 1;
            let expected = if retries == 0 {
                Err(Status::PinBlocked)
            } else if strikes == 3 {
                Err(Status::PinAuthBlocked)
            } else if is_right {
                (retries, strikes) = (8, 0);
                Ok(())
            } else {
                (retries, strikes) = (retries - 1, strikes + 1);
                Err(match (retries, strikes) {
                    (0, _) => Status::PinBlocked,
                    (_, 3) => Status::PinAuthBlocked,
                    _ => Status::PinInvalid,
                })
            };
            prop_assert_eq!(key.try_pin(if is_right { PIN } else { WRONG }), expected);
            prop_assert_eq!(key.retries(), retries);
            prop_assert_eq!(key.wants_power_cycle(), strikes == 3);
        }
    }
}
