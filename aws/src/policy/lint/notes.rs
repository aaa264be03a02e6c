//! What is not wrong with a policy, but good to know.

use super::manage::is_broad_deny;
use super::scene::{AGE, PRESENT, Scene, USER, VIA_SERVICE, Who, asks_for_mfa, mfa_holds};
use super::{Finding, Said, Severity, is_trust};
use crate::policy::decide::Decision;
use crate::policy::document::{Document, Effect, Statement};
use crate::policy::{MAX_INLINE_ROLE, MAX_INLINE_USER, MAX_MANAGED};

/// What is good to know about a policy, though nothing is wrong with it. Policies that AWS itself recommends have
/// notes.
#[must_use]
pub fn notes(document: &Document) -> Vec<Finding> {
    let mut notes = Vec::new();
    if document.size() > MAX_INLINE_ROLE {
        return notes;
    }
    if is_trust(document) {
        notes.extend(trust(document));
    } else {
        notes.extend(own_device(document));
        notes.extend(services(document));
        notes.extend(short(document));
    }
    notes.extend(version(document));
    notes.sort_by_key(|note| (note.line, note.rule));
    notes
}

/// A device that an attacker adds. A user has up to eight, and nothing in a policy tells the first from the second.
fn own_device(document: &Document) -> Option<Finding> {
    let who = Who::LongTermKey;
    let scene = Scene::new(who, "iam:EnableMFADevice", USER);
    // One that is about root says nothing of users.
    let is_about_users =
        |statement: &Statement| scene.clone().meeting(statement).is_some_and(|scene| scene.is_of_user());
    let denies_keys =
        |statement: &Statement| is_broad_deny(statement) && mfa_holds(statement, who) && is_about_users(statement);
    let mut statements = document.statements.iter().enumerate();
    let broad = statements.find(|(_, statement)| denies_keys(statement));
    let (index, statement) = match (scene.ask(document), broad) {
        (Decision::ExplicitDeny { .. }, _) => return None,
        (_, Some(broad)) => broad,
        (Decision::Allowed { statement }, None) => (statement.statement, document.statements.get(statement.statement)?),
        (Decision::ImplicitDeny, None) => return None,
    };
    let said = Said::new(
        "attacker-can-enrol",
        Severity::Note,
        "who has an access key can enrol a device, also for a user who has one",
        "new users need iam:EnableMFADevice without MFA, and a policy cannot tell the first device from another: an \
         attacker with a user's access key may add a device, and have sessions with MFA from then on",
        "give no long-term access keys to users who sign in to the console; or, where everybody enrols in the console, \
         deny iam:EnableMFADevice with \"Null\": {\"aws:MultiFactorAuthPresent\": \"true\"}, which is for access keys",
    );
    Some(said.at(index, statement, Some(scene.shown(document))))
}

/// Calls of services for a user. AWS hands the session's attributes on (IAM User Guide, "Forward access sessions"), but
/// does not say that those of MFA are among them.
fn services(document: &Document) -> Option<Finding> {
    let (index, statement, scene) = document.statements.iter().enumerate().find_map(|(index, statement)| {
        let broad = is_broad_deny(statement) && !mfa_holds(statement, Who::MfaSession);
        let scene = Scene::new(
            Who::MfaSession,
            "kms:Decrypt",
            "arn:aws:kms:us-east-1:123456789012:key/example",
        );
        let scene = broad.then_some(scene)?.meeting(statement).filter(Scene::is_of_user)?;
        let scene = scene.with(VIA_SERVICE, "true").without(PRESENT).without(AGE);
        let denied = matches!(scene.ask(document), Decision::ExplicitDeny { .. });
        denied.then_some((index, statement, scene))
    })?;
    let said = Said::new(
        "service-calls",
        Severity::Note,
        "calls that AWS services make in a user's name may be denied",
        "where a service calls another for a user with MFA (CloudFormation, Athena, S3 with KMS), and does not hand on \
         that there was MFA, the call is denied; whether it does cannot be told from AWS's documentation",
        "add \"aws:ViaAWSService\": \"false\" to the same BoolIfExists: the user's own call was checked already",
    );
    Some(said.at(index, statement, Some(scene.shown(document))))
}

/// A role that is assumed without MFA.
fn trust(document: &Document) -> Option<Finding> {
    let mut statements = document.statements.iter().enumerate();
    let (index, statement) = statements.find(|(_, statement)| {
        let people = super::scene::scenes(statement, Who::LongTermKey);
        let assumed = people.iter().any(|scene| scene.ask(document).is_allowed());
        statement.effect == Effect::Allow && !asks_for_mfa(statement) && assumed
    })?;
    let scene = super::scene::scenes(statement, Who::LongTermKey).into_iter().next()?;
    let said = Said::new(
        "trust-without-mfa",
        Severity::Note,
        "the role can be assumed without MFA",
        "an attacker with the access key of whom the statement names can have the role",
        "add \"Condition\": {\"Bool\": {\"aws:MultiFactorAuthPresent\": \"true\"}}, unless programs assume the role",
    );
    Some(said.at(index, statement, Some(scene.shown(document))))
}

fn short(document: &Document) -> Option<Finding> {
    let size = document.size();
    let mut said = Said::new(
        "managed-only",
        Severity::Note,
        "",
        "as an inline policy of a user it is refused (LimitExceeded)",
        "make it a managed policy",
    );
    said.title = format!("it has {size} characters: more than the {MAX_INLINE_USER} of a user's inline policies");
    (MAX_INLINE_USER < size && size <= MAX_MANAGED).then(|| said.of(1))
}

fn version(document: &Document) -> Option<Finding> {
    let said = Said::new(
        "version-missing",
        Severity::Note,
        "it has no Version, which means 2008-10-17",
        "nothing in it depends on that now, but a policy variable that is added later is taken as text",
        "add \"Version\": \"2012-10-17\"",
    );
    let first = document.statements.first()?;
    document.version_line.is_none().then(|| said.of(first.line))
}
