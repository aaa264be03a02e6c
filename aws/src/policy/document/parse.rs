//! The grammar, element by element.

use std::collections::HashSet;

use super::{Document, Effect, List, Principal, Principals, Statement, Version};
use crate::policy::condition::{self, Condition};
use crate::policy::error::PolicyError;
use crate::policy::json::{Member, Node, Value};
use crate::policy::pattern::{Pattern, Reading};
use crate::policy::spelling::meant;

const DOCUMENT: [&str; 3] = ["Version", "Id", "Statement"];
const STATEMENT: [&str; 9] = [
    "Sid",
    "Effect",
    "Principal",
    "NotPrincipal",
    "Action",
    "NotAction",
    "Resource",
    "NotResource",
    "Condition",
];

pub(super) fn document(node: &Node, size: usize) -> Result<Document, PolicyError> {
    let members = object(node, "a policy")?;
    known(members, &DOCUMENT, "a policy")?;
    let version_line = find(members, "Version").map(|member| member.line);
    let version = match find(members, "Version") {
        None => Version::V2008,
        Some(member) => match string(&member.node, "Version")? {
            "2012-10-17" => Version::V2012,
            "2008-10-17" => Version::V2008,
            other => {
                let problem = format!("Version is 2012-10-17 (or 2008-10-17), the language's and not yours: {other:?}");
                return Err(PolicyError::new(member.node.line, problem));
            }
        },
    };
    if let Some(id) = find(members, "Id") {
        string(&id.node, "Id")?;
    }
    let statement =
        find(members, "Statement").ok_or_else(|| PolicyError::new(node.line, "the policy has no Statement"))?;
    let statements: Result<Vec<Statement>, PolicyError> = statement
        .node
        .one_or_more()
        .iter()
        .map(|node| self::statement(node, version))
        .collect();
    let statements = statements?;
    if statements.is_empty() {
        return Err(PolicyError::new(
            statement.line,
            "the policy has no statement in its list",
        ));
    }
    let mut sids = HashSet::new();
    for statement in &statements {
        if let Some(sid) = &statement.sid
            && !sid.is_empty()
            && !sids.insert(sid)
        {
            let problem = format!("two statements have the Sid {sid:?}: within a policy it is unique");
            return Err(PolicyError::new(statement.line, problem));
        }
    }
    Ok(Document {
        version,
        version_line,
        statements,
        size,
    })
}

fn statement(node: &Node, version: Version) -> Result<Statement, PolicyError> {
    let members = object(node, "a statement")?;
    known(members, &STATEMENT, "a statement")?;
    let sid = match find(members, "Sid") {
        None => None,
        Some(member) => {
            let sid = string(&member.node, "Sid")?;
            // IAM User Guide, "Sid". Other services take more.
            if !sid.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
                let problem = format!("a Sid has letters and digits only: {sid:?}");
                return Err(PolicyError::new(member.node.line, problem));
            }
            Some(sid.to_owned())
        }
    };
    let effect = find(members, "Effect").ok_or_else(|| PolicyError::new(node.line, "the statement has no Effect"))?;
    let effect = match string(&effect.node, "Effect")? {
        "Allow" => Effect::Allow,
        "Deny" => Effect::Deny,
        other => {
            let problem = format!("Effect is Allow or Deny, with a capital letter: {other:?}");
            return Err(PolicyError::new(effect.node.line, problem));
        }
    };
    let principals = either(members, "Principal", "NotPrincipal")?
        .map(|(member, negated)| principals(member, negated))
        .transpose()?;
    let (actions, negated) = either(members, "Action", "NotAction")?
        .ok_or_else(|| PolicyError::new(node.line, "the statement has no Action"))?;
    // The IAM User Guide, "Where you can use policy variables": in resources and conditions only.
    let actions = list(actions, negated, false, check_action)?;
    let resources = either(members, "Resource", "NotResource")?
        .map(|(member, negated)| list(member, negated, version == Version::V2012, check_resource))
        .transpose()?;
    let conditions = match find(members, "Condition") {
        None => Vec::new(),
        Some(member) => conditions(&member.node, version)?,
    };
    Ok(Statement {
        line: node.line,
        sid,
        effect,
        principals,
        actions,
        resources,
        conditions,
    })
}

fn conditions(node: &Node, version: Version) -> Result<Vec<Condition>, PolicyError> {
    let mut conditions = Vec::new();
    for operator in object(node, "Condition")? {
        let parsed =
            condition::Operator::parse(&operator.name).map_err(|problem| PolicyError::new(operator.line, problem))?;
        for key in object(&operator.node, &operator.name)? {
            // AWS asks for the prefix of a service: "Conditions must be prefaced by a vendor".
            if !key.name.contains(':') {
                let problem = format!(
                    "a condition key begins with a service, such as aws:username: {:?}",
                    key.name
                );
                return Err(PolicyError::new(key.line, problem));
            }
            let mut values = Vec::new();
            for node in key.node.one_or_more() {
                let text = match &node.value {
                    Value::String(text) | Value::Number(text) => text.as_str(),
                    Value::Bool(true) => "true",
                    Value::Bool(false) => "false",
                    _ => {
                        let problem = format!("a value of {} is a string, and not {}", key.name, node.kind());
                        return Err(PolicyError::new(node.line, problem));
                    }
                };
                let reading = parsed.reading(version == Version::V2012);
                values.push(Pattern::new(text, node.line, reading));
            }
            conditions.push(Condition {
                operator: parsed.clone(),
                key: key.name.clone(),
                line: key.line,
                values,
            });
        }
    }
    Ok(conditions)
}

