//! Who touches the soft key: a person at a desktop or a terminal, a program, or nobody.

mod aside;
pub(super) mod button;
#[cfg(unix)]
mod notification;
#[cfg(unix)]
mod prompt;
#[cfg(unix)]
mod question;
mod waiting;

use std::fmt;
use std::io::{self, Write as _};
use std::str::FromStr;
use std::sync::{Arc, OnceLock};
use std::vec;

use brasskey_protocol::platform::{Abort, Presence, PresenceRequest, UserPresence, Verification};
use web_time::Instant;

pub use aside::beside_question;
pub use button::Answer;
pub use waiting::Waiting;

use super::verification::Verifier;
use button::{Button, Polled, Ticket};

/// Where touches come from: `--touch`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Touch {
    /// A person at the terminal. The prompt names the operation, the relying party and the user.
    Prompt,
    /// A person at the desktop, by a notification that says the same as the prompt. Where the desktop shows none, a
    /// person at the terminal. Where there is no terminal either, every request is refused.
    Notify,
    /// Every request is approved at once. Anybody who can reach the key can use it.
    Auto,
    /// Every request is refused.
    Deny,
    /// The button of [`SoftKey`](super::SoftKey) and of the control endpoint.
    Control,
    /// Each request takes the next of these answers. When there are none left, the button decides. For tests.
    Script(Vec<Answer>),
    /// This function answers each request, at once. For tests.
    Call(Responder),
    /// Nobody touches the key: every request is refused, and stderr says how to change that.
    #[default]
    Unset,
}

impl Touch {
    /// The prompt where there is a terminal to ask on, and otherwise [`Touch::Unset`].
    #[must_use]
    pub fn of_terminal() -> Self {
        if has_terminal() { Self::Prompt } else { Self::Unset }
    }

    /// The notification where there is a session that may show it, and otherwise [`Touch::of_terminal`]. Does not ask
    /// the session what it can show: the first request finds out.
    #[must_use]
    pub fn of_desktop() -> Self {
        #[cfg(unix)]
        if notification::has_session() {
            return Self::Notify;
        }
        Self::of_terminal()
    }

    /// Whether a request may have to wait for somebody.
    pub(super) fn waits(&self) -> bool {
        matches!(self, Self::Prompt | Self::Notify | Self::Control | Self::Script(_))
    }
}

/// A function that says what the user does. It runs on the thread that runs the request, and must not use the key.
#[derive(Clone)]
pub struct Responder(Arc<dyn Fn(&Waiting) -> Answer + Send + Sync>);

impl Responder {
    /// A user who does what `answer` says.
    pub fn new(answer: impl Fn(&Waiting) -> Answer + Send + Sync + 'static) -> Self {
        Self(Arc::new(answer))
    }
}

impl fmt::Debug for Responder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Responder")
    }
}

impl PartialEq for Responder {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Eq for Responder {}

/// The value of `--touch` is none of `notify`, `prompt`, `auto`, `deny` and `control`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnknownTouch;

impl fmt::Display for UnknownTouch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("touch is none of notify, prompt, auto, deny and control")
    }
}

impl std::error::Error for UnknownTouch {}

impl FromStr for Touch {
    type Err = UnknownTouch;

    fn from_str(name: &str) -> Result<Self, UnknownTouch> {
        Ok(match name {
            "notify" => Self::Notify,
            "prompt" => Self::Prompt,
            "auto" => Self::Auto,
            "deny" => Self::Deny,
            "control" => Self::Control,
            _ => return Err(UnknownTouch),
        })
    }
}

/// The soft key's user.
pub struct SoftPresence {
    touch: Touch,
    /// What is left of [`Touch::Script`].
    script: vec::IntoIter<Answer>,
    button: Arc<Button>,
    verifier: Arc<Verifier>,
    abort: Arc<Abort>,
    /// What a person is asked now.
    #[cfg(unix)]
    open: Option<question::OpenQuestion>,
}

impl SoftPresence {
    pub(super) fn new(mut touch: Touch, button: Arc<Button>, verifier: Arc<Verifier>, abort: Arc<Abort>) -> Self {
        let script = match &mut touch {
            Touch::Script(answers) => std::mem::take(answers),
            _ => Vec::new(),
        };
        Self {
            touch,
            script: script.into_iter(),
            button,
            verifier,
            abort,
            #[cfg(unix)]
            open: None,
        }
    }

