//! The prompt, on a pseudoterminal.

use std::sync::Arc;
use std::time::Duration;

use brasskey_protocol::platform::{Abort, Gesture, Operation, Presence, PresenceRequest, RelyingParty};
use nix::pty::openpty;

use super::*;
use crate::soft::clock::SoftClock;
use crate::soft::presence::button::{Button, Ticket};

const REQUEST: PresenceRequest<'static> = PresenceRequest {
    operation: Operation::Register,
    gesture: Gesture::Touch,
    relying_party: RelyingParty::Id("example.com\u{1b}]0;x\u{7}"),
    user: Some("alice"),
};

struct Fixture {
    user: File,
    terminal: File,
    button: Arc<Button>,
}

impl Fixture {
    fn new() -> Self {
        let pty = openpty(None, None).expect("a pseudoterminal");
        Self {
            user: pty.master.into(),
            terminal: pty.slave.into(),
            button: Arc::new(Button::new(SoftClock::scripted())),
        }
    }

    fn ask(&self) -> (OpenQuestion, Ticket) {
        let ticket = self.button.open(&REQUEST);
        let terminal = self.terminal.try_clone().expect("a second handle");
        let question = Question::new(&REQUEST, Arc::clone(&self.button), ticket);
        (open(terminal, question).expect("a prompt"), ticket)
    }

    fn type_in(&mut self, text: &str) {
        self.user.write_all(text.as_bytes()).expect("type");
    }

    /// Reads what is on the terminal up to `end`.
    fn read_to(&mut self, end: &str) -> String {
        let mut seen = String::new();
        let mut byte = [0];
        while !seen.ends_with(end) {
            self.user.read_exact(&mut byte).expect("the terminal's text");
            seen.push(char::from(byte[0]));
        }
        seen
    }

    /// Waits for the user's answer, without a deadline.
    fn answer(&self, ticket: Ticket) -> Presence {
        self.button.wait(ticket, u64::MAX, &Abort::new())
    }
}

#[test]
fn the_prompt_names_who_asks_and_enter_touches() {
    for (typed, presence) in [
        ("\n", Presence::Confirmed),
        ("Y\n", Presence::Confirmed),
        ("n\n", Presence::Declined),
        ("\u{4}", Presence::Declined),
    ] {
        let mut user = Fixture::new();
        let (_prompt, ticket) = user.ask();
        let question = user.read_to("] ");
        assert_eq!(
            question,
            "brasskey: touch the key to register a credential at example.com\\u{1b}]0;x\\u{7} as alice? \
             [Enter = touch, n = refuse] "
        );
        user.type_in(typed);
        assert_eq!(user.answer(ticket), presence, "{typed:?}");
    }
}

#[test]
fn what_was_typed_before_the_question_is_no_answer() {
    let mut user = Fixture::new();
    user.type_in("\n");
    user.read_to("\n");
    let (_prompt, ticket) = user.ask();
    user.read_to("] ");
    user.type_in("n\n");
    assert_eq!(user.answer(ticket), Presence::Declined);
}

#[test]
fn anything_else_is_asked_again() {
    let mut user = Fixture::new();
    let (_prompt, ticket) = user.ask();
    user.read_to("] ");
    user.type_in("maybe\n");
    user.read_to("n to refuse: ");
    user.type_in("yes\n");
    assert_eq!(user.answer(ticket), Presence::Confirmed);
}

#[test]
fn a_prompt_that_is_dropped_ends_and_answers_nothing() {
    let mut user = Fixture::new();
    let (prompt, ticket) = user.ask();
    user.read_to("] ");
    drop(prompt);
    user.read_to("the request has ended\r\n");
    assert_eq!(user.button.waits_for(ticket), Some(Duration::from_secs(10)));
}
