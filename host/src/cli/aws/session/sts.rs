//! The request to STS.

use super::Args;
use super::credentials::Credentials;
use crate::cli::aws::tool::{Aws, AwsError};
use crate::cli::failure::Failure;
use crate::client::oath::Code;

/// What a session of a role is called where nothing else is said.
const SESSION_NAME: &str = "brasskey";

/// The service, the operation and its arguments.
pub(super) fn request<'a>(
    args: &'a Args,
    serial: &'a str,
    code: &'a str,
) -> (&'static str, &'static str, Vec<(&'static str, String)>) {
    let mut words = Vec::new();
    let mut add = |name, value: &str| words.push((name, value.to_owned()));
    let operation = match &args.role {
        None => "get-session-token",
        Some(role) => {
            add("role-arn", role);
            add(
                "role-session-name",
                args.role_session_name.as_deref().unwrap_or(SESSION_NAME),
            );
            if let Some(id) = &args.external_id {
                add("external-id", id);
            }
            "assume-role"
        }
    };
    if let Some(duration) = args.duration {
        add("duration-seconds", &duration.to_string());
    }
    add("serial-number", serial);
    add("token-code", code);
    ("sts", operation, words)
}

/// The session that AWS gives for the code.
pub(super) fn session(aws: &Aws, args: &Args, serial: &str, code: &Code) -> Result<Credentials, Failure> {
    // Other users of the computer may see it there: it is good once, and is being used.
    let code = code.to_string();
    let (service, operation, words) = request(args, serial, &code);
    let words: Vec<_> = words.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let answer = aws.call_secret(service, operation, &words)?;
    Ok(Credentials::of_answer(&answer).ok_or(AwsError::Answer)?)
}
