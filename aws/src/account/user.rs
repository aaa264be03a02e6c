//! A user, and the access keys.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::Account;
use super::error::IamError;
use super::password::Password;
use super::random::{self, NoRandomness};
use super::secret::Secret;
use crate::names::AwsUser;

/// How many access keys a user may have (IAM User Guide, "IAM and AWS STS quotas").
pub(crate) const MAX_KEYS: usize = 2;

/// A user of the account.
#[derive(Debug, Serialize, Deserialize)]
pub struct User {
    /// The name; root's is `root`.
    pub name: String,
    /// `/`, or `/PATH/`.
    pub path: String,
    /// `AIDA…`; root's is the account's number.
    pub id: String,
    /// When the user was created, in seconds since 1970.
    pub created: i64,
    pub(crate) password: Option<Password>,
    /// The access keys, oldest first.
    pub access_keys: Vec<AccessKey>,
    /// The serial numbers of the devices, as they were enabled.
    pub(crate) devices: Vec<String>,
    /// Policies in the user by name.
    pub(crate) policies: BTreeMap<String, String>,
    /// The ARNs of attached policies.
    pub(crate) attached: BTreeSet<String>,
}

/// A long-term access key.
#[derive(Debug, Serialize, Deserialize)]
pub struct AccessKey {
    /// `AKIA…`
    pub id: String,
    /// What signs.
    pub secret: Secret,
    /// Whether it may be used.
    pub active: bool,
    /// When it was created, in seconds since 1970.
    pub created: i64,
    /// When it was used last, and with which service and region.
    pub last_used: Option<(i64, String, String)>,
}

impl User {
    pub(super) fn root(account: u64, now: i64) -> Self {
        Self::with_id("root", "/", format!("{account:012}"), now)
    }

    pub(crate) fn new(name: &str, path: &str, now: i64) -> Result<Self, NoRandomness> {
        Ok(Self::with_id(name, path, random::id("AIDA")?, now))
    }

    fn with_id(name: &str, path: &str, id: String, now: i64) -> Self {
        Self {
            name: name.to_owned(),
            path: path.to_owned(),
            id,
            created: now,
            password: None,
            access_keys: Vec::new(),
            devices: Vec::new(),
            policies: BTreeMap::new(),
            attached: BTreeSet::new(),
        }
    }

    /// Whether there is a password for the console.
    #[must_use]
    pub fn has_password(&self) -> bool {
        self.password.is_some()
    }

    /// When somebody signed in with the password last, in seconds since 1970.
    #[must_use]
    pub fn password_last_used(&self) -> Option<i64> {
        self.password.as_ref()?.last_used
    }
}

impl Account {
    /// A user's ARN, with the path.
    #[must_use]
    pub fn user_arn(&self, user: &User) -> String {
        match std::ptr::eq(user, &raw const self.root) {
            true => AwsUser::Root.arn(self.number),
            false => format!("arn:aws:iam::{:012}:user{}{}", self.number, user.path, user.name),
        }
    }

    /// Adds a user without any credentials.
    ///
    /// # Errors
    /// EntityAlreadyExists.
    pub fn add_user(&mut self, name: &str, path: &str, now: i64) -> Result<&User, IamError> {
        let key = name.to_ascii_lowercase();
        if self.users.contains_key(&key) {
            return Err(IamError::exists(format!("User with name {name} already exists.")));
        }
        let user = User::new(name, path, now)?;
        Ok(self.users.entry(key).or_insert(user))
    }

    /// Gives a user another access key.
    ///
    /// # Errors
    /// NoSuchEntity, LimitExceeded.
    pub fn add_access_key(&mut self, user: &AwsUser, now: i64) -> Result<&AccessKey, IamError> {
        let id = random::id("AKIA")?;
        let key = AccessKey {
            id: id.clone(),
            secret: random::secret_key()?,
            active: true,
            created: now,
            last_used: None,
        };
        let keys = &mut self.existing_mut(user)?.access_keys;
        if keys.len() >= MAX_KEYS {
            return Err(IamError::limit("AccessKeysPerUser", MAX_KEYS));
        }
        self.keys.insert(id, user.clone());
        let keys = &mut self.existing_mut(user)?.access_keys;
        keys.push(key);
        keys.last().ok_or_else(|| IamError::failure(&"no key"))
    }
}
