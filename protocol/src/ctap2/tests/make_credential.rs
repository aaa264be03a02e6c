//! What the user is asked, what is shown, and what is kept of a new credential (CTAP 2.3 §6.1.2, §6.2.2, §6.6, §6.9).

use std::vec::Vec;

use crate::crypto::Algorithm;
use crate::ctap2::Status;
use crate::ctap2::token::Permissions;
use crate::limits::{USER_ACTION_TIMEOUT, USER_NAME_MAX};
use crate::platform::{Gesture, Indication, Operation};
use crate::testing::key::Key;
use crate::testing::platform::Prompt;
use crate::testing::request::{
    RESET, RP, SELECTION, array, descriptor, get_assertion, get_assertion_by, make_credential, make_discoverable, map,
    parameters, set_min_pin_length,
};

#[test]
fn the_user_is_asked_with_the_relying_party_and_the_account() {
    let mut key = Key::new();
    key.at(5_000).register(RP);
    let prompt = Prompt {
        operation: Operation::Register,
        gesture: Gesture::Touch,
        rp_id: Some(RP.into()),
        application: None,
        user: Some("alice@example.com".into()),
        deadline: Some(5_000 + USER_ACTION_TIMEOUT),
    };
    assert_eq!(key.user().prompts, [prompt]);
}

#[test]
fn a_credential_that_is_not_discoverable_leaves_nothing_in_the_storage() {
    let mut key = Key::new();
    let before = key.storage().records.clone();
    key.register(RP);
    assert_eq!(key.storage().records, before);
    assert_eq!(key.refusal(get_assertion(RP)), Status::NoCredentials);
}

#[test]
fn a_user_without_a_name_is_a_user() {
    let mut key = Key::new();
    let request = make_discoverable(RP, b"alice").with(3, map([("id", b"alice"[..].into())]));
    assert!(key.send(&request).is_ok());
    assert_eq!(key.user().prompts[0].user, None);
    assert_eq!(key.asserted(get_assertion(RP)).unwrap().user_id(), b"alice");
}

#[test]
fn long_names_are_kept_to_their_limit_at_the_end_of_a_character() {
    // 67 characters of 3 bytes: the 64th byte lies within the 22nd.
    let name = "鍵".repeat(67);
    let user = map([
        ("id", b"alice"[..].into()),
        ("name", (&*name).into()),
        ("displayName", (&*name).into()),
    ]);
    let mut key = Key::new();
    key.send(make_discoverable(RP, b"alice").with(3, user)).unwrap();
    let stored: Vec<_> = key.storage().records.values().flatten().copied().collect();
    let kept = &name.as_bytes()[..63];
    assert!(USER_NAME_MAX - kept.len() < 3);
    assert_eq!(stored.windows(63).filter(|window| window == &kept).count(), 2);
    assert!(!stored.windows(64).any(|window| window == &name.as_bytes()[..64]));
    // The user sees it whole.
    assert_eq!(key.user().prompts[0].user.as_deref(), Some(&*name));
    assert!(key.asserted(get_assertion(RP)).is_ok());
}

#[test]
fn the_user_is_asked_about_an_excluded_credential() {
    let mut key = Key::new();
    let made = key.register(RP);
    key.user().prompts.clear();
    let request = make_credential(RP, b"alice").with(5, array([descriptor(&made.id)]));
    assert_eq!(key.refusal(&request), Status::CredentialExcluded);
    assert_eq!(key.user().prompts[0].operation, Operation::Excluded);
}

#[test]
fn an_algorithm_that_is_not_built_in_is_refused() {
    for identifier in [-7, -8, -9, -19, -35, -36, -47, -48, -49, -51, -52] {
        let request = make_credential(RP, b"alice").with(4, array([parameters(identifier)]));
        let expected = Algorithm::from_cose(identifier.into())
            .map(drop)
            .ok_or(Status::UnsupportedAlgorithm);
        assert_eq!(Key::new().made(&request).map(drop), expected);
    }
}

#[test]
fn the_user_is_asked_to_sign_in() {
    let mut key = Key::new();
    let made = key.register(RP);
    key.user().prompts.clear();
    key.at(2_000).send(get_assertion_by(RP, &[&made.id])).unwrap();
    let prompt = Prompt {
        operation: Operation::Authenticate,
        gesture: Gesture::Touch,
        rp_id: Some(RP.into()),
        application: None,
        user: None,
        deadline: Some(2_000 + USER_ACTION_TIMEOUT),
    };
    assert_eq!(key.user().prompts, [prompt]);
}

#[test]
fn the_user_is_asked_to_select_the_key() {
    let mut key = Key::new();
    key.at(1_000);
    assert_eq!(key.send(SELECTION), Ok(None));
    let prompt = Prompt {
        operation: Operation::Select,
        gesture: Gesture::Touch,
        rp_id: None,
        application: None,
        user: None,
        deadline: Some(1_000 + USER_ACTION_TIMEOUT),
    };
    assert_eq!(key.user().prompts, [prompt]);
}

#[test]
fn the_indicator_shows_that_the_key_waits_for_a_touch() {
    let mut key = Key::new();
    key.send(SELECTION).unwrap();
    let shown = [
        Indication::Processing,
        Indication::WaitingForTouch,
        Indication::Processing,
        Indication::Idle,
    ];
    assert_eq!(key.0.indicator.0, shown);
}

#[test]
fn the_user_is_asked_to_reset() {
    let mut key = Key::new();
    key.at(100).send(RESET).unwrap();
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
fn each_rule_for_pins_is_told_alone_and_a_policy_stays() {
    let mut key = Key::new();
    let token = key.issue(Permissions::AUTHENTICATOR_CONFIG, None);
    let policy = token.on(set_min_pin_length([(2, array([RP.into()])), (4, true.into())]));
    for _ in 0..2 {
        assert_eq!(key.send(&policy), Ok(None));
        for (name, value) in [("pinComplexityPolicy", true.into()), ("minPinLength", 4.into())] {
            let request = make_credential(RP, b"ada").with(6, map([(name, true.into())]));
            let made = key.made(request).unwrap();
            assert_eq!(made.auth_data.extensions, Some(map([(name, value)])));
        }
    }
}