fn principals(member: &Member, negated: bool) -> Result<Principals, PolicyError> {
    let mut list = Vec::new();
    match &member.node.value {
        Value::String(text) if text == "*" => list.push(Principal::Everybody),
        Value::Object(kinds) => {
            known(kinds, &["AWS", "Service", "Federated", "CanonicalUser"], &member.name)?;
            for kind in kinds {
                for node in kind.node.one_or_more() {
                    list.push(match (kind.name.as_str(), string(node, &kind.name)?) {
                        ("AWS", "*") => Principal::Everybody,
                        ("AWS", name) => Principal::Aws(name.to_owned()),
                        _ => Principal::Other,
                    });
                }
            }
        }
        _ => {
            let problem = format!("{} is \"*\", or an object such as {{\"AWS\": \"…\"}}", member.name);
            return Err(PolicyError::new(member.node.line, problem));
        }
    }
    Ok(Principals {
        negated,
        line: member.line,
        list,
    })
}

fn list(
    member: &Member,
    negated: bool,
    variables: bool,
    check: fn(&str) -> Result<(), String>,
) -> Result<List, PolicyError> {
    let reading = Reading {
        wildcards: true,
        variables,
    };
    let mut patterns = Vec::new();
    for node in member.node.one_or_more() {
        let text = string(node, &member.name)?;
        check(text).map_err(|problem| PolicyError::new(node.line, problem))?;
        patterns.push(Pattern::new(text, node.line, reading));
    }
    Ok(List {
        negated,
        line: member.line,
        patterns,
    })
}

/// AWS: "Actions/Conditions must be prefaced by a vendor", and a vendor has no wildcard in it. Assumed: `*:*` is taken.
fn check_action(action: &str) -> Result<(), String> {
    let is_service = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    match action.split_once(':') {
        _ if action == "*" || action == "*:*" => Ok(()),
        Some((service, name)) if is_service(service) && !name.is_empty() => Ok(()),
        _ => Err(format!(
            "an action is * or SERVICE:NAME, such as iam:ListUsers: {action:?}"
        )),
    }
}

/// AWS: "Resource … must be in ARN format or \"*\"". Assumed: a wildcard may stand for the beginning of an ARN too.
fn check_resource(resource: &str) -> Result<(), String> {
    if resource == "*" || resource.starts_with("arn:") || resource.starts_with("${") {
        return Ok(());
    }
    match resource.find(['*', '?']) {
        Some(end) if resource.get(..end).is_some_and(|start| "arn:".starts_with(start)) => Ok(()),
        _ => Err(format!(
            "a resource is * or an ARN, which begins with arn: {resource:?}"
        )),
    }
}

fn object<'a>(node: &'a Node, what: &str) -> Result<&'a [Member], PolicyError> {
    match &node.value {
        Value::Object(members) => Ok(members),
        _ => Err(PolicyError::new(
            node.line,
            format!("{what} is an object, and not {}", node.kind()),
        )),
    }
}

fn string<'a>(node: &'a Node, what: &str) -> Result<&'a str, PolicyError> {
    match &node.value {
        Value::String(text) => Ok(text),
        _ => Err(PolicyError::new(
            node.line,
            format!("{what} takes a string, and not {}", node.kind()),
        )),
    }
}

fn find<'a>(members: &'a [Member], name: &str) -> Option<&'a Member> {
    members.iter().find(|member| member.name == name)
}

/// The one of two elements that is there, and whether it is the second.
fn either<'a>(members: &'a [Member], plain: &str, not: &str) -> Result<Option<(&'a Member, bool)>, PolicyError> {
    match (find(members, plain), find(members, not)) {
        (Some(_), Some(second)) => {
            let problem = format!("a statement has {plain} or {not}, and not both");
            Err(PolicyError::new(second.line, problem))
        }
        (Some(member), None) => Ok(Some((member, false))),
        (None, member) => Ok(member.map(|member| (member, true))),
    }
}

fn known(members: &[Member], names: &[&str], what: &str) -> Result<(), PolicyError> {
    for member in members {
        if !names.contains(&member.name.as_str()) {
            let meant = meant(&member.name, names.iter().copied());
            let meant = meant.map_or_else(String::new, |name| format!(": {name} is meant"));
            let problem = format!("{what} has no element {:?}{meant}", member.name);
            return Err(PolicyError::new(member.line, problem));
        }
    }
    Ok(())
}
