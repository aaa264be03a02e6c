//! New users: whether they can get to their first MFA device past the statements that deny without MFA.

use super::scene::{DEVICE, Scene, USER, Who, asks_for_mfa};
use super::{Finding, Said, Severity};
use crate::policy::decide::Decision;
use crate::policy::document::{Document, Effect, Statement};

/// A step that a user takes before there is MFA.
struct Step {
    action: &'static str,
    resource: &'static str,
    who: Who,
    purpose: &'static str,
}

/// What a group of steps is for, and what it means where one is denied.
struct Group {
    rule: &'static str,
    severity: Severity,
    title: &'static str,
    consequence: &'static str,
    steps: &'static [Step],
}

const fn step(action: &'static str, resource: &'static str, purpose: &'static str) -> Step {
    Step {
        action,
        resource,
        who: Who::PlainSession,
        purpose,
    }
}

const GROUPS: [Group; 4] = [
    Group {
        rule: "new-user-cannot-enrol",
        severity: Severity::Error,
        title: "new users are kept from enrolling their first MFA device",
        consequence: "a new user is locked out: everything asks for MFA, and enrolling asks for it too",
        steps: &[
            step("iam:CreateVirtualMFADevice", DEVICE, "makes a virtual device"),
            step("iam:EnableMFADevice", USER, "assigns a device of any kind"),
        ],
    },
    Group {
        rule: "new-user-hindered",
        severity: Severity::Warning,
        title: "new users meet errors while they enrol",
        consequence: "the pages of the console show access denied, and some of the ways to go on are shut",
        steps: &[
            step("iam:ListMFADevices", USER, "shows which devices the user has"),
            step("iam:ListVirtualMFADevices", "*", "shows the virtual devices there are"),
            step("iam:ResyncMFADevice", USER, "helps a device whose clock is off"),
            step("iam:GetUser", USER, "shows the user's own page"),
            step(
                "iam:GetAccountPasswordPolicy",
                "*",
                "shows what a password has to be like",
            ),
        ],
    },
    Group {
        rule: "password-change-denied",
        severity: Severity::Warning,
        title: "users who must change their password cannot do so",
        consequence: "a new user who has to choose a password at the first sign-in is denied, and does not get as far \
                      as to enrol a device",
        steps: &[step("iam:ChangePassword", USER, "sets the password")],
    },
    Group {
        rule: "no-session-with-mfa",
        severity: Severity::Warning,
        title: "users of the command line cannot turn a code into a session of their own with MFA",
        consequence: "who has an access key is denied everything, with a valid code too: the call that takes the code \
                      is denied",
        steps: &[Step {
            action: "sts:GetSessionToken",
            resource: "*",
            who: Who::LongTermKey,
            purpose: "makes a session with MFA from an access key and a code",
        }],
    },
];

/// Whether a new user needs an action before there is MFA.
pub(super) fn is_step(action: &str) -> bool {
    let steps = GROUPS.iter().flat_map(|group| group.steps);
    steps.into_iter().any(|step| step.action.eq_ignore_ascii_case(action))
}

pub(super) fn check(document: &Document) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (index, statement) in document.statements.iter().enumerate() {
        if statement.effect == Effect::Deny && asks_for_mfa(statement) {
            let groups = GROUPS.iter();
            findings.extend(groups.filter_map(|group| denied(document, index, statement, group)));
        }
    }
    findings
}

fn denied(document: &Document, index: usize, statement: &Statement, group: &Group) -> Option<Finding> {
    let is_denied = |step: &&Step| {
        let scene = Scene::new(step.who, step.action, step.resource).meeting(statement);
        let decision = scene.filter(Scene::is_of_user).map(|scene| scene.ask(document));
        matches!(decision, Some(Decision::ExplicitDeny { statement }) if statement.statement == index)
    };
    let missing: Vec<&Step> = group.steps.iter().filter(is_denied).collect();
    let first = missing.first()?;
    let scene = Scene::new(first.who, first.action, first.resource).meeting(statement)?;
    let what: Vec<String> = missing
        .iter()
        .map(|step| format!("{} {}", step.action, step.purpose))
        .collect();
    let names: Vec<&str> = missing.iter().map(|step| step.action).collect();
    let are = if names.len() == 1 { "is" } else { "are" };
    let remedy = if statement.actions.negated {
        format!("add {} to NotAction", names.join(", "))
    } else {
        format!(
            "deny with NotAction instead of Action, and list {} there",
            names.join(", ")
        )
    };
    let said = Said {
        rule: group.rule,
        severity: group.severity,
        title: format!("{}: {} {are} denied", group.title, names.join(", ")),
        consequence: format!("{}. {}", group.consequence, what.join("; ")),
        remedy,
    };
    Some(said.at(index, statement, Some(scene.shown(document))))
}