    /// The answer, where no person is needed for it.
    fn answer(&mut self, request: &PresenceRequest<'_>) -> Option<Answer> {
        match &self.touch {
            Touch::Auto => Some(Answer::Touch),
            Touch::Deny => Some(Answer::Decline),
            Touch::Script(_) => self.script.next(),
            Touch::Call(responder) => Some((responder.0)(&Waiting::new(request, self.button.now()))),
            Touch::Control | Touch::Prompt | Touch::Notify => None,
            Touch::Unset => {
                refuse(&Waiting::new(request, 0), "there is no terminal to ask on");
                Some(Answer::Decline)
            }
        }
    }

    /// Asks a person, where touches come from one.
    #[cfg(unix)]
    fn ask(&mut self, request: &PresenceRequest<'_>, ticket: Ticket) {
        let question = || question::Question::new(request, Arc::clone(&self.button), ticket);
        let open = match self.touch {
            Touch::Prompt => prompt::terminal().and_then(|terminal| prompt::open(terminal, question())),
            Touch::Notify => notification::open(question()),
            _ => return,
        };
        match open {
            Ok(open) => self.open = Some(open),
            Err(error) => question().refuse(&format!("nobody can be asked ({error})")),
        }
    }

    #[cfg(not(unix))]
    fn ask(&mut self, request: &PresenceRequest<'_>, ticket: Ticket) {
        if matches!(self.touch, Touch::Prompt | Touch::Notify) {
            refuse(&Waiting::new(request, 0), "prompts need a Unix terminal");
            self.button.answer(ticket, Answer::Decline);
        }
    }

    fn take_back(&mut self) {
        #[cfg(unix)]
        {
            self.open = None;
        }
    }
}

impl UserPresence for SoftPresence {
    fn wait(&mut self, request: &PresenceRequest<'_>, deadline: u64) -> Presence {
        if self.abort.is_set() {
            return Presence::Aborted;
        }
        match self.answer(request) {
            Some(Answer::Touch) => return Presence::Confirmed,
            Some(Answer::Decline) => return Presence::Declined,
            None => {}
        }
        let begun = Instant::now();
        self.take_back();
        let ticket = self.button.open(request);
        self.ask(request, ticket);
        let presence = self.button.wait(ticket, deadline, &self.abort);
        self.take_back();
        self.button.add_waited(begun.elapsed());
        presence
    }

    fn poll(&mut self, channel: u32, request: &PresenceRequest<'_>) -> Option<Presence> {
        match self.touch {
            Touch::Auto => return Some(Presence::Confirmed),
            Touch::Deny => return Some(Presence::Declined),
            _ => {}
        }
        let polled = match self.button.poll(channel, request) {
            Polled::Opened(ticket) => {
                self.take_back();
                match self.answer(request) {
                    Some(answer) => self.button.answer(ticket, answer),
                    None => self.ask(request, ticket),
                }
                self.button.poll(channel, request)
            }
            polled => polled,
        };
        let presence = match polled {
            Polled::Touched => Presence::Confirmed,
            Polled::Declined => Presence::Declined,
            Polled::Waiting | Polled::Opened(_) => return None,
        };
        self.take_back();
        Some(presence)
    }

    fn forget(&mut self) {
        self.take_back();
        self.button.clear();
    }

    fn verifies_user(&self) -> bool {
        self.verifier.exists()
    }

    fn verify_user(&mut self, _deadline: u64) -> Verification {
        if self.abort.is_set() {
            return Verification::Aborted;
        }
        self.verifier.verify()
    }
}

/// The hint where nobody can be asked. This one speaks of the library; a program can have its own.
static REMEDY: OnceLock<&'static str> = OnceLock::new();

/// Sets the hint that stderr shows where a soft key of this process refuses because nobody can be asked for a touch.
/// Only the first call counts.
pub fn set_touch_remedy(remedy: &'static str) {
    let _ = REMEDY.set(remedy);
}

/// Tells the person who started the key why it refuses.
fn refuse(waiting: &Waiting, why: &str) {
    let remedy = REMEDY
        .get()
        .unwrap_or(&"say who touches the key, or start it from a terminal");
    // Not `eprintln!`, which panics where nobody reads stderr any more.
    let _ = writeln!(
        io::stderr(),
        "brasskey: the soft token was asked to {waiting} and refused: {why}; {remedy}"
    );
}

#[cfg(unix)]
fn has_terminal() -> bool {
    prompt::terminal().is_ok()
}

#[cfg(not(unix))]
fn has_terminal() -> bool {
    false
}

#[cfg(test)]
mod tests;
