//! `brasskey authenticate`: a website's sign-in with a key that `register` registered.

use clap::Args as ClapArgs;
use serde_json::json;

use super::ceremony::{CeremonyArgs, show_report};
use super::device;
use super::extension_args::{self, RequestArgs};
use super::failure::Failure;
use super::output::{BOLD, Output};
use super::pin_entry::Attendant;
use super::register::no_randomness;
use crate::client::webauthn::{CeremonyError, get};
use crate::relying_party::{ExpectedAuthentication, verify_authentication};
use crate::text::escape;

/// The arguments of `authenticate`.
#[derive(Debug, ClapArgs)]
pub(super) struct Args {
    /// Sign in without telling the key who the user is: only a key registered with --resident can
    #[arg(long, conflicts_with = "u2f")]
    resident: bool,

    /// Sign in with the key of this name only [default: with any that is registered]
    #[arg(long, value_name = "NAME", conflicts_with = "resident")]
    name: Option<String>,

    #[command(flatten)]
    extensions: RequestArgs,

    #[command(flatten)]
    ceremony: CeremonyArgs,
}

pub(super) fn run(args: &Args, output: &Output) -> Result<(), Failure> {
    let mut played = args.ceremony.played(output)?;
    played.settings.request_extensions = args.extensions.extensions()?;
    let accounts = played.file.load()?;
    let rp_id = &played.settings.rp.id;
    let account = accounts
        .account(rp_id, &played.account)
        .filter(|account| !account.registrations.is_empty());
    let account = account.ok_or_else(|| {
        Failure::usage(
            format!("no key is registered for {} at {rp_id}", played.user),
            "register one first, with `brasskey register` and the same flags",
        )
    })?;

    let named = |name: &&String| {
        account
            .registrations
            .iter()
            .find(|registration| registration.name == **name)
    };
    let only = match &args.name {
        None => None,
        Some(name) => Some(
            named(&name)
                .ok_or_else(|| Failure::usage("the account has no security key of that name", "check the spelling"))?,
        ),
    };
    if args.extensions.writes() && only.is_none() && account.registrations.len() > 1 {
        return Err(Failure::usage(
            "a large blob is written with one security key, and the account has several",
            "name it with --name",
        ));
    }

    let mut opened = device::open(&args.ceremony.device, output)?;
    let protocol = args.ceremony.protocol(&opened.key);
    output.text(|to| {
        let (label, user, rp) = (&opened.label, escape(&played.user), escape(rp_id));
        writeln!(to, "{BOLD}Signing {user} in at {rp} with {label}{BOLD:#}")?;
        writeln!(to, "  origin {}, over {}", played.origin.as_str(), protocol.name())?;
        if played.aws.is_some() {
            let devices = match account.registrations.len() {
                1 => "the one device".to_owned(),
                count => format!("any of {count} devices"),
            };
            writeln!(to, "  1. Sign out; sign in with user name and password")?;
            writeln!(to, "  2. Multi-factor authentication, with {devices}: touch it")?;
        }
        Ok(())
    })?;

    let mut options = played.settings.request_options(account).map_err(no_randomness)?;
    if args.resident {
        options.allow.clear();
    }
    if let Some(only) = only {
        options.allow.retain(|allowed| allowed.id == only.credential.id);
    }
    let mut attendant = Attendant::new(&opened, &args.ceremony.pin, output)?;
    let answer = get(&mut opened.key, &options, &played.origin, protocol, &mut attendant)?;
    let registration = account
        .registration(&answer.credential_id)
        .ok_or(CeremonyError::NoCredentials)?;
    let expected = ExpectedAuthentication {
        options,
        origin: played.origin.as_str().to_owned(),
        user_handle: account.user_handle.clone(),
    };
    let (report, authentication) = verify_authentication(expected, &registration.credential, &answer);
    if let Some(authentication) = &authentication {
        played
            .file
            .update(|accounts| accounts.record(&answer.credential_id, authentication))?;
    }

    let value = json!({
        "device": opened.label,
        "protocol": protocol.name(),
        "rpId": rp_id,
        "origin": played.origin.as_str(),
        "user": played.user,
        "registration": registration.name,
        "report": report,
        "extensions": extension_args::value(&answer.extensions),
        "signedIn": authentication.is_some(),
    });
    output.result(&value, |to| {
        show_report(&report, to)?;
        for (name, value) in extension_args::rows(&answer.extensions) {
            writeln!(to, "Its {name}: {value}")?;
        }
        if authentication.is_some() {
            writeln!(to, "Signed in with {}.", escape(&registration.name))?;
        }
        Ok(())
    })?;
    match authentication {
        Some(_) => Ok(()),
        None => Err(Failure::Verification(
            "the key's answer to the sign-in is not as it must be".to_owned(),
        )),
    }
}
