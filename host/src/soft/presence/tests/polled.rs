//! Touches for U2F, whose hosts poll.

use brasskey_protocol::limits::{U2F_POLL_GAP, U2F_TOUCH_LIFETIME};

use super::*;

#[test]
fn a_u2f_touch_is_spent_once() {
    let mut key = Fixture::new(Touch::Control);
    assert!(!key.poll(Operation::Register, &APPLICATION));
    assert!(!key.poll(Operation::Register, &APPLICATION));
    key.pulse();
    assert_eq!(key.button.waiting(), None);
    assert!(key.poll(Operation::Register, &APPLICATION));
    assert!(!key.poll(Operation::Register, &APPLICATION));
}

#[test]
fn a_u2f_touch_is_bound_to_its_operation_and_application() {
    let mut key = Fixture::new(Touch::Control);
    assert!(!key.poll(Operation::Register, &APPLICATION));
    key.pulse();
    assert!(!key.poll(Operation::Authenticate, &APPLICATION));
    assert!(!key.poll(Operation::Register, &[2; 32]));
    assert!(key.poll(Operation::Register, &APPLICATION));
}

#[test]
fn a_u2f_touch_is_for_the_host_that_asked_for_it() {
    let mut key = Fixture::new(Touch::Control);
    assert!(!key.poll_on(1, Operation::Authenticate, &APPLICATION));
    key.pulse();
    for _ in 0..2 {
        assert!(!key.poll_on(2, Operation::Authenticate, &APPLICATION));
    }
    assert!(key.poll_on(1, Operation::Authenticate, &APPLICATION));
}

#[test]
fn a_refusal_is_for_the_host_that_asked_whoever_polls_first() {
    let mut key = Fixture::new(Touch::Control);
    let request = u2f(Operation::Authenticate, &APPLICATION);
    assert_eq!(key.presence().poll(1, &request), None);
    key.button.decline();
    for _ in 0..2 {
        assert_eq!(key.presence().poll(2, &request), None);
    }
    assert_eq!(key.presence().poll(1, &request), Some(Presence::Declined));
}

#[test]
fn who_polls_meanwhile_waits_for_its_own_touch() {
    let mut key = Fixture::new(Touch::Control);
    let others = [
        (2, Operation::Authenticate, [2; 32]),
        (3, Operation::Register, APPLICATION),
    ];
    assert!(!key.poll_on(1, Operation::Register, &APPLICATION));
    for _ in 0..20 {
        for (channel, operation, application) in &others {
            assert!(!key.poll_on(*channel, *operation, application));
        }
        key.advance(U2F_POLL_GAP - 1);
        assert!(!key.poll_on(1, Operation::Register, &APPLICATION));
    }
    key.pulse();
    for (channel, operation, application) in &others {
        assert!(!key.poll_on(*channel, *operation, application));
    }
    assert!(key.poll_on(1, Operation::Register, &APPLICATION));
    // Now it is another's turn.
    let asked = key.button.waiting().expect("the next request");
    assert_eq!(asked.operation, "authenticate");
    key.pulse();
    assert!(key.poll_on(2, Operation::Authenticate, &[2; 32]));
}

#[test]
fn a_host_that_no_longer_polls_makes_way() {
    let mut key = Fixture::new(Touch::Control);
    assert!(!key.poll_on(1, Operation::Register, &APPLICATION));
    key.advance(U2F_POLL_GAP);
    assert!(!key.poll_on(2, Operation::Register, &APPLICATION));
    key.pulse();
    assert!(!key.poll_on(1, Operation::Register, &APPLICATION));
    assert!(key.poll_on(2, Operation::Register, &APPLICATION));
}

#[test]
fn a_u2f_touch_lives_ten_seconds() {
    let mut key = Fixture::new(Touch::Control);
    assert!(!key.poll(Operation::Register, &APPLICATION));
    key.pulse();
    key.advance(U2F_TOUCH_LIFETIME - 1);
    assert!(key.poll(Operation::Register, &APPLICATION));

    assert!(!key.poll(Operation::Register, &APPLICATION));
    key.pulse();
    key.advance(U2F_TOUCH_LIFETIME);
    assert!(!key.poll(Operation::Register, &APPLICATION));
    assert!(key.button.waiting().is_some(), "the user is asked again");
}

#[test]
fn a_held_button_is_no_u2f_consent() {
    let mut key = Fixture::new(Touch::Control);
    key.button.press();
    assert!(!key.poll(Operation::Register, &APPLICATION));
    assert!(!key.poll(Operation::Register, &APPLICATION));
    key.button.release();
    assert!(!key.poll(Operation::Register, &APPLICATION));
    key.button.press();
    assert!(key.poll(Operation::Register, &APPLICATION));
}

#[test]
fn a_u2f_request_that_is_no_longer_polled_for_lapses() {
    let mut key = Fixture::new(Touch::Control);
    assert!(!key.poll(Operation::Register, &APPLICATION));
    key.advance(U2F_TOUCH_LIFETIME - 1);
    assert!(!key.poll(Operation::Register, &APPLICATION));
    key.advance(U2F_TOUCH_LIFETIME - 1);
    assert!(key.button.waiting().is_some());
    key.advance(1);
    assert_eq!(key.button.waiting(), None);
    key.pulse();
    assert!(!key.poll(Operation::Register, &APPLICATION));
}

#[test]
fn a_u2f_touch_is_not_left_over_for_ctap2() {
    let mut key = Fixture::new(Touch::Control);
    assert!(!key.poll(Operation::Register, &APPLICATION));
    key.pulse();
    let presence = key.wait(1);
    key.advance(1);
    assert_eq!(end(&presence), Presence::TimedOut);
}

#[test]
fn a_refusal_is_told_to_the_next_u2f_poll_and_to_no_other() {
    let mut key = Fixture::new(Touch::Control);
    let request = u2f(Operation::Register, &APPLICATION);
    assert_eq!(key.presence().poll(1, &request), None);
    key.button.decline();
    key.pulse();
    assert_eq!(key.button.waiting(), None, "a touch takes no refusal back");
    assert_eq!(key.presence().poll(1, &request), Some(Presence::Declined));
    assert_eq!(key.presence().poll(1, &request), None, "the user is asked anew");
    key.pulse();
    assert_eq!(key.presence().poll(1, &request), Some(Presence::Confirmed));

    let mut key = Fixture::new(Touch::Script(vec![Answer::Decline, Answer::Touch]));
    assert_eq!(key.presence().poll(1, &request), Some(Presence::Declined));
    assert_eq!(key.presence().poll(1, &request), Some(Presence::Confirmed));
}
