//! What the AWS CLI fails with: read from what it says, and said again with a remedy.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use serde_json::Value;
use thiserror::Error;

use crate::cli::failure::{AWS, SYSTEM, USAGE, USER};

/// How much of what the CLI said is repeated, in characters.
const LONGEST_SAID: usize = 600;

/// Why the AWS CLI did not do what it was asked. Texts are as the CLI and AWS have them: not escaped.
#[derive(Debug, Error)]
pub(in crate::cli) enum AwsError {
    /// There is none.
    #[error("the AWS CLI is not installed: there is no program `aws` on the PATH")]
    Missing,
    /// It is older than what is asked of it.
    #[error("this AWS CLI is too old: {found}")]
    TooOld {
        /// Its version.
        found: String,
    },
    /// Another program has its name.
    #[error("{} does not say that it is the AWS CLI", program.display())]
    NotTheCli {
        /// The program.
        program: PathBuf,
    },
    /// The system does not run it.
    #[error("cannot run the AWS CLI: {0}")]
    Start(#[source] io::Error),
    /// It was given up.
    #[error("the AWS CLI did not end within {} s", .0.as_secs())]
    TimedOut(Duration),
    /// The user pressed Ctrl-C.
    #[error("the request was cancelled")]
    Cancelled,
    /// The answer is no JSON, or cut off.
    #[error("the AWS CLI's answer cannot be read")]
    Answer,
    /// The answer is longer than any should be.
    #[error("the AWS CLI's answer is too long")]
    TooLong,
    /// An operation that changes something was called as if it did not.
    #[error("an operation was not asked for")]
    Unasked,
    /// AWS does not let this user do it.
    #[error("AWS does not allow {action}{} for {}", of(resource.as_deref()), user.as_deref().unwrap_or("this user"))]
    Denied {
        /// The permission: `iam:EnableMFADevice`.
        action: String,
        /// The ARN of what it is for.
        resource: Option<String>,
        /// The ARN of the user.
        user: Option<String>,
        /// A policy forbids it, which no other policy can allow.
        explicitly: bool,
    },
    /// Another error of the service.
    #[error("AWS answers {code} to {operation}: {message}")]
    Service {
        /// AWS's name for it: `NoSuchEntity`.
        code: String,
        /// AWS's words.
        message: String,
        /// The service and operation as the CLI has them: `iam enable-mfa-device`.
        operation: String,
    },
    /// There are no credentials.
    #[error("the AWS CLI has no credentials{}", of_profile(profile.as_deref()))]
    NoCredentials {
        /// The profile that was named.
        profile: Option<String>,
    },
    /// A profile's own program for credentials failed.
    #[error("the profile's credential_process failed: {said}")]
    Process {
        /// What it said.
        said: String,
    },
    /// There is no such profile.
    #[error("the AWS CLI has no profile {name}")]
    NoProfile {
        /// Its name.
        name: String,
    },
    /// Somebody has to sign in to IAM Identity Center.
    #[error("the session of IAM Identity Center (SSO) has ended, or nobody has signed in yet")]
    SignIn {
        /// The profile that was named.
        profile: Option<String>,
    },
    /// The session of `aws login` or of temporary credentials has ended.
    #[error("the session has expired")]
    Expired {
        /// The profile that was named.
        profile: Option<String>,
        /// It is one of `aws login`.
        login: bool,
    },
    /// No region was named.
    #[error("the AWS CLI does not know which region to use")]
    NoRegion,
    /// AWS cannot be reached.
    #[error("AWS cannot be reached: {said}")]
    Connection {
        /// What the CLI said.
        said: String,
    },
    /// The CLI does not know what it was asked.
    #[error("this AWS CLI does not know `{operation}`: {said}")]
    Unknown {
        /// The service and operation.
        operation: String,
        /// What the CLI said.
        said: String,
    },
    /// Anything else.
    #[error("the AWS CLI failed at {operation}: {said}")]
    Other {
        /// The service and operation.
        operation: String,
        /// What the CLI said.
        said: String,
    },
}

fn of(resource: Option<&str>) -> String {
    resource.map_or_else(String::new, |resource| format!(" on {resource}"))
}

fn of_profile(profile: Option<&str>) -> String {
    profile.map_or_else(String::new, |profile| format!(" for the profile {profile}"))
}

/// An answer as JSON; operations without one answer with nothing.
pub(super) fn json(answer: &[u8]) -> Result<Value, AwsError> {
    match answer.trim_ascii() {
        [] => Ok(Value::Null),
        answer => serde_json::from_slice(answer).map_err(|_| AwsError::Answer),
    }
}

impl AwsError {
    /// What the CLI's words on stderr mean. Both versions have them from botocore; 2.3x puts `aws: [ERROR]: ` in front.
    pub(super) fn read(stderr: &str, service: &str, operation: &str, profile: Option<&str>) -> Self {
        let operation = format!("{service} {operation}");
        let profile = || profile.map(str::to_owned);
        if let Some((code, message)) = of_service(stderr) {
            return match code {
                "AccessDenied" | "AccessDeniedException" | "UnauthorizedOperation" => {
                    denied(message).unwrap_or_else(|| Self::service(code, message, operation))
                }
                "ExpiredToken" | "ExpiredTokenException" | "RequestExpired" => Self::Expired {
                    profile: profile(),
                    login: false,
                },
                _ => Self::service(code, message, operation),
            };
        }
        let said = said(stderr);
        let says = |texts: &[&str]| texts.iter().any(|text| stderr.contains(text));
        if says(&["Unable to locate credentials", "Partial credentials found"]) {
            Self::NoCredentials { profile: profile() }
        } else if let Some((_, said)) = stderr.split_once("retrieving credentials from custom-process: ") {
            // All that the program said follows, and what is wrong stands first.
            Self::Process {
                said: self::said(said.trim_start().lines().next().unwrap_or_default()),
            }
        } else if let Some(name) = between(stderr, "The config profile (", ") could not be found") {
            Self::NoProfile { name: name.to_owned() }
        } else if says(&["aws login"]) {
            Self::Expired {
                profile: profile(),
                login: true,
            }
        } else if says(&[
            "SSO Token",
            "SSO session",
            "aws sso login",
            "Token has expired and refresh failed",
        ]) {
            Self::SignIn { profile: profile() }
        } else if says(&["You must specify a region"]) {
            Self::NoRegion
        } else if says(&[
            "Could not connect to the endpoint URL",
            "onnect timeout on endpoint URL",
            "ead timeout on endpoint URL",
            "Failed to connect to proxy URL",
            "SSL validation failed",
            "Connection was closed before",
            "Connection reset by peer",
        ]) {
            Self::Connection { said }
        } else if says(&["Invalid choice", "Unknown options", "invalid choice"]) {
            Self::Unknown { operation, said }
        } else {
            Self::Other { operation, said }
        }
    }

