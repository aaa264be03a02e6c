//! The AWS CLI, by which every command talks to a real account: it knows its user's profiles, regions, endpoints and
//! ways to sign in. So this process signs nothing and reads no credentials.
//!
//! Reading is free ([`Aws::call`]). What changes an account takes a [`Consent`] ([`Aws::change`]), and only
//! [`ChangeArgs::consent`] gives one.

mod consent;
mod error;
mod process;
mod settings;
#[cfg(all(test, unix))]
pub(in crate::cli) mod testing;
#[cfg(test)]
mod tests;
mod version;

use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use clap::Args;
use serde_json::Value;
use tempfile::TempDir;
use zeroize::Zeroizing;

use crate::cli::failure::Failure;
pub(in crate::cli) use consent::{ChangeArgs, Consent, Step};
pub(in crate::cli) use error::AwsError;
use process::{Interrupts, run};
use version::Version;

/// How long one call may take. The CLI itself tries several times.
const PATIENCE: Duration = Duration::from_secs(120);
/// How long the CLI may take to say its version.
const START: Duration = Duration::from_secs(30);
/// Where calls go that name no region and need one: STS answers there for all of AWS's commercial regions.
const ANY_REGION: &str = "us-east-1";

/// Which account, and by which credentials.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "AWS CLI")]
pub(in crate::cli) struct AwsArgs {
    /// The profile of the AWS CLI [default: as the AWS CLI has it]
    #[arg(long, value_name = "PROFILE")]
    pub(in crate::cli) profile: Option<String>,
    /// The AWS region [default: the profile's]
    #[arg(long, value_name = "REGION")]
    pub(in crate::cli) region: Option<String>,
    /// The endpoint, for an AWS CLI that does not read AWS_ENDPOINT_URL
    #[arg(long, value_name = "URL", hide = true)]
    pub(in crate::cli) endpoint: Option<String>,
}

/// The AWS CLI on this computer.
#[derive(Debug)]
pub(in crate::cli) struct Aws {
    program: PathBuf,
    args: AwsArgs,
    version: Version,
    /// Variables that the CLI gets (or, without a value, does not get).
    variables: Vec<(&'static str, Option<OsString>)>,
    /// Holds what the CLI would write into its history: its answers, with every secret in them.
    scratch: TempDir,
}

/// Named arguments of an operation: `("user-name", "alice")`. A flag alone has an empty value.
pub(in crate::cli) type Arguments<'a> = &'a [(&'a str, &'a str)];

impl Aws {
    /// Finds `aws` on the PATH.
    ///
    /// # Errors
    /// [`AwsError::Missing`], [`AwsError::TooOld`], and what keeps it from running.
    pub(in crate::cli) fn find(args: &AwsArgs) -> Result<Self, Failure> {
        let path = env::var_os("PATH").unwrap_or_default();
        let program = env::split_paths(&path)
            .filter(|directory| directory.is_absolute())
            .map(|directory| directory.join(format!("aws{}", env::consts::EXE_SUFFIX)))
            .find(|file| is_program(file))
            .ok_or(AwsError::Missing)?;
        let mut aws = Self {
            program,
            args: args.clone(),
            version: Version::default(),
            variables: Vec::new(),
            scratch: scratch()?,
        };
        let mut command = Command::new(&aws.program);
        command.arg("--version");
        let said = run(command, START, Interrupts::End)?;
        let text = String::from_utf8_lossy(&said.stdout).into_owned() + &said.stderr;
        aws.version = Version::parse(&text).ok_or_else(|| AwsError::NotTheCli {
            program: aws.program.clone(),
        })?;
        match aws.version.is_new_enough() {
            true => Ok(aws),
            false => Err(AwsError::TooOld {
                found: aws.version.to_string(),
            }
            .into()),
        }
    }

    /// Gives the CLI an environment variable, or takes it away.
    pub(in crate::cli) fn set_variable(&mut self, name: &'static str, value: Option<OsString>) {
        self.variables.push((name, value));
    }

    /// The profile that was named.
    pub(in crate::cli) fn profile(&self) -> Option<&str> {
        self.args.profile.as_deref()
    }

    /// Whether this CLI has `aws login`: signing in by browser, where a security key works (2.32.0).
    pub(in crate::cli) fn has_login(&self) -> bool {
        self.version.has_login()
    }

