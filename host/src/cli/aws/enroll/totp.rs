//! `brasskey aws enroll totp`: a virtual MFA device whose codes come from a key.

use std::io::IsTerminal as _;

use clap::Args as ClapArgs;
use serde_json::json;

use super::work::{Done, Work};
use crate::cli::aws::caller::{self, Caller, key_account, serials};
use crate::cli::aws::console::{self, Whose};
use crate::cli::aws::session::{Cache, note_shown};
use crate::cli::aws::tool::{Aws, AwsArgs, AwsError, ChangeArgs, Step};
use crate::cli::clock;
use crate::cli::failure::Failure;
use crate::cli::oath::{Clock as _, OathArgs, SpareArgs, SystemClock, check_name, put, two_codes};
use crate::cli::output::Output;
use crate::cli::secret::{Unanswered, ask};
use crate::cli::state::Missing;
use crate::client;
use crate::client::oath::{Algorithm, Kind, Listed, Name, NewAccount, decode_secret};
use crate::text::escape;
use brasskey_aws::names::{AwsUser, DeviceName, MAX_DEVICES};

/// The arguments of `aws enroll totp`.
#[derive(Debug, ClapArgs)]
#[command(
    after_long_help = "The seed goes from AWS straight to the key: nobody sees it, and no file keeps it. If anything \
    fails on the way, what was made is deleted again, at AWS and on the key. For the root user AWS has the console \
    alone: then this prints its steps, and makes the codes. --also puts the same seed on the spare key, which AWS \
    takes \
    for the same device; AWS shows a seed once, so that is the only moment for it."
)]
pub(in crate::cli) struct Args {
    /// The device's name at AWS, of which there can be one in the account
    #[arg(long, value_name = "NAME", value_parser = caller::device_name)]
    name: DeviceName,
    /// The IAM user who gets the device [default: the one whose credentials the AWS CLI uses]
    #[arg(long, value_name = "NAME", value_parser = caller::user)]
    user: Option<AwsUser>,
    /// The root user: prints the console's steps, and makes the codes
    #[arg(long, conflicts_with = "user")]
    root: bool,
    /// What the account on the key is called [default: AWS:NAME@ACCOUNT]
    #[arg(long, value_name = "NAME")]
    account_name: Option<String>,
    /// Ask for a touch for each code
    #[arg(long)]
    require_touch: bool,
    #[command(flatten)]
    spare: SpareArgs,
    #[command(flatten)]
    changes: ChangeArgs,
    #[command(flatten)]
    aws: AwsArgs,
    #[command(flatten)]
    oath: OathArgs,
}

pub(super) fn run(args: &Args, output: &Output) -> Result<(), Failure> {
    args.spare.check(&args.oath)?;
    if args.oath.device.soft.ephemeral {
        return Err(Failure::usage(
            "--ephemeral forgets the account when this command ends, and AWS gives its seed once",
            "leave it out",
        ));
    }
    if args.root {
        return root(args, "root", output);
    }
    let aws = Aws::find(&args.aws)?;
    let caller = Caller::ask(&aws)?;
    match caller.whom(args.user.as_ref())? {
        AwsUser::Root => root(args, &caller.account, output),
        AwsUser::Iam(user) => iam(args, &aws, &caller, &user, output),
    }
}

impl Args {
    /// What the account on the key is called.
    fn key_name(&self, account: &str) -> Result<Name, Failure> {
        let default = || key_account(self.name.as_str(), account);
        let name = Name::parse(&self.account_name.clone().unwrap_or_else(default), Kind::Hotp);
        check_name(&name).map_err(|error| match &self.account_name {
            Some(_) => error,
            None => Failure::usage(
                error.to_string(),
                "give the account on the key a name with --account-name",
            ),
        })?;
        Ok(name)
    }
}

