//! What an audit finds.

use serde::{Serialize, Serializer};
use time::OffsetDateTime;

use super::facts::{Device, User, maybe_seconds};

/// What is looked at. The names are stable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Check {
    /// The root user has MFA.
    RootMfa,
    /// The root user has no access key.
    RootAccessKey,
    /// Whoever has a console password has MFA.
    UserMfa,
    /// Which kind of device the root user has.
    RootDevice,
    /// Nobody is locked out by the loss of one device.
    OneDevice,
    /// Users have a device whose answer is worth nothing on another website.
    PhishingResistant,
    /// Access keys do nothing without MFA.
    AccessKeyMfa,
    /// Console sign-ins were made with MFA.
    SignInMfa,
    /// Nobody signed in as root.
    RootSignIn,
    /// Access keys are renewed.
    AccessKeyAge,
    /// Access keys are used, or gone.
    AccessKeyUse,
    /// The credential report is of today, and agrees with the rest.
    Report,
    /// All sign-ins are known.
    SignInHistory,
}

impl Check {
    /// All of them, the gravest first.
    pub const ALL: [Self; 13] = [
        Self::RootMfa,
        Self::RootAccessKey,
        Self::UserMfa,
        Self::RootDevice,
        Self::OneDevice,
        Self::PhishingResistant,
        Self::AccessKeyMfa,
        Self::SignInMfa,
        Self::RootSignIn,
        Self::AccessKeyAge,
        Self::AccessKeyUse,
        Self::Report,
        Self::SignInHistory,
    ];

    /// Its stable name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::RootMfa => "root-mfa",
            Self::RootAccessKey => "root-access-key",
            Self::UserMfa => "user-mfa",
            Self::RootDevice => "root-device",
            Self::OneDevice => "one-device",
            Self::PhishingResistant => "phishing-resistant",
            Self::AccessKeyMfa => "access-key-mfa",
            Self::SignInMfa => "sign-in-mfa",
            Self::RootSignIn => "root-sign-in",
            Self::AccessKeyAge => "access-key-age",
            Self::AccessKeyUse => "access-key-use",
            Self::Report => "report",
            Self::SignInHistory => "sign-in-history",
        }
    }

    /// What is looked at, for people.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::RootMfa => "MFA of the root user",
            Self::RootAccessKey => "access keys of the root user",
            Self::UserMfa => "console passwords without MFA",
            Self::RootDevice => "the root user's kind of device",
            Self::OneDevice => "one MFA device only",
            Self::PhishingResistant => "devices that phishing gets past",
            Self::AccessKeyMfa => "access keys that work without MFA",
            Self::SignInMfa => "console sign-ins without MFA",
            Self::RootSignIn => "sign-ins as root",
            Self::AccessKeyAge => "old access keys",
            Self::AccessKeyUse => "access keys that nobody uses",
            Self::Report => "the credential report",
            Self::SignInHistory => "the history of sign-ins",
        }
    }

    /// How bad it is where it is not so.
    #[must_use]
    pub fn severity(self) -> Severity {
        match self {
            Self::RootMfa | Self::RootAccessKey => Severity::Critical,
            Self::UserMfa => Severity::High,
            Self::RootDevice | Self::OneDevice | Self::PhishingResistant | Self::AccessKeyMfa | Self::SignInMfa => {
                Severity::Medium
            }
            Self::RootSignIn | Self::AccessKeyAge | Self::AccessKeyUse | Self::Report | Self::SignInHistory => {
                Severity::Low
            }
        }
    }

    /// What a finding against it is: a failure if it is critical or high, or else a warning.
    #[must_use]
    pub fn against(self) -> Outcome {
        match self.severity() {
            Severity::Critical | Severity::High => Outcome::Failed,
            Severity::Medium | Severity::Low => Outcome::Warned,
        }
    }
}