    fn service(code: &str, message: &str, operation: String) -> Self {
        Self::Service {
            code: code.to_owned(),
            message: message.to_owned(),
            operation,
        }
    }

    /// AWS's name for the error, where AWS itself refused.
    pub(in crate::cli) fn code(&self) -> Option<&str> {
        match self {
            Self::Service { code, .. } => Some(code),
            Self::Denied { .. } => Some("AccessDenied"),
            _ => None,
        }
    }

    /// Whether AWS refused: then nothing was changed. Otherwise it may have been, and only the answer is missing.
    pub(in crate::cli) fn is_refusal(&self) -> bool {
        match self {
            Self::Service { code, .. } => code != "ServiceFailure" && code != "InternalFailure",
            Self::Cancelled | Self::TimedOut(_) | Self::Answer | Self::TooLong | Self::Connection { .. } => false,
            Self::Other { .. } => false,
            _ => true,
        }
    }

    /// The exit code.
    pub(in crate::cli) fn exit_code(&self) -> u8 {
        match self {
            Self::Cancelled => USER,
            Self::NoProfile { .. } | Self::NoRegion => USAGE,
            Self::Missing | Self::TooOld { .. } | Self::NotTheCli { .. } | Self::Start(_) | Self::Unasked => SYSTEM,
            _ => AWS,
        }
    }

