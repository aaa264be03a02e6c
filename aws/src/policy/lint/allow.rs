//! Statements that are to allow with MFA only: whom else they let in.

use super::is_trust;
use super::scene::{Scene, Who, asks_for_mfa, mfa_holds, only_mfa, scenes};
use super::{Finding, Said, Severity};
use crate::policy::decide::Decision;
use crate::policy::document::{Document, Effect, Statement};

const REQUIRE: &str = "in an Allow write \"Bool\": {\"aws:MultiFactorAuthPresent\": \"true\"}, without IfExists: it \
                       holds only where the key is there, and true";

pub(super) fn check(document: &Document) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut alone = None;
    for (index, statement) in document.statements.iter().enumerate() {
        if statement.effect != Effect::Allow || !asks_for_mfa(statement) {
            continue;
        }
        let wrong = let_in(document, index, statement).or_else(|| kept_out(document, index, statement));
        match wrong {
            Some(finding) => findings.push(finding),
            None => {
                findings.extend(elsewhere(document, index, statement));
                alone = alone.or_else(|| unprotected(document, index, statement));
            }
        }
    }
    findings.extend(alone);
    findings
}

/// The first request of somebody that this statement allows, and nothing denies.
fn passes(document: &Document, index: usize, statement: &Statement, who: Who) -> Option<Scene> {
    if !mfa_holds(statement, who) {
        return None;
    }
    // Another statement may allow the same, and stand before this one.
    let alone = Document {
        statements: vec![document.statements.get(index)?.clone()],
        ..document.clone()
    };
    let allowed = |scene: &Scene| scene.ask(&alone).is_allowed() && scene.ask(document).is_allowed();
    scenes(statement, who).into_iter().find(allowed)
}

/// Who gets in without MFA.
fn let_in(document: &Document, index: usize, statement: &Statement) -> Option<Finding> {
    let key = passes(document, index, statement, Who::LongTermKey);
    let session = passes(document, index, statement, Who::PlainSession);
    let with_mfa = mfa_holds(statement, Who::MfaSession) || mfa_holds(statement, Who::OldMfaSession);
    let (said, scene) = match (key, session) {
        (None, None) => return None,
        (key, session) if !with_mfa => (
            Said::new(
                "allow-only-without-mfa",
                Severity::Warning,
                "this Allow is for users without MFA only",
                "who signs in with MFA loses what it allows, and an attacker without MFA has it",
                REQUIRE,
            ),
            key.or(session)?,
        ),
        (Some(scene), None) => (
            Said::new(
                "allow-lets-access-keys-in",
                Severity::Error,
                "this Allow also lets long-term access keys in",
                "aws:MultiFactorAuthPresent and aws:MultiFactorAuthAge are absent in calls that are signed with an \
                 access key, and the condition holds for absent keys: an attacker with a stolen key needs no MFA",
                REQUIRE,
            ),
            scene,
        ),
        (None, Some(scene)) => (
            Said::new(
                "allow-lets-sessions-in",
                Severity::Error,
                "this Allow also lets sessions without MFA in",
                "in a session of a password alone aws:MultiFactorAuthPresent is there, and false: that it is there \
                 says nothing, and an attacker with the password gets in",
                REQUIRE,
            ),
            scene,
        ),
        (Some(scene), Some(_)) => (
            Said::new(
                "allow-lets-all-in",
                Severity::Error,
                "this Allow asks for MFA of nobody",
                "an attacker with a password or an access key gets in, without any second factor",
                REQUIRE,
            ),
            scene,
        ),
    };
    Some(said.at(index, statement, Some(scene.shown(document))))
}

/// Whether users with MFA are not allowed either.
fn kept_out(document: &Document, index: usize, statement: &Statement) -> Option<Finding> {
    if mfa_holds(statement, Who::MfaSession) {
        return None;
    }
    let scene = scenes(statement, Who::MfaSession).into_iter().next()?;
    if scene.ask(document).is_allowed() {
        return None;
    }
    let (severity, title, consequence) = if mfa_holds(statement, Who::OldMfaSession) {
        (
            Severity::Warning,
            "this Allow waits until MFA is long ago",
            "a user who signed in with MFA a minute ago is not allowed, and one of yesterday is",
        )
    } else {
        (
            Severity::Error,
            "this Allow allows nothing, with MFA or without",
            "its condition on MFA never holds, so every user is locked out of what it is to allow",
        )
    };
    let remedy = "write \"Bool\": {\"aws:MultiFactorAuthPresent\": \"true\"}, and for the age \
                  \"NumericLessThan\": {\"aws:MultiFactorAuthAge\": \"3600\"}";
    let said = Said::new("allow-misses-mfa", severity, title, consequence, remedy);
    Some(said.at(index, statement, Some(scene.shown(document))))
}

/// Whether another statement of the policy allows all of it without MFA.
fn elsewhere(document: &Document, index: usize, statement: &Statement) -> Option<Finding> {
    let scenes = scenes(statement, Who::LongTermKey);
    let first = scenes.first()?;
    let Decision::Allowed { statement: other } = first.ask(document) else {
        return None;
    };
    if !scenes.iter().all(|scene| scene.ask(document).is_allowed()) {
        return None;
    }
    let mut said = Said::new(
        "allowed-elsewhere",
        Severity::Warning,
        "",
        "the condition on MFA changes nothing: one statement that allows is enough",
        "give the other statement the same condition, or deny what is done without MFA",
    );
    said.title = format!("the statement on line {} allows the same without MFA", other.line);
    Some(said.at(index, statement, Some(first.shown(document))))
}

/// Whether another policy could allow the same without MFA, since nothing here denies it.
fn unprotected(document: &Document, index: usize, statement: &Statement) -> Option<Finding> {
    // A role has one trust policy.
    if is_trust(document) {
        return None;
    }
    let denied = |scene: &Scene| matches!(scene.ask(document), Decision::ExplicitDeny { .. });
    // Where its other conditions are too hard to meet, another policy need not have them.
    let scenes = [statement, &only_mfa(statement)].map(|statement| scenes(statement, Who::LongTermKey));
    let scene = scenes.into_iter().flatten().find(|scene| !denied(scene))?;
    let said = Said::new(
        "allow-without-deny",
        Severity::Warning,
        "nothing denies without MFA what this statement allows with MFA",
        "a condition on an Allow protects nothing that another policy allows: where the user, or one of its groups, \
         has any policy that allows the same, an attacker with an access key needs no MFA",
        "add a Deny with \"BoolIfExists\": {\"aws:MultiFactorAuthPresent\": \"false\"} for it",
    );
    Some(said.at(index, statement, Some(scene.shown(document))))
}
