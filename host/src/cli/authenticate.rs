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
use crate::client::Key;
use crate::client::webauthn::{CeremonyError, get};
use crate::relying_party::profile::AwsUser;
use crate::relying_party::registrations::Account;
use crate::relying_party::{ExpectedAuthentication, verify_authentication};
use crate::text::escape;
use visitor::Visitor;

mod visitor;

/// The arguments of `authenticate`.
#[derive(Debug, ClapArgs)]
pub(super) struct Args {
    /// Sign in without telling the key who the user is: only a key registered with --resident can. Where it has passkeys
    /// of several users, choose one, or name one with --user
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

impl Args {
    /// A key hides credentials that are protected until its user is verified (CTAP 2.3 §12.1): that it says of none
    /// does not mean that it has none.
    fn explained(&self, error: CeremonyError, key: &Key) -> Failure {
        if !matches!(error, CeremonyError::NoCredentials) {
            return error.into();
        }
        let protected = match key.info().and_then(|info| info.options.get("clientPin")) {
            Some(false) => Some("set a PIN with `brasskey pin set`, and sign in again"),
            Some(true) if self.ceremony.is_unverified() => Some("add `--uv required`"),
            _ => None,
        };
        match protected {
            _ if self.resident => Failure::NoPasskey { protected },
            Some(remedy) => Failure::Hidden { remedy },
            None => error.into(),
        }
    }
}

pub(super) fn run(args: &Args, output: &Output) -> Result<(), Failure> {
    let mut played = args.ceremony.played(output)?;
    played.settings.request_extensions = args.extensions.extensions()?;
    if args.resident && args.extensions.writes() {
        return Err(Failure::usage(
            "a large blob is written for one credential that the website names, and with --resident it names none",
            "leave out --resident",
        ));
    }
    let accounts = played.file.load()?;
    let rp_id = &played.settings.rp.id;
    // Who does not tell who the user is, and does not name one here either, may be any of them.
    let anybody = args.resident && !args.ceremony.names_user();
    let candidates: Vec<&Account> = accounts
        .iter()
        .filter(|account| account.rp_id == *rp_id)
        .filter(|account| match anybody {
            true => args.ceremony.may_be(account),
            false => account.name == played.account,
        })
        .filter(|account| !account.registrations.is_empty())
        .collect();
    let account = *candidates.first().ok_or_else(|| {
        let whose = match anybody {
            true => String::new(),
            false => format!("for {} ", played.user),
        };
        Failure::usage(
            format!("no key is registered {whose}at {rp_id}"),
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
        let (label, rp) = (&opened.label, escape(rp_id));
        match anybody {
            true => writeln!(to, "{BOLD}Signing in at {rp} with {label}{BOLD:#}")?,
            false => writeln!(
                to,
                "{BOLD}Signing {} in at {rp} with {label}{BOLD:#}",
                escape(&played.user)
            )?,
        }
        writeln!(to, "  origin {}, over {}", played.origin.as_str(), protocol.name())?;
        if let Some((_, user)) = &played.aws {
            let devices = match candidates
                .iter()
                .map(|account| account.registrations.len())
                .sum::<usize>()
            {
                1 => "the one device".to_owned(),
                count => format!("any of {count} devices"),
            };
            let who = match user {
                AwsUser::Root => "as root user with e-mail address",
                AwsUser::Iam(_) => "with account, user name",
            };
            writeln!(to, "  1. Sign out; sign in {who} and password")?;
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
    let attendant = Attendant::new(&opened, &args.ceremony.pin, output)?;
    let mut visitor = Visitor::new(attendant, &candidates, &played);
    let answer = get(&mut opened.key, &options, &played.origin, protocol, &mut visitor);
    let answer = answer.map_err(|error| match visitor.failure.take() {
        Some(failure) => failure,
        None => args.explained(error, &opened.key),
    })?;
    let registered = candidates
        .iter()
        .find_map(|account| Some((*account, account.registration(&answer.credential_id)?)));
    let (account, registration) =
        registered.ok_or_else(|| args.explained(CeremonyError::NoCredentials, &opened.key))?;
    let user = match anybody {
        true => &played.name(account),
        false => &played.user,
    };
    let expected = ExpectedAuthentication::new(options, &played.origin, account.user_handle.clone());
    let (report, authentication) = verify_authentication(expected, &registration.credential, &answer);
    if let Some(authentication) = &authentication {
        let kept = played
            .file
            .update(|accounts| accounts.record(&answer.credential_id, authentication));
        kept.map_err(|source| Failure::NotKept {
            done: "the key signed in",
            what: "its counter",
            hint: None,
            source,
        })?;
    }

    let value = json!({
        "device": opened.label,
        "protocol": protocol.name(),
        "rpId": rp_id,
        "origin": played.origin.as_str(),
        "user": user,
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
            match anybody {
                true => writeln!(to, "Signed {} in with {}.", escape(user), escape(&registration.name))?,
                false => writeln!(to, "Signed in with {}.", escape(&registration.name))?,
            }
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
