//! How much of what users do a policy denies without MFA.

use super::actions::HARMFUL;
use super::enrol::is_step;
use super::manage::is_broad_deny;
use super::scene::{Scene, Who, asks_for_mfa, example, is_about_users, mfa_holds, scenes};
use super::{FEW, Finding, Said, Severity, few};
use crate::policy::context::Context;
use crate::policy::decide::Decision;
use crate::policy::document::{Document, Effect, Statement};
use crate::policy::pattern::Case;

const WITHOUT_MFA: [Who; 2] = [Who::LongTermKey, Who::PlainSession];

const ENFORCE: &str = "deny with NotAction what new users do not need, on \"Resource\": \"*\", with \"BoolIfExists\": \
                       {\"aws:MultiFactorAuthPresent\": \"false\"}; brasskey aws policy print prints such a policy";

/// The statements of a policy that deny without MFA what users do in all services, and what it lacks without one.
pub(super) fn check(document: &Document) -> Vec<Finding> {
    let statements = || document.statements.iter().enumerate();
    if statements().any(|(_, statement)| is_broad_deny(statement) && is_about_users(statement)) {
        let narrow = statements().filter_map(|(index, statement)| some_resources(document, index, statement));
        return narrow.collect();
    }
    let finding = some_actions(document)
        .or_else(|| allowed(document))
        .or_else(|| asks_nothing(document));
    finding.into_iter().collect()
}

fn is_denied(document: &Document, scene: &Scene) -> bool {
    matches!(scene.ask(document), Decision::ExplicitDeny { .. })
}

/// A Deny of everything that is about some resources only.
fn some_resources(document: &Document, index: usize, statement: &Statement) -> Option<Finding> {
    let resources = statement.resources.as_ref()?;
    if !is_broad_deny(statement) || !is_about_users(statement) {
        return None;
    }
    let who = WITHOUT_MFA.into_iter().filter(|who| mfa_holds(statement, *who));
    // What NotResource leaves out is found by its own patterns.
    let left_out = resources.patterns.iter().filter(|_| resources.negated);
    let left_out = left_out.filter_map(|pattern| {
        let resource = example(pattern, &Context::new())?;
        let service = format!("{}:", resource.split(':').nth(2)?);
        let of_service = HARMFUL.iter().find(|(action, _)| action.starts_with(&service));
        Some((of_service.or(HARMFUL.first())?.0.to_owned(), resource))
    });
    let harmful = HARMFUL
        .iter()
        .map(|(action, resource)| ((*action).to_owned(), (*resource).to_owned()));
    let requests: Vec<(String, String)> = harmful.chain(left_out.take(FEW)).collect();
    let scene = who
        .flat_map(|who| requests.iter().map(move |(action, resource)| (who, action, resource)))
        .filter(|(who, action, resource)| {
            let context = who.context();
            statement.covers_action(action, &context) && !resources.covers(resource, &context, Case::Sensitive)
        })
        .filter_map(|(who, action, resource)| Scene::new(who, action, resource).meeting(statement))
        .find(|scene| !is_denied(document, scene))?;
    let listed = few(&resources.patterns);
    let title = if resources.negated {
        format!("this Deny is about all but {listed}: what it leaves out needs no MFA")
    } else {
        format!("this Deny is about {listed} only: everything else needs no MFA")
    };
    let said = Said {
        rule: "deny-of-some-resources",
        severity: Severity::Warning,
        title,
        consequence: "on what it is not about an attacker with a password or an access key gets by without MFA"
            .to_owned(),
        remedy: "write \"Resource\": \"*\"".to_owned(),
    };
    Some(said.at(index, statement, Some(scene.shown(document))))
}

/// What the policy allows without MFA, besides what users need for their own devices.
fn allowed(document: &Document) -> Option<Finding> {
    let allows = document.statements.iter().enumerate();
    let mut allows = allows.filter(|(_, statement)| statement.effect == Effect::Allow && !asks_for_mfa(statement));
    let (index, statement, scene) = allows.find_map(|(index, statement)| {
        let scenes = WITHOUT_MFA.into_iter().flat_map(|who| scenes(statement, who));
        let mut open = scenes.filter(|scene| !is_self_service(scene.action()) && scene.is_of_user());
        let scene = open.find(|scene| scene.ask(document).is_allowed())?;
        Some((index, statement, scene))
    })?;
    let said = Said {
        rule: "does-not-enforce",
        severity: Severity::Warning,
        title: format!(
            "this policy does not enforce MFA: without MFA it allows {}",
            actions(statement)
        ),
        consequence: "an attacker with a password or an access key is allowed it, unless another policy of the user \
                      denies it without MFA"
            .to_owned(),
        remedy: ENFORCE.to_owned(),
    };
    Some(said.at(index, statement, Some(scene.shown(document))))
}

/// Statements that deny some actions without MFA, and leave the others open.
fn some_actions(document: &Document) -> Option<Finding> {
    let denies = document.statements.iter().enumerate();
    let denies = denies.filter(|(_, statement)| {
        statement.effect == Effect::Deny && asks_for_mfa(statement) && is_about_users(statement)
    });
    let denies: Vec<(usize, &Statement)> = denies.collect();
    let is_own = |(_, statement): &(usize, &Statement)| {
        let mut patterns = statement.actions.patterns.iter();
        !statement.actions.negated && patterns.all(|pattern| is_self_service(&pattern.text))
    };
    // One that keeps devices, and is to enforce nothing else.
    let (index, first) = denies.iter().find(|deny| !is_own(deny))?;
    let parts = denies.iter().map(|(_, statement)| {
        let actions = actions(statement);
        match &statement.resources {
            Some(list) if list.negated => format!("{actions} on all but {}", few(&list.patterns)),
            Some(list) if list.patterns.iter().all(|pattern| pattern.text != "*") => {
                format!("{actions} on {}", few(&list.patterns))
            }
            _ => actions,
        }
    });
    let said = Said {
        rule: "does-not-enforce",
        severity: Severity::Warning,
        title: format!(
            "this policy enforces MFA only for {}",
            parts.collect::<Vec<_>>().join(", ")
        ),
        consequence: "whatever else another policy allows, an attacker with a password or an access key does without \
                      MFA"
        .to_owned(),
        remedy: ENFORCE.to_owned(),
    };
    Some(said.at(*index, first, None))
}

/// A policy that denies something, and never asks for MFA.
fn asks_nothing(document: &Document) -> Option<Finding> {
    let mut statements = document.statements.iter().enumerate();
    if document.statements.iter().any(asks_for_mfa) {
        return None;
    }
    let (index, statement) = statements.find(|(_, statement)| statement.effect == Effect::Deny)?;
    let said = Said::new(
        "does-not-enforce",
        Severity::Warning,
        "this policy does not enforce MFA: no statement of it asks for MFA",
        "whatever another policy allows, an attacker with a password or an access key does without MFA",
        ENFORCE,
    );
    Some(said.at(index, statement, None))
}

/// The actions of a statement, in words.
fn actions(statement: &Statement) -> String {
    let listed = few(&statement.actions.patterns);
    if statement.actions.negated {
        format!("everything but {listed}")
    } else {
        listed
    }
}

/// Whether an action is one that users need for their own password and devices.
fn is_self_service(action: &str) -> bool {
    let lower = action.to_ascii_lowercase();
    is_step(action) || (lower.starts_with("iam:") && lower.contains("mfa")) || lower == "iam:getaccountsummary"
}
