//! Statements that are to deny what is done without MFA: whom they miss, and whom they hit.

use super::enrol::is_step;
use super::scene::{AGE, Scene, VIA_SERVICE, Who, asks_for_mfa, mfa_holds, scenes};
use super::{Finding, Said, Severity};
use crate::policy::decide::Decision;
use crate::policy::document::{Document, Effect, Statement};

const ENFORCE: &str = "write \"BoolIfExists\": {\"aws:MultiFactorAuthPresent\": \"false\"}: it denies where the key is \
                       false, and where it is absent";

pub(super) fn check(document: &Document) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (index, statement) in document.statements.iter().enumerate() {
        if statement.effect != Effect::Deny || !asks_for_mfa(statement) {
            continue;
        }
        findings.extend(missed(document, index, statement));
        findings.extend(hit(document, index, statement));
        findings.extend(only_services(document, index, statement));
    }
    findings
}

/// The first request of somebody that a statement is about, and that nothing in the policy denies.
fn slips(document: &Document, statement: &Statement, who: Who) -> Option<Scene> {
    let is_denied = |scene: &Scene| matches!(scene.ask(document), Decision::ExplicitDeny { .. });
    // What new users need before they have MFA may be denied to access keys alone.
    let is_meant = |scene: &Scene| who == Who::PlainSession && is_step(scene.action());
    let mut slips = scenes(statement, who).into_iter().filter(|scene| !is_denied(scene));
    slips.find(|scene| !is_meant(scene))
}

/// Who gets by without MFA.
fn missed(document: &Document, index: usize, statement: &Statement) -> Option<Finding> {
    // What another statement denies does not get by.
    let key = (!mfa_holds(statement, Who::LongTermKey)).then(|| slips(document, statement, Who::LongTermKey));
    let session = (!mfa_holds(statement, Who::PlainSession)).then(|| slips(document, statement, Who::PlainSession));
    let by_age = statement
        .conditions
        .iter()
        .any(|condition| condition.key.eq_ignore_ascii_case(AGE));
    let (said, scene) = match (key.flatten(), session.flatten()) {
        (None, None) => return None,
        (Some(scene), Some(_)) if by_age => (
            Said::new(
                "deny-lets-all-through",
                Severity::Error,
                "this Deny denies nothing that is done without MFA",
                "aws:MultiFactorAuthAge is absent without MFA, and a comparison with an absent key does not hold: who \
                 never used MFA gets by, and only old sessions with MFA are denied, if any",
                "use NumericGreaterThanIfExists in a statement of its own: it also denies where the key is absent",
            ),
            scene,
        ),
        (Some(scene), Some(_)) => (
            Said::new(
                "deny-lets-all-through",
                Severity::Error,
                "this Deny denies nothing that is done without MFA",
                "an attacker with a password or an access key gets by, without any second factor",
                ENFORCE,
            ),
            scene,
        ),
        (Some(scene), None) => (
            Said::new(
                "deny-lets-access-keys-through",
                Severity::Error,
                "this Deny lets long-term access keys through",
                "aws:MultiFactorAuthPresent is absent in calls that are signed with an access key, so the condition \
                 does not hold: an attacker with a stolen key is not asked for MFA, while the console asks for it",
                ENFORCE,
            ),
            scene,
        ),
        (None, Some(scene)) => (
            Said::new(
                "deny-lets-sessions-through",
                Severity::Error,
                "this Deny lets sessions without MFA through",
                "in a session of a password alone aws:MultiFactorAuthPresent is there, and false: an attacker with \
                 the password gets by in the console",
                ENFORCE,
            ),
            scene,
        ),
    };
    Some(said.at(index, statement, Some(scene.shown(document))))
}

/// Whether it denies who has just used MFA.
fn hit(document: &Document, index: usize, statement: &Statement) -> Option<Finding> {
    if !mfa_holds(statement, Who::MfaSession) {
        return None;
    }
    let denied = |scene: &Scene| matches!(scene.ask(document), Decision::ExplicitDeny { .. });
    let scene = scenes(statement, Who::MfaSession).into_iter().find(denied)?;
    let said = Said::new(
        "deny-hits-mfa",
        Severity::Error,
        "this Deny also denies users who signed in with MFA",
        "a user who does everything right, and signed in with MFA a minute ago, is denied",
        "compare with \"false\": \"BoolIfExists\": {\"aws:MultiFactorAuthPresent\": \"false\"}",
    );
    Some(said.at(index, statement, Some(scene.shown(document))))
}

/// Whether it is about nothing but what AWS services do in a user's name, though MFA is missing.
fn only_services(document: &Document, index: usize, statement: &Statement) -> Option<Finding> {
    let names_services = |key: &str| key.eq_ignore_ascii_case(VIA_SERVICE);
    if !statement
        .conditions
        .iter()
        .any(|condition| names_services(&condition.key))
    {
        return None;
    }
    let who = Who::PlainSession;
    let direct = |scene: Scene| scene.with(VIA_SERVICE, "false");
    let passes = |scene: &Scene| !matches!(scene.ask(document), Decision::ExplicitDeny { .. });
    let (denied, scene) = scenes(statement, who)
        .into_iter()
        .map(|scene| (!passes(&scene), direct(scene)))
        .find(|(_, scene)| passes(scene))?;
    let said = Said::new(
        "deny-only-service-calls",
        Severity::Error,
        "this Deny is about calls of AWS services only",
        "aws:ViaAWSService is true where a service calls in the user's name: what the user, or an attacker, calls \
         directly gets by without MFA",
        "compare aws:ViaAWSService with \"false\", so that direct calls are denied and those of services are not",
    );
    denied.then(|| said.at(index, statement, Some(scene.shown(document))))
}
