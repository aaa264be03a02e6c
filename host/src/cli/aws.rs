//! `brasskey aws`: MFA for an AWS account, one file a command.

mod devices;
#[allow(dead_code, unused_imports, reason = "its commands follow")]
mod tool;

use clap::Subcommand;

use super::failure::Failure;
use super::output::Output;
pub(super) use tool::AwsError;

/// `brasskey aws`.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Manage the devices of an AWS user
    #[command(subcommand)]
    Devices(devices::Command),
}

pub(super) fn run(command: &Command, output: &Output) -> Result<(), Failure> {
    match command {
        Command::Devices(command) => devices::run(command, output),
    }
}
