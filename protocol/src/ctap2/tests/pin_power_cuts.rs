//! A power cut at each storage operation of commands that read or change the PIN: nobody gains a guess, and the PIN is
//! never gone while a credential is there.

use super::power_cuts::at_every_cut;
use crate::ctap2::Status;
use crate::testing::key::{Key, Members};
use crate::testing::pin::{ACFG, PCMR, PIN, PROTOCOLS, Protocol};
use crate::testing::request::{
    GET_INFO, RESET, RP, array, get_assertion_by, integer, make_discoverable, member, set_min_pin_length,
    toggle_always_uv,
};

const NEW: &str = "5678";
const WRONG: &str = "4321";

fn info(key: &mut Key) -> Members {
    key.answer(GET_INFO).unwrap()
}

fn has_pin(key: &mut Key) -> bool {
    member(&info(key)[&4], "clientPin") == &true.into()
}

/// A key whose PIN has lost one retry.
fn with_seven_retries() -> Key {
    let mut key = Key::with_pin();
    assert_eq!(key.try_pin(WRONG), Err(Status::PinInvalid));
    key
}

#[test]
fn a_first_pin_is_there_whole_or_not_at_all() {
    let prepared = Key::new();
    at_every_cut(
        &prepared,
        |key| {
            let request = key.agree(Protocol::Two).set_pin(PIN);
            key.send(&request)
        },
        |mut key, answer| {
            if has_pin(&mut key) {
                assert_eq!(key.try_pin(PIN), Ok(()));
            } else {
                assert_eq!(answer, Err(Status::Other));
                key.set_pin(PIN);
            }
        },
    );
}

#[test]
fn a_wrong_pin_that_was_compared_has_cost_a_retry() {
    for protocol in PROTOCOLS {
        at_every_cut(
            &with_seven_retries(),
            |key| {
                let request = key.agree(protocol).get_pin_token(WRONG);
                key.send(&request)
            },
            |mut key, answer| match answer {
                // The key said that the PIN is wrong: this was a guess.
                Err(Status::PinInvalid) => assert_eq!(key.retries(), 6),
                Err(Status::Other) => assert!([6, 7].contains(&key.retries())),
                other => panic!("{other:?}"),
            },
        );
    }
}

#[test]
fn whoever_cuts_the_power_has_eight_guesses_and_no_more() {
    // At each operation in turn: guess, cut, plug in, until the key is blocked.
    for operation in 0..6 {
        for happens in [false, true] {
            let mut key = Key::with_pin();
            let mut told = 0;
            for _ in 0..20 {
                let before = key.retries();
                key.storage_mut().cut_power_at(operation, happens);
                let answer = key.try_pin(WRONG);
                told += usize::from(matches!(answer, Err(Status::PinInvalid | Status::PinBlocked)) && before > 0);
                key = key.restarted();
                assert!(key.retries() <= before, "retries never go up");
                if answer != Err(Status::Other) {
                    assert!(key.retries() < before || before == 0);
                }
            }
            assert!(told <= 8);
        }
    }
}

#[test]
fn the_right_pin_gives_retries_back_only_with_its_token() {
    at_every_cut(
        &with_seven_retries(),
        |key| key.try_token(PIN, ACFG, None),
        |mut key, answer| {
            let retries = key.retries();
            match answer {
                Ok(_) => assert_eq!(retries, 8),
                Err(status) => {
                    assert_eq!(status, Status::Other);
                    assert!([6, 7, 8].contains(&retries), "{retries}");
                }
            }
            assert_eq!(key.try_pin(PIN), Ok(()));
        },
    );
}

#[test]
fn a_changed_pin_is_the_old_one_or_the_new_one() {
    let mut prepared = with_seven_retries();
    let persistent = prepared.token(PCMR, None);
    at_every_cut(
        &prepared,
        |key| {
            let request = key.agree(Protocol::Two).change_pin(PIN, NEW);
            key.send(&request)
        },
        |mut key, answer| {
            assert!(key.retries() >= 6);
            let is_old = key.try_pin(PIN).is_ok();
            assert_eq!(key.try_pin(NEW).is_ok(), !is_old, "one of them, never both");
            assert!(!is_old || answer == Err(Status::Other));
            // The persistent token ends with the PIN that gave it.
            let token = key.try_token(if is_old { PIN } else { NEW }, PCMR, None).unwrap();
            assert_eq!(token.token == persistent.token, is_old);
        },
    );
}

#[test]
fn a_change_with_a_wrong_pin_changes_nothing() {
    at_every_cut(
        &with_seven_retries(),
        |key| {
            let request = key.agree(Protocol::Two).change_pin(WRONG, NEW);
            key.send(&request)
        },
        |mut key, answer| {
            let retries = key.retries();
            assert!(retries == 6 || retries == 7 && answer == Err(Status::Other));
            assert_eq!(key.try_pin(PIN), Ok(()));
        },
    );
}

#[test]
fn a_longer_minimum_never_spares_a_pin_that_is_too_short() {
    let prepared = Key::with_pin();
    at_every_cut(
        &prepared,
        |key| {
            let token = key.try_token(PIN, ACFG, None)?;
            key.send(token.on(set_min_pin_length([(1, 6.into()), (2, array([RP.into()]))])))
        },
        |mut key, answer| {
            let info = info(&mut key);
            let (minimum, must_change) = (integer(&info[&0x0d]), info[&0x0c] == true.into());
            assert!([4, 6].contains(&minimum));
            assert!(minimum == 4 || must_change);
            assert_eq!(key.0.settings().unwrap().min_pin_length_rp_ids.len() == 1, minimum == 6);
            assert!(answer == Err(Status::Other) || answer == Ok(None) && minimum == 6);
            let request = key.agree(Protocol::Two).change_pin(PIN, "987654");
            assert_eq!(key.send(&request), Ok(None), "the way on is open");
        },
    );
}

#[test]
fn a_setting_is_as_it_was_or_as_it_was_to_become() {
    let prepared = Key::with_pin();
    at_every_cut(
        &prepared,
        |key| {
            let token = key.try_token(PIN, ACFG, None)?;
            key.send(token.on(toggle_always_uv()))
        },
        |mut key, answer| {
            let is_on = member(&info(&mut key)[&4], "alwaysUv") == &true.into();
            assert!(answer == Err(Status::Other) || answer == Ok(None) && is_on);
            assert!(has_pin(&mut key));
        },
    );
}

#[test]
fn a_reset_never_takes_the_pin_and_leaves_a_credential() {
    let mut prepared = Key::new();
    let listed = prepared.register(RP);
    let discovered = prepared.made(make_discoverable(RP, b"alice")).unwrap();
    assert_eq!(prepared.send(set_min_pin_length([(4, true.into())])), Ok(None));
    prepared.set_pin("4711");
    at_every_cut(
        &prepared,
        |key| key.send(RESET),
        |mut key, answer| {
            let signs = |key: &mut Key, id: &[u8]| key.asserted(get_assertion_by(RP, &[id])).is_ok();
            let is_there = has_pin(&mut key);
            assert!(answer.is_err() || !is_there);
            for id in [&listed.id, &discovered.id] {
                assert_eq!(signs(&mut key, id), is_there);
            }
            assert_eq!(info(&mut key)[&0x1b] == true.into(), is_there, "the settings too");
            if is_there {
                assert_eq!(key.try_pin("4711"), Ok(()));
            } else {
                key.set_pin("1111");
            }
        },
    );
}
