//! authenticatorReset (CTAP 2.3 §6.6).

use crate::ctap2::Status;
use crate::limits::{RESET_WINDOW, USER_ACTION_TIMEOUT};
use crate::pin_protocol::Protocol;
use crate::platform::{Gesture, Operation, Presence};
use crate::testing::key::Key;
use crate::testing::pin::{ACFG, PCMR, PIN, get_key_agreement};
use crate::testing::platform::Prompt;
use crate::testing::request::{RP, config, discover, get_assertion, reset, toggle_always_uv};

#[test]
fn a_touch_soon_after_power_up_erases_every_credential() {
    let mut key = Key::new();
    let listed = key.register(RP);
    let discovered = key.register_discoverable(RP, b"alice");
    key.at(RESET_WINDOW);
    assert_eq!(key.send(&reset()), Ok(None));
    for mut key in [key.fork(), key] {
        for made in [&listed, &discovered] {
            assert_eq!(key.refusal(&get_assertion(RP, &[&made.id])), Status::NoCredentials);
        }
        assert_eq!(key.refusal(&discover(RP)), Status::NoCredentials);
    }
}

#[test]
fn the_records_go_and_the_medium_is_scrubbed() {
    let mut key = Key::new();
    let empty = key.storage().records.len();
    for user in [b"alice", b"bobby", b"carol"] {
        key.register_discoverable(RP, user);
    }
    key.send(&reset()).unwrap();
    assert_eq!(key.storage().records.len(), empty);
    assert_eq!(key.storage().scrubbed, 1);
}

#[test]
fn every_record_of_the_epoch_goes_whatever_it_is() {
    let mut key = Key::new();
    let empty = key.storage().records.len();
    key.register_discoverable(RP, b"alice");
    for kind in [&b""[..], b"A", b"Z", &[0xff; 35]] {
        let name = [b"E\0\0\0\0", kind].concat();
        key.storage_mut().records.insert(name, b"of another kind".to_vec());
    }
    key.send(&reset()).unwrap();
    assert_eq!(key.storage().records.len(), empty);
}

#[test]
fn the_user_is_asked_to_reset() {
    let mut key = Key::new();
    key.at(100).send(&reset()).unwrap();
    let prompt = Prompt {
        operation: Operation::Reset,
        gesture: Gesture::Touch,
        rp_id: None,
        application: None,
        user: None,
        deadline: Some(100 + USER_ACTION_TIMEOUT),
    };
    assert_eq!(key.user().prompts, [prompt]);
}

#[test]
fn later_it_is_not_allowed_until_the_next_power_up() {
    let mut key = Key::new();
    let made = key.register_discoverable(RP, b"alice");
    key.user().prompts.clear();
    key.at(RESET_WINDOW + 1);
    let before = key.storage().records.clone();
    assert_eq!(key.refusal(&reset()), Status::NotAllowed);
    assert!(key.user().prompts.is_empty());
    assert_eq!(key.storage().records, before);
    made.verify(RP, &key.asserted(&discover(RP)).unwrap());
    assert_eq!(key.restarted().send(&reset()), Ok(None));
}

#[test]
fn without_a_touch_nothing_is_erased() {
    for (presence, status) in [
        (Presence::Declined, Status::OperationDenied),
        (Presence::TimedOut, Status::UserActionTimeout),
        (Presence::Aborted, Status::KeepaliveCancel),
    ] {
        let mut key = Key::new();
        let made = key.register_discoverable(RP, b"alice");
        let before = key.storage().records.clone();
        key.user().answers.push_back(presence);
        assert_eq!(key.refusal(&reset()), status);
        assert_eq!(key.storage().records, before);
        made.verify(RP, &key.asserted(&discover(RP)).unwrap());
    }
}

#[test]
fn a_key_that_was_reset_works_again() {
    let mut key = Key::new();
    key.register_discoverable(RP, b"alice");
    key.send(&reset()).unwrap();
    let (listed, discovered) = (key.register(RP), key.register_discoverable(RP, b"alice"));
    let mut key = key.restarted();
    listed.verify(RP, &key.asserted(&get_assertion(RP, &[&listed.id])).unwrap());
    discovered.verify(RP, &key.asserted(&discover(RP)).unwrap());
}

#[test]
fn the_shared_counter_does_not_go_back() {
    let mut key = Key::new();
    let made = key.register(RP);
    let before = key.asserted(&get_assertion(RP, &[&made.id])).unwrap();
    key.send(&reset()).unwrap();
    let made = key.register(RP);
    let after = key.asserted(&get_assertion(RP, &[&made.id])).unwrap();
    assert!(after.auth_data.sign_count > before.auth_data.sign_count);
}

#[test]
fn no_pin_is_needed_and_none_is_left() {
    let mut key = Key::with_pin();
    let token = key.token(ACFG, None);
    let persistent = key.token(PCMR, None);
    let agreements = |key: &mut Key| [1, 2].map(|protocol| key.send(&get_key_agreement(protocol)).unwrap());
    let before = agreements(&mut key);
    assert_eq!(key.send(&reset()), Ok(None));

    assert_eq!(key.steady_info(), Key::new().steady_info());
    let after = agreements(&mut key);
    assert!(
        before.iter().all(|key| !after.contains(key)),
        "key agreement keys are new"
    );
    key.set_pin(PIN);
    assert_eq!(key.refusal(&token.sign(toggle_always_uv())), Status::PinAuthInvalid);
    assert_ne!(key.token(PCMR, None).secret, persistent.secret);
}

#[test]
fn a_refused_reset_leaves_the_pin_and_its_tokens() {
    let mut key = Key::with_pin();
    let token = key.token(ACFG, None);
    for presence in [Presence::Declined, Presence::TimedOut, Presence::Aborted] {
        key.user().answers.push_back(presence);
        assert!(key.send(&reset()).is_err());
    }
    assert_eq!(key.send(&token.sign(toggle_always_uv())), Ok(None));
    assert_eq!(key.try_pin(PIN), Ok(()));
    let request = key.platform(Protocol::Two).set_pin(PIN);
    assert_eq!(key.refusal(&request), Status::PinAuthInvalid);
}

#[test]
fn a_long_touch_is_asked_for_where_it_was_enabled() {
    let mut key = Key::new();
    assert_eq!(key.send(&config(0x04)), Ok(None));
    key.user().answers.push_back(Presence::TimedOut);
    assert_eq!(key.refusal(&reset()), Status::UserActionTimeout);
    assert_eq!(key.send(&reset()), Ok(None));
    assert_eq!(key.send(&reset()), Ok(None));
    let gestures: std::vec::Vec<_> = key.user().prompts.iter().map(|prompt| prompt.gesture).collect();
    assert_eq!(gestures, [Gesture::LongTouch, Gesture::LongTouch, Gesture::Touch]);
}

#[test]
fn settings_that_cannot_be_read_take_a_long_touch() {
    let mut key = Key::new();
    key.storage_mut().fail_at(0, false);
    assert_eq!(key.send(&reset()), Ok(None));
    assert_eq!(key.user().prompts[0].gesture, Gesture::LongTouch);
}
