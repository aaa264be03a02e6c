//! authenticatorSelection (CTAP 2.3 §6.9).

use crate::ctap2::Status;
use crate::limits::USER_ACTION_TIMEOUT;
use crate::platform::{Gesture, Indication, Operation, Presence};
use crate::testing::key::Key;
use crate::testing::platform::Prompt;
use crate::testing::request::selection;

#[test]
fn a_touch_selects_the_key() {
    let mut key = Key::new();
    key.at(1_000);
    assert_eq!(key.send(&selection()), Ok(None));
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
fn the_light_shows_that_the_key_waits_for_a_touch() {
    let mut key = Key::new();
    key.send(&selection()).unwrap();
    let shown = [
        Indication::Processing,
        Indication::WaitingForTouch,
        Indication::Processing,
        Indication::Idle,
    ];
    assert_eq!(key.0.indicator.0, shown);
}

#[test]
fn a_touch_left_over_from_u2f_is_dropped() {
    let mut key = Key::new();
    key.user().touches = 1;
    key.user().answers.push_back(Presence::Declined);
    assert_eq!(key.refusal(&selection()), Status::OperationDenied);
    assert_eq!(key.user().touches, 0);
}
