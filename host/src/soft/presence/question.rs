//! A question to a person, and the thread that asks it.

use std::io::{self, PipeReader, PipeWriter};
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use brasskey_protocol::platform::PresenceRequest;

use super::Waiting;
use super::button::{Answer, Button, Ticket};

/// What is asked, and the button that takes the answer.
#[derive(Debug)]
pub(super) struct Question {
    pub(super) waiting: Waiting,
    button: Arc<Button>,
    ticket: Ticket,
}

impl Question {
    pub(super) fn new(request: &PresenceRequest<'_>, button: Arc<Button>, ticket: Ticket) -> Self {
        Self {
            waiting: Waiting::new(request, 0),
            button,
            ticket,
        }
    }

    /// How long the key waits for the answer if nothing changes, or `None` where it does not wait any more.
    pub(super) fn waits(&self) -> Option<Duration> {
        self.button.waits_for(self.ticket)
    }

    pub(super) fn answer(&self, answer: Answer) {
        self.button.answer(self.ticket, answer);
    }

    /// Refuses, because nobody can be asked.
    pub(super) fn refuse(&self, why: &str) {
        super::refuse(&self.waiting, why);
        self.answer(Answer::Decline);
    }
}

/// A thread that asks. Dropping it takes the question back, answered or not.
pub(super) struct OpenQuestion {
    /// Closing it ends the thread.
    closer: Option<PipeWriter>,
    thread: Option<JoinHandle<()>>,
}

impl OpenQuestion {
    /// Runs `ask`, which has to return once its pipe is closed.
    pub(super) fn start(name: &str, ask: impl FnOnce(&PipeReader) + Send + 'static) -> io::Result<Self> {
        let (closed, closer) = io::pipe()?;
        let thread = thread::Builder::new().name(name.into()).spawn(move || ask(&closed))?;
        Ok(Self {
            closer: Some(closer),
            thread: Some(thread),
        })
    }
}

impl Drop for OpenQuestion {
    fn drop(&mut self) {
        drop(self.closer.take());
        if let Some(thread) = self.thread.take() {
            // A thread that panicked has answered nothing, which is safe.
            let _ = thread.join();
        }
    }
}
