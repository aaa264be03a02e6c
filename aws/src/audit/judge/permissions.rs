//! What a long-term access key may do without MFA, by the policies of get-account-authorization-details.
//!
//! Policies are no list of what is allowed. So each action that a policy allows is tried in turn: as its user's access
//! key would ask for it, where `aws:MultiFactorAuthPresent` is absent. What a user needs to set MFA up does not count.
//! Service control policies, resource policies and session policies are not in these files.

use std::collections::HashMap;
use std::rc::Rc;

use serde_json::Value;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::super::inputs::{Attached, Details, GroupDetail, InlinePolicy, UserDetail};
use crate::policy::{Context, Decision, Document, Request, decide};

/// What is tried for a policy that allows everything.
const SAMPLE: [&str; 4] = [
    "ec2:DescribeInstances",
    "s3:ListAllMyBuckets",
    "sts:AssumeRole",
    "iam:CreateUser",
];

/// Condition keys that the context of an attempt has, or lacks on purpose. In lower case.
const KNOWN_KEYS: [&str; 9] = [
    "aws:multifactorauthpresent",
    "aws:multifactorauthage",
    "aws:username",
    "aws:principalarn",
    "aws:principalaccount",
    "aws:principaltype",
    "aws:securetransport",
    "aws:viaawsservice",
    "aws:currenttime",
];

/// Actions that a user needs before there is MFA, and that give nobody anything else.
const SELF_SERVICE: [&str; 9] = [
    "iam:changepassword",
    "iam:getaccountpasswordpolicy",
    "iam:getaccountsummary",
    "iam:getuser",
    "iam:getloginprofile",
    "iam:listaccountaliases",
    "iam:listusers",
    "sts:getcalleridentity",
    "sts:getsessiontoken",
];

/// What an access key may do without MFA.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum WithoutMfa {
    /// Nothing but to set MFA up.
    Nothing,
    /// This, among other things, by this policy.
    Allowed { action: String, policy: String },
    /// The files cannot tell, for this reason.
    Unknown(String),
}

/// All policies, read once.
pub(super) struct Permissions<'a> {
    users: HashMap<&'a str, &'a UserDetail>,
    groups: HashMap<&'a str, (&'a GroupDetail, Vec<Rc<Policy>>)>,
    managed: HashMap<&'a str, Rc<Policy>>,
    now: OffsetDateTime,
}

/// A policy, and what is to be tried of it.
struct Policy {
    name: String,
    document: Result<Document, String>,
    grants: Vec<Grant>,
    /// Whether a condition asks for something that the files do not say, such as an address.
    has_unknown_conditions: bool,
    /// Whether it treats users of different names differently.
    tells_users_apart: bool,
    has_deny: bool,
}

/// The policies of a user, and the permissions boundary.
type Attachments = (Vec<Rc<Policy>>, Option<Rc<Policy>>);

/// Actions that a statement allows, and on what.
struct Grant {
    /// As the policy has it, and an action that it matches.
    actions: Vec<(String, String)>,
    resources: Vec<String>,
}

impl<'a> Permissions<'a> {
    pub(super) fn new(details: &'a Details, now: OffsetDateTime) -> Self {
        let inline = |group: &GroupDetail| group.group_policy_list.iter().map(Policy::inline).collect();
        let managed = details.policies.iter().filter_map(|policy| {
            let mut versions = policy.policy_version_list.iter();
            let version = versions.find(|version| version.is_default_version)?;
            let name = policy.arn.rsplit('/').next().unwrap_or_default();
            Some((policy.arn.as_str(), Rc::new(Policy::new(name, &version.document))))
        });
        let groups = details.groups.iter();
        Self {
            users: details
                .users
                .iter()
                .map(|user| (user.user_name.as_str(), user))
                .collect(),
            groups: groups
                .map(|group| (group.group_name.as_str(), (group, inline(group))))
                .collect(),
            managed: managed.collect(),
            now,
        }
    }

