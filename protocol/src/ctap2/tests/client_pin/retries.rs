//! How often a PIN may be tried (CTAP 2.3 §6.5.2.2, §6.5.5.7).

use proptest::prelude::*;

use crate::ctap2::Status;
use crate::ctap2::client_pin::subcommand;
use crate::ctap2::pin_protocol::Protocol;
use crate::testing::cbor::{Tree, bytes, int};
use crate::testing::key::Key;
use crate::testing::pin::{PIN, client_pin, get_key_agreement};
use crate::testing::request::reset;

const WRONG: &str = "4321";

#[test]
fn a_new_key_has_eight_retries_and_says_nothing_else() {
    let answer = Key::new()
        .send(&client_pin(subcommand::GET_PIN_RETRIES))
        .unwrap()
        .unwrap();
    assert_eq!(answer.keys(), [int(3)]);
    assert_eq!(answer.number(3), &int(8));
}

#[test]
fn the_right_pin_gives_all_retries_back() {
    let mut key = Key::with_pin();
    for left in [7, 6] {
        assert_eq!(key.try_pin(WRONG), Err(Status::PinInvalid));
        assert_eq!(key.retries(), left);
    }
    assert_eq!(key.try_pin(PIN), Ok(()));
    assert_eq!(key.retries(), 8);
    // The mismatches in a row are counted anew, too.
    for _ in 0..2 {
        assert_eq!(key.try_pin(WRONG), Err(Status::PinInvalid));
    }
}

#[test]
fn three_wrong_pins_in_a_row_want_a_power_cycle() {
    let mut key = Key::with_pin();
    for status in [Status::PinInvalid, Status::PinInvalid, Status::PinAuthBlocked] {
        assert!(!key.wants_power_cycle());
        assert_eq!(key.try_pin(WRONG), Err(status));
    }
    assert!(key.wants_power_cycle());
    for pin in [PIN, WRONG] {
        assert_eq!(key.try_pin(pin), Err(Status::PinAuthBlocked));
    }
    let platform = key.platform(Protocol::One);
    for request in [platform.change_pin(PIN, "5678"), platform.get_pin_token(PIN)] {
        assert_eq!(key.refusal(&request), Status::PinAuthBlocked);
    }
    assert_eq!(key.retries(), 5, "what is refused costs nothing");
    let mut key = key.restarted();
    assert!(!key.wants_power_cycle());
    assert_eq!(key.retries(), 5);
    assert_eq!(key.try_pin(PIN), Ok(()));
}

/// A key whose PIN is blocked for good.
fn blocked() -> Key {
    let mut key = Key::with_pin();
    for left in (0..8).rev() {
        let status = match left {
            0 => Status::PinBlocked,
            5 | 2 => Status::PinAuthBlocked,
            _ => Status::PinInvalid,
        };
        assert_eq!(key.try_pin(WRONG), Err(status), "{left}");
        assert_eq!(key.retries(), left);
        if status == Status::PinAuthBlocked {
            key = key.restarted();
        }
    }
    key
}

#[test]
fn eight_wrong_pins_block_it_until_a_reset() {
    let mut key = blocked();
    for _ in 0..2 {
        assert_eq!(key.try_pin(PIN), Err(Status::PinBlocked));
        let platform = key.platform(Protocol::Two);
        assert_eq!(key.refusal(&platform.change_pin(PIN, "5678")), Status::PinBlocked);
        assert_eq!(key.refusal(&platform.get_pin_token(PIN)), Status::PinBlocked);
        assert_eq!(key.refusal(&platform.set_pin(PIN)), Status::PinAuthInvalid);
        key = key.restarted();
    }
    assert_eq!(key.send(&reset()), Ok(None));
    assert_eq!(key.retries(), 8);
    key.set_pin(PIN);
    assert_eq!(key.try_pin(PIN), Ok(()));
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
fn a_reset_ends_the_wait_for_a_power_cycle() {
    let mut key = Key::with_pin();
    for _ in 0..3 {
        assert!(key.try_pin(WRONG).is_err());
    }
    assert_eq!(key.send(&reset()), Ok(None));
    assert!(!key.wants_power_cycle());
    key.set_pin(PIN);
    assert_eq!(key.try_pin(PIN), Ok(()));
}

#[test]
fn a_mismatch_renews_the_key_agreement_of_its_protocol_alone() {
    let mut key = Key::with_pin();
    let both = |key: &mut Key| [1, 2].map(|protocol| key.send(&get_key_agreement(protocol)).unwrap());
    let before = both(&mut key);
    assert_eq!(key.try_pin(PIN), Ok(()));
    assert_eq!(both(&mut key), before);
    let platform = key.platform(Protocol::Two);
    assert_eq!(key.refusal(&platform.get_pin_token(WRONG)), Status::PinInvalid);
    let after = both(&mut key);
    assert_eq!(after[0], before[0]);
    assert_ne!(after[1], before[1]);
    // What the old secret encrypts is another PIN now.
    assert_eq!(key.refusal(&platform.get_pin_token(PIN)), Status::PinInvalid);
}

#[test]
fn a_pin_hash_of_another_length_is_a_wrong_pin() {
    for protocol in Protocol::OFFERED {
        let mut key = Key::with_pin();
        for (length, left) in [(0, 7), (32, 6)] {
            let platform = key.platform(protocol);
            let request = platform
                .get_pin_token(PIN)
                .with(6, bytes(platform.encrypt(&[0; 64][..length])));
            assert_eq!(key.refusal(&request), Status::PinInvalid);
            assert_eq!(key.retries(), left);
        }
        let request = key.platform(protocol).get_pin_token(PIN).with(6, bytes([0; 17]));
        assert_eq!(key.refusal(&request), Status::PinAuthBlocked);
    }
}

#[test]
fn a_generator_that_fails_after_a_mismatch_gives_no_guess_back() {
    let mut key = Key::with_pin();
    let request = key.platform(Protocol::One).get_pin_token(WRONG);
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
