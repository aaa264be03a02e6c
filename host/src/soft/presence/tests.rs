//! What counts as a touch.

use std::sync::Arc;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use brasskey_protocol::limits::LONG_TOUCH;
use brasskey_protocol::platform::{Gesture, Operation, RelyingParty};

use super::*;
use crate::soft::UserVerification;
use crate::soft::clock::SoftClock;

mod polled;

const APPLICATION: [u8; 32] = [1; 32];
const LONG: Duration = Duration::from_secs(60);

const REGISTER: PresenceRequest<'static> = PresenceRequest {
    operation: Operation::Register,
    gesture: Gesture::Touch,
    relying_party: RelyingParty::Id("example.com"),
    user: Some("alice"),
};

fn u2f(operation: Operation, application: &[u8; 32]) -> PresenceRequest<'_> {
    PresenceRequest {
        operation,
        gesture: Gesture::Touch,
        relying_party: RelyingParty::Application(application),
        user: None,
    }
}

/// A button and its user, on a clock that the test moves.
struct Fixture {
    clock: SoftClock,
    button: Arc<Button>,
    abort: Arc<Abort>,
    presence: Option<SoftPresence>,
}

impl Fixture {
    fn new(touch: Touch) -> Self {
        let clock = SoftClock::scripted();
        let button = Arc::new(Button::new(clock.clone()));
        let abort = Arc::new(Abort::new());
        let verifier = Arc::new(Verifier::new(UserVerification::Pin));
        let presence = SoftPresence::new(touch, Arc::clone(&button), verifier, Arc::clone(&abort));
        Self {
            clock,
            button,
            abort,
            presence: Some(presence),
        }
    }

    fn presence(&mut self) -> &mut SoftPresence {
        self.presence.as_mut().expect("no wait is running")
    }

    /// Starts to wait for `REGISTER` on a thread, and returns when the key waits.
    fn wait(&mut self, deadline: u64) -> mpsc::Receiver<Presence> {
        self.wait_for(Gesture::Touch, deadline)
    }

    fn wait_for(&mut self, gesture: Gesture, deadline: u64) -> mpsc::Receiver<Presence> {
        let request = PresenceRequest { gesture, ..REGISTER };
        let mut presence = self.presence.take().expect("no wait is running");
        let (sender, receiver) = mpsc::channel();
        thread::spawn(move || sender.send(presence.wait(&request, deadline)));
        let waiting = self.button.wait_until_asked(LONG).expect("the key waits");
        assert_eq!(waiting.rp_id.as_deref(), Some("example.com"));
        receiver
    }

    fn poll_on(&mut self, channel: u32, operation: Operation, application: &[u8; 32]) -> bool {
        self.presence().poll(channel, &u2f(operation, application)) == Some(Presence::Confirmed)
    }

    fn poll(&mut self, operation: Operation, application: &[u8; 32]) -> bool {
        self.poll_on(1, operation, application)
    }

    fn pulse(&self) {
        self.button.press();
        self.button.release();
    }

    fn advance(&self, milliseconds: u64) {
        self.clock.advance(milliseconds);
        self.button.wake();
    }
}

fn end(receiver: &mpsc::Receiver<Presence>) -> Presence {
    receiver.recv_timeout(LONG).expect("the wait ends")
}

#[test]
fn a_touch_confirms_and_a_refusal_declines() {
    let mut key = Fixture::new(Touch::Control);
    let presence = key.wait(30_000);
    key.pulse();
    assert_eq!(end(&presence), Presence::Confirmed);

    let mut key = Fixture::new(Touch::Control);
    let presence = key.wait(30_000);
    key.button.decline();
    assert_eq!(end(&presence), Presence::Declined);
    assert_eq!(key.button.waiting(), None);
}

#[test]
fn a_button_already_held_is_no_consent() {
    let mut key = Fixture::new(Touch::Control);
    key.button.press();
    let presence = key.wait(30_000);
    key.button.press();
    assert!(key.button.waiting().is_some());
    key.button.release();
    assert!(key.button.waiting().is_some());
    assert!(presence.try_recv().is_err());
    key.button.press();
    assert_eq!(end(&presence), Presence::Confirmed);
}

#[test]
fn a_touch_before_the_request_is_lost() {
    let mut key = Fixture::new(Touch::Control);
    key.pulse();
    let presence = key.wait(30_000);
    key.advance(30_000);
    assert_eq!(end(&presence), Presence::TimedOut);
}

#[test]
fn a_long_touch_is_held_without_a_break() {
    let mut key = Fixture::new(Touch::Control);
    let presence = key.wait_for(Gesture::LongTouch, 30_000);
    for _ in 0..2 {
        key.button.press();
        key.advance(LONG_TOUCH - 1);
        key.button.release();
    }
    assert!(key.button.waiting().is_some());
    assert!(presence.try_recv().is_err());
    key.button.press();
    key.advance(LONG_TOUCH);
    assert_eq!(end(&presence), Presence::Confirmed, "while it is held");
    key.button.release();

    // Taps are no long touch.
    let mut key = Fixture::new(Touch::Control);
    let presence = key.wait_for(Gesture::LongTouch, 30_000);
    key.pulse();
    key.advance(30_000);
    assert_eq!(end(&presence), Presence::TimedOut);
}

