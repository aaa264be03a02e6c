//! Other conditions of a Deny that asks about MFA: the requests without MFA that it misses for their sake.

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::scene::{VIA_SERVICE, Who, asks_for_mfa, is_mfa, mfa_holds, only_mfa, scenes};
use super::{Finding, Said, Severity, few, is_trust};
use crate::policy::condition::Condition;
use crate::policy::context::Context;
use crate::policy::decide::Decision;
use crate::policy::document::{Document, Effect, Statement};

/// Keys whose value whoever makes the request chooses (IAM User Guide, "AWS global condition context keys").
const CHOSEN: [&str; 6] = [
    "aws:UserAgent",
    "aws:RequestedRegion",
    "aws:referer",
    "aws:SecureTransport",
    "aws:RequestTag",
    "aws:TagKeys",
];

/// Keys that a user of the account cannot have otherwise, or that only calls of services have.
const FIXED: [&str; 6] = [
    "aws:PrincipalAccount",
    "aws:PrincipalType",
    "aws:PrincipalIsAWSService",
    "aws:CalledVia",
    "aws:CalledViaFirst",
    "aws:CalledViaLast",
];

pub(super) fn check(document: &Document) -> Vec<Finding> {
    let mut findings = Vec::new();
    if is_trust(document) {
        return findings;
    }
    for (index, statement) in document.statements.iter().enumerate() {
        if statement.effect != Effect::Deny || !asks_for_mfa(statement) {
            continue;
        }
        let others = statement.conditions.iter().filter(|condition| !is_mfa(&condition.key));
        findings.extend(others.filter_map(|condition| gets_by(document, index, statement, condition)));
    }
    findings
}

/// Who gets by without MFA, because a condition besides that of MFA does not hold.
fn gets_by(document: &Document, index: usize, statement: &Statement, condition: &Condition) -> Option<Finding> {
    let severity = severity(condition)?;
    let who = [Who::PlainSession, Who::LongTermKey];
    let who = who.into_iter().filter(|who| mfa_holds(statement, *who));
    let scene = who
        .flat_map(|who| scenes(&only_mfa(statement), who))
        .filter_map(|scene| scene.clone().meeting(statement).unwrap_or(scene).failing(condition))
        .find(|scene| !matches!(scene.ask(document), Decision::ExplicitDeny { .. }))?;
    let holds = format!(
        "{} {} {}",
        condition.operator.name,
        condition.key,
        few(&condition.values)
    );
    let request = scene.value(&condition.key).map_or_else(
        || format!("a request without {}", condition.key),
        |value| format!("a request with {} {value}", condition.key),
    );
    let (title, consequence) = match (is_time(&condition.key), severity) {
        (true, Severity::Error) => (
            format!("this Deny stops nobody now: it holds only where {holds}"),
            "the time that it is about is over, or never comes: an attacker with a password or an access key gets by \
             without MFA",
        ),
        (true, _) => (
            format!("this Deny ends: it holds only where {holds}"),
            "from then on an attacker with a password or an access key gets by without MFA",
        ),
        (false, Severity::Error) => (
            format!("this Deny holds only where {holds}: {request} gets by"),
            "whoever makes a request chooses that: an attacker with a password or an access key gets by without MFA",
        ),
        (false, _) => (
            format!("this Deny holds only where {holds}: {request} gets by"),
            "who is excepted, or can make such a request, needs no MFA; nor does an attacker with such a password or \
             access key",
        ),
    };
    let said = Said {
        rule: "deny-with-exception",
        severity,
        title,
        consequence: consequence.to_owned(),
        remedy: format!(
            "take {} out of this statement's {}, unless the exception is meant",
            condition.key, condition.operator.name
        ),
    };
    Some(Finding {
        line: condition.line,
        ..said.at(index, statement, Some(scene.shown(document)))
    })
}

/// How bad it is that a condition is there; `None` where it excepts nobody, or another rule is about it.
fn severity(condition: &Condition) -> Option<Severity> {
    let key = condition.key.as_str();
    let name = key.split('/').next().unwrap_or(key);
    let is = |known: &&str| known.eq_ignore_ascii_case(name);
    if is(&VIA_SERVICE) || is_about_root(condition) {
        return None;
    }
    if FIXED.iter().any(is) && condition.holds(&Who::PlainSession.context()) {
        return None;
    }
    if is_time(key) {
        let now = OffsetDateTime::now_utc();
        return match (condition.holds(&at(now)?), condition.holds(&at(END)?)) {
            // It is enforced from then on, or has been for some time.
            (_, true) => None,
            (true, false) => Some(Severity::Warning),
            (false, false) => Some(Severity::Error),
        };
    }
    let is_chosen = CHOSEN.iter().any(is);
    Some(if is_chosen { Severity::Error } else { Severity::Warning })
}

/// Later than any date that somebody writes.
const END: OffsetDateTime = time::macros::datetime!(9999-12-31 00:00 UTC);

fn is_time(key: &str) -> bool {
    key.eq_ignore_ascii_case("aws:CurrentTime") || key.eq_ignore_ascii_case("aws:EpochTime")
}

fn at(moment: OffsetDateTime) -> Option<Context> {
    let date = moment.format(&Rfc3339).ok()?;
    let context = Context::new().with("aws:CurrentTime", date);
    Some(context.with("aws:EpochTime", moment.unix_timestamp().to_string()))
}

/// Whether it is there because the statement is about root, and not about users.
fn is_about_root(condition: &Condition) -> bool {
    let values = &condition.values;
    condition.key.eq_ignore_ascii_case("aws:PrincipalArn")
        && !condition.operator.negated
        && !values.is_empty()
        && values.iter().all(|value| value.text.ends_with(":root"))
}
