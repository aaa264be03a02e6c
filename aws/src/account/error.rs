//! Errors as IAM words them.

use thiserror::Error;

use crate::names::AwsUser;

/// An error of IAM or STS: what the pages show, and what the endpoint answers.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{message}")]
pub struct IamError {
    /// The error's name, such as `NoSuchEntity`.
    pub code: &'static str,
    /// The HTTP status.
    pub status: u16,
    /// What AWS says.
    pub message: String,
}

impl IamError {
    /// An error of any code.
    pub(crate) fn new(code: &'static str, status: u16, message: impl Into<String>) -> Self {
        let message = message.into();
        Self { code, status, message }
    }

    pub(crate) fn no_such(message: impl Into<String>) -> Self {
        Self::new("NoSuchEntity", 404, message)
    }

    pub(super) fn no_group(name: &str) -> Self {
        Self::no_such(format!("The group with name {name} cannot be found."))
    }

    pub(crate) fn no_user(user: &AwsUser) -> Self {
        Self::no_such(format!("The user with name {user} cannot be found."))
    }

    pub(crate) fn no_login_profile(user: &AwsUser) -> Self {
        Self::no_such(format!("Login Profile for User {user} cannot be found."))
    }

    pub(crate) fn exists(message: impl Into<String>) -> Self {
        Self::new("EntityAlreadyExists", 409, message)
    }

    pub(crate) fn conflict(message: impl Into<String>) -> Self {
        Self::new("DeleteConflict", 409, message)
    }

    /// The quota `name` is used up.
    pub(crate) fn limit(name: &str, most: usize) -> Self {
        Self::new("LimitExceeded", 409, format!("Cannot exceed quota for {name}: {most}"))
    }

    pub(crate) fn invalid_code() -> Self {
        Self::new(
            "InvalidAuthenticationCode",
            403,
            "Authentication code for device is not valid.",
        )
    }

    pub(crate) fn validation(message: impl Into<String>) -> Self {
        Self::new("ValidationError", 400, message)
    }

    /// What goes wrong inside: there is no randomness, or the picture cannot be drawn.
    pub(crate) fn failure(what: &dyn std::fmt::Display) -> Self {
        Self::new("ServiceFailure", 500, format!("The practice account failed: {what}"))
    }
}
