//! Policies, and who has them: users, groups and roles.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::Account;
use super::error::IamError;
use crate::names::AwsUser;
use crate::policy::{Document, MAX_INLINE_GROUP, MAX_INLINE_ROLE, MAX_INLINE_USER, MAX_TRUST, PolicyError};

/// How many managed policies one may have attached (IAM User Guide, "IAM and AWS STS quotas").
const MAX_ATTACHED: usize = 10;
/// The policies of a user, a group or a role.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Grants {
    /// Inline policies by name.
    pub(crate) inline: BTreeMap<String, String>,
    /// The ARNs of attached managed policies.
    pub(crate) attached: BTreeSet<String>,
}

/// Who has policies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Holder<'a> {
    User(&'a str),
    Group(&'a str),
    Role(&'a str),
}

impl Holder<'_> {
    pub(crate) fn name(&self) -> &str {
        match self {
            Self::User(name) | Self::Group(name) | Self::Role(name) => name,
        }
    }

    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::User(_) => "user",
            Self::Group(_) => "group",
            Self::Role(_) => "role",
        }
    }

    /// How many characters the inline policies have together, spaces not counted.
    fn most_inline(&self) -> usize {
        match self {
            Self::User(_) => MAX_INLINE_USER,
            Self::Group(_) => MAX_INLINE_GROUP,
            Self::Role(_) => MAX_INLINE_ROLE,
        }
    }
}

/// A document that IAM would take as a policy of a user, group or role; its size, spaces not counted.
pub(crate) fn check_document(document: &str) -> Result<usize, IamError> {
    let read = Document::parse(document).and_then(|document| {
        document.check_identity()?;
        Ok(document.size())
    });
    read.map_err(malformed)
}

/// A document that IAM would take as a trust policy.
pub(crate) fn check_trust(document: &str) -> Result<(), IamError> {
    let read = Document::parse(document).and_then(|document| {
        document.check_trust()?;
        Ok(document.size())
    });
    match read.map_err(malformed)? > MAX_TRUST {
        true => Err(IamError::limit("ACLSizePerRole", MAX_TRUST)),
        false => Ok(()),
    }
}

/// AWS says less of what is wrong.
fn malformed(error: PolicyError) -> IamError {
    IamError::new(
        "MalformedPolicyDocument",
        400,
        format!("Syntax errors in policy: {error}."),
    )
}

fn size(document: &str) -> usize {
    Document::parse(document)
        .map(|document| document.size())
        .unwrap_or_default()
}

impl Account {
    pub(crate) fn grants(&self, holder: Holder<'_>) -> Result<&Grants, IamError> {
        Ok(match holder {
            Holder::User(name) => &self.existing(&AwsUser::Iam(name.to_owned()))?.grants,
            Holder::Group(name) => &self.group(name)?.grants,
            Holder::Role(name) => &self.role(name)?.grants,
        })
    }

    fn grants_mut(&mut self, holder: Holder<'_>) -> Result<&mut Grants, IamError> {
        Ok(match holder {
            Holder::User(name) => &mut self.existing_mut(&AwsUser::Iam(name.to_owned()))?.grants,
            Holder::Group(name) => {
                let group = self.groups.get_mut(&name.to_ascii_lowercase());
                let group = group
                    .filter(|group| group.name == name)
                    .ok_or_else(|| IamError::no_group(name))?;
                &mut group.grants
            }
            Holder::Role(name) => &mut self.role_mut(name)?.grants,
        })
    }

    /// The ARN of who has policies, whether it exists or not.
    pub(crate) fn holder_arn(&self, holder: Holder<'_>) -> String {
        let known = match holder {
            Holder::User(name) => self
                .user(&AwsUser::Iam(name.to_owned()))
                .map(|user| self.user_arn(user)),
            Holder::Group(name) => self.group(name).ok().map(|group| self.group_arn(group)),
            Holder::Role(name) => self.role(name).ok().map(|role| self.role_arn(role)),
        };
        known.unwrap_or_else(|| format!("arn:aws:iam::{:012}:{}/{}", self.number(), holder.kind(), holder.name()))
    }

    pub(crate) fn put_inline(&mut self, holder: Holder<'_>, name: &str, document: &str) -> Result<(), IamError> {
        let new = check_document(document)?;
        let grants = self.grants_mut(holder)?;
        let others = grants.inline.iter().filter(|(other, _)| *other != name);
        let sum = others.map(|(_, document)| size(document)).sum::<usize>() + new;
        let most = holder.most_inline();
        if sum > most {
            let (kind, holder) = (holder.kind(), holder.name());
            let message = format!("Maximum policy size of {most} bytes exceeded for {kind} {holder}");
            return Err(IamError::new("LimitExceeded", 409, message));
        }
        grants.inline.insert(name.to_owned(), document.to_owned());
        Ok(())
    }

    pub(crate) fn inline(&self, holder: Holder<'_>, name: &str) -> Result<&str, IamError> {
        let document = self.grants(holder)?.inline.get(name);
        document.map(String::as_str).ok_or_else(|| no_inline(holder, name))
    }

    pub(crate) fn delete_inline(&mut self, holder: Holder<'_>, name: &str) -> Result<(), IamError> {
        match self.grants_mut(holder)?.inline.remove(name) {
            Some(_) => Ok(()),
            None => Err(no_inline(holder, name)),
        }
    }

    pub(crate) fn attach(&mut self, holder: Holder<'_>, arn: &str) -> Result<(), IamError> {
        self.grants(holder)?;
        if self.managed_document(arn).is_none() {
            return Err(IamError::no_such(format!(
                "Policy {arn} does not exist or is not attachable."
            )));
        }
        let grants = self.grants_mut(holder)?;
        if grants.attached.len() >= MAX_ATTACHED && !grants.attached.contains(arn) {
            let quota = match holder {
                Holder::User(_) => "PoliciesPerUser",
                Holder::Group(_) => "PoliciesPerGroup",
                Holder::Role(_) => "PoliciesPerRole",
            };
            return Err(IamError::limit(quota, MAX_ATTACHED));
        }
        grants.attached.insert(arn.to_owned());
        Ok(())
    }

    pub(crate) fn detach(&mut self, holder: Holder<'_>, arn: &str) -> Result<(), IamError> {
        match self.grants_mut(holder)?.attached.remove(arn) {
            true => Ok(()),
            false => Err(IamError::no_such(format!("Policy {arn} was not found."))),
        }
    }
}

fn no_inline(holder: Holder<'_>, name: &str) -> IamError {
    let kind = holder.kind();
    IamError::no_such(format!("The {kind} policy with name {name} cannot be found."))
}
