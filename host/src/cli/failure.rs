//! How a command fails: what is said, and the exit code.

use std::io;
use std::path::PathBuf;

use thiserror::Error;

use crate::client::webauthn::CeremonyError;
use crate::client::{self, ErrorKind};
use crate::relying_party::registrations::{RegistrationsError, Unchanged};
use crate::soft;
use crate::soft::storage::{KeyringError, StorageOpenError, StorageOpenProblem};
use crate::transport::TransportError;

/// Exit code 1: this computer failed (a file, a socket, memory).
pub(super) const SYSTEM: u8 = 1;
/// Exit code 2: the command line is wrong.
pub(super) const USAGE: u8 = 2;
/// Exit code 3: there is no such key.
pub(super) const NO_DEVICE: u8 = 3;
/// Exit code 4: the user refused, cancelled, or did not act in time.
pub(super) const USER: u8 = 4;
/// Exit code 5: the key refused, failed, or cannot do what was asked.
pub(super) const KEY: u8 = 5;
/// Exit code 6: the key answered, and the answer is not as it must be; or `doctor` found that a key cannot be used.
pub(super) const VERIFICATION: u8 = 6;

/// The exit codes, for `--help` and the manual.
pub(super) const EXIT_CODES: &str = "Exit codes:
  0  passed
  1  this computer failed: a file, a socket, memory
  2  the command line is wrong
  3  there is no such security key
  4  the user refused, cancelled, or did not act in time
  5  the security key refused, failed, or cannot do what was asked
  6  the security key answered, and the answer is not as it must be; or a check of `doctor` failed";