    /// What to do next.
    pub(in crate::cli) fn hint(&self) -> String {
        let with = |profile: &Option<String>| {
            profile
                .as_ref()
                .map_or_else(String::new, |profile| format!(" --profile {profile}"))
        };
        match self {
            Self::Missing => "install it (https://docs.aws.amazon.com/cli/, or `pipx install awscli`), and see that \
                              `aws --version` works"
                .to_owned(),
            Self::TooOld { .. } | Self::Unknown { .. } => {
                "update the AWS CLI (https://docs.aws.amazon.com/cli/)".to_owned()
            }
            Self::NotTheCli { .. } => "put the directory of the AWS CLI first on the PATH".to_owned(),
            Self::Start(_) => "see that `aws --version` works".to_owned(),
            Self::TimedOut(_) => "look at the network, and try again".to_owned(),
            Self::Cancelled => "run it again when you are ready".to_owned(),
            Self::Answer | Self::TooLong | Self::Unasked => {
                "try once more; if it fails again, run the same call of `aws` yourself".to_owned()
            }
            Self::Denied { explicitly: true, .. } => {
                "a policy denies it: often until you have signed in with MFA, which `brasskey aws session` does; \
                 `brasskey aws policy print` shows such a policy"
                    .to_owned()
            }
            Self::Denied { action, resource, .. } => format!(
                "have an administrator allow {action}{}, or use --profile with a user who may",
                of(resource.as_deref())
            ),
            Self::Service { code, message, .. } => of_code(code, message).to_owned(),
            Self::NoCredentials { profile } => format!(
                "give it some: `aws configure{0}`, `aws configure sso{0}`, or `aws login{0}` where the AWS CLI has it; \
                 or name a profile that has some with --profile (of `aws session`: --source-profile)",
                with(profile)
            ),
            Self::Process { .. } => "look at the credential_process of the profile in ~/.aws/config".to_owned(),
            Self::NoProfile { .. } => "`aws configure list-profiles` shows those that there are: name one with \
                                       --profile (of `aws session`: --source-profile)"
                .to_owned(),
            Self::SignIn { profile } => format!("sign in with `aws sso login{}`", with(profile)),
            Self::Expired { profile, login: true } => format!("sign in with `aws login{}`", with(profile)),
            Self::Expired { profile, login: false } => format!(
                "get new credentials: `aws sso login{0}`, `aws login{0}` or `brasskey aws session`, as the profile \
                 has it",
                with(profile)
            ),
            Self::NoRegion => "name it with --region, for example --region us-east-1".to_owned(),
            Self::Connection { .. } => {
                "look at the network, the proxy, and AWS_ENDPOINT_URL where it is set".to_owned()
            }
            Self::Other { .. } => "run the same call of `aws` yourself, with --debug".to_owned(),
        }
    }
}

/// What to do about AWS's errors that many operations have.
fn of_code(code: &str, message: &str) -> &'static str {
    match code {
        "AccessDenied" if message.contains("MultiFactorAuthentication failed") => {
            "a code is good once, and for about a minute: wait for the next one, set this computer's clock, and look \
             whether the account on the key is that of this device; `brasskey aws resync` mends a device whose clock \
             was off"
        }
        "AccessDenied" if message.contains("with session credentials") => {
            "STS gives sessions for long-term access keys alone: choose the profile that has them with --source-profile"
        }
        "EntityAlreadyExists" => "choose another --name, or remove the one that is there with `brasskey aws remove`",
        "EntityTemporarilyUnmodifiable" => {
            "AWS is still at work on what was there before: wait some minutes, try again"
        }
        "InvalidAuthenticationCode" => {
            "a code is good once, and may have been used elsewhere: wait for the next one. If it is refused again, set \
             this computer's clock, and look whether the account on the key is that of this device"
        }
        "LimitExceeded" => {
            "a user has at most 8 MFA devices: remove one that is no longer used with `brasskey aws remove`"
        }
        "DeleteConflict" => "the device is assigned to a user: `brasskey aws remove --user NAME` takes it from them",
        "InvalidClientTokenId" | "UnrecognizedClientException" | "AuthFailure" => {
            "the access key is deleted, inactive, or of another partition: make a new one, or choose another --profile"
        }
        "SignatureDoesNotMatch" | "IncompleteSignature" => {
            "the secret access key is not that of the access key, or this computer's clock is off: correct either"
        }
        "Throttling" | "ThrottlingException" | "RequestLimitExceeded" => "AWS is asked too often: wait a minute",
        "ServiceFailure" | "InternalFailure" | "ServiceUnavailable" => "this is AWS's own failure: try again later",
        "NoSuchEntity" | "NoSuchEntityException" => "check the name, and the account that --profile is for",
        "ConcurrentModification" => "somebody else changes the same thing now: try again in a moment",
        _ => "see what AWS says above",
    }
}

/// AWS's code and message: `An error occurred (CODE) when calling the Operation operation: MESSAGE`.
fn of_service(stderr: &str) -> Option<(&str, &str)> {
    let (_, rest) = stderr.split_once("An error occurred (")?;
    let (code, rest) = rest.split_once(") when calling the ")?;
    let (_, rest) = rest.split_once(" operation")?;
    // Where it was tried several times, this stands before the colon.
    let (_, message) = rest.split_once(": ")?;
    let message = message.lines().next().unwrap_or_default().trim();
    Some((code, message))
}

/// The permission that is missing, where the message names it: `User: ARN is not authorized to perform: ACTION on
/// resource: ARN because …`.
fn denied(message: &str) -> Option<AwsError> {
    let (user, rest) = message.split_once(" is not authorized to perform: ")?;
    let mut words = rest.split_whitespace();
    let action = words.next()?.trim_end_matches(',').to_owned();
    let resource = rest
        .split_once("on resource: ")
        .and_then(|(_, resource)| resource.split_whitespace().next());
    Some(AwsError::Denied {
        action,
        resource: resource.map(str::to_owned),
        user: user.split_once("User: ").map(|(_, user)| user.to_owned()),
        explicitly: message.contains("explicit deny"),
    })
}

fn between<'a>(text: &'a str, before: &str, after: &str) -> Option<&'a str> {
    let (_, rest) = text.split_once(before)?;
    Some(rest.split_once(after)?.0)
}

/// The last words on stderr, bounded, without the usage that both versions print in front.
fn said(stderr: &str) -> String {
    let mut lines = stderr.lines().map(str::trim).filter(|line| !line.is_empty());
    let line = lines.next_back().unwrap_or("it says nothing");
    let line = line.strip_prefix("aws: [ERROR]: ").unwrap_or(line);
    line.chars().take(LONGEST_SAID).collect()
}
