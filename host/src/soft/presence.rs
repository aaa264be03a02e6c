//! Who touches the soft key: a person at a terminal, a program, or nobody.

pub(super) mod button;
#[cfg(unix)]
mod prompt;
mod waiting;

use std::collections::VecDeque;
use std::fmt;
use std::io::{self, Write as _};
use std::str::FromStr;
use std::sync::Arc;

use brasskey_protocol::platform::{Abort, Presence, PresenceRequest, UserPresence};

pub use button::Answer;
pub use waiting::Waiting;

use button::{Button, Polled, Ticket};

/// Where touches come from: `--touch`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Touch {
    /// A person at the terminal. The prompt names the operation, the relying party and the user.
    Prompt,
    /// A person at the desktop, by a notification that says what the prompt says. Where the desktop has none to answer,
    /// the terminal is asked, and where there is none of those either, every request is refused.
    Notify,
    /// Every request is approved at once. Whoever can reach the key can use it.
    Auto,
    /// Every request is refused.
    Deny,
    /// The button of [`SoftKey`](super::SoftKey) and of the control endpoint.
    Control,
    /// Each request takes the next of these answers; when there are none left, the button decides. For tests.
    Script(Vec<Answer>),
    /// Nobody was named: every request is refused, and stderr says how to name somebody.
    #[default]
    Unset,
}

impl Touch {
    /// The prompt where there is a terminal to ask on, and otherwise [`Touch::Unset`].
    #[must_use]
    pub fn of_terminal() -> Self {
        if has_terminal() { Self::Prompt } else { Self::Unset }
    }

    /// The notification where there is a session that may show it, and otherwise [`Touch::of_terminal`]. Asks nobody:
    /// what the session can show is known when the first request comes.
    #[must_use]
    pub fn of_desktop() -> Self {
        if has_session() { Self::Notify } else { Self::of_terminal() }
    }

    /// Whether a request may have to wait for somebody.
    pub(super) fn waits(&self) -> bool {
        matches!(self, Self::Prompt | Self::Notify | Self::Control | Self::Script(_))
    }
}

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
    policy: Policy,
    button: Arc<Button>,
    abort: Arc<Abort>,
    /// The prompt that is on the terminal.
    #[cfg(unix)]
    prompt: Option<prompt::Prompt>,
}

enum Policy {
    Prompt,
    Auto,
    Deny,
    Script(VecDeque<Answer>),
    Unset,
}

impl SoftPresence {
    pub(super) fn new(touch: Touch, button: Arc<Button>, abort: Arc<Abort>) -> Self {
        Self {
            policy: match touch {
                Touch::Prompt | Touch::Notify => Policy::Prompt,
                Touch::Auto => Policy::Auto,
                Touch::Deny => Policy::Deny,
                Touch::Control => Policy::Script(VecDeque::new()),
                Touch::Script(answers) => Policy::Script(answers.into()),
                Touch::Unset => Policy::Unset,
            },
            button,
            abort,
            #[cfg(unix)]
            prompt: None,
        }
    }

    /// The answer that needs nobody.
    fn answer(&mut self, request: &PresenceRequest<'_>) -> Option<Answer> {
        match &mut self.policy {
            Policy::Auto => Some(Answer::Touch),
            Policy::Deny => Some(Answer::Decline),
            Policy::Script(answers) => answers.pop_front(),
            Policy::Prompt => None,
            Policy::Unset => {
                refuse(request, "there is no terminal to ask on");
                Some(Answer::Decline)
            }
        }
    }

    /// Puts the request on the terminal, where that is the policy.
    fn ask(&mut self, request: &PresenceRequest<'_>, ticket: Ticket) {
        if !matches!(self.policy, Policy::Prompt) {
            return;
        }
        #[cfg(unix)]
        match prompt::Prompt::open(request, Arc::clone(&self.button), ticket) {
            Ok(prompt) => self.prompt = Some(prompt),
            Err(error) => {
                refuse(request, &format!("the terminal cannot be used ({error})"));
                self.button.answer(ticket, Answer::Decline);
            }
        }
        #[cfg(not(unix))]
        {
            refuse(request, "prompts need a Unix terminal");
            self.button.answer(ticket, Answer::Decline);
        }
    }

    fn close_prompt(&mut self) {
        #[cfg(unix)]
        {
            self.prompt = None;
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
        self.close_prompt();
        let ticket = self.button.open(request);
        self.ask(request, ticket);
        let presence = self.button.wait(ticket, deadline, &self.abort);
        self.close_prompt();
        presence
    }

    fn poll(&mut self, request: &PresenceRequest<'_>) -> bool {
        match self.policy {
            Policy::Auto => return true,
            Policy::Deny => return false,
            _ => {}
        }
        match self.button.poll(request) {
            Polled::Touched => {
                self.close_prompt();
                true
            }
            Polled::Waiting => false,
            Polled::Opened(ticket) => {
                self.close_prompt();
                match self.answer(request) {
                    Some(answer) => {
                        self.button.answer(ticket, answer);
                        answer == Answer::Touch && self.button.poll(request) == Polled::Touched
                    }
                    None => {
                        self.ask(request, ticket);
                        false
                    }
                }
            }
        }
    }

    fn forget(&mut self) {
        self.close_prompt();
        self.button.clear();
    }
}

/// Tells the person who started the key why it refuses.
fn refuse(request: &PresenceRequest<'_>, why: &str) {
    let waiting = Waiting::new(request, 0);
    // Not `eprintln!`, which panics where nobody reads stderr any more.
    let _ = writeln!(
        io::stderr(),
        "brasskey: error: the key was asked to {waiting} and refused: {why}\n\
         hint: start it with --touch auto, --touch control or --touch deny, or from a terminal"
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

/// Whether there is a session bus to be found where libraries look for it.
fn has_session() -> bool {
    std::env::var_os("DBUS_SESSION_BUS_ADDRESS").is_some()
}

#[cfg(test)]
mod tests;