/// Why a command did not do what it was asked.
#[derive(Debug, Error)]
pub(super) enum Failure {
    /// The command line asks for what cannot be.
    #[error("{message}")]
    Usage {
        /// What is wrong.
        message: String,
        /// What to write instead.
        hint: String,
    },
    /// Talking to a key failed.
    #[error(transparent)]
    Key(#[from] client::Error),
    /// A ceremony failed before there was an answer to verify.
    #[error(transparent)]
    Ceremony(#[from] CeremonyError),
    /// The answer was verified, and refused. The checks were shown already.
    #[error("{0}")]
    Verification(String),
    /// A check of `doctor` failed. What was found was shown already.
    #[error("{failed} of the checks failed")]
    Unhealthy {
        /// How many.
        failed: usize,
    },
    /// A policy asks for what the key cannot do. What that is was shown already.
    #[error("this security key cannot do all that the policy asks for: {}", count_of(*.count))]
    Policy {
        /// How many rules.
        count: usize,
    },
    /// A key that was to be plugged in anew was not.
    #[error("the security key was not plugged in again in time, and nothing was erased")]
    NotPluggedIn,
    /// The relying-party file.
    #[error(transparent)]
    Registrations(#[from] RegistrationsError),
    /// The soft token that was named does not exist.
    #[error("there is no soft token in {}", file.display())]
    NoToken {
        /// Where it would be.
        file: PathBuf,
        /// What to do next.
        hint: String,
    },
    /// The key did what it was asked, and what is to be kept of that cannot be.
    #[error("{done}, but {what} cannot be kept: {source}")]
    NotKept {
        /// What the key did.
        done: &'static str,
        /// What is lost.
        what: &'static str,
        /// What to do about the key.
        hint: Option<String>,
        /// Why.
        source: RegistrationsError,
    },
    /// The soft token's state file.
    #[error(transparent)]
    State(#[from] StorageOpenError),
    /// The soft token.
    #[error(transparent)]
    Soft(#[from] soft::Error),
    /// The user has no home directory to keep files in.
    #[error(transparent)]
    NoHome(#[from] soft::paths::NoHome),
    /// Something of the operating system.
    #[error("{what}: {source}")]
    System {
        /// What was tried.
        what: String,
        /// What the system said.
        source: io::Error,
    },
    /// Results could not be written.
    #[error("cannot write the results: {0}")]
    Output(#[from] io::Error),
}

impl From<TransportError> for Failure {
    fn from(error: TransportError) -> Self {
        Self::Key(error.into())
    }
}

impl Failure {
    pub(super) fn usage(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::Usage {
            message: message.into(),
            hint: hint.into(),
        }
    }

    /// A command line that clap refuses, in the words of clap and the form of every other error.
    pub(super) fn of_clap(error: &clap::Error) -> Self {
        let text = error.render().to_string();
        let mut paragraphs = text.split("\n\n").map(|paragraph| {
            let lines = paragraph.lines().map(str::trim).filter(|line| !line.is_empty());
            lines.collect::<Vec<_>>().join(" ")
        });
        let message = paragraphs.next().unwrap_or_default();
        let message = without_brackets(message.strip_prefix("error: ").unwrap_or(&message));
        // Our own parsers put their hint behind the message.
        let (message, ours) = match message.split_once(" hint: ") {
            Some((message, hint)) => (message.to_owned(), Some(hint.to_owned())),
            None => (message, None),
        };
        let tip = paragraphs.find_map(|paragraph| Some(paragraph.strip_prefix("tip: ")?.to_owned()));
        let hint = ours
            .or(tip)
            .unwrap_or_else(|| "see `brasskey --help`, and --help after any command".to_owned());
        Self::Usage { message, hint }
    }

    /// The exit code. Stable.
    pub(super) fn exit_code(&self) -> u8 {
        match self {
            Self::Usage { .. } => USAGE,
            Self::NotPluggedIn => USER,
            Self::NoToken { .. } => NO_DEVICE,
            Self::Key(client::Error::Random(_)) | Self::Ceremony(CeremonyError::Random(_)) => SYSTEM,
            Self::Key(client::Error::Transport(TransportError::NotFound { .. })) => NO_DEVICE,
            Self::Key(error) | Self::Ceremony(CeremonyError::Key(error)) => match error.kind() {
                ErrorKind::NoDevice => NO_DEVICE,
                ErrorKind::User => USER,
                ErrorKind::Transport | ErrorKind::Key | ErrorKind::Pin | ErrorKind::Unsupported => KEY,
                ErrorKind::Malformed => VERIFICATION,
            },
            Self::Ceremony(CeremonyError::Malformed(_)) | Self::Verification(_) | Self::Unhealthy { .. } => {
                VERIFICATION
            }
            Self::Ceremony(CeremonyError::Origin(_) | CeremonyError::Options(_)) => USAGE,
            Self::Ceremony(_) | Self::Policy { .. } => KEY,
            Self::Registrations(error) | Self::NotKept { source: error, .. } => match error {
                // §7.1 step 27 of WebAuthn: the key made a credential ID that it had made before.
                RegistrationsError::Unchanged(Unchanged::AlreadyRegistered) => VERIFICATION,
                RegistrationsError::Unchanged(_) => USAGE,
                _ => SYSTEM,
            },
            Self::Soft(soft::Error::NotLoopback(_)) => USAGE,
            Self::State(error) => match &error.problem {
                StorageOpenProblem::PassphraseNeeded => USER,
                StorageOpenProblem::Keyring(KeyringError::Locked(_)) => USER,
                // As for a wrong PIN.
                StorageOpenProblem::WrongPassphrase => KEY,
                _ => SYSTEM,
            },
            Self::Soft(_) | Self::NoHome(_) => SYSTEM,
            Self::System { .. } | Self::Output(_) => SYSTEM,
        }
    }

    /// What to do next.
    pub(super) fn hint(&self) -> String {
        const AGAIN: &str = "try once more; if it fails again, `brasskey info` says what this key can do";
        match self {
            Self::Usage { hint, .. } | Self::NoToken { hint, .. } => hint.clone(),
            Self::NotKept { hint, source, .. } => match hint {
                Some(hint) => format!("{}; {hint}", source.hint()),
                None => source.hint().to_owned(),
            },
            Self::Key(error) => error.hint().unwrap_or(AGAIN).to_owned(),
            Self::Ceremony(error) => error.hint().unwrap_or(AGAIN).to_owned(),
            Self::Verification(_) => "the checks above say what is wrong; do not rely on this key".to_owned(),
            Self::Unhealthy { .. } => "run of the remedies above what you agree with, and try again".to_owned(),
            Self::Policy { .. } => "nothing was changed; use another key, or ask for less".to_owned(),
            Self::NotPluggedIn => {
                "most keys take a reset in their first ten seconds: start again, and have the key at hand".to_owned()
            }
            Self::Registrations(error) => error.hint().to_owned(),
            Self::State(error) => error.hint(),
            Self::Soft(error) => error.hint(),
            Self::NoHome(error) => error.hint().to_owned(),
            Self::System { .. } => "look at what the system says, and try again".to_owned(),
            Self::Output(_) => "write them where there is room, and where this user may write".to_owned(),
        }
    }
}

/// How many rules of a policy are impossible.
fn count_of(rules: usize) -> String {
    match rules {
        1 => "one rule is impossible".to_owned(),
        rules => format!("{rules} rules are impossible"),
    }
}

/// Takes the brackets from the names that clap gives values, `<FILE>`: as markup they would be escaped. Those that the
/// user wrote stay.
fn without_brackets(text: &str) -> String {
    let mut rest = text;
    let mut plain = String::with_capacity(text.len());
    while let Some((before, after)) = rest.split_once('<') {
        plain.push_str(before);
        match after.split_once('>') {
            Some((name, behind)) if name.chars().all(|c| c.is_ascii_uppercase() || c == '|') => {
                plain.push_str(name);
                rest = behind;
            }
            _ => {
                plain.push('<');
                rest = after;
            }
        }
    }
    plain + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_values_are_told_from_what_the_user_wrote() {
        for (text, plain) in [
            (
                "a value is required for '--touch <TOUCH>'",
                "a value is required for '--touch TOUCH'",
            ),
            ("'--control <ADDRESS|PATH>' <SHELL>", "'--control ADDRESS|PATH' SHELL"),
            ("unexpected argument '--<b>' <", "unexpected argument '--<b>' <"),
        ] {
            assert_eq!(without_brackets(text), plain);
        }
    }

    #[test]
    fn who_was_wrong_decides_the_exit_code() {
        assert_eq!(Failure::NotPluggedIn.exit_code(), USER);
        let unchanged = |why: Unchanged| Failure::Registrations(why.into()).exit_code();
        assert_eq!(
            [Unchanged::Full, Unchanged::NameTaken, Unchanged::Unknown].map(unchanged),
            [USAGE; 3]
        );
        assert_eq!(unchanged(Unchanged::AlreadyRegistered), VERIFICATION);
        let address = ([192, 0, 2, 1], 1).into();
        assert_eq!(Failure::Soft(soft::Error::NotLoopback(address)).exit_code(), USAGE);
        let missing = TransportError::NotFound {
            address: crate::transport::Address::Udp(address),
        };
        assert_eq!(Failure::from(missing).exit_code(), NO_DEVICE);
    }
}
