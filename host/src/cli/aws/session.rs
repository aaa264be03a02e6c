//! `brasskey aws session`: credentials with MFA for the command line, by a code from a key.
//!
//! It is a `credential_process` of the AWS CLI and of the SDKs (AWS SDKs and Tools Reference Guide, "Process credential
//! provider"): it prints one object of JSON with `Version` 1, and its stderr is captured. What must be said goes to the
//! terminal itself.

mod cache;
mod code;
mod command;
mod configure;
mod credentials;
mod keyring;
mod shell;
mod shown;
mod sts;
mod voice;

use std::env;
use std::ffi::OsString;

use clap::{Args as ClapArgs, value_parser};
use serde_json::json;

use super::caller::{key_account_of, serial_number};
use super::tool::{Aws, AwsArgs, ChangeArgs};
use crate::cli::device;
use crate::cli::failure::Failure;
use crate::cli::oath::{OathArgs, SystemClock, now};
use crate::cli::output::Output;
pub(super) use cache::{Cache, forget as forget_kept};
pub(super) use code::{two, unused};
use credentials::{Credentials, IGNORE_ENDPOINTS, Place};
use shell::Shell;
pub(in crate::cli) use shown::note_shown;
pub(super) use voice::Voice;

/// The shortest session that STS gives, in seconds (STS API Reference).
const SHORTEST: u32 = 900;
/// The longest that GetSessionToken gives, in seconds.
const LONGEST: u32 = 129_600;
/// The longest that AssumeRole gives, in seconds, where the role allows as much.
const LONGEST_ROLE: u32 = 43_200;
/// Tells the AWS CLI that is run here, and its own credential processes, for whom it runs.
const MARK: &str = "BRASSKEY_AWS_SESSION";

/// The arguments of `aws session`.
#[derive(Debug, ClapArgs)]
#[command(
    after_long_help = "Without --env, --configure and COMMAND it is a credential_process of the AWS CLI: it prints \
    credentials as JSON. They are kept in a file that only you can read, until five minutes before they end, so that \
    one \
    touch serves all calls until then. A code is good once: a second session in the same 30 seconds waits for the next \
    code. AWS takes no security key here (STS knows codes alone): `aws login`, in AWS CLI 2.32 and later, signs in by \
    browser, where one works."
)]
pub(in crate::cli) struct Args {
    /// The serial number of the MFA device: arn:aws:iam::ACCOUNT:mfa/NAME
    #[arg(long, value_name = "ARN", value_parser = serial_number, required_unless_present = "forget")]
    serial: Option<String>,
    /// The account on the key, or a part of its name that no other has [default: AWS:NAME@ACCOUNT]
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// Assume this role, instead of a session of the user alone
    #[arg(long, value_name = "ARN")]
    role: Option<String>,
    /// What the session is called in the records of AWS [default: brasskey]
    #[arg(long, value_name = "NAME", requires = "role")]
    role_session_name: Option<String>,
    /// The external ID that the role asks for
    #[arg(long, value_name = "ID", requires = "role")]
    external_id: Option<String>,
    /// How long the session lasts: 900 to 129600, for a role up to 43200 [default: AWS's, 12 hours or 1 for a role]
    #[arg(
        long,
        value_name = "SECONDS",
        value_parser = value_parser!(u32).range(i64::from(SHORTEST)..=i64::from(LONGEST)),
    )]
    duration: Option<u32>,
    /// The profile of the AWS CLI that has the long-term access key [default: that of the environment, else default]
    #[arg(long, value_name = "PROFILE")]
    source_profile: Option<String>,
    /// The AWS region [default: the source profile's]
    #[arg(long, value_name = "REGION")]
    region: Option<String>,
    /// The endpoint, for an AWS CLI that does not read AWS_ENDPOINT_URL
    #[arg(long, value_name = "URL", hide = true)]
    endpoint: Option<String>,
    /// Get a new session, and keep none
    #[arg(long)]
    no_cache: bool,
    /// Forget the sessions that are kept: of this device, or all
    #[arg(long, conflicts_with_all = ["env", "configure", "command", "no_cache"])]
    forget: bool,
    /// Print commands that export the credentials to a shell, for `eval`
    #[arg(long, conflicts_with_all = ["configure", "command"])]
    env: bool,
    /// The shell: sh, fish or powershell [default: as SHELL says]
    #[arg(long, value_name = "SHELL", requires = "env")]
    shell: Option<Shell>,
    /// Show the lines of a profile that uses this command, and write them where you say yes
    #[arg(long, value_name = "PROFILE", conflicts_with = "command")]
    configure: Option<String>,
    /// Say nothing of `aws login`
    #[arg(long)]
    no_login_hint: bool,
    #[command(flatten)]
    changes: ChangeArgs,
    #[command(flatten)]
    oath: OathArgs,
    /// Run this command with the credentials, in place of this process
    #[arg(last = true, value_name = "COMMAND")]
    command: Vec<OsString>,
}

