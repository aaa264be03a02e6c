//! Groups of users.

use serde::{Deserialize, Serialize};

use super::Account;
use super::error::IamError;
use super::grants::Grants;
use super::random;
use crate::names::AwsUser;

/// How many groups an account may have (IAM User Guide, "IAM and AWS STS quotas").
const MAX_GROUPS: usize = 300;
/// In how many groups a user may be.
const MAX_OF_USER: usize = 10;

/// A group of users.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Group {
    pub(crate) name: String,
    pub(crate) path: String,
    pub(crate) id: String,
    pub(crate) created: i64,
    pub(crate) grants: Grants,
}

impl Account {
    pub(crate) fn group(&self, name: &str) -> Result<&Group, IamError> {
        let group = self.groups.get(&name.to_ascii_lowercase());
        group
            .filter(|group| group.name == name)
            .ok_or_else(|| IamError::no_group(name))
    }

    pub(crate) fn group_arn(&self, group: &Group) -> String {
        format!("arn:aws:iam::{:012}:group{}{}", self.number(), group.path, group.name)
    }

    /// All groups by their key.
    pub(crate) fn groups(&self) -> impl Iterator<Item = (&str, &Group)> {
        self.groups.iter().map(|(key, group)| (key.as_str(), group))
    }

    pub(crate) fn create_group(&mut self, name: &str, path: &str, now: i64) -> Result<(), IamError> {
        let key = name.to_ascii_lowercase();
        if self.groups.contains_key(&key) {
            return Err(IamError::exists(format!("Group with name {name} already exists.")));
        }
        if self.groups.len() >= MAX_GROUPS {
            return Err(IamError::limit("GroupsPerAccount", MAX_GROUPS));
        }
        let group = Group {
            name: name.to_owned(),
            path: path.to_owned(),
            id: random::id("AGPA")?,
            created: now,
            grants: Grants::default(),
        };
        self.groups.insert(key, group);
        Ok(())
    }

    pub(crate) fn delete_group(&mut self, name: &str) -> Result<(), IamError> {
        let group = self.group(name)?;
        for (has, what) in [
            (
                self.users.values().any(|user| user.is_in(name)),
                "must remove users from group first",
            ),
            (!group.grants.inline.is_empty(), "must delete policies first"),
            (!group.grants.attached.is_empty(), "must detach all policies first"),
        ] {
            if has {
                return Err(IamError::conflict(format!("Cannot delete entity, {what}.")));
            }
        }
        self.groups.remove(&name.to_ascii_lowercase());
        Ok(())
    }

    /// Who is in it already stays in it.
    pub(crate) fn add_to_group(&mut self, user: &AwsUser, group: &str) -> Result<(), IamError> {
        self.group(group)?;
        let groups = &mut self.existing_mut(user)?.groups;
        let key = group.to_ascii_lowercase();
        if groups.len() >= MAX_OF_USER && !groups.contains(&key) {
            return Err(IamError::limit("GroupsPerUser", MAX_OF_USER));
        }
        groups.insert(key);
        Ok(())
    }

    /// Who is not in it stays out of it.
    pub(crate) fn remove_from_group(&mut self, user: &AwsUser, group: &str) -> Result<(), IamError> {
        self.group(group)?;
        self.existing_mut(user)?.groups.remove(&group.to_ascii_lowercase());
        Ok(())
    }
}
