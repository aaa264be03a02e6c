//! `brasskey oath password`: who may ask for codes.

use clap::{Args, Subcommand};
use serde_json::json;
use zeroize::Zeroizing;

use super::OathArgs;
use super::session::{self, PasswordArgs, Session};
use crate::cli::device::DeviceArgs;
use crate::cli::failure::Failure;
use crate::cli::output::Output;
use crate::cli::secret::{Source, Unanswered, ask};
use crate::cli::state::Missing;
use crate::client;

/// The commands of `oath password`.
#[derive(Debug, Subcommand)]
pub(in super::super) enum Command {
    /// Set a password on a key whose codes have none
    Set(SetArgs),
    /// Change the password
    Change(ChangeArgs),
    /// Remove the password: whoever has the key has its codes
    Remove(RemoveArgs),
}

#[derive(Debug, Args)]
pub(in super::super) struct SetArgs {
    #[command(flatten)]
    new: NewPasswordArgs,
    #[command(flatten)]
    device: DeviceArgs,
}

#[derive(Debug, Args)]
pub(in super::super) struct ChangeArgs {
    #[command(flatten)]
    new: NewPasswordArgs,
    #[command(flatten)]
    oath: OathArgs,
}

#[derive(Debug, Args)]
pub(in super::super) struct RemoveArgs {
    #[command(flatten)]
    oath: OathArgs,
}

/// Where a new password comes from.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Password")]
struct NewPasswordArgs {
    /// Read the new password from this file descriptor, as one line; from the descriptor of --password-fd, the next
    /// line [default: ask on the terminal]
    #[arg(long, value_name = "NUMBER", conflicts_with = "new_password_env")]
    new_password_fd: Option<u32>,

    /// Read the new password from the environment variable of this name
    #[arg(long, value_name = "NAME")]
    new_password_env: Option<String>,
}

pub(super) fn run(command: &Command, output: &Output) -> Result<(), Failure> {
    match command {
        Command::Set(args) => {
            let session = session::open(&args.device, Missing::Make, output)?;
            if session.oath.has_access_code() {
                return Err(Failure::usage(
                    "the one-time codes of this security key have a password already",
                    "change it with `brasskey oath password change`",
                ));
            }
            set(session, &args.new, "set", output)
        }
        Command::Change(args) => {
            let session = protected(&args.oath.device, &args.oath.password, output)?;
            set(session, &args.new, "changed", output)
        }
        Command::Remove(args) => {
            let mut session = protected(&args.oath.device, &args.oath.password, output)?;
            session.oath.set_access_code(None)?;
            tell(&session, "removed", output)
        }
    }
}

/// A key that has a password, which was given.
fn protected(device: &DeviceArgs, password: &PasswordArgs, output: &Output) -> Result<Session, Failure> {
    let mut session = session::open(device, Missing::Refuse, output)?;
    if !session.oath.has_access_code() {
        return Err(Failure::usage(
            "the one-time codes of this security key have no password",
            "set one with `brasskey oath password set`",
        ));
    }
    session.unlock(password.source(), output)?;
    Ok(session)
}

fn set(mut session: Session, new: &NewPasswordArgs, done: &str, output: &Output) -> Result<(), Failure> {
    let password = new.password(output)?;
    let key = session.oath.derive(&password);
    session.oath.set_access_code(Some(&key))?;
    tell(&session, done, output)
}

fn tell(session: &Session, done: &str, output: &Output) -> Result<(), Failure> {
    output.result(&json!({ "device": session.label, "password": done }), |to| {
        writeln!(to, "The password of the one-time codes on {} is {done}.", session.label)
    })
}

impl NewPasswordArgs {
    /// The new password; on the terminal it is asked for twice.
    fn password(&self, output: &Output) -> Result<Zeroizing<String>, Failure> {
        let source = Source::of(self.new_password_fd, self.new_password_env.as_ref());
        if let Some(password) = source.read("password")? {
            return match password.is_empty() {
                false => Ok(password),
                true => Err(Failure::usage(
                    "the new password is empty",
                    "give one of at least one character, or remove it with `brasskey oath password remove`",
                )),
            };
        }
        let ask = |question| {
            ask(question).map_err(|why| match why {
                Unanswered::Interrupted => client::Error::Cancelled.into(),
                Unanswered::Nobody => {
                    Failure::secret_needed("a new password", "--new-password-env or --new-password-fd")
                }
            })
        };
        loop {
            let first = ask("New password: ")?;
            if first.is_empty() {
                output.notice("the password is empty");
            } else if ask("Repeat the new password: ")? == first {
                return Ok(first);
            } else {
                output.notice("the two passwords differ");
            }
        }
    }
}
