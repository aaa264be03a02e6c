//! `brasskey aws enroll`: a new MFA device for a user of AWS.

mod seed;
mod totp;
mod work;

use clap::{Args, Subcommand};

use super::caller;
use super::console::{self, Whose};
use crate::cli::failure::Failure;
use crate::cli::output::Output;
use brasskey_aws::names::{AwsUser, DeviceName};

/// `brasskey aws enroll`.
#[derive(Debug, Subcommand)]
pub(in crate::cli) enum Command {
    /// Enrol a key as an authenticator app: AWS's virtual MFA device, whose seed goes straight to the key
    Totp(Box<totp::Args>),
    /// Enrol a key as a security key: prints the console's steps, because AWS has no other way
    Key(KeyArgs),
}

/// The arguments of `aws enroll key`.
#[derive(Debug, Args)]
pub(in crate::cli) struct KeyArgs {
    /// The device's name at AWS
    #[arg(long, value_name = "NAME", value_parser = caller::device_name)]
    name: Option<DeviceName>,
    /// The IAM user [default: whoever signs in]
    #[arg(long, value_name = "NAME", value_parser = caller::user)]
    user: Option<AwsUser>,
    /// The root user
    #[arg(long, conflicts_with = "user")]
    root: bool,
}

pub(super) fn run(command: &Command, output: &Output) -> Result<(), Failure> {
    match command {
        Command::Totp(args) => totp::run(args, output),
        Command::Key(args) => {
            let whose = match (&args.user, args.root) {
                (_, true) => Whose::Root,
                (Some(user), false) => Whose::User(user.to_string()),
                (None, false) => Whose::SignedIn,
            };
            let name = args.name.as_ref().map_or("NAME", DeviceName::as_str);
            console::print(&console::security_key(&whose, name), output)
        }
    }
}
