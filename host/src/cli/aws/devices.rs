//! `brasskey aws devices`: the security keys that were registered with `--profile aws`.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use serde_json::{Value, json};
use time::OffsetDateTime;

use crate::cli::failure::Failure;
use crate::cli::layout::columns;
use crate::cli::output::Output;
use crate::cli::website::{EXAMPLE_ACCOUNT, account_number, domain_name, registrations_file};
use crate::relying_party::profile::{AwsUser, DeviceName, DeviceNameError, MAX_DEVICES, Profile, device_arn};
use crate::relying_party::registrations::{RegistrationsError, Unchanged};
use crate::text::escape;

/// `brasskey aws devices`.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// List the devices of one user, or of all users of all accounts
    List(ListArgs),
    /// Rename a device
    Rename(RenameArgs),
    /// Remove a device, so that it no longer signs in
    Remove(RemoveArgs),
}

#[derive(Debug, Args)]
pub(crate) struct ListArgs {
    /// The AWS account [default: all accounts]
    #[arg(long, value_name = "NUMBER", value_parser = account_number())]
    account: Option<u64>,
    /// The IAM user [default: all users]
    #[arg(long, value_name = "NAME", value_parser = user)]
    user: Option<AwsUser>,
    /// The root user
    #[arg(long, conflicts_with = "user")]
    root: bool,
    #[command(flatten)]
    file: FileArgs,
}

#[derive(Debug, Args)]
pub(crate) struct RenameArgs {
    /// The device's name
    name: String,
    /// Its new name
    new_name: String,
    #[command(flatten)]
    owner: OwnerArgs,
    #[command(flatten)]
    file: FileArgs,
}

#[derive(Debug, Args)]
pub(crate) struct RemoveArgs {
    /// The device's name
    name: String,
    #[command(flatten)]
    owner: OwnerArgs,
    #[command(flatten)]
    file: FileArgs,
}

#[derive(Debug, Args)]
pub(crate) struct OwnerArgs {
    /// The AWS account
    #[arg(long, value_name = "NUMBER", default_value_t = EXAMPLE_ACCOUNT, value_parser = account_number())]
    account: u64,
    /// The IAM user
    #[arg(long, value_name = "NAME", default_value = "alice", value_parser = user)]
    user: AwsUser,
    /// The root user
    #[arg(long, conflicts_with = "user")]
    root: bool,
}

#[derive(Debug, Args)]
pub(crate) struct FileArgs {
    /// The RP ID that the devices were registered for [default: the profile's]
    #[arg(long, value_name = "DOMAIN", value_parser = domain_name)]
    rp_id: Option<String>,
    /// The file that keeps registrations [default: relying-party.json in your data directory]
    #[arg(long, value_name = "FILE")]
    registrations: Option<PathBuf>,
}

impl FileArgs {
    fn rp_id(&self) -> String {
        self.rp_id.clone().unwrap_or_else(|| Profile::Aws.settings().rp.id)
    }
}

impl OwnerArgs {
    fn arn(&self) -> String {
        if self.root {
            AwsUser::Root.arn(self.account)
        } else {
            self.user.arn(self.account)
        }
    }

    /// Why the owner's device of this name was left as it is. Another user may have one of the name.
    fn unchanged(&self, name: &str, error: RegistrationsError) -> Failure {
        let user = if self.root { &AwsUser::Root } else { &self.user };
        match error {
            RegistrationsError::Unchanged(Unchanged::Unknown) => Failure::usage(
                format!("{user} of account {:012} has no device {name}", self.account),
                "`brasskey aws devices list` shows whose it is: name its user with --user or --root, and --account",
            ),
            error => error.into(),
        }
    }
}

fn user(name: &str) -> Result<AwsUser, String> {
    name.parse()
        .map_err(|error: DeviceNameError| format!("{error}\nhint: {}", error.hint()))
}