/// A device for an IAM user.
fn iam(args: &Args, aws: &Aws, caller: &Caller, user: &str, output: &Output) -> Result<(), Failure> {
    let serial = caller.serial(&args.name);
    let name = args.key_name(&caller.account)?;
    tell_of_clock(output);
    let before = room(aws, &serial, user)?;
    let Some(consent) = args.changes.consent(&steps(args, aws, &serial, user, &name), output)? else {
        return Ok(());
    };
    let mut session = args.oath.open_or(Missing::Make, output)?;
    session
        .has(&name, false)
        .map_err(|error| taken(error, &session.label))?;
    let mut spare = args.spare.open(&session, output)?;
    if let Some(spare) = &mut spare {
        spare.has(&name, false).map_err(|error| taken(error, &spare.label))?;
    }
    let cache = Cache::open(&serial)?;
    let mut work = Work {
        aws,
        consent: &consent,
        user,
        device: &args.name,
        serial: &serial,
        name: &name,
        touch: args.require_touch,
        is_new: before.is_new,
        cache: &cache,
        clock: &SystemClock,
        output,
    };
    let mut done = Done::default();
    let listed = match work.run(&mut session, spare.as_mut(), &mut done) {
        Ok(listed) => listed,
        Err(failure) => {
            work.clean_up(&mut session, spare.as_mut(), &done);
            return Err(failure);
        }
    };
    if !listed {
        output.notice(
            "warning: AWS enabled the device, and does not list it yet: look again with `aws iam list-mfa-devices`",
        );
    }
    let value = json!({
        "serialNumber": serial,
        "user": user,
        "account": caller.account,
        "listed": listed,
        "name": name.to_string(),
        "device": session.label,
        "also": spare.as_ref().map(|spare| &spare.label),
    });
    output.result(&value, |to| {
        writeln!(to, "{user} has the MFA device {serial}.")?;
        let on = spare
            .as_ref()
            .map_or_else(String::new, |spare| format!(" and on {}", spare.label));
        writeln!(
            to,
            "Its codes are those of {} on {}{on}.",
            escape(&name.to_string()),
            session.label
        )?;
        writeln!(
            to,
            "\nSee that it works: sign out, open a private window, and sign in as {user}."
        )?;
        writeln!(
            to,
            "For the command line: brasskey aws session --serial {serial} --configure PROFILE"
        )?;
        match before.devices {
            0 if spare.is_none() => writeln!(
                to,
                "This is the only device of {user}. Enrol a second one, and keep it elsewhere: AWS has no recovery \
                 codes."
            ),
            _ => Ok(()),
        }
    })
}

fn tell_of_clock(output: &Output) {
    if clock::is_synchronised() == Some(false) {
        output.notice(
            "warning: this computer's clock is not synchronised: if it is off, AWS takes the codes now and refuses \
             later ones, until `brasskey aws resync`",
        );
    }
}

/// What is there before.
struct Room {
    /// How many devices the user has.
    devices: usize,
    /// Whether it is known that the account has none of the name.
    is_new: bool,
}

/// That there is room for another device of this name.
fn room(aws: &Aws, serial: &str, user: &str) -> Result<Room, Failure> {
    let devices = serials(aws, user)?;
    if devices.iter().any(|device| device == serial) {
        return Err(Failure::usage(
            format!("{user} has a device {serial} already"),
            "choose another --name, or remove that one with `brasskey aws remove`",
        ));
    }
    if devices.len() >= MAX_DEVICES {
        return Err(Failure::usage(
            format!("{user} has {} MFA devices, and AWS takes no more", devices.len()),
            "remove one that is no longer used with `brasskey aws remove`",
        ));
    }
    let all = match aws.call("iam", "list-virtual-mfa-devices", &[]) {
        Ok(all) => all,
        // Then AWS says itself whether the name is taken.
        Err(AwsError::Denied { .. }) => {
            return Ok(Room {
                devices: devices.len(),
                is_new: false,
            });
        }
        Err(error) => return Err(error.into()),
    };
    let of_all = all["VirtualMFADevices"].as_array().ok_or(AwsError::Answer)?;
    if of_all.iter().any(|device| device["SerialNumber"] == serial) {
        return Err(Failure::usage(
            format!("the account has a virtual device {serial} already: another user's, or one that nobody uses"),
            "choose another --name, or remove that one with `brasskey aws remove`",
        ));
    }
    Ok(Room {
        devices: devices.len(),
        is_new: true,
    })
}

