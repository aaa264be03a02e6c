//! `brasskey oath`: one-time codes on a key. One file a command.

mod account_args;
mod accounts;
mod add;
mod check;
mod clipboard;
mod code;
mod consecutive;
mod delete;
mod list;
mod password;
mod qr;
mod rename;
mod reset;
mod session;
mod spare;

use clap::{Args, Subcommand};

use super::device::DeviceArgs;
use super::failure::Failure;
use super::output::Output;

pub(super) use account_args::check_name;
pub(super) use accounts::{find, now};
pub(super) use consecutive::{Clock, SystemClock, two_codes};
pub(super) use session::{PasswordArgs, Session};
pub(super) use spare::{SpareArgs, put};

/// The commands of `oath`.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// List the accounts on the key
    List(list::Args),
    /// Put an account on the key, from the QR code or the secret that a website shows
    Add(add::Args),
    /// Show the codes of now
    Code(code::Args),
    /// Give an account another name
    Rename(rename::Args),
    /// Delete an account: its codes are gone for good
    Delete(delete::Args),
    /// Set, change or remove the password that protects the codes
    #[command(subcommand)]
    Password(password::Command),
    /// Erase all accounts and the password; passkeys and registrations stay
    Reset(reset::Args),
    /// Compare a code of another device with the key's, and say how far apart their clocks are
    Check(check::Args),
}

pub(super) fn run(command: &Command, output: &Output) -> Result<(), Failure> {
    match command {
        Command::List(args) => list::run(args, output),
        Command::Add(args) => add::run(args, output),
        Command::Code(args) => code::run(args, output),
        Command::Rename(args) => rename::run(args, output),
        Command::Delete(args) => delete::run(args, output),
        Command::Password(command) => password::run(command, output),
        Command::Reset(args) => reset::run(args, output),
        Command::Check(args) => check::run(args, output),
    }
}

/// Which key, and the password of its codes.
#[derive(Debug, Default, Args)]
pub(super) struct OathArgs {
    #[command(flatten)]
    pub(super) password: PasswordArgs,
    #[command(flatten)]
    pub(super) device: DeviceArgs,
}