pub(super) fn run(args: &Args, output: &Output) -> Result<(), Failure> {
    let Some(serial) = &args.serial else {
        return forget(None, output);
    };
    args.check(serial)?;
    if args.forget {
        return forget(Some(serial), output);
    }
    if let Some(profile) = &args.configure {
        return configure::run(args, serial, profile, output);
    }
    let source = Source::new(args);
    source.goes_in_no_circle()?;
    if args.changes.dry_run {
        let aws = source.aws()?;
        let (_, operation, words) = sts::request(args, serial, "<code>");
        let words: Vec<_> = words.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let step = super::tool::Step::call(
            "get a session with a code from the key",
            aws.shown("sts", operation, &words),
        );
        return args.changes.consent(&[step], output).map(drop);
    }
    let voice = Voice::new(args.is_process(), output);
    let credentials = obtain(args, serial, &source, &voice, output)?;
    if args.env {
        let place = source.place()?;
        let shell = args.shell.map_or_else(Shell::of_user, Ok)?;
        return output.verbatim(&credentials.json(), |to| shell.export(&credentials, &place, to));
    }
    if !args.command.is_empty() {
        return command::run(&args.command, &credentials, &source.place()?);
    }
    output.line(&credentials.json())
}

impl Args {
    /// Whether another program reads the result: then stdout and stderr are its own.
    fn is_process(&self) -> bool {
        !self.env && self.command.is_empty() && self.configure.is_none()
    }

    /// What can be said before anybody touches a key.
    fn check(&self, serial: &str) -> Result<(), Failure> {
        if serial.contains(":u2f/") {
            return Err(Failure::usage(
                "this is a security key, and AWS takes none for sessions of the command line: STS knows codes alone",
                "sign in with `aws login` (AWS CLI 2.32 and later), which uses the browser, or enrol codes with \
                 `brasskey aws enroll totp`",
            ));
        }
        if self.role.is_some() && self.duration.is_some_and(|duration| duration > LONGEST_ROLE) {
            return Err(Failure::usage(
                format!("a session of a role lasts up to {LONGEST_ROLE} s"),
                "give a shorter --duration; the role itself may allow less (its maximum session duration)",
            ));
        }
        if self.oath.device.soft.ephemeral {
            return Err(Failure::usage(
                "a soft token in memory has no account",
                "leave --ephemeral out",
            ));
        }
        match &self.name {
            None if key_account_of(serial).is_none() => Err(Failure::usage(
                format!("{serial} does not say which account on the key it is"),
                "name the account with --name",
            )),
            _ => Ok(()),
        }
    }

    /// The name of the account on the key.
    fn key_account(&self, serial: &str) -> String {
        self.name.clone().or_else(|| key_account_of(serial)).unwrap_or_default()
    }
}

/// A variable of the environment that is set to something.
fn variable(name: &str) -> Option<String> {
    env::var(name).ok().filter(|value| !value.is_empty())
}

/// Where the long-term credentials come from.
struct Source<'a> {
    args: &'a Args,
    /// The profile, named or in the environment.
    profile: Option<String>,
}

impl<'a> Source<'a> {
    fn new(args: &'a Args) -> Self {
        // Within a credential process these name the profile that is being served.
        let of_environment = || variable("AWS_PROFILE").or_else(|| variable("AWS_DEFAULT_PROFILE"));
        let profile = match args.is_process() {
            true => args.source_profile.clone(),
            false => args.source_profile.clone().or_else(of_environment),
        };
        Self { args, profile }
    }

    fn mark(&self) -> String {
        self.profile.clone().unwrap_or_default()
    }

    /// A profile that gets its credentials from this command, and is its own source, would wait for itself.
    fn goes_in_no_circle(&self) -> Result<(), Failure> {
        let marks = env::var(MARK).unwrap_or_default();
        match env::var_os(MARK).is_some() && marks.split('\n').any(|mark| mark == self.mark()) {
            false => Ok(()),
            true => Err(Failure::usage(
                format!(
                    "the source profile {} gets its credentials from this command itself, which goes in a circle",
                    self.profile.as_deref().unwrap_or("default")
                ),
                "name the profile with the long-term access key with --source-profile",
            )),
        }
    }

    /// The AWS CLI with these credentials.
    fn aws(&self) -> Result<Aws, Failure> {
        let mut aws = Aws::find(&AwsArgs {
            profile: self.profile.clone(),
            region: self.args.region.clone(),
            endpoint: self.args.endpoint.clone(),
        })?;
        aws.set_variable("AWS_PROFILE", None);
        aws.set_variable("AWS_DEFAULT_PROFILE", None);
        let marks = match env::var(MARK) {
            Ok(marks) => format!("{marks}\n{}", self.mark()),
            Err(_) => self.mark(),
        };
        aws.set_variable(MARK, Some(marks.into()));
        Ok(aws)
    }

