//! `brasskey aws remove`: takes an MFA device from its user, deletes a virtual one, and its account on the key.

use std::io::IsTerminal as _;

use clap::Args as ClapArgs;
use serde_json::json;

use super::caller::{Caller, serials};
use super::console::{self, Steps};
use super::session::forget_kept;
use super::tool::{Aws, AwsArgs, AwsError, ChangeArgs, Step, quoted};
use super::which::{Which, WhichArgs};
use crate::cli::confirm::confirm;
use crate::cli::failure::Failure;
use crate::cli::oath::OathArgs;
use crate::cli::output::Output;
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
    if !assigned && let Some(holder) = holder(&aws, serial)?.filter(|holder| holder != &which.user) {
        return Err(of_another(serial, user, &holder));
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
    steps.push(Step::here("forget its sessions that are kept on this computer"));
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
    let forgotten = forget(serial, output);
    let deleted = match is_virtual {
        true => on_the_key(args, &which, output)?,
        false => None,
    };
    let value = json!({
        "serialNumber": serial,
        "user": user,
        "deactivated": assigned,
        "deleted": is_virtual,
        "sessionsForgotten": forgotten,
        "accountDeleted": deleted,
    });
    output.result(&value, |to| {
        match is_virtual {
            true => writeln!(to, "{} is deleted.", escape(serial))?,
            false => writeln!(to, "{} is no longer a device of {user}.", escape(serial))?,
        }
        if let Some(count) = forgotten.filter(|count| *count > 0) {
            let sessions = crate::cli::layout::count(count, "session");
            writeln!(to, "Forgot {sessions} of it. At AWS they last until their end.")?;
        }
        match &deleted {
            Some(name) => {
                writeln!(to, "Its account {} on the key is deleted.", escape(name))?;
                writeln!(
                    to,
                    "A spare that was enrolled with --also still has it: brasskey oath delete {} --device SPARE",
                    quoted(&escape(name))
                )
            }
            None => Ok(()),
        }
    })
}

/// Who has a virtual device, where AWS says so. Where it does not, AWS itself refuses to delete what somebody has.
fn holder(aws: &Aws, serial: &str) -> Result<Option<AwsUser>, Failure> {
    let answer = match aws.call("iam", "list-virtual-mfa-devices", &[]) {
        Ok(answer) => answer,
        Err(error @ AwsError::Cancelled) => return Err(error.into()),
        Err(_) => return Ok(None),
    };
    let devices = answer["VirtualMFADevices"].as_array();
    let device = devices.and_then(|devices| devices.iter().find(|device| device["SerialNumber"] == serial));
    let user = device.map(|device| &device["User"]);
    Ok(user.and_then(|user| {
        // Root has no name there.
        match user["Arn"].as_str().is_some_and(|arn| arn.ends_with(":root")) {
            true => Some(AwsUser::Root),
            false => user["UserName"].as_str().map(|name| AwsUser::Iam(name.to_owned())),
        }
    }))
}

fn of_another(serial: &str, user: &str, holder: &AwsUser) -> Failure {
    match holder {
        AwsUser::Iam(holder) => Failure::usage(
            format!("{serial} is a device of {holder}, and not of {user}"),
            format!("if you mean that one, add --user {holder}"),
        ),
        AwsUser::Root => Failure::usage(
            format!("{serial} is a device of the root user, and not of {user}"),
            "sign in to the console as the root user, which alone can remove it",
        ),
    }
}

/// Forgets the sessions of the device that are kept here: they would give credentials until their end. How many, where
/// that is known.
fn forget(serial: &str, output: &Output) -> Option<u64> {
    match forget_kept(Some(serial)) {
        Ok(forgotten) => u64::try_from(forgotten).ok(),
        Err(error) => {
            output.notice(&format!(
                "warning: sessions of this device that are kept here still give credentials, until their end: {}\n\
                 hint: forget them: brasskey aws session --forget --serial {}",
                escape(&error.to_string()),
                escape(&quoted(serial))
            ));
            None
        }
    }
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
        Err(Failure::NoAccount { .. }) => {
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
            Err(Failure::Key(crate::client::Error::Cancelled)) => return Ok(None),
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
