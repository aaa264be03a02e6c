//! What a policy lets users, and attackers, do with MFA devices.

use super::actions::{BROAD, HARMFUL, ON_NOTHING, ON_USER};
use super::scene::{DEVICE, NAMED_DEVICE, OTHER_USER, Scene, USER, Who, asks_for_mfa, example, mfa_holds};
use super::{Finding, Said, Severity};
use crate::policy::decide::Decision;
use crate::policy::document::{Document, Effect, Statement};
use crate::policy::pattern::Case;

const DEACTIVATE: &str = "iam:DeactivateMFADevice";
const DELETE: &str = "iam:DeleteVirtualMFADevice";
const WITHOUT_MFA: [Who; 2] = [Who::LongTermKey, Who::PlainSession];

pub(super) fn check(document: &Document) -> Vec<Finding> {
    let mut findings: Vec<Finding> = removable(document).into_iter().collect();
    findings.extend(deletable(document));
    findings.extend(others(document));
    findings.extend(fixed_name(document));
    findings.extend(not_listed(document));
    findings.extend(wrong_resources(document));
    findings
}

/// The statement that allows a request, if it is one about credentials of users and not one for administrators, who
/// may do the same to everybody on purpose.
fn allowing<'a>(document: &'a Document, scene: &Scene) -> Option<(usize, &'a Statement)> {
    let Decision::Allowed { statement: place } = scene.ask(document) else {
        return None;
    };
    let statement = document.statements.get(place.statement)?;
    let context = Who::MfaSession.context();
    let resources = statement.resources.as_ref();
    let administers = statement.covers_action("iam:CreateUser", &context)
        && resources
            .is_some_and(|list| list.covers("arn:aws:iam::123456789012:user/mallory", &context, Case::Sensitive));
    (!administers).then_some((place.statement, statement))
}

/// Whether a statement denies, without MFA, what users do in all services.
pub(super) fn is_broad_deny(statement: &Statement) -> bool {
    let context = Who::LongTermKey.context();
    let services = HARMFUL
        .iter()
        .filter(|(action, _)| !action.starts_with("iam:") && !action.starts_with("sts:"));
    let covered = services
        .filter(|(action, _)| statement.covers_action(action, &context))
        .count();
    statement.effect == Effect::Deny && asks_for_mfa(statement) && covered == BROAD
}

/// The first of somebody without MFA whom a broad Deny stops, but not from this.
fn exempt<'a>(document: &'a Document, action: &str, resource: &str) -> Option<(usize, &'a Statement, Scene)> {
    let broad = document
        .statements
        .iter()
        .enumerate()
        .filter(|(_, statement)| is_broad_deny(statement));
    broad
        .flat_map(|(index, statement)| WITHOUT_MFA.map(|who| (index, statement, who)))
        .filter(|(_, statement, who)| mfa_holds(statement, *who))
        .find_map(|(index, statement, who)| {
            let scene = Scene::new(who, action, resource).meeting(statement);
            let scene = scene.filter(Scene::is_of_user)?;
            let denied = matches!(scene.ask(document), Decision::ExplicitDeny { .. });
            (!denied).then_some((index, statement, scene))
        })
}

/// How a Deny comes to deny an action that it does not deny.
fn deny_too(statement: &Statement, action: &str) -> String {
    let context = Who::LongTermKey.context();
    if statement.covers_action(action, &context) {
        return "write \"Resource\": \"*\" in the Deny".to_owned();
    }
    let mut patterns = statement.actions.patterns.iter();
    match patterns.find(|pattern| pattern.matches(action, &context, Case::Ignored)) {
        Some(pattern) if pattern.text.eq_ignore_ascii_case(action) => format!("take {action} out of NotAction"),
        Some(pattern) => format!(
            "replace {} in NotAction by the actions that a new user needs, without {action}",
            pattern.text
        ),
        None => format!("deny {action} without MFA too"),
    }
}

/// MFA that somebody can take away who does not have it.
fn removable(document: &Document) -> Option<Finding> {
    let (index, statement, scene) = exempt(document, DEACTIVATE, USER).or_else(|| {
        WITHOUT_MFA.into_iter().find_map(|who| {
            let scene = Scene::new(who, DEACTIVATE, USER);
            let (index, statement) = allowing(document, &scene)?;
            Some((index, statement, scene))
        })
    })?;
    let remedy = match statement.effect {
        Effect::Deny => deny_too(statement, DEACTIVATE),
        Effect::Allow => {
            "allow iam:DeactivateMFADevice in a statement of its own, with \"Bool\": {\"aws:MultiFactorAuthPresent\": \
             \"true\"}"
                .to_owned()
        }
    };
    let said = Said::new(
        "mfa-removable-without-mfa",
        Severity::Error,
        "MFA can be removed without MFA",
        "an attacker with the access key, or in a session of the password alone, deactivates the user's MFA device, \
         where a policy allows it to the user: from then on the password is enough",
        &remedy,
    );
    Some(said.at(index, statement, Some(scene.shown(document))))
}

/// Virtual devices that somebody without MFA may delete. AWS refuses to delete one that is assigned (DeleteConflict).
fn deletable(document: &Document) -> Option<Finding> {
    let (index, statement, scene) = exempt(document, DELETE, DEVICE)?;
    let remedy = deny_too(statement, DELETE) + ": a device that was not enabled can stay";
    let said = Said::new(
        "devices-deletable-without-mfa",
        Severity::Warning,
        "virtual devices that are not assigned can be deleted without MFA",
        "who has a password or an access key only deletes devices that others have just made and not enabled yet; \
         together with iam:DeactivateMFADevice that removes MFA altogether",
        &remedy,
    );
    Some(said.at(index, statement, Some(scene.shown(document))))
}