    /// An operation that changes nothing: its answer.
    ///
    /// # Errors
    /// [`AwsError`].
    pub(in crate::cli) fn call(&self, service: &str, operation: &str, args: Arguments<'_>) -> Result<Value, AwsError> {
        self.call_within(PATIENCE, service, operation, args)
    }

    /// As [`call`](Self::call), with another patience: lists of a large account are long.
    ///
    /// # Errors
    /// [`AwsError`].
    pub(in crate::cli) fn call_within(
        &self,
        patience: Duration,
        service: &str,
        operation: &str,
        args: Arguments<'_>,
    ) -> Result<Value, AwsError> {
        if !only_reads(service, operation) {
            return Err(AwsError::Unasked);
        }
        let answer = self.answer(service, operation, args, patience, Interrupts::End)?;
        error::json(&answer)
    }

    /// As [`call`](Self::call): the answer as it came, for one with secrets.
    ///
    /// # Errors
    /// [`AwsError`].
    pub(in crate::cli) fn call_secret(
        &self,
        service: &str,
        operation: &str,
        args: Arguments<'_>,
    ) -> Result<Zeroizing<Vec<u8>>, AwsError> {
        if !only_reads(service, operation) {
            return Err(AwsError::Unasked);
        }
        self.answer(service, operation, args, PATIENCE, Interrupts::End)
    }

    /// An operation that changes the account.
    ///
    /// # Errors
    /// [`AwsError`].
    pub(in crate::cli) fn change(
        &self,
        consent: &Consent,
        service: &str,
        operation: &str,
        args: Arguments<'_>,
    ) -> Result<Value, AwsError> {
        error::json(&self.change_secret(consent, service, operation, args)?)
    }

    /// As [`change`](Self::change): the answer as it came, for one with secrets.
    ///
    /// # Errors
    /// [`AwsError`].
    pub(in crate::cli) fn change_secret(
        &self,
        _: &Consent,
        service: &str,
        operation: &str,
        args: Arguments<'_>,
    ) -> Result<Zeroizing<Vec<u8>>, AwsError> {
        self.answer(service, operation, args, PATIENCE, Interrupts::End)
    }

    /// As [`change`](Self::change), to undo one: somebody who pressed Ctrl-C wants that all the more.
    ///
    /// # Errors
    /// [`AwsError`].
    pub(in crate::cli) fn undo(
        &self,
        _: &Consent,
        service: &str,
        operation: &str,
        args: Arguments<'_>,
    ) -> Result<Value, AwsError> {
        error::json(&self.answer(service, operation, args, PATIENCE, Interrupts::Ignore)?)
    }

    /// A private directory, in memory where the system has such a place; gone with this value.
    pub(in crate::cli) fn scratch(&self) -> &Path {
        self.scratch.path()
    }

    fn answer(
        &self,
        service: &str,
        operation: &str,
        args: Arguments<'_>,
        patience: Duration,
        interrupts: Interrupts,
    ) -> Result<Zeroizing<Vec<u8>>, AwsError> {
        let once = |region: Option<&str>| {
            let command = self.command(service, operation, args, region);
            let ended = run(command, patience, interrupts)?;
            match ended.success {
                true => Ok(ended.stdout),
                false => Err(AwsError::read(&ended.stderr, service, operation, self.profile())),
            }
        };
        match once(self.args.region.as_deref()) {
            // IAM is the same in all regions, and so is what is asked of STS here.
            Err(AwsError::NoRegion) if matches!(service, "iam" | "sts") => once(Some(ANY_REGION)),
            result => result,
        }
    }

    fn command(&self, service: &str, operation: &str, args: Arguments<'_>, region: Option<&str>) -> Command {
        let mut command = Command::new(&self.program);
        command
            .args(self.words(service, operation, args))
            .args(["--output", "json"]);
        if let Some(region) = region {
            command.args(["--region", region]);
        }
        self.prepare(&mut command);
        command
    }

