//! The website that `register` and `authenticate` play, and its user, as the flags describe them.

use std::path::PathBuf;

use clap::Args;
use clap::builder::RangedU64ValueParser;

use super::failure::Failure;
use super::output::Output;
use crate::relying_party::profile::{AwsUser, DeviceNameError, Profile, Settings};
use crate::relying_party::registrations::{Account, RegistrationsFile};
use crate::soft::paths;
use crate::text::escape;
use crate::webauthn::{Origin, Requirement, domain};

/// The AWS account that AWS's own documentation uses.
pub(super) const EXAMPLE_ACCOUNT: u64 = 123_456_789_012;

/// Printed before anything that looks like AWS.
const REHEARSAL: &str = "this is a rehearsal on this computer: nothing is sent to AWS, and nothing changes there";

/// Up to twelve digits.
pub(super) fn account_number() -> RangedU64ValueParser {
    RangedU64ValueParser::new().range(..1_000_000_000_000)
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

/// Which website to play, and which of its users.
#[derive(Debug, Args)]
#[command(next_help_heading = "Relying party")]
pub(super) struct WebsiteArgs {
    /// Which website to play
    #[arg(long, value_enum, default_value_t = Profile::Webauthn)]
    profile: Profile,

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

    /// Whether the key must verify its user, by PIN or fingerprint [default: the profile's]
    #[arg(long, value_enum, value_name = "REQUIREMENT", conflicts_with = "u2f")]
    uv: Option<Requirement>,

    /// The file that keeps registrations [default: relying-party.json in your data directory]
    #[arg(long, value_name = "FILE")]
    registrations: Option<PathBuf>,
}

/// The website that is played, and its user.
pub(super) struct Website {
    pub(super) settings: Settings,
    pub(super) origin: Origin,
    /// The name of the user's account in the file of registrations.
    pub(super) account: String,
    /// The user's name for people.
    pub(super) user: String,
    /// With the AWS profile: account and user.
    pub(super) aws: Option<(u64, AwsUser)>,
    pub(super) file: RegistrationsFile,
}

impl Website {
    /// An account's name for people: the file has a user of AWS by an ARN.
    pub(super) fn name(&self, account: &Account) -> String {
        let user = self.aws.as_ref().and_then(|_| AwsUser::from_arn(&account.name));
        match user {
            Some((number, user)) => format!("{user} of account {number:012}"),
            None => account.name.clone(),
        }
    }
}

impl WebsiteArgs {
    /// The website that the flags describe. What is assumed about it is printed.
    pub(super) fn website(&self, output: &Output) -> Result<Website, Failure> {
        if self.profile != Profile::Aws && (self.root || self.account.is_some()) {
            return Err(Failure::usage(
                "--root and --account name a user of AWS, and this is another website",
                "add --profile aws, or name the user with --user",
            ));
        }
        let (settings, origin) = self.settings()?;
        if self.profile == Profile::Aws {
            output.notice(REHEARSAL);
        }
        if let Some(unpublished) = settings.assumed
            && (self.rp_id.is_none() || self.origin.is_none())
        {
            let rp_id = escape(&settings.rp.id);
            output.notice(&format!(
                "{unpublished}: this uses RP ID {rp_id} and origin {}",
                origin.as_str()
            ));
        }
        let user = match self.root {
            true => "root",
            false => self.user.as_deref().unwrap_or("alice"),
        };
        let aws = match self.profile {
            Profile::Webauthn => None,
            Profile::Aws => Some((self.account.unwrap_or(EXAMPLE_ACCOUNT), self.aws_user(user)?)),
        };
        Ok(Website {
            account: match &aws {
                Some((account, user)) => user.arn(*account),
                None => user.to_owned(),
            },
            user: user.to_owned(),
            settings,
            origin,
            aws,
            file: registrations_file(self.registrations.as_ref())?,
        })
    }

    /// The profile's settings, and the origin in them, with the flags instead where there are any.
    fn settings(&self) -> Result<(Settings, Origin), Failure> {
        let mut settings = self.profile.settings();
        if let Some(rp_id) = &self.rp_id {
            settings.origin = format!("https://{rp_id}");
            settings.rp.id.clone_from(rp_id);
            settings.rp.name = Some(rp_id.clone());
            // The AppID of the profile belongs to the profile's origin.
            settings.app_id = None;
        }
        if let Some(uv) = self.uv {
            settings.user_verification = uv;
        }
        if let Some(origin) = &self.origin {
            settings.origin.clone_from(origin);
        }
        let origin = Origin::parse(&settings.origin)
            .and_then(|origin| origin.check_rp_id(&settings.rp.id).map(|()| origin))
            .map_err(|error| Failure::usage(error.to_string(), error.hint()))?;
        if self.origin.is_some() {
            settings.app_id = settings.app_id.filter(|app_id| origin.check_app_id(app_id).is_ok());
        }
        Ok((settings, origin))
    }

    fn aws_user(&self, name: &str) -> Result<AwsUser, Failure> {
        match self.root {
            true => Ok(AwsUser::Root),
            false => name
                .parse()
                .map_err(|error: DeviceNameError| Failure::usage(error.to_string(), error.hint())),
        }
    }

    /// Whether the user is not verified though the key could.
    pub(super) fn is_unverified(&self) -> bool {
        self.uv == Some(Requirement::Discouraged) || self.profile == Profile::Aws && self.uv.is_none()
    }

    /// Whether the flags name the user.
    pub(super) fn names_user(&self) -> bool {
        self.user.is_some() || self.root
    }

    /// Whether the account belongs to the AWS account that the flags name, where they name one.
    pub(super) fn may_be(&self, account: &Account) -> bool {
        match self.account {
            None => true,
            Some(number) => AwsUser::from_arn(&account.name).is_some_and(|(its, _)| its == number),
        }
    }
}

/// The file of registrations that was named, or the default one.
pub(super) fn registrations_file(named: Option<&PathBuf>) -> Result<RegistrationsFile, Failure> {
    Ok(RegistrationsFile::at(match named {
        Some(path) => path.clone(),
        None => paths::default_relying_party()?,
    }))
}