/// Devices of other users that are managed by a statement about users' credentials.
fn others(document: &Document) -> Option<Finding> {
    let (index, statement, scene, who) = [Who::LongTermKey, Who::PlainSession, Who::MfaSession]
        .into_iter()
        .flat_map(|who| ["iam:DeactivateMFADevice", "iam:EnableMFADevice", "iam:ResyncMFADevice"].map(|a| (who, a)))
        .find_map(|(who, action)| {
            let scene = Scene::new(who, action, OTHER_USER);
            let (index, statement) = allowing(document, &scene)?;
            Some((index, statement, scene, who))
        })?;
    let severity = match who {
        Who::LongTermKey | Who::PlainSession => Severity::Error,
        _ => Severity::Warning,
    };
    let mut said = Said::new(
        "devices-of-others",
        severity,
        "",
        "who has this policy may remove the MFA of other users, or enrol a device of their own for them; so may an \
         attacker who has become one of its users",
        "name the user's own: \"Resource\": \"arn:aws:iam::*:user/${aws:username}\"",
    );
    said.title = format!("it allows {} on the devices of every user", scene.action());
    Some(said.at(index, statement, Some(scene.shown(document))))
}

/// Devices that have to be named after their user.
fn fixed_name(document: &Document) -> Option<Finding> {
    let actions = ["iam:CreateVirtualMFADevice", "iam:DeleteVirtualMFADevice"];
    for who in [Who::PlainSession, Who::MfaSession] {
        for action in actions {
            let Decision::Allowed { statement: place } = Scene::new(who, action, NAMED_DEVICE).ask(document) else {
                continue;
            };
            let free = Scene::new(who, action, DEVICE);
            if free.ask(document).is_allowed() {
                continue;
            }
            let statement = document.statements.get(place.statement)?;
            let mut said = Said::new(
                "device-name-fixed",
                Severity::Error,
                "",
                "a user has up to eight devices, and the console asks for a name that is free: with any other name \
                 the user is denied, and a second device cannot be had at all",
                "write \"Resource\": \"arn:aws:iam::*:mfa/*\": whose device it becomes is decided by \
                 iam:EnableMFADevice on the user",
            );
            said.title = format!("{action} is allowed for a device that has the user's name only");
            return Some(said.at(place.statement, statement, Some(free.shown(document))));
        }
    }
    None
}

/// A user who may enable a device, and not see it.
fn not_listed(document: &Document) -> Option<Finding> {
    let who = Who::PlainSession;
    let Decision::Allowed { statement: place } = Scene::new(who, "iam:EnableMFADevice", USER).ask(document) else {
        return None;
    };
    let scene = Scene::new(who, "iam:ListMFADevices", USER);
    // Another rule is about what is denied.
    if scene.ask(document) != Decision::ImplicitDeny {
        return None;
    }
    let said = Said::new(
        "own-devices-not-listed",
        Severity::Warning,
        "users may enable a device, and not list their own",
        "the page Security credentials says access denied where the devices should be, unless another policy allows it",
        "allow iam:ListMFADevices on \"arn:aws:iam::*:user/${aws:username}\"",
    );
    Some(said.at(
        place.statement,
        document.statements.get(place.statement)?,
        Some(scene.shown(document)),
    ))
}

/// Actions that a statement allows on resources that they are never about.
fn wrong_resources(document: &Document) -> Vec<Finding> {
    let context = Who::MfaSession.context();
    let mut findings = Vec::new();
    for (index, statement) in document.statements.iter().enumerate() {
        let Some(resources) = statement.resources.as_ref().filter(|resources| !resources.negated) else {
            continue;
        };
        if statement.effect == Effect::Deny || statement.actions.negated || resources.patterns.is_empty() {
            continue;
        }
        let covers = |kind: &str, example_of_kind: &str| {
            resources.covers(example_of_kind, &context, Case::Sensitive)
                || resources.patterns.iter().any(|pattern| pattern.text.contains(kind))
        };
        // The resource that it should be, and whether another statement allows the action on it.
        let wrong = |action: &str| {
            let is = |other: &&str| other.eq_ignore_ascii_case(action);
            let (natural, right) = if ON_USER.iter().any(&is) {
                (USER, covers(":user/", USER))
            } else if ON_NOTHING.iter().any(&is) {
                ("*", resources.covers("*", &context, Case::Sensitive))
            } else if is(&"iam:CreateVirtualMFADevice") || is(&"iam:DeleteVirtualMFADevice") {
                (DEVICE, covers(":mfa/", DEVICE))
            } else {
                return None;
            };
            let scene = Scene::new(Who::MfaSession, action, natural);
            (!right && !scene.ask(document).is_allowed()).then_some((natural, scene))
        };
        for pattern in &statement.actions.patterns {
            let Some((natural, scene)) = wrong(&pattern.text) else {
                continue;
            };
            let example = resources
                .patterns
                .first()
                .and_then(|pattern| example(pattern, &context));
            let right = match natural {
                "*" => "*",
                USER => "arn:aws:iam::*:user/${aws:username}",
                _ => "arn:aws:iam::*:mfa/*",
            };
            let said = Said {
                rule: "wrong-resource",
                severity: Severity::Warning,
                title: format!("{} is allowed on a resource that it is never about", pattern.text),
                consequence: format!(
                    "the action is not about {}, so nobody is allowed it by this statement",
                    example.unwrap_or_default()
                ),
                remedy: format!("write \"Resource\": \"{right}\" for it, in a statement of its own"),
            };
            let request = Some(scene.shown(document));
            findings.push(Finding {
                request,
                ..said.on(pattern.line, index, statement)
            });
        }
    }
    findings
}
