//! How a command fails: what is said, and the exit code.

use std::io;
use std::path::PathBuf;

use thiserror::Error;

#[cfg(feature = "full")]
use super::aws::AwsError;
use super::layout;
use crate::client::ceremony::CeremonyError;
use crate::client::oath::OathError;
use crate::client::{self, ErrorKind};
#[cfg(feature = "full")]
use crate::practice;
use crate::relying_party::registrations::{RegistrationsError, Unchanged};
use crate::soft;
use crate::soft::storage::{KeyringError, StorageOpenError, StorageOpenProblem};
use crate::text::escape;
use crate::transport::TransportError;
use crate::transport::pcsc::PcscError;

mod hints;
mod usage;

/// Exit code 1: this computer failed (a file, a socket, memory).
pub(super) const SYSTEM: u8 = 1;
/// Exit code 2: the command line is wrong, or a secret that it should name is missing or cannot be one.
pub(super) const USAGE: u8 = 2;
/// Exit code 3: there is no such key.
pub(super) const NO_DEVICE: u8 = 3;
/// Exit code 4: the user refused, cancelled, or did not act in time.
pub(super) const USER: u8 = 4;
/// Exit code 5: the key refused, failed, or cannot do what was asked.
pub(super) const KEY: u8 = 5;
/// Exit code 6: the key gave a wrong answer, `doctor` found that a key cannot be used, a policy of AWS is wrong, or an
/// AWS account failed a check.
pub(super) const VERIFICATION: u8 = 6;
/// Exit code 7: AWS refused or failed, or cannot be reached.
pub(super) const AWS: u8 = 7;

/// The exit codes, for `--help` and the manual.
pub(super) const EXIT_CODES: &str = "Exit codes:
  0  passed
  1  this computer failed: a file, a socket, memory
  2  the command line is wrong, or a PIN, password or passphrase is missing or cannot be one
  3  there is no such security key
  4  the user refused, cancelled, or did not act in time
  5  the security key refused, failed, or cannot do what was asked
  6  the security key gave a wrong answer, or a check failed: `conformance`, `doctor`, `aws check`,
     `aws policy lint`
  7  AWS refused or failed, or cannot be reached
130  a second Ctrl-C ended the command at once";