    /// What the access keys of a user may do. `judged` keeps what is the same for all who have the same policies.
    pub(super) fn without_mfa(&self, user: &str, account: u64, judged: &mut HashMap<String, WithoutMfa>) -> WithoutMfa {
        let Some(user) = self.users.get(user) else {
            return WithoutMfa::Unknown("the user is not among the details".to_owned());
        };
        let mut key = user.group_list.join("\n");
        for attached in &user.attached_managed_policies {
            key = format!("{key}\n{}", attached.policy_arn);
        }
        if let Some(boundary) = &user.permissions_boundary {
            key = format!("{key}\n/{}", boundary.permissions_boundary_arn);
        }
        let is_shared = user.user_policy_list.is_empty();
        if let Some(known) = judged.get(&key).filter(|_| is_shared) {
            return known.clone();
        }
        let (verdict, tells_apart) = match self.policies(user) {
            Ok((policies, boundary)) => {
                let tells_apart = policies.iter().chain(&boundary).any(|policy| policy.tells_users_apart);
                (self.tried(user, account, &policies, boundary.as_deref()), tells_apart)
            }
            Err(why) => (WithoutMfa::Unknown(why), false),
        };
        if is_shared && !tells_apart {
            judged.insert(key, verdict.clone());
        }
        verdict
    }

    /// All policies of a user, those that deny first: so what is denied is denied soon. And the permissions boundary.
    fn policies(&self, user: &UserDetail) -> Result<Attachments, String> {
        let managed = |arn: &str| {
            let policy = self.managed.get(arn).cloned();
            policy.ok_or_else(|| format!("the policy {arn} is not among the details: export them without --filter"))
        };
        let attached = |list: &[Attached]| {
            list.iter()
                .map(|one| managed(&one.policy_arn))
                .collect::<Result<Vec<_>, _>>()
        };
        let mut policies: Vec<_> = user.user_policy_list.iter().map(Policy::inline).collect();
        policies.extend(attached(&user.attached_managed_policies)?);
        for name in &user.group_list {
            let group = self.groups.get(name.as_str());
            let (group, inline) = group.ok_or_else(|| format!("the group {name} is not among the details"))?;
            policies.extend(inline.iter().cloned());
            policies.extend(attached(&group.attached_managed_policies)?);
        }
        policies.sort_by_key(|policy| !policy.has_deny);
        let boundary = user.permissions_boundary.as_ref();
        let boundary = boundary
            .map(|boundary| managed(&boundary.permissions_boundary_arn))
            .transpose()?;
        Ok((policies, boundary))
    }

    fn tried(&self, user: &UserDetail, account: u64, policies: &[Rc<Policy>], boundary: Option<&Policy>) -> WithoutMfa {
        let mut documents = Vec::new();
        for policy in policies.iter().map(Rc::as_ref).chain(boundary) {
            match &policy.document {
                Ok(document) => documents.push(document),
                Err(why) => return WithoutMfa::Unknown(format!("the policy {} cannot be read: {why}", policy.name)),
            }
        }
        let bound = boundary.and_then(|_| documents.pop());
        let context = Context::new()
            .with("aws:username", user.user_name.as_str())
            .with("aws:PrincipalArn", user.arn.as_str())
            .with("aws:PrincipalAccount", format!("{account:012}"))
            .with("aws:PrincipalType", "User")
            .with("aws:SecureTransport", "true")
            .with("aws:ViaAWSService", "false")
            .with("aws:CurrentTime", self.now.format(&Rfc3339).unwrap_or_default());
        for policy in policies {
            for grant in &policy.grants {
                let resources = grant
                    .resources
                    .iter()
                    .map(|resource| concrete(resource, &user.user_name));
                let resources: Vec<_> = resources.collect();
                for (pattern, action) in &grant.actions {
                    let allowing = resources.iter().find_map(|resource| {
                        let context = &context;
                        let request = Request {
                            action,
                            resource,
                            context,
                        };
                        let bounded = bound.is_none_or(|bound| decide(&[bound], &request).is_allowed());
                        match decide(&documents, &request) {
                            Decision::Allowed { statement } if bounded => policies.get(statement.policy),
                            _ => None,
                        }
                    });
                    if let Some(policy) = allowing {
                        return WithoutMfa::Allowed {
                            action: pattern.clone(),
                            policy: policy.name.clone(),
                        };
                    }
                }
            }
        }
        let unknown = policies
            .iter()
            .map(Rc::as_ref)
            .chain(boundary)
            .find(|policy| policy.has_unknown_conditions);
        match unknown {
            Some(_) => WithoutMfa::Unknown(
                "what the access key may do without MFA hangs on conditions other than MFA, such as addresses"
                    .to_owned(),
            ),
            None => WithoutMfa::Nothing,
        }
    }
}

