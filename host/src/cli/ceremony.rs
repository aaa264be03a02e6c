//! What `register` and `authenticate` share: whom they play, for whom, and how a report is shown.

use std::io::{self, Write};
use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::aws::account_number;
use super::device::DeviceArgs;
use super::extension_args::UserVerification;
use super::failure::Failure;
use super::output::{BAD, DIM, GOOD, Output, WARNING};
use super::pin_entry::PinArgs;
use crate::client::Key;
use crate::client::webauthn::{Origin, Protocol, domain};
use crate::relying_party::profile::{AwsUser, Profile, Settings};
use crate::relying_party::registrations::{Account, RegistrationsFile};
use crate::relying_party::{Outcome, Report};
use crate::soft::paths;
use crate::text::escape;

/// The AWS account that AWS's own documentation uses.
pub(super) const EXAMPLE_ACCOUNT: u64 = 123_456_789_012;

/// What is said before anything looks like AWS.
const REHEARSAL: &str = "this is a rehearsal on this computer: nothing is sent to AWS, and nothing changes there";

/// Whom to play.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum ProfileName {
    /// A plain WebAuthn site
    Webauthn,
    /// The AWS console, as far as it is known; a rehearsal, which never talks to AWS
    Aws,
}

impl From<ProfileName> for Profile {
    fn from(name: ProfileName) -> Self {
        match name {
            ProfileName::Webauthn => Self::Webauthn,
            ProfileName::Aws => Self::Aws,
        }
    }
}

/// A domain name as a browser has it.
pub(super) fn domain_name(text: &str) -> Result<String, String> {
    domain(text).map_err(|error| format!("{error}\nhint: {}", error.hint()))
}

/// A user's name. Websites take no empty ones (WebAuthn Level 3 §5.4.3, RFC 8265 §3.3).
fn user_name(text: &str) -> Result<String, String> {
    match text.is_empty() {
        true => Err("a user's name has at least one character\nhint: leave --user out to be alice".to_owned()),
        false => Ok(text.to_owned()),
    }
}

/// Whom to play, and for whom.
#[derive(Debug, Args)]
#[command(next_help_heading = "Relying party")]
pub(super) struct CeremonyArgs {
    /// Whom to play
    #[arg(long, value_enum, default_value_t = ProfileName::Webauthn)]
    pub(super) profile: ProfileName,

    /// The RP ID, a domain name [default: the profile's]
    #[arg(long, value_name = "DOMAIN", value_parser = domain_name)]
    rp_id: Option<String>,

    /// The web origin that asks [default: the profile's, or https:// and the RP ID]
    #[arg(long, value_name = "ORIGIN")]
    origin: Option<String>,

    /// The user's name; with --profile aws, the IAM user [default: alice]
    #[arg(long, value_name = "NAME", value_parser = user_name)]
    user: Option<String>,

    /// With --profile aws: the AWS account [default: 123456789012]
    #[arg(long, value_name = "NUMBER", value_parser = account_number())]
    account: Option<u64>,

    /// With --profile aws: the account's root user instead of an IAM user
    #[arg(long, conflicts_with = "user")]
    root: bool,

    /// Talk U2F even to a key that speaks CTAP2
    #[arg(long)]
    pub(super) u2f: bool,

    /// How much user verification, by PIN or fingerprint, is wanted [default: the profile's]
    #[arg(long, value_enum, value_name = "REQUIREMENT", conflicts_with = "u2f")]
    uv: Option<UserVerification>,

    /// The file that keeps registrations [default: relying-party.json in your data directory]
    #[arg(long, value_name = "FILE")]
    registrations: Option<PathBuf>,

    #[command(flatten)]
    pub(super) pin: PinArgs,

    #[command(flatten)]
    pub(super) device: DeviceArgs,
}

/// The relying party that is played.
pub(super) struct Played {
    pub(super) settings: Settings,
    pub(super) origin: Origin,
    /// The account's name in the relying-party file.
    pub(super) account: String,
    /// The user's name for people.
    pub(super) user: String,
    /// With the AWS profile: account and user.
    pub(super) aws: Option<(u64, AwsUser)>,
    pub(super) file: RegistrationsFile,
}

impl Played {
    /// An account's name for people: the file has a user of AWS by an ARN.
    pub(super) fn name(&self, account: &Account) -> String {
        let user = self.aws.as_ref().and_then(|_| AwsUser::from_arn(&account.name));
        match user {
            Some((number, user)) => format!("{user} of account {number:012}"),
            None => account.name.clone(),
        }
    }
}