/// Why a command did not do what it was asked.
#[derive(Debug, Error)]
pub(super) enum Failure {
    /// The command line asks for something impossible.
    #[error("{message}")]
    Usage {
        /// What is wrong.
        message: String,
        /// What to write instead.
        hint: String,
    },
    /// The command line cannot be read. Both texts are escaped where they need it.
    #[error("{message}")]
    CommandLine {
        /// What is wrong.
        message: String,
        /// What to write instead.
        hint: String,
    },
    /// A secret that only the user has was not given, or is empty.
    #[error("{message}")]
    Secret {
        /// What is wrong.
        message: String,
        /// How to give it.
        hint: String,
    },
    /// Talking to a key failed.
    #[error(transparent)]
    Key(#[from] client::Error),
    /// A ceremony failed before there was an answer to verify.
    #[error(transparent)]
    Ceremony(#[from] CeremonyError),
    /// The key names none of the account's credentials, but hides those that are protected until its user is verified.
    #[error("this security key shows no credential for the account")]
    Hidden {
        /// How to have its user verified.
        remedy: &'static str,
    },
    /// The key has no passkey of the account that was to sign in without being named.
    #[error("this security key shows no passkey of the account")]
    NoPasskey {
        /// How to have its user verified, where a passkey may be protected.
        protected: Option<&'static str>,
    },
    /// The self-test ended early, and not through a fault of the key.
    #[error("{0}; the self-test ended early, with no verdict on this key")]
    Untested(CeremonyError),
    /// The answer was verified, and refused. The checks were shown already.
    #[error("{0}")]
    Verification(String),
    /// What was decoded or replayed is not as it should be. What is wrong was shown already.
    #[error("{message}")]
    Unsound {
        /// What is wrong.
        message: String,
        /// What to do about it.
        hint: &'static str,
    },
    /// A check of `doctor` failed. What was found was shown already.
    #[error("{failed} of the checks failed")]
    Unhealthy {
        /// How many.
        failed: usize,
    },
    /// A run of checks ended early. What came of it was shown already.
    #[error("the run was ended early")]
    Ended {
        /// What is on the key.
        state: String,
    },
    /// What touches a key or unplugs it for a run of checks fails. What came of the run was shown already.
    #[error("the run was ended in the check {check}: {why}")]
    Hand {
        /// The check.
        check: String,
        /// What failed.
        why: String,
    },
    /// Not one check was tried that was asked for. What keeps them was shown already.
    #[error("not one of the checks that were asked for was tried: {why}")]
    Untried {
        /// How many.
        untried: usize,
        /// Why most of them were not.
        why: String,
        /// Whether it lies with who handles the key, and not with the command line.
        is_of_user: bool,
    },
    /// The key went in the middle of a run of checks. What came of it, and what is left on the key, was shown already.
    #[error("{device} is gone since the check {check}; what came after that was not tried")]
    Lost {
        /// The key, escaped.
        device: String,
        /// The check in which it went.
        check: String,
    },
    /// The key does not do what the standards ask. What that is was shown already.
    #[error("{failed} of the checks that were tried failed")]
    Nonconforming {
        /// How many.
        failed: usize,
        /// Whether another program may have used the key meanwhile, and nobody could see that.
        may_have_others: bool,
    },
    /// An AWS account does not pass. What was found was shown already.
    #[error("the AWS account does not pass: {0}")]
    Audit(String),
    /// A policy asks for what the key cannot do. What that is was shown already.
    #[error("this security key cannot do all that the policy asks for: {}", count_of(*.count))]
    Policy {
        /// How many rules.
        count: usize,
    },
    /// A policy of AWS lets somebody through, or locks somebody out. What it does was shown already.
    #[error("{} in what was judged", layout::count(u64::try_from(*.errors).unwrap_or(u64::MAX), "error"))]
    Findings {
        /// How many.
        errors: usize,
    },
    /// The key has no account for the device of AWS that was named.
    #[error("this security key has no account {name}")]
    NoAccount {
        /// The account that was looked for.
        name: String,
        /// The flag that names another.
        flag: &'static str,
    },
    /// The key does nothing for a user whom it has not verified, and `bench` has nobody verified.
    #[error("this security key asks for its user's verification, which `bench` leaves out")]
    Unverified,
    /// A code is not what this computer expects of the key. How far off it is was shown already.
    #[error("{0}")]
    Code(&'static str),
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
    /// A command for one key finds none, and none was named.
    #[error("no security key is plugged in")]
    NoKey,
    /// The key did what it was asked, but the result cannot be stored.
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
    /// The AWS CLI, and AWS behind it.
    #[cfg(feature = "full")]
    #[error(transparent)]
    Aws(#[from] AwsError),
    /// The practice account.
    #[cfg(feature = "full")]
    #[error(transparent)]
    Practice(#[from] practice::Error),
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

    /// There is no terminal to ask for `secret`, which has its article; `flags` can give it, too.
    pub(super) fn secret_needed(secret: &str, flags: &str) -> Self {
        Self::Secret {
            message: format!("this takes {secret}"),
            hint: format!("give it when asked on a terminal, or with {flags}"),
        }
    }

    /// A relying party that checks the key's answer to a `ceremony` refuses it. The checks were shown already.
    pub(super) fn refused(ceremony: &str) -> Self {
        Self::Verification(format!(
            "the website does not accept the key's answer to the {ceremony}"
        ))
    }

    /// The exit code. Stable.
    pub(super) fn exit_code(&self) -> u8 {
        match self {
            Self::Usage { .. } | Self::CommandLine { .. } | Self::Secret { .. } => USAGE,
            Self::Untried { is_of_user: false, .. } => USAGE,
            Self::NotPluggedIn | Self::Ended { .. } | Self::Untried { .. } => USER,
            Self::Hand { .. } => SYSTEM,
            Self::NoToken { .. } | Self::NoKey => NO_DEVICE,
            Self::Key(client::Error::Random(_))
            | Self::Ceremony(CeremonyError::Random(_))
            | Self::Untested(CeremonyError::Random(_)) => SYSTEM,
            Self::Key(client::Error::Transport(
                TransportError::NotFound { .. }
                | TransportError::Pcsc(
                    PcscError::NoService { .. }
                    | PcscError::NoReader { .. }
                    | PcscError::NoCard { .. }
                    | PcscError::Unsupported,
                ),
            )) => NO_DEVICE,
            Self::Key(client::Error::Transport(
                TransportError::NotHid { .. } | TransportError::Pcsc(PcscError::Ambiguous { .. }),
            )) => USAGE,
            // On a terminal each is asked for, and the PIN until it can be one.
            Self::Key(client::Error::Oath(OathError::Locked)) => USAGE,
            Self::Key(client::Error::PinNeeded | client::Error::Pin(_))
            | Self::Ceremony(CeremonyError::Key(client::Error::PinNeeded | client::Error::Pin(_)))
            | Self::Untested(CeremonyError::Key(client::Error::PinNeeded | client::Error::Pin(_))) => USAGE,
            Self::Key(error)
            | Self::Ceremony(CeremonyError::Key(error))
            | Self::Untested(CeremonyError::Key(error)) => match error.kind() {
                ErrorKind::NoDevice => NO_DEVICE,
                ErrorKind::User => USER,
                ErrorKind::Transport | ErrorKind::Key | ErrorKind::Pin | ErrorKind::Unsupported => KEY,
                ErrorKind::Malformed => VERIFICATION,
            },
            Self::Ceremony(CeremonyError::Malformed(_))
            | Self::Verification(_)
            | Self::Code(_)
            | Self::Audit(_)
            | Self::Unhealthy { .. }
            | Self::Nonconforming { .. }
            | Self::Unsound { .. }
            | Self::Findings { .. } => VERIFICATION,
            Self::Ceremony(CeremonyError::Origin(_) | CeremonyError::Options(_)) => USAGE,
            Self::Ceremony(_)
            | Self::Untested(_)
            | Self::Hidden { .. }
            | Self::NoPasskey { .. }
            | Self::NoAccount { .. }
            | Self::Unverified
            | Self::Lost { .. }
            | Self::Policy { .. } => KEY,
            Self::Registrations(error) | Self::NotKept { source: error, .. } => match error {
                // §7.1 step 27 of WebAuthn: the key made a credential ID that it had made before.
                RegistrationsError::Unchanged(Unchanged::AlreadyRegistered) => VERIFICATION,
                RegistrationsError::Unchanged(_) => USAGE,
                _ => SYSTEM,
            },
            #[cfg(feature = "full")]
            Self::Aws(error) => error.exit_code(),
            #[cfg(feature = "full")]
            Self::Practice(practice::Error::NotLoopback(_)) => USAGE,
            #[cfg(feature = "full")]
            Self::Practice(_) => SYSTEM,
            Self::Soft(soft::Error::NotLoopback(_)) => USAGE,
            Self::State(error) => match &error.problem {
                StorageOpenProblem::PassphraseNeeded => USAGE,
                StorageOpenProblem::Keyring(KeyringError::Locked(_)) => USER,
                // As for a wrong PIN.
                StorageOpenProblem::WrongPassphrase => KEY,
                _ => SYSTEM,
            },
            Self::Soft(_) | Self::NoHome(_) => SYSTEM,
            Self::System { .. } | Self::Output(_) => SYSTEM,
        }
    }

    /// What happened and what to do next, with all text from outside escaped.
    pub(super) fn shown(&self) -> (String, String) {
        match self {
            Self::CommandLine { message, hint } => (message.clone(), hint.clone()),
            failure => (
                escape(&failure.to_string()).into_owned(),
                escape(&failure.hint()).into_owned(),
            ),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_was_wrong_decides_the_exit_code() {
        assert_eq!(Failure::NotPluggedIn.exit_code(), USER);
        assert_eq!(Failure::NoKey.exit_code(), NO_DEVICE);
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