impl Policy {
    fn inline(policy: &InlinePolicy) -> Rc<Self> {
        Rc::new(Self::new(&policy.policy_name, &policy.policy_document))
    }

    /// Reads a policy: an object as the CLI writes it, or text as IAM keeps it.
    fn new(name: &str, document: &Value) -> Self {
        let (text, value) = match document {
            Value::String(text) => (text.clone(), serde_json::from_str(text).unwrap_or_default()),
            object => (object.to_string(), object.clone()),
        };
        let statements = list(value.get("Statement"));
        let keys: Vec<_> = statements
            .iter()
            .flat_map(|statement| condition_keys(statement))
            .collect();
        let has_variable = text.replace("${aws:username}", "").contains("${");
        let is = |statement: &Value, effect: &str| statement.get("Effect").and_then(Value::as_str) == Some(effect);
        let allowing = statements.iter().filter(|statement| is(statement, "Allow"));
        Self {
            name: name.to_owned(),
            document: Document::parse(&text).map_err(|error| error.to_string()),
            grants: allowing.map(|statement| Grant::new(statement)).collect(),
            has_unknown_conditions: has_variable || keys.iter().any(|key| !KNOWN_KEYS.contains(&key.as_str())),
            tells_users_apart: keys
                .iter()
                .any(|key| key == "aws:username" || key == "aws:principalarn"),
            has_deny: statements.iter().any(|statement| is(statement, "Deny")),
        }
    }
}

impl Grant {
    fn new(statement: &Value) -> Self {
        let sample = || SAMPLE.map(|action| (action.to_owned(), action.to_owned()));
        let mut actions = Vec::new();
        for action in texts(statement.get("Action")) {
            match action {
                "*" | "*:*" => actions.extend(sample()),
                action => actions.push((action.to_owned(), concrete(action, ""))),
            }
        }
        if statement.get("NotAction").is_some() {
            actions.extend(sample());
        }
        actions.retain(|(_, action)| !is_self_service(action));
        let mut resources: Vec<_> = texts(statement.get("Resource")).map(str::to_owned).collect();
        if statement.get("NotResource").is_some() {
            resources.push("arn:aws:probe:::probe".to_owned());
        }
        Self { actions, resources }
    }
}

/// Something that a pattern matches.
fn concrete(pattern: &str, user: &str) -> String {
    match pattern {
        "*" => "*".to_owned(),
        pattern => pattern
            .replace("${aws:username}", user)
            .replace('*', "Probe")
            .replace('?', "x"),
    }
}

fn is_self_service(action: &str) -> bool {
    let action = action.to_ascii_lowercase();
    SELF_SERVICE.contains(&action.as_str()) || (action.starts_with("iam:") && action.contains("mfa"))
}

/// One, or a list of them.
fn list(value: Option<&Value>) -> Vec<&Value> {
    match value {
        None => Vec::new(),
        Some(Value::Array(list)) => list.iter().collect(),
        Some(one) => vec![one],
    }
}

fn texts(value: Option<&Value>) -> impl Iterator<Item = &str> {
    list(value).into_iter().filter_map(Value::as_str)
}

/// The keys of a statement's conditions, in lower case.
fn condition_keys(statement: &Value) -> Vec<String> {
    let operators = statement.get("Condition").and_then(Value::as_object);
    let operators = operators.into_iter().flat_map(|operators| operators.values());
    let keys = operators.filter_map(Value::as_object).flat_map(|keys| keys.keys());
    keys.map(|key| key.to_ascii_lowercase()).collect()
}

#[cfg(test)]
mod tests;
