//! `brasskey aws`: MFA for an AWS account, one file a command.

mod caller;
mod check;
mod console;
mod devices;
mod enroll;
mod policy;
mod practice;
mod remove;
mod resync;
mod session;
mod spare;
mod tool;
mod which;

use clap::Subcommand;

use super::failure::Failure;
use super::output::Output;
pub(super) use session::note_shown;
pub(super) use tool::AwsError;

/// `brasskey aws`.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Give a user an MFA device
    #[command(subcommand)]
    Enroll(enroll::Command),
    /// Give AWS two codes in a row, after the clock of the codes was off
    Resync(Box<resync::Args>),
    /// Take an MFA device from a user, and delete it
    Remove(Box<remove::Args>),
    /// Check whether everybody has MFA, root above all, by the account's own reports
    Check(Box<check::Args>),
    /// Say who is locked out when one device is lost, and what to do about it
    Spare(Box<spare::Args>),
    /// Serve a practice account on this computer: pages and an endpoint to try MFA with, which are not AWS
    Console(practice::Args),
    /// Credentials with MFA for the command line, by a code from a key: a credential_process of the AWS CLI
    Session(Box<session::Args>),
    /// Print a policy that makes users use MFA, and find what is wrong with others
    #[command(subcommand)]
    Policy(policy::Command),
    /// Manage the devices registered with `--profile aws`: a rehearsal, which never talks to AWS
    #[command(subcommand)]
    Devices(devices::Command),
}

pub(super) fn run(command: &Command, output: &Output) -> Result<(), Failure> {
    match command {
        Command::Enroll(command) => enroll::run(command, output),
        Command::Resync(args) => resync::run(args, output),
        Command::Remove(args) => remove::run(args, output),
        Command::Check(args) => check::run(args, output),
        Command::Spare(args) => spare::run(args, output),
        Command::Console(args) => practice::run(args, output),
        Command::Session(args) => session::run(args, output),
        Command::Policy(command) => policy::run(command, output),
        Command::Devices(command) => devices::run(command, output),
    }
}
