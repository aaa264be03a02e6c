//! What is wrong with a policy that is to enforce MFA, or to let users manage their own devices.
//!
//! Most of it is not found by the shape of the policy, but by asking [`decide()`](super::decide()) for concrete
//! requests: of an attacker with an access key, of a session without MFA, of one with MFA, and of a new user who
//! enrols. So policies that say the same in other words are judged alike, and a finding shows the request that it is
//! about.

use std::collections::BTreeMap;

use serde::Serialize;

use super::MAX_INLINE_ROLE;
use super::decide::Decision;
use super::document::{Document, Statement};
use super::pattern::Pattern;

mod actions;
mod allow;
mod besides;
mod deny;
mod enrol;
mod manage;
mod notes;
mod reach;
mod scene;
mod words;

pub use notes::notes;

/// Something that is wrong with a policy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// The stable name of the rule.
    pub rule: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// The line of the policy.
    pub line: usize,
    /// The statement's index; absent where it is about the whole policy.
    pub statement: Option<usize>,
    /// The statement's name, where it has one.
    pub sid: Option<String>,
    /// What is wrong, in one sentence without a full stop.
    pub title: String,
    /// What an attacker or a user who is locked out sees of it.
    pub consequence: String,
    /// What to write instead.
    pub remedy: String,
    /// A request that shows it.
    pub request: Option<Shown>,
}

impl Finding {
    /// That a text is no policy.
    #[must_use]
    pub fn not_a_policy(line: usize, problem: String) -> Self {
        let said = Said {
            rule: "not-a-policy",
            severity: Severity::Error,
            title: problem,
            consequence: "IAM refuses it (MalformedPolicyDocument)".to_owned(),
            remedy: "mend it there; the IAM User Guide has the grammar of its policy language".to_owned(),
        };
        said.of(line)
    }
}

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The policy does not do what it is for: it lets somebody through, or locks somebody out.
    Error,
    /// It does what it is for, but not everywhere.
    Warning,
    /// Nothing is wrong, but it is good to know.
    Note,
}

/// A request, and what the policy says to it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Shown {
    /// How it is made, in words: with an access key, or in which session.
    pub who: &'static str,
    /// The action.
    pub action: String,
    /// The resource.
    pub resource: String,
    /// The condition keys of the request that the policy looks at, and those of MFA. A key without values is absent.
    pub context: BTreeMap<String, Vec<String>>,
    /// What the policy decides: `allowed`, `denied`, or `neither allowed nor denied`: then another
    /// policy decides.
    pub decision: &'static str,
}

/// What is wrong with a policy, by line. A policy about which nothing is to be said has no finding.
///
/// A document whose statements name principals and no resources is judged as a role's trust policy, others as policies
/// of users, groups and roles.
#[must_use]
pub fn lint(document: &Document) -> Vec<Finding> {
    let mut findings: Vec<Finding> = words::size(document).into_iter().collect();
    if document.size() > MAX_INLINE_ROLE {
        // AWS stores no such policy, and the work is bounded.
        return findings;
    }
    findings.extend(words::check(document));
    findings.extend(deny::check(document));
    findings.extend(besides::check(document));
    findings.extend(allow::check(document));
    if !is_trust(document) {
        findings.extend(enrol::check(document));
        findings.extend(manage::check(document));
        // What is broken is mended first: how far the policy reaches is seen then.
        let is_broken = findings.iter().any(|finding| finding.severity == Severity::Error);
        let reach = reach::check(document);
        let told = |finding: &Finding| !is_broken || finding.rule != "does-not-enforce";
        findings.extend(reach.into_iter().filter(told));
    }
    findings.sort_by_key(|finding| (finding.line, finding.severity, finding.rule));
    findings
}

/// Whether it is a role's trust policy.
fn is_trust(document: &Document) -> bool {
    document
        .statements
        .iter()
        .all(|statement| statement.principals.is_some() && statement.resources.is_none())
}

/// How many of a list's patterns are shown, or played.
const FEW: usize = 4;

/// The first of some patterns, and how many more there are.
fn few(patterns: &[Pattern]) -> String {
    let texts: Vec<&str> = patterns.iter().map(|pattern| pattern.text.as_str()).collect();
    match texts.split_at_checked(FEW) {
        Some((first, more)) if !more.is_empty() => format!("{} and {} more", first.join(", "), more.len()),
        _ => texts.join(", "),
    }
}

/// A decision in a word.
fn word(decision: &Decision) -> &'static str {
    match decision {
        Decision::Allowed { .. } => "allowed",
        Decision::ExplicitDeny { .. } => "denied",
        Decision::ImplicitDeny => "neither allowed nor denied",
    }
}

/// What a finding says, without the place that it is about.
struct Said {
    rule: &'static str,
    severity: Severity,
    title: String,
    consequence: String,
    remedy: String,
}

impl Said {
    fn new(rule: &'static str, severity: Severity, title: &str, consequence: &str, remedy: &str) -> Self {
        Self {
            rule,
            severity,
            title: title.to_owned(),
            consequence: consequence.to_owned(),
            remedy: remedy.to_owned(),
        }
    }

    /// About a statement.
    fn at(self, index: usize, statement: &Statement, request: Option<Shown>) -> Finding {
        Finding {
            rule: self.rule,
            severity: self.severity,
            line: statement.line,
            statement: Some(index),
            sid: statement.sid.clone(),
            title: self.title,
            consequence: self.consequence,
            remedy: self.remedy,
            request,
        }
    }

    /// About one line of a statement.
    fn on(self, line: usize, index: usize, statement: &Statement) -> Finding {
        Finding {
            line,
            ..self.at(index, statement, None)
        }
    }

    /// About the whole policy.
    fn of(self, line: usize) -> Finding {
        Finding {
            rule: self.rule,
            severity: self.severity,
            line,
            statement: None,
            sid: None,
            title: self.title,
            consequence: self.consequence,
            remedy: self.remedy,
            request: None,
        }
    }
}

#[cfg(test)]
mod tests;
