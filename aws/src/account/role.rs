//! Roles.

use serde::{Deserialize, Serialize};

use super::error::IamError;
use super::grants::Grants;
use super::{Account, random};

/// How many roles an account may have (IAM User Guide, "IAM and AWS STS quotas").
const MAX_ROLES: usize = 1000;

/// A role.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Role {
    pub(crate) name: String,
    pub(crate) path: String,
    pub(crate) id: String,
    pub(crate) created: i64,
    pub(crate) description: Option<String>,
    /// In seconds.
    pub(crate) longest_session: i64,
    /// The trust policy.
    pub(crate) trust: String,
    pub(crate) grants: Grants,
}

/// What a role is created from.
pub(crate) struct NewRole<'a> {
    pub(crate) name: &'a str,
    pub(crate) path: &'a str,
    pub(crate) description: Option<&'a str>,
    /// In seconds.
    pub(crate) longest_session: i64,
    pub(crate) trust: &'a str,
}

impl Account {
    pub(crate) fn role(&self, name: &str) -> Result<&Role, IamError> {
        let role = self.roles.get(&name.to_ascii_lowercase());
        role.filter(|role| role.name == name).ok_or_else(|| no_role(name))
    }

    pub(crate) fn role_mut(&mut self, name: &str) -> Result<&mut Role, IamError> {
        let role = self.roles.get_mut(&name.to_ascii_lowercase());
        role.filter(|role| role.name == name).ok_or_else(|| no_role(name))
    }

    pub(crate) fn role_arn(&self, role: &Role) -> String {
        format!("arn:aws:iam::{:012}:role{}{}", self.number(), role.path, role.name)
    }

    /// All roles by their key.
    pub(crate) fn roles(&self) -> impl Iterator<Item = (&str, &Role)> {
        self.roles.iter().map(|(key, role)| (key.as_str(), role))
    }

    pub(crate) fn create_role(&mut self, new: &NewRole<'_>, now: i64) -> Result<(), IamError> {
        let (name, key) = (new.name, new.name.to_ascii_lowercase());
        if self.roles.contains_key(&key) {
            return Err(IamError::exists(format!("Role with name {name} already exists.")));
        }
        if self.roles.len() >= MAX_ROLES {
            return Err(IamError::limit("RolesPerAccount", MAX_ROLES));
        }
        let role = Role {
            name: name.to_owned(),
            path: new.path.to_owned(),
            id: random::id("AROA")?,
            created: now,
            description: new.description.map(str::to_owned),
            longest_session: new.longest_session,
            trust: new.trust.to_owned(),
            grants: Grants::default(),
        };
        self.roles.insert(key, role);
        Ok(())
    }

    pub(crate) fn delete_role(&mut self, name: &str) -> Result<(), IamError> {
        let role = self.role(name)?;
        for (has, what) in [
            (!role.grants.inline.is_empty(), "must delete policies first"),
            (!role.grants.attached.is_empty(), "must detach all policies first"),
        ] {
            if has {
                return Err(IamError::conflict(format!("Cannot delete entity, {what}.")));
            }
        }
        self.roles.remove(&name.to_ascii_lowercase());
        Ok(())
    }
}

fn no_role(name: &str) -> IamError {
    IamError::no_such(format!("The role with name {name} cannot be found."))
}
