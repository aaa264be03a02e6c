use brasskey_protocol::platform::Gesture;
use proptest::prelude::*;

use super::*;

const REGISTER: PresenceRequest<'_> = PresenceRequest {
    operation: Operation::Register,
    relying_party: RelyingParty::Application(&[1; 32]),
    user: None,
    gesture: Gesture::Touch,
};
const SIGN_IN: PresenceRequest<'_> = PresenceRequest {
    operation: Operation::Authenticate,
    ..REGISTER
};
const ELSEWHERE: PresenceRequest<'_> = PresenceRequest {
    relying_party: RelyingParty::Application(&[2; 32]),
    ..REGISTER
};

/// A finger on a button that is sampled every 10 ms.
struct Desk {
    button: Button,
    now: u64,
}

impl Desk {
    /// A key that was powered up with nobody near.
    fn new() -> Self {
        let mut desk = Self {
            button: Button::new(),
            now: 0,
        };
        desk.leave(100);
        desk
    }

    fn sample(&mut self, pressed: bool, milliseconds: u64) {
        let end = self.now + milliseconds;
        while self.now < end {
            self.now += 10;
            self.button.sample(pressed, self.now);
        }
    }

    fn hold(&mut self, milliseconds: u64) {
        self.sample(true, milliseconds);
    }

    fn leave(&mut self, milliseconds: u64) {
        self.sample(false, milliseconds);
    }

    fn open(&mut self, hold: u64) {
        self.button.open(&REGISTER, hold);
    }

    fn poll_on(&mut self, channel: u32, request: &PresenceRequest<'_>) -> bool {
        self.button.poll(channel, request, self.now)
    }

    fn poll(&mut self, request: &PresenceRequest<'_>) -> bool {
        self.poll_on(1, request)
    }
}

#[test]
fn a_press_after_the_request_is_a_touch() {
    let mut desk = Desk::new();
    desk.open(0);
    assert!(desk.button.is_awaited(desk.now));
    desk.leave(1_000);
    assert!(!desk.button.is_touched());
    desk.hold(50);
    assert!(desk.button.is_touched());
    assert!(!desk.button.is_awaited(desk.now));
}

#[test]
fn a_button_already_held_is_not_consent_until_it_is_pressed_again() {
    let mut desk = Desk::new();
    desk.hold(200);
    desk.open(0);
    desk.hold(5_000);
    assert!(!desk.button.is_touched());
    desk.leave(50);
    desk.hold(50);
    assert!(desk.button.is_touched());
}

#[test]
fn a_button_held_since_power_up_is_not_consent() {
    let mut desk = Desk {
        button: Button::new(),
        now: 0,
    };
    desk.open(0);
    desk.hold(5_000);
    assert!(!desk.button.is_touched());
}

#[test]
fn one_press_answers_one_request() {
    let mut desk = Desk::new();
    desk.open(0);
    desk.hold(50);
    assert!(desk.button.is_touched());
    desk.button.close();
    desk.open(0);
    desk.hold(1_000);
    assert!(!desk.button.is_touched());
}

#[test]
fn bounces_neither_press_nor_release() {
    let mut desk = Desk::new();
    desk.open(0);
    for _ in 0..20 {
        desk.hold(10);
        desk.leave(10);
    }
    assert!(!desk.button.is_touched());
    desk.hold(100);
    desk.button.close();
    desk.open(0);
    desk.leave(10);
    desk.hold(100);
    assert!(!desk.button.is_touched());
}

#[test]
fn a_hold_must_last() {
    let mut desk = Desk::new();
    desk.open(5_000);
    desk.hold(4_900);
    desk.leave(50);
    assert!(!desk.button.is_touched());
    desk.hold(5_010);
    assert!(desk.button.is_touched());
}

