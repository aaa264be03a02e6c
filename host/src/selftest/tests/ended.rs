//! What says nothing of a key ends the self-test: a wrong PIN, a blocked one, a user who gave up.

use std::cell::Cell;
use std::sync::{Arc, Mutex};

use super::key::{Owner, PIN, Request, key, whole};
use crate::client::ceremony::CeremonyError;
use crate::client::{CtaphidError, Error, Pin, PinRequest, Unwatched, UserInteraction, Watch};
use crate::relying_party::Outcome;
use crate::selftest::tester::{Stop, Tester, again};
use crate::selftest::{Event, Plan, run};
use brasskey_protocol::ctaphid;

/// Requests with a PIN in them.
fn pins(requests: &Mutex<Vec<Request>>) -> usize {
    let requests = requests.lock().unwrap();
    let with_pin = requests
        .iter()
        .filter(|request| request.is(0x06, 5) || request.is(0x06, 9));
    with_pin.count()
}

#[test]
fn a_wrong_pin_is_sent_once() {
    let (mut key, requests) = whole(Some(PIN));
    // Even by somebody who would try again.
    let mut owner = Owner::of("1357");
    let error = Plan::of(&mut key, &mut owner).unwrap_err();
    assert!(matches!(error, Error::WrongPin { left: Some(7) }), "{error:?}");
    assert_eq!((owner.asked, pins(&requests)), (1, 1));
    assert_eq!(key.pin_retries(&mut Unwatched).unwrap().left, 7);
}

#[test]
fn a_blocked_pin_is_told_as_that() {
    let mut key = key(Some(PIN), |request, forward| match request.is(0x06, 1) {
        true => b"\x00\xA1\x03\x00".to_vec(),
        false => forward(request),
    });
    let mut owner = Owner::of(PIN);
    let error = Plan::of(&mut key, &mut owner).unwrap_err();
    assert!(matches!(error, Error::PinBlocked), "{error:?}");
    assert_eq!(owner.asked, 0);
}

#[test]
fn a_pin_that_turns_wrong_ends_it_and_is_not_sent_again() {
    let sent = Arc::new(Mutex::new(0));
    let counted = Arc::clone(&sent);
    let mut key = key(Some(PIN), move |request, forward| {
        let token = request.is(0x06, 9);
        let mut sent = counted.lock().unwrap();
        *sent += u32::from(token);
        // After the plan's, and that of the first passkey.
        match token && *sent > 2 {
            true => vec![0x31],
            false => forward(request),
        }
    });
    let mut owner = Owner::of(PIN);
    let plan = Plan::of(&mut key, &mut owner).unwrap();
    let results = run(&mut key, &plan, &mut owner, &mut |_| {});
    assert!(
        matches!(results.ended, Some(CeremonyError::Key(Error::WrongPin { .. }))),
        "{:?}",
        results.ended
    );
    assert_eq!(*sent.lock().unwrap(), 3);
    assert!(!results.fit());
    assert_eq!(results.count(Outcome::Failed), 0);
    let left: Vec<_> = results.left.iter().map(|passkey| passkey.user).collect();
    assert_eq!(left, ["alice"]);
}

/// Somebody who presses Ctrl-C when the PIN is asked for the nth time.
struct Impatient {
    owner: Owner,
    patience: u32,
    gone: Cell<bool>,
}

impl Watch for Impatient {
    fn is_cancelled(&self) -> bool {
        self.gone.get()
    }
}

impl UserInteraction for Impatient {
    fn pin(&mut self, request: &PinRequest) -> Result<Pin, Error> {
        let pin = self.owner.pin(request);
        self.gone.set(self.owner.asked >= self.patience);
        pin
    }
}

#[test]
fn test_passkeys_are_deleted_also_where_the_user_gives_up() {
    for patience in 2..6 {
        let (mut key, _) = whole(Some(PIN));
        let mut owner = Impatient {
            owner: Owner::of(PIN),
            patience,
            gone: Cell::new(false),
        };
        let plan = Plan::of(&mut key, &mut owner).unwrap();
        let results = run(&mut key, &plan, &mut owner, &mut |_| {});
        assert!(
            matches!(results.ended, Some(CeremonyError::Key(Error::Cancelled))),
            "{:?}",
            results.ended
        );
        assert_eq!(results.left, []);
        assert_eq!(results.count(Outcome::Failed), 0);
        let mut manager = key.manage_credentials(None, &mut Owner::of(PIN)).unwrap();
        assert_eq!(manager.metadata(&mut Unwatched).unwrap().existing, 0);
    }
}

#[test]
fn what_an_interrupted_self_test_left_is_deleted_by_the_next() {
    let failing = Arc::new(Mutex::new(true));
    let fails = Arc::clone(&failing);
    let mut key = key(Some(PIN), move |request, forward| {
        let deletes = request.is(0x0A, 6);
        match deletes && *fails.lock().unwrap() {
            true => vec![0x7F],
            false => forward(request),
        }
    });
    let results = super::key::test(&mut key, &mut Owner::of(PIN));
    assert_eq!(results.left.len(), 2);
    *failing.lock().unwrap() = false;
    let results = super::key::test(&mut key, &mut Owner::of(PIN));
    assert!(results.fit(), "{:#?}", super::key::not_passed(&results));
    let mut manager = key.manage_credentials(None, &mut Owner::of(PIN)).unwrap();
    assert_eq!(manager.metadata(&mut Unwatched).unwrap().existing, 0);
}

#[test]
fn a_key_may_be_silent_once() {
    let (mut key, _) = whole(None);
    let plan = Plan::of(&mut key, &mut Unwatched).unwrap();
    let (mut user, mut show) = (Unwatched, |_: Event<'_>| {});
    let mut tester = Tester::new(&mut key, &plan, &mut user, &mut show);
    assert!(matches!(tester.without_answer("once", Error::NoAnswer), Stop::Failed));
    assert!(matches!(
        tester.without_answer("twice", Error::NoAnswer),
        Stop::Error(_)
    ));
}

#[test]
fn a_key_that_others_keep_busy_or_that_was_unplugged_gets_no_verdict() {
    let (mut key, _) = whole(None);
    let plan = Plan::of(&mut key, &mut Unwatched).unwrap();
    let (mut watch, mut show) = (Unwatched, |_: Event<'_>| {});
    let mut tester = Tester::new(&mut key, &plan, &mut watch, &mut show);
    for error in [ctaphid::Error::ChannelBusy, ctaphid::Error::InvalidChannel] {
        let stop = tester.without_answer("busy", Error::Ctaphid(CtaphidError::Known(error)));
        assert!(matches!(stop, Stop::Error(_)), "{error:?}");
    }
    // It is asked again after it was unplugged for a moment.
    let mut answers = vec![Ok(()), Err(CeremonyError::Key(Error::NoAnswer))];
    assert!(again(|| answers.pop().unwrap()).is_ok());
}

#[test]
fn a_key_that_fails_at_each_step_without_a_reason_gets_no_verdict() {
    for breaks_after in [0, 3] {
        let mut made = 0;
        let mut key = key(None, move |request, forward| {
            if !request.is_cbor && request.bytes[1] != 3 {
                return vec![0x6F, 0x00];
            }
            let makes = matches!(request.command(), Some(0x01 | 0x02));
            made += u32::from(makes);
            match makes && made > breaks_after {
                true => vec![0x7F],
                false => forward(request),
            }
        });
        let results = super::key::test(&mut key, &mut Unwatched);
        assert!(results.ended.is_some(), "{:#?}", super::key::not_passed(&results));
        assert!(!results.fit());
    }
}
