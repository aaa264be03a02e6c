//! Managed policies of the account.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::error::IamError;
use super::grants::check_document;
use super::{Account, aws_policies, random};
use crate::policy::MAX_MANAGED;

/// How many versions a managed policy has.
const MAX_VERSIONS: usize = 5;

/// A managed policy of the account.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Managed {
    pub(crate) name: String,
    pub(crate) path: String,
    pub(crate) id: String,
    pub(crate) created: i64,
    pub(crate) updated: i64,
    pub(crate) description: Option<String>,
    /// The version that counts.
    pub(crate) default: u32,
    /// What the next version is called.
    pub(crate) next: u32,
    /// By number: the document, and when it was created.
    pub(crate) versions: BTreeMap<u32, (String, i64)>,
}

impl Account {
    /// The document of a managed policy that counts, the account's or AWS's.
    pub(crate) fn managed_document(&self, arn: &str) -> Option<&str> {
        if let Some(policy) = aws_policies::find(arn) {
            return Some(policy.document);
        }
        let policy = self.managed.get(arn)?;
        policy
            .versions
            .get(&policy.default)
            .map(|(document, _)| document.as_str())
    }

    pub(crate) fn managed(&self, arn: &str) -> Result<&Managed, IamError> {
        self.managed.get(arn).ok_or_else(|| no_policy(arn))
    }

    /// How many users, groups and roles have a managed policy attached.
    pub(crate) fn attachments(&self, arn: &str) -> usize {
        let users = self.users.values().map(|user| &user.grants);
        let groups = self.groups.values().map(|group| &group.grants);
        let all = users.chain(groups).chain(self.roles.values().map(|role| &role.grants));
        all.filter(|grants| grants.attached.contains(arn)).count()
    }

    /// Creates a managed policy; returns its ARN.
    pub(crate) fn create_managed(
        &mut self,
        path: &str,
        name: &str,
        description: Option<&str>,
        document: &str,
        now: i64,
    ) -> Result<String, IamError> {
        let is_called = |policy: &Managed| policy.name.eq_ignore_ascii_case(name);
        if self.managed.values().any(is_called) {
            return Err(IamError::exists(format!(
                "A policy called {name} already exists. Duplicate names are not allowed."
            )));
        }
        check_managed(document)?;
        let arn = format!("arn:aws:iam::{:012}:policy{path}{name}", self.number());
        let policy = Managed {
            name: name.to_owned(),
            path: path.to_owned(),
            id: random::id("ANPA")?,
            created: now,
            updated: now,
            description: description.map(str::to_owned),
            default: 1,
            next: 2,
            versions: BTreeMap::from([(1, (document.to_owned(), now))]),
        };
        self.managed.insert(arn.clone(), policy);
        Ok(arn)
    }

    /// Adds a version; returns its number.
    pub(crate) fn add_version(
        &mut self,
        arn: &str,
        document: &str,
        is_default: bool,
        now: i64,
    ) -> Result<u32, IamError> {
        check_managed(document)?;
        let policy = self.managed.get_mut(arn).ok_or_else(|| no_policy(arn))?;
        if policy.versions.len() >= MAX_VERSIONS {
            return Err(IamError::new(
                "LimitExceeded",
                409,
                "A managed policy can have up to 5 versions. Before you create a new version, you must delete an \
                 existing version.",
            ));
        }
        let number = policy.next;
        policy.next += 1;
        policy.updated = now;
        policy.versions.insert(number, (document.to_owned(), now));
        if is_default {
            policy.default = number;
        }
        Ok(number)
    }

    pub(crate) fn managed_mut(&mut self, arn: &str) -> Result<&mut Managed, IamError> {
        self.managed.get_mut(arn).ok_or_else(|| no_policy(arn))
    }

    /// The account's managed policies by ARN.
    pub(crate) fn managed_policies(&self) -> impl Iterator<Item = (&str, &Managed)> {
        self.managed.iter().map(|(arn, policy)| (arn.as_str(), policy))
    }

    pub(crate) fn delete_managed(&mut self, arn: &str) -> Result<(), IamError> {
        let versions = self.managed(arn)?.versions.len();
        if self.attachments(arn) > 0 {
            return Err(IamError::conflict("Cannot delete a policy attached to entities."));
        }
        if versions > 1 {
            let message = "This policy has more than one version. Before you delete a policy, you must delete the \
                           policy's versions. The default version is deleted with the policy.";
            return Err(IamError::conflict(message));
        }
        self.managed.remove(arn);
        Ok(())
    }
}

fn check_managed(document: &str) -> Result<(), IamError> {
    match check_document(document)? > MAX_MANAGED {
        true => Err(IamError::limit("PolicySize", MAX_MANAGED)),
        false => Ok(()),
    }
}

fn no_policy(arn: &str) -> IamError {
    IamError::no_such(format!("Policy {arn} was not found."))
}
