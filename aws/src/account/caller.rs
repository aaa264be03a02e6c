//! Who calls, with which credentials, and what that may do.

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use super::Account;
use super::grants::Holder;
use crate::names::AwsUser;

/// A user, or a session of a role.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Principal {
    /// Root or an IAM user.
    User(AwsUser),
    /// A session of a role.
    Role {
        /// The role.
        name: String,
        /// What the session is called.
        session: String,
    },
}

/// With what somebody calls.
#[derive(Clone, Debug)]
pub struct Caller {
    /// Who.
    pub principal: Principal,
    /// None with a long-term access key.
    pub session: Option<Session>,
}

/// A temporary session: the console's, or one of STS.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Session {
    /// When it began, in seconds since 1970.
    pub issued: i64,
    /// Whether it began with an MFA device: `aws:MultiFactorAuthPresent`.
    pub mfa: bool,
    /// Policies that narrow it further.
    pub policies: Vec<String>,
}

impl Caller {
    /// With a long-term access key.
    #[must_use]
    pub fn long_term(user: AwsUser) -> Self {
        Self {
            principal: Principal::User(user),
            session: None,
        }
    }

    /// Somebody who has signed in to the console.
    #[must_use]
    pub fn console(user: AwsUser, signed_in: OffsetDateTime, mfa: bool) -> Self {
        Self {
            principal: Principal::User(user),
            session: Some(Session {
                issued: signed_in.unix_timestamp(),
                mfa,
                policies: Vec::new(),
            }),
        }
    }

    pub(crate) fn is_root(&self) -> bool {
        self.principal == Principal::User(AwsUser::Root)
    }
}

impl Account {
    /// The ARN that GetCallerIdentity answers.
    #[must_use]
    pub fn principal_arn(&self, principal: &Principal) -> String {
        match principal {
            Principal::User(user) => match self.user(user) {
                Some(user) => self.user_arn(user),
                None => user.arn(self.number()),
            },
            Principal::Role { name, session } => {
                format!("arn:aws:sts::{:012}:assumed-role/{name}/{session}", self.number())
            }
        }
    }

    /// The identifier that GetCallerIdentity answers, and policies know as `aws:userid`.
    #[must_use]
    pub fn principal_id(&self, principal: &Principal) -> String {
        match principal {
            Principal::User(user) => self.user(user).map(|user| user.id.clone()).unwrap_or_default(),
            Principal::Role { name, session } => {
                let id = self.role(name).map(|role| role.id.as_str()).unwrap_or_default();
                format!("{id}:{session}")
            }
        }
    }

    /// The identity-based policies of a principal: its own, and those of a user's groups.
    pub(crate) fn policies_of(&self, principal: &Principal) -> Vec<&str> {
        let mut holders = Vec::new();
        match principal {
            Principal::User(AwsUser::Root) => {}
            Principal::User(AwsUser::Iam(name)) => {
                holders.push(Holder::User(name));
                let user = self.user(&AwsUser::Iam(name.clone()));
                let groups = user.into_iter().flat_map(|user| &user.groups);
                holders.extend(groups.filter_map(|key| Some(Holder::Group(&self.groups.get(key)?.name))));
            }
            Principal::Role { name, .. } => holders.push(Holder::Role(name)),
        }
        let grants = holders.into_iter().filter_map(|holder| self.grants(holder).ok());
        grants
            .flat_map(|grants| {
                let attached = grants.attached.iter().filter_map(|arn| self.managed_document(arn));
                grants.inline.values().map(String::as_str).chain(attached)
            })
            .collect()
    }
}