#[test]
fn a_long_touch_counts_also_where_the_key_looks_after_the_release() {
    let mut key = Fixture::new(Touch::Control);
    let presence = key.wait_for(Gesture::LongTouch, 30_000);
    key.button.press();
    // The clock moves, and nobody is woken.
    key.clock.advance(LONG_TOUCH);
    key.button.release();
    assert_eq!(end(&presence), Presence::Confirmed);
}

#[test]
fn a_button_held_before_a_long_touch_is_asked_for_is_no_consent() {
    let mut key = Fixture::new(Touch::Control);
    key.button.press();
    let presence = key.wait_for(Gesture::LongTouch, 30_000);
    key.advance(LONG_TOUCH);
    key.button.release();
    key.advance(30_000);
    assert_eq!(end(&presence), Presence::TimedOut);
}

#[test]
fn who_cannot_measure_confirms_a_long_touch_like_any() {
    let request = PresenceRequest {
        gesture: Gesture::LongTouch,
        ..REGISTER
    };
    for touch in [Touch::Auto, Touch::Script(vec![Answer::Touch])] {
        assert_eq!(Fixture::new(touch).presence().wait(&request, 0), Presence::Confirmed);
    }
}

#[test]
fn the_deadline_is_kept_to_the_millisecond() {
    let mut key = Fixture::new(Touch::Control);
    let presence = key.wait(30_000);
    key.advance(29_999);
    assert!(key.button.waiting().is_some());
    assert!(presence.try_recv().is_err());
    key.advance(1);
    assert_eq!(end(&presence), Presence::TimedOut);
    assert_eq!(key.button.waiting(), None);
}

#[test]
fn a_cancelled_request_ends_at_once_and_leaves_nothing() {
    let mut key = Fixture::new(Touch::Control);
    let presence = key.wait(30_000);
    key.abort.set(true);
    key.button.wake();
    assert_eq!(end(&presence), Presence::Aborted);
    assert_eq!(key.button.waiting(), None);
}

#[test]
fn a_request_cancelled_before_it_is_asked_is_not_asked() {
    for touch in [
        Touch::Auto,
        Touch::Deny,
        Touch::Control,
        Touch::Script(vec![Answer::Touch]),
    ] {
        let mut key = Fixture::new(touch);
        key.abort.set(true);
        assert_eq!(key.presence().wait(&REGISTER, 30_000), Presence::Aborted);
    }
}

#[test]
fn who_needs_nobody_answers_at_once() {
    for (touch, presence) in [
        (Touch::Auto, Presence::Confirmed),
        (Touch::Deny, Presence::Declined),
        (Touch::Unset, Presence::Declined),
    ] {
        let mut key = Fixture::new(touch);
        assert_eq!(key.presence().wait(&REGISTER, 0), presence);
        let request = u2f(Operation::Register, &APPLICATION);
        assert_eq!(key.presence().poll(1, &request), Some(presence));
    }
}

#[test]
fn a_script_answers_in_order_and_then_the_button_does() {
    let mut key = Fixture::new(Touch::Script(vec![Answer::Touch, Answer::Decline, Answer::Touch]));
    assert_eq!(key.presence().wait(&REGISTER, 0), Presence::Confirmed);
    assert_eq!(key.presence().wait(&REGISTER, 0), Presence::Declined);
    assert!(key.poll(Operation::Register, &APPLICATION));
    let presence = key.wait(30_000);
    key.pulse();
    assert_eq!(end(&presence), Presence::Confirmed);
}

#[test]
fn a_function_sees_each_request_and_answers_it() {
    let responder = Responder::new(|waiting| match waiting.operation {
        "register" => Answer::Touch,
        _ => Answer::Decline,
    });
    let mut key = Fixture::new(Touch::Call(responder));
    assert_eq!(key.presence().wait(&REGISTER, 0), Presence::Confirmed);
    for (operation, presence) in [
        (Operation::Authenticate, Presence::Declined),
        (Operation::Register, Presence::Confirmed),
    ] {
        let request = u2f(operation, &APPLICATION);
        assert_eq!(key.presence().poll(1, &request), Some(presence));
    }
}

#[test]
fn what_is_forgotten_is_gone() {
    let mut key = Fixture::new(Touch::Control);
    assert!(!key.poll(Operation::Register, &APPLICATION));
    key.pulse();
    key.presence().forget();
    assert!(!key.poll(Operation::Register, &APPLICATION));
    key.presence().forget();
    assert_eq!(key.button.waiting(), None);
}

#[test]
fn touch_is_read_as_the_flag_spells_it() {
    for (name, touch) in [
        ("notify", Touch::Notify),
        ("prompt", Touch::Prompt),
        ("auto", Touch::Auto),
        ("deny", Touch::Deny),
        ("control", Touch::Control),
    ] {
        assert_eq!(name.parse(), Ok(touch));
    }
    assert_eq!("yes".parse::<Touch>(), Err(UnknownTouch));
}
