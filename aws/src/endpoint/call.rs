//! A call of an operation.

use time::OffsetDateTime;

use super::form::Form;
use super::parameters::Parameters;
use super::xml::Xml;
use crate::account::{Account, Caller, Holder, IamError, Principal};
use crate::names::AwsUser;

/// An operation: reads its parameters, checks that the caller may do it, and does it.
pub(super) type Operation = fn(&mut Call<'_>) -> Result<Xml, IamError>;

/// What an operation has.
pub(super) struct Call<'a> {
    pub(super) account: &'a mut Account,
    pub(super) caller: &'a Caller,
    pub(super) form: &'a Form,
    pub(super) now: OffsetDateTime,
    /// Whether the account has been changed.
    pub(super) changed: bool,
}

impl<'a> Call<'a> {
    pub(super) fn new(account: &'a mut Account, caller: &'a Caller, form: &'a Form, now: OffsetDateTime) -> Self {
        Self {
            account,
            caller,
            form,
            now,
            changed: false,
        }
    }

    pub(super) fn parameters(&self) -> Parameters<'a> {
        Parameters::new(self.form)
    }

    /// Refuses an operation without parameters to a caller that may not do it.
    pub(super) fn authorize(&self, action: &str, resource: &str) -> Result<(), IamError> {
        self.account.authorize(self.caller, action, resource, self.now)
    }

    /// The account, to change it.
    pub(super) fn change(&mut self) -> &mut Account {
        self.changed = true;
        self.account
    }

    pub(super) fn seconds(&self) -> i64 {
        self.now.unix_timestamp()
    }

    /// The user with this name, or else the caller.
    pub(super) fn user(&self, name: Option<&str>) -> Result<AwsUser, IamError> {
        match (name, &self.caller.principal) {
            (Some(name), _) => Ok(AwsUser::Iam(name.to_owned())),
            (None, Principal::User(user)) => Ok(user.clone()),
            (None, Principal::Role { .. }) => Err(IamError::validation(
                "Must specify userName when calling with non-User credentials",
            )),
        }
    }

    /// A user's ARN, whether there is one or not.
    pub(super) fn user_arn(&self, user: &AwsUser) -> String {
        match user {
            AwsUser::Root => user.arn(self.account.number()),
            AwsUser::Iam(name) => self.account.holder_arn(Holder::User(name)),
        }
    }

    /// The ARN of something of the account's that has none by itself.
    pub(super) fn arn(&self, rest: &str) -> String {
        format!("arn:aws:iam::{:012}:{rest}", self.account.number())
    }
}
