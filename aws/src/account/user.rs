//! A user, and the access keys.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use super::Account;
use super::error::IamError;
use super::grants::Grants;
use super::password::Password;
use super::random::{self, NoRandomness};
use super::secret::Secret;
use crate::names::AwsUser;

/// How many access keys a user may have (IAM User Guide, "IAM and AWS STS quotas").
pub(crate) const MAX_KEYS: usize = 2;

/// A user of the account.
#[derive(Debug, Serialize, Deserialize)]
pub struct User {
    /// The name in lower case: what users are sorted and told apart by.
    pub(crate) key: String,
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
    pub(crate) grants: Grants,
    /// The groups, by name in lower case.
    pub(crate) groups: BTreeSet<String>,
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
            key: name.to_ascii_lowercase(),
            name: name.to_owned(),
            path: path.to_owned(),
            id,
            created: now,
            password: None,
            access_keys: Vec::new(),
            devices: Vec::new(),
            grants: Grants::default(),
            groups: BTreeSet::new(),
        }
    }

    /// Whether there is a password for the console.
    #[must_use]
    pub fn has_password(&self) -> bool {
        self.password.is_some()
    }

    /// Whether the user is in a group.
    #[must_use]
    pub fn is_in(&self, group: &str) -> bool {
        self.groups.contains(&group.to_ascii_lowercase())
    }

    /// When the password was set first, and whether another has to be chosen at the next sign-in.
    pub(crate) fn login_profile(&self) -> Option<(i64, bool)> {
        let password = self.password.as_ref()?;
        Some((password.created, password.reset_required))
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

    pub(crate) fn user_count(&self) -> usize {
        self.users.len()
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

    /// An access key by its identifier, and whose it is.
    pub(crate) fn access_key(&self, id: &str) -> Option<(&AwsUser, &AccessKey)> {
        let user = self.keys.get(id)?;
        let key = self.user(user)?.access_keys.iter().find(|key| key.id == id)?;
        Some((user, key))
    }

    /// A user's access key, to change it.
    pub(crate) fn access_key_mut(&mut self, user: &AwsUser, id: &str) -> Result<&mut AccessKey, IamError> {
        let key = self.existing_mut(user)?.access_keys.iter_mut().find(|key| key.id == id);
        key.ok_or_else(|| no_key(id))
    }

    pub(crate) fn delete_access_key(&mut self, user: &AwsUser, id: &str) -> Result<(), IamError> {
        self.access_key_mut(user, id)?;
        self.existing_mut(user)?.access_keys.retain(|key| key.id != id);
        self.keys.remove(id);
        Ok(())
    }

    /// Remembers that an access key was used; one of a session leaves nothing.
    pub(crate) fn note_use(&mut self, id: &str, service: &str, region: &str, now: OffsetDateTime) {
        let Some(user) = self.keys.get(id).cloned() else {
            return;
        };
        if let Ok(key) = self.access_key_mut(&user, id) {
            key.last_used = Some((now.unix_timestamp(), service.to_owned(), region.to_owned()));
        }
    }

    /// Deletes a user who has nothing any more.
    ///
    /// # Errors
    /// NoSuchEntity, DeleteConflict.
    pub(crate) fn delete_user(&mut self, user: &AwsUser) -> Result<(), IamError> {
        let existing = self.existing(user)?;
        for (has, what) in [
            (existing.password.is_some(), "must delete login profile first"),
            (!existing.access_keys.is_empty(), "must delete access keys first"),
            (!existing.devices.is_empty(), "must delete MFA device first"),
            (!existing.grants.inline.is_empty(), "must delete policies first"),
            (!existing.grants.attached.is_empty(), "must detach all policies first"),
            (!existing.groups.is_empty(), "must remove users from group first"),
        ] {
            if has {
                return Err(IamError::conflict(format!("Cannot delete entity, {what}.")));
            }
        }
        self.users.remove(&user.to_string().to_ascii_lowercase());
        Ok(())
    }

    /// Gives a user another name and path. Devices keep their serial numbers, as at AWS.
    ///
    /// # Errors
    /// NoSuchEntity, EntityAlreadyExists.
    pub(crate) fn rename_user(&mut self, user: &AwsUser, name: &str, path: &str) -> Result<(), IamError> {
        self.existing(user)?;
        let (old, new) = (user.to_string().to_ascii_lowercase(), name.to_ascii_lowercase());
        if old != new && self.users.contains_key(&new) {
            return Err(IamError::exists(format!("User with name {name} already exists.")));
        }
        let mut renamed = self.users.remove(&old).ok_or_else(|| IamError::no_user(user))?;
        renamed.key.clone_from(&new);
        renamed.name = name.to_owned();
        renamed.path = path.to_owned();
        let to = AwsUser::Iam(name.to_owned());
        for serial in &renamed.devices {
            if let Some(device) = self.devices.get_mut(serial) {
                device.owner = Some(to.clone());
            }
        }
        for key in &renamed.access_keys {
            self.keys.insert(key.id.clone(), to.clone());
        }
        self.users.insert(new, renamed);
        Ok(())
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

fn no_key(id: &str) -> IamError {
    IamError::no_such(format!("The Access Key with id {id} cannot be found."))
}
