//! Words of a policy that mean nothing, or something else than they seem to.

use super::actions::KNOWN;
use super::{Finding, Said, Severity, is_trust};
use crate::policy::condition::{Condition, Test, is_well_formed};
use crate::policy::document::{Document, Effect, Statement, Version};
use crate::policy::pattern::{Case, Pattern};
use crate::policy::spelling::meant;
use crate::policy::{Context, MAX_INLINE_ROLE, MAX_MANAGED, MAX_TRUST};

mod keys;

pub(super) fn check(document: &Document) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (index, statement) in document.statements.iter().enumerate() {
        let mut add = |finding: Option<Finding>| findings.extend(finding);
        add(kind(document, index, statement));
        add(empty(index, statement));
        for pattern in &statement.actions.patterns {
            add(action(index, statement, pattern));
        }
        let resources = statement.resources.iter().flat_map(|list| &list.patterns);
        for pattern in resources.chain(statement.conditions.iter().flat_map(|condition| &condition.values)) {
            add(variable(document, index, statement, pattern));
        }
        for condition in &statement.conditions {
            add(key(index, statement, condition));
            for value in &condition.values {
                add(self::value(index, statement, condition, value));
            }
        }
    }
    findings
}

/// What is too long for AWS.
pub(super) fn size(document: &Document) -> Option<Finding> {
    let size = document.size();
    let too_long = |severity, limit: usize, what: &str, remedy: &str| {
        let said = Said {
            rule: "too-long",
            severity,
            title: format!("it has {size} characters without white space, and {what} at most {limit}"),
            consequence: "AWS refuses to store it there (LimitExceeded)".to_owned(),
            remedy: remedy.to_owned(),
        };
        Some(said.of(1))
    };
    let split = "write it shorter, with wildcards, or make two policies of it";
    if is_trust(document) {
        let raise = "name a role or an account instead of many users, or ask AWS to raise the quota";
        return (size > MAX_TRUST).then(|| too_long(Severity::Warning, MAX_TRUST, "a trust policy has", raise))?;
    }
    match size {
        _ if size > MAX_INLINE_ROLE => too_long(
            Severity::Error,
            MAX_INLINE_ROLE,
            "no policy of IAM has more: a role's",
            split,
        ),
        _ if size > MAX_MANAGED => too_long(Severity::Warning, MAX_MANAGED, "a managed policy has", split),
        _ => None,
    }
}

/// Principals and resources where they do not belong.
fn kind(document: &Document, index: usize, statement: &Statement) -> Option<Finding> {
    match (&statement.principals, &statement.resources) {
        (Some(principals), _) if !is_trust(document) => {
            let said = Said::new(
                "principal",
                Severity::Error,
                "it names a principal, which a policy of a user, group or role does not",
                "IAM refuses the policy (MalformedPolicyDocument); a resource's own policy may name one, such as a \
                 bucket's",
                "leave the principal out: the policy is about whom it is attached to",
            );
            Some(said.on(principals.line, index, statement))
        }
        (None, None) => {
            let said = Said::new(
                "no-resource",
                Severity::Error,
                "it names no resource",
                "IAM refuses the policy (MalformedPolicyDocument)",
                "add \"Resource\": \"*\", or the ARNs that it is about",
            );
            Some(said.at(index, statement, None))
        }
        _ => None,
    }
}

/// Lists with nothing in them.
fn empty(index: usize, statement: &Statement) -> Option<Finding> {
    let lists = [
        ("Action", Some(&statement.actions)),
        ("Resource", statement.resources.as_ref()),
    ];
    let (name, list) = lists
        .into_iter()
        .filter_map(|(name, list)| Some((name, list?)))
        .find(|(_, list)| list.patterns.is_empty())?;
    let mut said = Said::new(
        "empty-list",
        Severity::Warning,
        "",
        "",
        "name what is meant, or take the statement out",
    );
    (said.title, said.consequence) = if list.negated {
        let effect = match statement.effect {
            Effect::Allow => "allowed",
            Effect::Deny => "denied",
        };
        (
            format!("Not{name} is empty"),
            format!("nothing is excepted: everything is {effect}"),
        )
    } else {
        (
            format!("{name} is empty"),
            "the statement is about nothing, and has no effect".to_owned(),
        )
    };
    Some(said.on(list.line, index, statement))
}