    /// The environment of every call.
    fn prepare(&self, command: &mut Command) {
        command
            // Version 2 would show long answers in a pager, and ask for what is missing.
            .env("AWS_PAGER", "")
            .env("AWS_CLI_AUTO_PROMPT", "off")
            // `cli_history = enabled` keeps every answer in a file below the home directory.
            .env("AWS_CLI_HISTORY_FILE", self.scratch.path().join("history.db"))
            .env("PYTHONIOENCODING", "utf-8");
        for (name, value) in &self.variables {
            match value {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            };
        }
    }

    /// What follows `aws`.
    fn words(&self, service: &str, operation: &str, args: Arguments<'_>) -> Vec<String> {
        let mut words = vec![service.to_owned(), operation.to_owned()];
        let globals = [
            ("profile", self.args.profile.clone()),
            ("endpoint-url", self.endpoint(service)),
        ];
        let globals = globals
            .iter()
            .filter_map(|(name, value)| Some((*name, value.as_deref()?)));
        for (name, value) in args.iter().copied().chain(globals) {
            match value {
                "" => words.push(format!("--{name}")),
                // A name may begin like a flag.
                value if value.starts_with('-') => words.push(format!("--{name}={value}")),
                value => words.extend([format!("--{name}"), value.to_owned()]),
            }
        }
        words
    }

    /// The endpoint that has to be named. An AWS CLI that is older than the variables of its endpoints would go to AWS
    /// itself, where its user means another place.
    fn endpoint(&self, service: &str) -> Option<String> {
        if self.args.endpoint.is_some() || self.version.reads_endpoints() {
            return self.args.endpoint.clone();
        }
        let ignored = env::var("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS").is_ok_and(|value| value == "true");
        let of_service = format!("AWS_ENDPOINT_URL_{}", service.to_uppercase());
        [of_service.as_str(), "AWS_ENDPOINT_URL"]
            .iter()
            .filter_map(|name| env::var(name).ok())
            .find(|url| !ignored && !url.is_empty())
    }

    /// The call as a shell would take it, for people.
    pub(in crate::cli) fn shown(&self, service: &str, operation: &str, args: Arguments<'_>) -> String {
        let mut line = "aws".to_owned();
        let region = self
            .args
            .region
            .iter()
            .flat_map(|region| ["--region".to_owned(), region.clone()]);
        for word in self.words(service, operation, args).into_iter().chain(region) {
            line.push(' ');
            line.push_str(&quoted(&word));
        }
        line
    }
}

/// Whether the operation changes nothing. AWS names operations by their verb.
fn only_reads(service: &str, operation: &str) -> bool {
    let verb = operation.split('-').next().unwrap_or_default();
    matches!(
        (service, verb),
        // A credential report is made anew, which its readers see as its date alone.
        ("iam", "get" | "list" | "simulate")
            | ("sts", "get" | "assume")
            | ("cloudtrail", "lookup")
            | ("organizations", "list" | "describe")
    ) || (service, operation) == ("iam", "generate-credential-report")
        || (service, operation) == ("configure", "get")
}

/// A word for a POSIX shell. A placeholder (`<code>`) stays readable.
pub(in crate::cli) fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_=+,.@:/%".contains(c);
    let is_placeholder = word.starts_with('<') && word.ends_with('>');
    match is_placeholder || (!word.is_empty() && word.chars().all(plain)) {
        true => word.to_owned(),
        false => format!("'{}'", word.replace('\'', r"'\''")),
    }
}

#[cfg(unix)]
fn is_program(file: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    file.metadata()
        .is_ok_and(|metadata| metadata.is_file() && metadata.permissions().mode() & 0o111 != 0)
}

#[cfg(not(unix))]
fn is_program(file: &Path) -> bool {
    file.is_file()
}

/// A private directory (0700), in memory where there is such a place: the session's, or that of shared memory.
fn scratch() -> Result<TempDir, Failure> {
    let in_memory = [
        env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from),
        Some("/dev/shm".into()),
    ];
    let made = in_memory
        .into_iter()
        .flatten()
        .filter(|place| cfg!(target_os = "linux") && place.is_absolute())
        .find_map(|place| tempfile::Builder::new().prefix("brasskey-").tempdir_in(place).ok());
    made.map_or_else(|| tempfile::Builder::new().prefix("brasskey-").tempdir(), Ok)
        .map_err(|source| Failure::System {
            what: "cannot make a temporary directory".to_owned(),
            source,
        })
}
