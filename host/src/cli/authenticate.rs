//! `brasskey authenticate`: a website's sign-in with a key that `register` registered.

use clap::Args as ClapArgs;
use serde_json::json;

use super::ceremony::{Ceremony, CeremonyArgs, CeremonyResult, no_randomness};
use super::extension_args::RequestArgs;
use super::failure::Failure;
use super::output::Output;
use super::state::Missing;
use super::website::Website;
use crate::client::Key;
use crate::client::ceremony::{CeremonyError, get};
use crate::relying_party::profile::AwsUser;
use crate::relying_party::registrations::{Account, Accounts, Registration};
use crate::relying_party::{Authentication, ExpectedAuthentication, verify_authentication};
use crate::text::escape;
use chooser::Chooser;

mod chooser;

/// The arguments of `authenticate`.
#[derive(Debug, ClapArgs)]
pub(super) struct Args {
    /// Sign in with a passkey, without naming the user to the key: this needs a registration with --resident. If the
    /// key has passkeys of several users, choose one, or name the user with --user
    #[arg(long, conflicts_with = "u2f")]
    resident: bool,

    /// Sign in only with the key of this name [default: any that is registered]
    #[arg(long, value_name = "NAME", conflicts_with = "resident")]
    name: Option<String>,

    #[command(flatten)]
    extensions: RequestArgs,

    #[command(flatten)]
    ceremony: CeremonyArgs,
}

pub(super) fn run(args: &Args, output: &Output) -> Result<(), Failure> {
    let website = args.website(output)?;
    let accounts = website.file.load()?;
    // Where neither the website nor the command line says who the user is, it may be any of them.
    let anybody = args.resident && !args.ceremony.website.names_user();
    let candidates = args.candidates(&accounts, &website, anybody);
    let account = *candidates.first().ok_or_else(|| not_registered(&website, anybody))?;
    let only = args.only(account)?;

    let mut ceremony = args.ceremony.open(&website, Missing::Refuse, output)?;
    announce(&ceremony, &candidates, anybody)?;
    let mut options = website.settings.request_options(account).map_err(no_randomness)?;
    if args.resident {
        options.allow.clear();
    }
    if let Some(only) = only {
        options.allow.retain(|allowed| allowed.id == only.credential.id);
    }
    let key = &mut ceremony.opened.key;
    let mut chooser = Chooser::new(&mut ceremony.interaction, &candidates, &website);
    let answer = get(key, &options, &website.origin, ceremony.protocol, &mut chooser);
    let answer = answer.map_err(|error| match chooser.failure.take() {
        Some(failure) => failure,
        None => args.explained(error, key, chooser.gave_pin()),
    })?;
    let gave_pin = chooser.gave_pin();
    let mut registered = candidates
        .iter()
        .filter_map(|account| Some((*account, account.registration(&answer.credential_id)?)));
    let (account, registration) = registered
        .next()
        .ok_or_else(|| args.explained(CeremonyError::NoCredentials, key, gave_pin))?;

    let expected = ExpectedAuthentication::new(options, &website.origin, account.user_handle.clone());
    let (report, authentication) = verify_authentication(expected, &registration.credential, &answer);
    let user = match anybody {
        true => &website.name(account),
        false => &website.user,
    };
    let mut lines = Vec::new();
    if let Some(authentication) = &authentication {
        keep(&website, &answer.credential_id, authentication)?;
        let name = escape(&registration.name);
        lines.push(match anybody {
            true => format!("Signed {} in with {name}.", escape(user)),
            false => format!("Signed in with {name}."),
        });
    }
    ceremony.print(&CeremonyResult {
        user,
        report: &report,
        extensions: &answer.extensions,
        members: vec![
            ("registration", json!(registration.name)),
            ("signedIn", json!(authentication.is_some())),
        ],
        lines,
    })?;
    match authentication {
        Some(_) => Ok(()),
        None => Err(Failure::refused("sign-in")),
    }
}