impl CeremonyArgs {
    /// The relying party that the flags describe.
    pub(super) fn played(&self, output: &Output) -> Result<Played, Failure> {
        if self.profile != ProfileName::Aws && (self.root || self.account.is_some()) {
            return Err(Failure::usage(
                "--root and --account name a user of AWS, which is not played here",
                "add --profile aws, or name the user with --user",
            ));
        }
        let mut settings = Profile::from(self.profile).settings();
        if let Some(rp_id) = &self.rp_id {
            settings.origin = format!("https://{rp_id}");
            settings.rp.id.clone_from(rp_id);
            settings.rp.name.clone_from(rp_id);
            // The AppID of the profile belongs to the profile's origin.
            settings.app_id = None;
        }
        if let Some(wanted) = self.uv {
            settings.user_verification = wanted.into();
        }
        if let Some(origin) = &self.origin {
            settings.origin.clone_from(origin);
        }
        let origin = Origin::parse(&settings.origin)
            .and_then(|origin| origin.check_rp_id(&settings.rp.id).map(|()| origin))
            .map_err(|error| Failure::usage(error.to_string(), error.hint()))?;
        if self.origin.is_some()
            && settings
                .app_id
                .as_deref()
                .is_some_and(|app| origin.check_app_id(app).is_err())
        {
            settings.app_id = None;
        }
        if self.profile == ProfileName::Aws {
            output.notice(REHEARSAL);
        }
        if let Some(assumed) = settings
            .assumed
            .filter(|_| self.rp_id.is_none() || self.origin.is_none())
        {
            output.notice(&format!(
                "{assumed}: assumed are RP ID {} and origin {}",
                escape(&settings.rp.id),
                origin.as_str()
            ));
        }
        let aws = (self.profile == ProfileName::Aws)
            .then(|| self.aws_user())
            .transpose()?;
        Ok(Played {
            account: match &aws {
                Some((account, user)) => user.arn(*account),
                None => self.user().to_owned(),
            },
            user: if self.root {
                "root".to_owned()
            } else {
                self.user().to_owned()
            },
            settings,
            origin,
            aws,
            file: registrations_file(self.registrations.as_ref())?,
        })
    }

    /// Whether the user is not verified though the key could.
    pub(super) fn is_unverified(&self) -> bool {
        self.uv == Some(UserVerification::Discouraged) || self.profile == ProfileName::Aws && self.uv.is_none()
    }

    /// Whether the user was named, and is not the one who is played where nobody was.
    pub(super) fn names_user(&self) -> bool {
        self.user.is_some() || self.root
    }

    /// Whether the account is of the AWS account that was named, where one was.
    pub(super) fn may_be(&self, account: &Account) -> bool {
        match self.account {
            None => true,
            Some(number) => AwsUser::from_arn(&account.name).is_some_and(|(its, _)| its == number),
        }
    }

    fn user(&self) -> &str {
        self.user.as_deref().unwrap_or("alice")
    }

    fn aws_user(&self) -> Result<(u64, AwsUser), Failure> {
        let user = match self.root {
            true => AwsUser::Root,
            false => self
                .user()
                .parse()
                .map_err(|error: crate::relying_party::profile::DeviceNameError| {
                    Failure::usage(error.to_string(), error.hint())
                })?,
        };
        Ok((self.account.unwrap_or(EXAMPLE_ACCOUNT), user))
    }

    /// How to talk to the key: CTAP2, or U2F where the user or the key wants it.
    pub(super) fn protocol(&self, key: &Key) -> Protocol {
        match key.info() {
            Some(_) if !self.u2f => Protocol::Ctap2,
            _ => Protocol::U2f,
        }
    }
}

/// The relying-party file that was named, or the default one.
pub(super) fn registrations_file(named: Option<&PathBuf>) -> Result<RegistrationsFile, Failure> {
    Ok(RegistrationsFile::at(match named {
        Some(path) => path.clone(),
        None => paths::default_relying_party()?,
    }))
}

/// Shows a report check by check.
pub(super) fn show_report(report: &Report, to: &mut dyn Write) -> io::Result<()> {
    let width = report.checks.iter().map(|check| check.name.len()).max().unwrap_or(0);
    for check in &report.checks {
        let (style, mark) = mark(check.outcome);
        let (name, detail) = (check.name, &check.detail);
        writeln!(to, "  {style}{mark}{style:#}  {name:width$}  {DIM}{detail}{DIM:#}")?;
    }
    Ok(())
}

/// How an outcome looks. Colour only repeats what the word says.
pub(super) fn mark(outcome: Outcome) -> (anstyle::Style, &'static str) {
    match outcome {
        Outcome::Passed => (GOOD, "pass"),
        Outcome::Warned => (WARNING, "warn"),
        Outcome::Failed => (BAD, "FAIL"),
        Outcome::Skipped => (DIM, "skip"),
    }
}