/// Actions of IAM and STS that do not exist. Others have actions that this program does not know.
fn action(index: usize, statement: &Statement, pattern: &Pattern) -> Option<Finding> {
    let (service, name) = pattern.text.split_once(':')?;
    let service = service.to_ascii_lowercase();
    if service != "iam" && service != "sts" {
        return None;
    }
    let empty = Context::new();
    if KNOWN.iter().any(|known| pattern.matches(known, &empty, Case::Ignored)) {
        return None;
    }
    // New actions come, but rarely with names that are nearly those of old ones, or with MFA in them.
    let meant = meant(&pattern.text, KNOWN.iter().copied());
    if meant.is_none() && !name.to_ascii_lowercase().contains("mfa") {
        return None;
    }
    let said = Said {
        rule: "unknown-action",
        severity: if meant.is_some() {
            Severity::Error
        } else {
            Severity::Warning
        },
        title: format!("{service} has no action {}", pattern.text),
        consequence: match (statement.effect, statement.actions.negated) {
            (Effect::Allow, false) => "nothing is allowed by it, and users are denied what it should allow",
            (Effect::Deny, true) => "nothing is excepted by it: what should be is denied, and locks users out",
            (Effect::Deny, false) => "nothing is denied by it, and what it should deny goes through",
            (Effect::Allow, true) => "nothing is excepted by it, and what should be is allowed",
        }
        .to_owned(),
        remedy: meant.map_or_else(
            || "look the name up in AWS's Service Authorization Reference".to_owned(),
            |name| format!("write {name}"),
        ),
    };
    Some(said.on(pattern.line, index, statement))
}

/// Policy variables that are none.
fn variable(document: &Document, index: usize, statement: &Statement, pattern: &Pattern) -> Option<Finding> {
    if !pattern.text.contains("${") {
        return None;
    }
    let said = if document.version == Version::V2008 {
        Said::new(
            "variable-in-2008",
            Severity::Error,
            "policy variables are plain text in a policy without Version 2012-10-17",
            "the name that is compared with has a dollar sign and braces in it, which no user has: nothing matches",
            "add \"Version\": \"2012-10-17\"",
        )
    } else if pattern.has_broken_variable() {
        Said::new(
            "broken-variable",
            Severity::Error,
            "a policy variable is not written as one, and is plain text",
            "the name that is compared with has a dollar sign and a brace in it: nothing matches",
            "write ${aws:username}, or with a default ${aws:username, 'nobody'}",
        )
    } else {
        let wrong = pattern.variables().find_map(|name| Some((name, keys::misspelt(name)?)));
        let (name, right) = wrong?;
        Said {
            rule: "unknown-key",
            severity: Severity::Error,
            title: format!("there is no condition key {name} to make a variable of"),
            consequence: "a variable without a value matches nothing".to_owned(),
            remedy: format!("write ${{{right}}}"),
        }
    };
    Some(said.on(pattern.line, index, statement))
}

/// Condition keys that do not exist.
fn key(index: usize, statement: &Statement, condition: &Condition) -> Option<Finding> {
    let right = keys::misspelt(&condition.key)?;
    let holds = if condition.holds_for_absent() {
        "always holds"
    } else {
        "never holds"
    };
    let said = Said {
        rule: "unknown-key",
        severity: Severity::Error,
        title: format!("there is no condition key {}", condition.key),
        consequence: format!(
            "it is absent in every request, and so {} {holds}",
            condition.operator.name
        ),
        remedy: format!("write {right}"),
    };
    Some(said.on(condition.line, index, statement))
}

/// Values that are not of the operator's type.
fn value(index: usize, statement: &Statement, condition: &Condition, value: &Pattern) -> Option<Finding> {
    let test = condition.operator.test;
    let operator = &condition.operator.name;
    let said = if !is_well_formed(test, &value.text) {
        let outcome = if condition.operator.negated {
            "differs from every value"
        } else {
            "matches no value"
        };
        Said {
            rule: "value-of-wrong-type",
            severity: Severity::Error,
            title: format!("{operator} cannot compare with {:?}", value.text),
            consequence: format!("it {outcome} of {}, whatever the request is", condition.key),
            remedy: keys::form(test).to_owned(),
        }
    } else if matches!(test, Test::Bool | Test::Null)
        && value.text.chars().any(|c| c.is_ascii_uppercase())
        && !value.text.contains("${")
    {
        Said {
            rule: "boolean-case",
            severity: Severity::Warning,
            title: format!("{:?} is not how AWS writes a truth value", value.text),
            consequence: "AWS documents true and false in lower case only: whether this matches cannot be told"
                .to_owned(),
            remedy: format!("write \"{}\"", value.text.to_ascii_lowercase()),
        }
    } else {
        return None;
    };
    Some(said.on(value.line, index, statement))
}