    /// What goes with the credentials: a profile's is lost where they are used without it.
    fn settings(&self) -> Result<Place, Failure> {
        let aws = self.aws()?;
        let region = self.args.region.clone();
        let region = region
            .or_else(|| variable("AWS_REGION"))
            .or_else(|| variable("AWS_DEFAULT_REGION"));
        let mut place = Place {
            region: region.or_else(|| aws.configured("region")),
            endpoint: self.args.endpoint.clone(),
            ignores_endpoints: false,
        };
        if place.endpoint.is_none() {
            place.endpoint = aws.configured("endpoint_url");
            // Each look costs half a second: it is of no use where there is nothing to ignore.
            if place.endpoint.is_some() || has_endpoint_variable() {
                place.ignores_endpoints = self.ignores_endpoints(&aws);
            }
            if place.ignores_endpoints {
                place.endpoint = None;
            }
        }
        Ok(place)
    }

    /// Whether the AWS CLI goes to AWS itself, whatever endpoints are configured; the variable comes first.
    fn ignores_endpoints(&self, aws: &Aws) -> bool {
        let said = variable(IGNORE_ENDPOINTS).or_else(|| aws.configured("ignore_configured_endpoint_urls"));
        said.is_some_and(|said| said.eq_ignore_ascii_case("true"))
    }

    /// The same for a process, which has this one's environment: an endpoint there comes before a profile's, and
    /// variables for single services (AWS_ENDPOINT_URL_S3) come along.
    ///
    /// Those of a profile's `services` section do not: `aws configure get` does not look into sections of that kind,
    /// and no credentials file is read here. `--configure` carries the section's name over.
    fn place(&self) -> Result<Place, Failure> {
        let mut place = self.settings()?;
        if self.args.endpoint.is_none() && variable("AWS_ENDPOINT_URL").is_some() {
            place.endpoint = None;
        }
        Ok(place)
    }
}

/// Whether the environment has an endpoint, for all services or one.
fn has_endpoint_variable() -> bool {
    env::vars_os().any(|(name, _)| name.as_encoded_bytes().starts_with(b"AWS_ENDPOINT_URL"))
}

/// Credentials from the cache, or by a code.
fn obtain(
    args: &Args,
    serial: &str,
    source: &Source<'_>,
    voice: &Voice,
    output: &Output,
) -> Result<Credentials, Failure> {
    let cache = Cache::open(serial)?;
    let key = cache::key(args, serial, source.profile.as_deref());
    let kept = || match args.no_cache {
        true => None,
        false => cache.load(&key, now()),
    };
    if let Some(credentials) = kept() {
        return Ok(credentials);
    }
    // From here to the end one process at a time: the touch serves those who wait, and no code is used twice.
    let _lock = cache.lock(voice)?;
    if let Some(credentials) = kept() {
        return Ok(credentials);
    }
    let aws = source.aws()?;
    if !args.is_process() && !args.no_login_hint && aws.has_login() && output.is_interactive() && cache.is_first_hint()
    {
        output.notice(
            "this AWS CLI has `aws login`, which signs in by browser, where a security key works, too: for yourself at \
             this computer that may fit better than codes (said once; --no-login-hint)",
        );
    }
    device::ask_on_desktop();
    let mut session = args.oath.open(output)?;
    let account = super::which::account(&mut session, &args.key_account(serial), "--name")?;
    let purpose = match (&source.profile, &args.role) {
        (_, Some(role)) => format!("the role {role}"),
        (Some(profile), None) => format!("the profile {profile}"),
        (None, None) => "the default profile".to_owned(),
    };
    let code = code::fresh(&mut session, &account, &purpose, &cache, &SystemClock, voice, output)?;
    let credentials = sts::session(&aws, args, serial, &code)?;
    if !args.no_cache
        && let Err(error) = cache.store(&key, &credentials)
    {
        // They are good without it, and the next call takes another touch.
        voice.say(&format!("warning: the session cannot be kept: {error}"));
    }
    Ok(credentials)
}

fn forget(serial: Option<&String>, output: &Output) -> Result<(), Failure> {
    let forgotten = cache::forget(serial.map(String::as_str))?;
    output.result(&json!({ "forgotten": forgotten }), |to| {
        let sessions = crate::cli::layout::count(u64::try_from(forgotten).unwrap_or(u64::MAX), "session");
        writeln!(to, "Forgot {sessions}. At AWS they last until their end.")
    })
}