#[test]
fn u2f_finds_the_touch_at_a_later_poll_and_spends_it() {
    let mut desk = Desk::new();
    assert!(!desk.poll(&REGISTER));
    assert!(desk.button.is_awaited(desk.now));
    desk.hold(50);
    desk.leave(200);
    assert!(desk.poll(&REGISTER));
    assert!(!desk.poll(&REGISTER));
}

#[test]
fn a_press_before_the_first_poll_does_not_count() {
    let mut desk = Desk::new();
    desk.hold(100);
    assert!(!desk.poll(&REGISTER));
    desk.hold(100);
    assert!(!desk.poll(&REGISTER));
}

#[test]
fn a_touch_is_bound_to_operation_and_application() {
    let mut desk = Desk::new();
    assert!(!desk.poll(&REGISTER));
    desk.hold(50);
    assert!(!desk.poll(&ELSEWHERE));
    desk.leave(50);
    assert!(!desk.poll(&SIGN_IN));
    // Another request between the polls does not lose the touch.
    assert!(desk.poll(&REGISTER));
}

#[test]
fn a_touch_is_for_the_host_that_asked_for_it() {
    let mut desk = Desk::new();
    assert!(!desk.poll_on(1, &REGISTER));
    for _ in 0..5 {
        // Another host asks more often, for the same and for something else.
        assert!(!desk.poll_on(2, &REGISTER));
        assert!(!desk.poll_on(3, &SIGN_IN));
        desk.leave(U2F_POLL_GAP - 10);
        assert!(!desk.poll_on(1, &REGISTER));
    }
    desk.hold(50);
    assert!(!desk.poll_on(2, &REGISTER));
    desk.leave(50);
    assert!(desk.poll_on(1, &REGISTER));
}

#[test]
fn a_host_that_no_longer_polls_makes_way() {
    let mut desk = Desk::new();
    assert!(!desk.poll_on(1, &REGISTER));
    desk.leave(U2F_POLL_GAP);
    assert!(!desk.poll_on(2, &REGISTER));
    desk.hold(50);
    desk.leave(50);
    assert!(!desk.poll_on(1, &REGISTER));
    assert!(desk.poll_on(2, &REGISTER));
}

#[test]
fn a_touch_lives_ten_seconds() {
    let mut desk = Desk::new();
    assert!(!desk.poll(&REGISTER));
    desk.hold(30);
    desk.leave(U2F_TOUCH_LIFETIME);
    assert!(!desk.poll(&REGISTER));
}

#[test]
fn a_request_that_is_no_longer_polled_lapses() {
    let mut desk = Desk::new();
    assert!(!desk.poll(&REGISTER));
    desk.leave(U2F_TOUCH_LIFETIME);
    assert!(!desk.button.is_awaited(desk.now));
    desk.hold(50);
    desk.leave(50);
    assert!(!desk.poll(&REGISTER));
}

#[test]
fn a_touch_for_u2f_is_not_one_for_ctap2() {
    let mut desk = Desk::new();
    assert!(!desk.poll(&REGISTER));
    desk.hold(50);
    desk.open(0);
    desk.leave(50);
    assert!(!desk.button.is_touched());
    desk.button.close();
    assert!(!desk.poll(&REGISTER));
}

proptest! {
    /// Whatever the contact does: no touch without 20 ms of contact that began after the request.
    #[test]
    fn no_touch_without_a_press_of_its_own(
        samples in prop::collection::vec(any::<bool>(), 0..200),
        asked in 0_usize..200,
    ) {
        let mut desk = Desk::new();
        let mut run = 0;
        let mut longest = 0;
        for (index, pressed) in samples.iter().enumerate() {
            if index == asked {
                desk.open(0);
                run = if run > 0 { usize::MAX } else { 0 };
            }
            desk.sample(*pressed, 10);
            if !pressed {
                run = 0;
            } else if run < usize::MAX {
                run += 1;
            }
            if index >= asked && run < usize::MAX {
                longest = longest.max(run);
            }
        }
        prop_assert!(!desk.button.is_touched() || longest >= 3);
    }
}