/// Everything that is going to be done.
fn steps(args: &Args, aws: &Aws, serial: &str, user: &str, name: &Name) -> Vec<Step> {
    let mut keys = "the security key".to_owned();
    if let Some(spare) = &args.spare.also {
        keys.push_str(&format!(" and on {spare}"));
    }
    vec![
        Step::call(
            format!("make the virtual device {serial}"),
            aws.shown(
                "iam",
                "create-virtual-mfa-device",
                &[
                    ("virtual-mfa-device-name", args.name.as_str()),
                    ("bootstrap-method", "Base32StringSeed"),
                    ("outfile", "<pipe>"),
                ],
            ),
        ),
        Step::here(format!("put its seed on {keys}, as {name}")),
        Step::call(
            format!("enable it for {user}, with two codes in a row, which takes up to half a minute"),
            aws.shown(
                "iam",
                "enable-mfa-device",
                &[
                    ("user-name", user),
                    ("serial-number", serial),
                    ("authentication-code1", "<code>"),
                    ("authentication-code2", "<next code>"),
                ],
            ),
        ),
        Step::call(
            "see that it is listed",
            aws.shown("iam", "list-mfa-devices", &[("user-name", user)]),
        ),
    ]
}

/// The key has an account of that name. Nothing is replaced here: what was there before could not be put back.
fn taken(error: Failure, label: &str) -> Failure {
    match error {
        Failure::Usage { message, .. } => Failure::usage(
            message,
            format!(
                "choose another --account-name, or delete that one with `brasskey oath delete` where it is of no use \
                 on {label} any more"
            ),
        ),
        error => error,
    }
}

/// Root's device: the console's steps, and the codes where there is somebody to give the secret key.
fn root(args: &Args, account: &str, output: &Output) -> Result<(), Failure> {
    let mut steps = console::authenticator_app(&Whose::Root, args.name.as_str());
    let name = args.key_name(account)?;
    let shown = name.to_string();
    if args.changes.dry_run || output.is_json() || !std::io::stdin().is_terminal() {
        steps.steps.extend([
            format!(
                "Put it on the key: brasskey oath add --name '{}' --issuer AWS, and paste it there.",
                name.account
            ),
            format!(
                "Type the two codes of `brasskey oath code '{shown}' --two` into \"MFA code 1\" and \"MFA code 2\"."
            ),
            "Choose \"Add MFA\".".to_owned(),
        ]);
        return console::print(&steps, output);
    }
    tell_of_clock(output);
    let mut session = args.oath.open_or(Missing::Make, output)?;
    let is_there = session.has(&name, false).is_err();
    let verify = std::mem::take(&mut steps.verify);
    output.text(|to| console::write(&steps, to))?;
    if is_there {
        output.notice(&format!(
            "{} has {} already: its codes follow",
            session.label,
            escape(&shown)
        ));
    } else {
        let typed = ask("Secret key (it is not shown): ").map_err(|why| match why {
            Unanswered::Interrupted => client::Error::Cancelled.into(),
            Unanswered::Nobody => Failure::secret_needed("the secret key", "`brasskey oath add`"),
        })?;
        let secret = decode_secret(typed.trim()).ok_or_else(|| {
            Failure::usage(
                "this is no secret key",
                "copy all of it: it has the letters A to Z and the digits 2 to 7",
            )
        })?;
        let mut new = NewAccount::new(name.clone(), secret);
        new.touch = args.require_touch;
        let mut spare = args.spare.open(&session, output)?;
        put(&new, &mut session, false, spare.as_mut(), output)?;
    }
    let listed = Listed {
        id: name.id().into_bytes(),
        name: name.clone(),
        kind: Kind::Totp,
        algorithm: Algorithm::Sha1,
    };
    // By its name at AWS, whatever it is called on the key.
    let at_aws = Name::parse(&key_account(args.name.as_str(), account), Kind::Totp);
    let say = |place: &str, code: &client::oath::Code| {
        note_shown(&at_aws, SystemClock.now());
        output.text(|to| writeln!(to, "{place}: {code}"))
    };
    let [_, second] = two_codes(&mut session, &listed, &SystemClock, output, |first| {
        say("MFA code 1", first)
    })?;
    say("MFA code 2", &second)?;
    let rest = console::Steps {
        title: "Type both, and choose \"Add MFA\".".to_owned(),
        steps: Vec::new(),
        verify,
    };
    output.text(|to| console::write(&rest, to))
}