impl Serialize for Check {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

/// How bad something is, the worst first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Whoever guesses or steals one secret has the account.
    Critical,
    /// Whoever guesses or steals one secret has a user.
    High,
    /// It takes more than that, or locks somebody out.
    Medium,
    /// Worth tidying up.
    Low,
}

/// What came out, the worst first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Outcome {
    /// It is not so, and must be.
    Failed,
    /// It is not so, and ought to be.
    Warned,
    /// The data cannot tell.
    CannotTell,
    /// It is so.
    Passed,
}

/// Whom a finding is about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Subject {
    /// The account as a whole.
    Account,
    /// The root user.
    Root,
    /// An IAM user.
    User(String),
}

impl Serialize for Subject {
    /// `{"kind": "account"}`, `{"kind": "root"}` or `{"kind": "user", "name": …}`: a user may be called `root`.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::SerializeMap as _;
        let (kind, name) = match self {
            Self::Account => ("account", None),
            Self::Root => ("root", None),
            Self::User(name) => ("user", Some(name)),
        };
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("kind", kind)?;
        if let Some(name) = name {
            map.serialize_entry("name", name)?;
        }
        map.end()
    }
}

/// Where something is written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Evidence {
    /// The file, or the call of the AWS CLI.
    pub file: String,
    /// The line or the member, and what it says.
    pub says: String,
}

/// A verdict that is not "passed".
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What was looked at.
    pub check: Check,
    /// What came out.
    pub outcome: Outcome,
    /// How bad it is, or would be.
    pub severity: Severity,
    /// Whom it is about.
    pub subject: Subject,
    /// What is wrong, or why the data cannot tell; the same text for all of whom the same is so.
    pub detail: String,
    /// What is so of this subject only: a number, a day.
    pub note: Option<String>,
    /// What says so; may be empty where something is missing.
    pub evidence: Vec<Evidence>,
    /// What to do next.
    pub remedy: String,
}

/// What came out of one check, counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Tally {
    /// Which one.
    pub check: Check,
    /// How bad it is where it is not so.
    pub severity: Severity,
    /// Of how many it is not so, and must be.
    pub failed: usize,
    /// Of how many it is not so, and ought to be.
    pub warned: usize,
    /// Of how many the data cannot tell.
    pub cannot_tell: usize,
    /// Of how many it is so.
    pub passed: usize,
}

/// Everything that an audit says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Audit {
    /// The account, twelve digits; `None` where nothing names it.
    #[serde(serialize_with = "account")]
    pub account: Option<u64>,
    /// When it was judged.
    #[serde(serialize_with = "seconds")]
    pub judged: OffsetDateTime,
    /// When the credential report was made; `None` where nothing says so.
    #[serde(serialize_with = "maybe_seconds")]
    pub report_generated: Option<OffsetDateTime>,
    /// How many findings say that something must be otherwise.
    pub failed: usize,
    /// How many say that something ought to be otherwise.
    pub warned: usize,
    /// How many say that the data cannot tell.
    pub cannot_tell: usize,
    /// How often all was well.
    pub passed: usize,
    /// What came out of each check, the gravest first.
    pub checks: Vec<Tally>,
    /// What is not well, the worst first.
    pub findings: Vec<Finding>,
    /// The devices of the root user that are known.
    pub root_devices: Vec<Device>,
    /// The users that are known, by name.
    pub users: Vec<User>,
    /// Whether these are all.
    pub users_complete: bool,
    /// How many IAM users there are by the account summary; `None` where it does not say.
    pub user_count: Option<usize>,
    /// What was read, in its order.
    pub files: Vec<String>,
}

fn account<S: Serializer>(account: &Option<u64>, serializer: S) -> Result<S::Ok, S::Error> {
    account.map(|account| format!("{account:012}")).serialize(serializer)
}

/// Seconds since 1970.
pub(super) fn seconds<S: Serializer>(moment: &OffsetDateTime, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_i64(moment.unix_timestamp())
}