pub(super) fn run(command: &Command, output: &Output) -> Result<(), Failure> {
    match command {
        Command::List(args) => list(args, output),
        Command::Rename(args) => rename(args, output),
        Command::Remove(args) => remove(args, output),
    }
}

fn list(args: &ListArgs, output: &Output) -> Result<(), Failure> {
    let accounts = registrations_file(args.file.registrations.as_ref())?.load()?;
    let rp_id = args.file.rp_id();
    let only = match (&args.user, args.root) {
        (_, true) => Some(AwsUser::Root),
        (user, false) => user.clone(),
    };
    let mut devices = Vec::new();
    for account in accounts.iter().filter(|account| account.rp_id == rp_id) {
        // An account of a plain WebAuthn test on the same RP ID is not one of AWS.
        let Some((number, user)) = AwsUser::from_arn(&account.name) else {
            continue;
        };
        if args.account.is_some_and(|only| only != number) || only.as_ref().is_some_and(|only| *only != user) {
            continue;
        }
        if account.registrations.len() == 1 {
            output.notice(&format!(
                "warning: {user} of account {number:012} has one device only: whoever loses it is locked out, so \
                 register a second one"
            ));
        }
        for registration in &account.registrations {
            devices.push(json!({
                "account": format!("{number:012}"),
                "user": user.to_string(),
                "name": registration.name,
                "arn": device_arn(number, &user, &registration.name, &registration.credential.id),
                "created": registration.created,
                "scope": registration.credential.scope,
                "counter": registration.credential.counter,
            }));
        }
    }
    output.result(&devices, |to| {
        if devices.is_empty() && (args.account.is_some() || only.is_some()) {
            return writeln!(
                to,
                "No devices of this user are registered. `brasskey aws devices list` lists those of all users."
            );
        }
        if devices.is_empty() {
            return writeln!(
                to,
                "No devices are registered. Register one with `brasskey register --profile aws`."
            );
        }
        let cells = |device: &Value| {
            let text = |key: &str| escape(device[key].as_str().unwrap_or("")).into_owned();
            [
                text("account"),
                text("user"),
                text("name"),
                date(device["created"].as_i64()),
            ]
        };
        let mut table = columns(devices.iter().map(cells));
        table.set_header(["Account", "User", "Name", "Registered"]);
        writeln!(to, "{}", table.trim_fmt())?;
        writeln!(to, "A user has at most {MAX_DEVICES} MFA devices.")
    })
}

/// The day, in UTC.
fn date(seconds: Option<i64>) -> String {
    let moment = seconds.and_then(|seconds| OffsetDateTime::from_unix_timestamp(seconds).ok());
    moment.map_or_else(String::new, |moment| moment.date().to_string())
}

fn rename(args: &RenameArgs, output: &Output) -> Result<(), Failure> {
    let valid: Result<DeviceName, DeviceNameError> = args.new_name.parse();
    valid.map_err(|error| Failure::usage(error.to_string(), error.hint()))?;
    let owner = args.owner.arn();
    registrations_file(args.file.registrations.as_ref())?
        .update(|accounts| accounts.rename(&args.file.rp_id(), &owner, &args.name, &args.new_name))
        .map_err(|error| args.owner.unchanged(&args.name, error))?;
    let value = json!({ "name": args.name, "newName": args.new_name });
    output.result(&value, |to| {
        writeln!(to, "Renamed {} to {}.", escape(&args.name), escape(&args.new_name))
    })
}

fn remove(args: &RemoveArgs, output: &Output) -> Result<(), Failure> {
    let owner = args.owner.arn();
    registrations_file(args.file.registrations.as_ref())?
        .update(|accounts| accounts.remove(&args.file.rp_id(), &owner, &args.name))
        .map_err(|error| args.owner.unchanged(&args.name, error))?;
    let value = json!({ "removed": args.name });
    output.result(&value, |to| {
        writeln!(
            to,
            "Removed {}. The credential itself is still on the key, where it does no harm.",
            escape(&args.name)
        )
    })
}
