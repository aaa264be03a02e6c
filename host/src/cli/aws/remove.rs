//! `brasskey aws remove`: takes an MFA device from its user, deletes a virtual one, and its account on the key.

use std::io::IsTerminal as _;

use clap::Args as ClapArgs;
use serde_json::json;

use super::caller::{Caller, serials};
use super::console::{self, Steps};
use super::tool::{Aws, AwsArgs, ChangeArgs, Step};
use super::which::{Which, WhichArgs};
use crate::cli::confirm::confirm;
use crate::cli::failure::Failure;
use crate::cli::oath::OathArgs;
use crate::cli::output::Output;
use crate::client;
use crate::client::oath::OathError;
use crate::text::escape;
use brasskey_aws::names::AwsUser;

/// The arguments of `aws remove`.
#[derive(Debug, ClapArgs)]
#[command(
    after_long_help = "A virtual device is deleted, and its seed with it: the account on the key is of no use any \
    more. On a terminal the command asks whether to delete that, too; in a script --delete-account does it. Hardware \
    tokens and security keys are only taken from their user."
)]
pub(in crate::cli) struct Args {
    #[command(flatten)]
    which: WhichArgs,
    /// Delete the account on the key, too, without asking
    #[arg(long, conflicts_with = "keep_account")]
    delete_account: bool,
    /// Leave the account on the key, without asking
    #[arg(long)]
    keep_account: bool,
    #[command(flatten)]
    changes: ChangeArgs,
    #[command(flatten)]
    aws: AwsArgs,
    #[command(flatten)]
    oath: OathArgs,
}

pub(super) fn run(args: &Args, output: &Output) -> Result<(), Failure> {
    let aws = Aws::find(&args.aws)?;
    let which = args.which.find(&Caller::ask(&aws)?)?;
    let AwsUser::Iam(user) = &which.user else {
        return console::print(&root(), output);
    };
    let serial = which.serial.as_str();
    let is_virtual = is_virtual(serial);
    let devices = serials(&aws, user)?;
    let assigned = devices.iter().any(|device| device == serial);
    if !assigned && !is_virtual {
        return Err(Failure::usage(
            format!("{user} has no MFA device {serial}"),
            format!("`aws iam list-mfa-devices --user-name {user}` shows those that there are"),
        ));
    }
    let of_user = [("user-name", user.as_str()), ("serial-number", serial)];
    let mut steps = Vec::new();
    if assigned {
        let last = match devices.len() {
            1 => ": the last one, so that a password alone signs in",
            _ => "",
        };
        steps.push(Step::call(
            format!("take {serial} from {user}{last}"),
            aws.shown("iam", "deactivate-mfa-device", &of_user),
        ));
    }
    if is_virtual {
        steps.push(Step::call(
            format!("delete {serial}"),
            aws.shown("iam", "delete-virtual-mfa-device", &[("serial-number", serial)]),
        ));
    }
    if args.delete_account {
        steps.push(Step::here("delete its account on the security key"));
    }
    let Some(consent) = args.changes.consent(&steps, output)? else {
        return Ok(());
    };
    if assigned {
        aws.change(&consent, "iam", "deactivate-mfa-device", &of_user)?;
    }
    if is_virtual {
        aws.change(
            &consent,
            "iam",
            "delete-virtual-mfa-device",
            &[("serial-number", serial)],
        )
        .inspect_err(|_| {
            if assigned {
                output.notice(&format!(
                    "{} is no longer {user}'s, but it is still there",
                    escape(serial)
                ));
            }
        })?;
    }
    let deleted = match is_virtual {
        true => on_the_key(args, &which, output)?,
        false => None,
    };
    let value = json!({
        "serialNumber": serial,
        "user": user,
        "deactivated": assigned,
        "deleted": is_virtual,
        "accountDeleted": deleted,
    });
    output.result(&value, |to| {
        match is_virtual {
            true => writeln!(to, "{} is deleted.", escape(serial))?,
            false => writeln!(to, "{} is no longer a device of {user}.", escape(serial))?,
        }
        match &deleted {
            Some(name) => writeln!(to, "Its account {} on the key is deleted.", escape(name)),
            None => Ok(()),
        }
    })
}

/// Deletes the account on the key, where the user wants that. Its name, where it was deleted.
fn on_the_key(args: &Args, which: &Which, output: &Output) -> Result<Option<String>, Failure> {
    let asks = !args.keep_account && !args.delete_account && !args.changes.yes && std::io::stdin().is_terminal();
    if !args.delete_account && !asks {
        return Ok(None);
    }
    let mut session = args.oath.open(output)?;
    let account = match which.account(&mut session) {
        Ok(account) => account,
        Err(Failure::Key(client::Error::Oath(OathError::NoAccount))) => {
            output.notice(&format!("{} has no account of this device", session.label));
            return Ok(None);
        }
        Err(error) => return Err(error),
    };
    let name = account.name.to_string();
    if asks {
        let question = format!(
            "delete {} from {}, too? It is of no use any more",
            escape(&name),
            session.label
        );
        match confirm(&question, "yes", false) {
            Err(Failure::Key(client::Error::Cancelled)) => return Ok(None),
            answer => answer?,
        }
    }
    session.oath.delete(&account.id)?;
    Ok(Some(name))
}

/// Whether AWS keeps the device itself: those are deleted, others only taken from their user.
fn is_virtual(serial: &str) -> bool {
    serial.starts_with("arn:")
        && serial
            .splitn(6, ':')
            .nth(5)
            .is_some_and(|rest| rest.starts_with("mfa/"))
}

fn root() -> Steps {
    Steps {
        title: "AWS removes a device of the root user in its console alone:".to_owned(),
        steps: vec![
            "Sign in at https://console.aws.amazon.com/ as the root user.".to_owned(),
            "Open the menu with the account's name at the top right, and choose \"Security credentials\".".to_owned(),
            "Under \"Multi-factor authentication (MFA)\" choose the device, then \"Remove\". AWS demands that root \
             keeps \
             one: assign the new one first."
                .to_owned(),
            "Delete its account on the key: brasskey oath delete NAME".to_owned(),
        ],
        verify: Vec::new(),
    }
}