/// Prints what begins.
fn announce(ceremony: &Ceremony<'_>, candidates: &[&Account], anybody: bool) -> Result<(), Failure> {
    let website = ceremony.website;
    let (label, rp) = (&ceremony.opened.label, escape(&website.settings.rp.id));
    let title = match anybody {
        true => format!("Signing in at {rp} with {label}"),
        false => format!("Signing {} in at {rp} with {label}", escape(&website.user)),
    };
    let steps = website.aws.as_ref().map(|(_, user)| {
        let devices = candidates.iter().map(|account| account.registrations.len());
        let devices = match devices.sum::<usize>() {
            1 => "the one device".to_owned(),
            count => format!("any of {count} devices"),
        };
        let who = match user {
            AwsUser::Root => "as root user with e-mail address",
            AwsUser::Iam(_) => "with account, user name",
        };
        [
            format!("Sign out; sign in {who} and password"),
            format!("Multi-factor authentication, with {devices}: touch it"),
        ]
    });
    ceremony.announce(&title, steps.as_ref().map_or(&[], |steps| steps))
}

fn not_registered(website: &Website, anybody: bool) -> Failure {
    let whose = match anybody {
        true => String::new(),
        false => format!("for {} ", website.user),
    };
    Failure::usage(
        format!("no key is registered {whose}at {}", website.settings.rp.id),
        "register one first, with `brasskey register` and the same flags",
    )
}

/// Keeps the counter of a sign-in.
fn keep(website: &Website, credential_id: &[u8], authentication: &Authentication) -> Result<(), Failure> {
    let kept = website
        .file
        .update(|accounts| accounts.record(credential_id, authentication));
    kept.map_err(|source| Failure::NotKept {
        done: "the key signed in",
        what: "its counter",
        hint: None,
        source,
    })
}

impl Args {
    /// The website that the flags describe.
    fn website(&self, output: &Output) -> Result<Website, Failure> {
        let mut website = self.ceremony.website.website(output)?;
        website.settings.request_extensions = self.extensions.extensions()?;
        if self.resident && self.extensions.writes() {
            return Err(Failure::usage(
                "a large blob is written for one credential that the website names, and with --resident it names none",
                "leave out --resident",
            ));
        }
        Ok(website)
    }

    /// The accounts that may sign in.
    fn candidates<'a>(&self, accounts: &'a Accounts, website: &Website, anybody: bool) -> Vec<&'a Account> {
        let at_website = accounts
            .iter()
            .filter(|account| account.rp_id == website.settings.rp.id && !account.registrations.is_empty());
        let may_sign_in = |account: &&Account| match anybody {
            true => self.ceremony.website.may_be(account),
            false => account.name == website.account,
        };
        at_website.filter(may_sign_in).collect()
    }

    /// The one registration that may sign in, where `--name` says which.
    fn only<'a>(&self, account: &'a Account) -> Result<Option<&'a Registration>, Failure> {
        if let Some(name) = &self.name {
            let mut registrations = account.registrations.iter();
            let named = registrations.find(|registration| registration.name == *name);
            return match named {
                Some(named) => Ok(Some(named)),
                None => Err(Failure::usage(
                    "the account has no security key of that name",
                    "check the spelling",
                )),
            };
        }
        match self.extensions.writes() && account.registrations.len() > 1 {
            false => Ok(None),
            true => Err(Failure::usage(
                "a large blob is written with one security key, and the account has several",
                "name it with --name",
            )),
        }
    }

    /// Why a ceremony failed. A key that shows no credential may still have one: it hides protected credentials until
    /// its user is verified (CTAP 2.3 §12.1).
    ///
    /// `gave_pin`: the user was verified by PIN.
    fn explained(&self, error: CeremonyError, key: &Key, gave_pin: bool) -> Failure {
        if !matches!(error, CeremonyError::NoCredentials) {
            return error.into();
        }
        let info = key.info();
        let by_itself = info.is_some_and(|info| info.has("uv"));
        let protected = match info.and_then(|info| info.options.get("clientPin")) {
            Some(false) => Some("set a PIN with `brasskey pin set`, and sign in again"),
            Some(true) if self.ceremony.website.is_unverified() => Some("add `--uv required`"),
            // The PIN is wanted, and the sign-in went on without it.
            Some(true) if !self.ceremony.u2f && !by_itself && !gave_pin => {
                Some("add `--uv required`, and give the PIN when asked on a terminal, or with --pin-env or --pin-fd")
            }
            _ => None,
        };
        match protected {
            _ if self.resident => Failure::NoPasskey { protected },
            Some(remedy) => Failure::Hidden { remedy },
            None => error.into(),
        }
    }
}
