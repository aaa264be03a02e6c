//! The policy that makes users use MFA, as AWS advises now.

use std::collections::BTreeMap;

use serde::Serialize;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

const OWN_USER: &str = "arn:aws:iam::*:user/${aws:username}";
const ANY_DEVICE: &str = "arn:aws:iam::*:mfa/*";

/// What the policy is to be.
#[derive(Debug, Clone, Copy, Default)]
pub struct Options {
    /// Only what users need to manage their own password and devices: nothing is enforced.
    pub self_service: bool,
    /// Users enrol in the console: an access key alone enrols no device.
    pub console_only: bool,
    /// From when on MFA is enforced; without it, at once.
    pub grace: Option<OffsetDateTime>,
}

/// A policy, and what each of its statements is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Printed {
    /// The policy: JSON, with a line break at its end.
    pub policy: String,
    /// The statements' names and explanations, in their order.
    pub explanations: Vec<(&'static str, String)>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Policy {
    version: &'static str,
    statement: Vec<Statement>,
}

#[derive(Serialize, Default)]
#[serde(rename_all = "PascalCase")]
struct Statement {
    sid: &'static str,
    effect: &'static str,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    action: &'static [&'static str],
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    not_action: &'static [&'static str],
    resource: &'static [&'static str],
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    condition: BTreeMap<&'static str, BTreeMap<&'static str, String>>,
    #[serde(skip)]
    explanation: String,
}

/// The policy that enforces MFA, or with [`Options::self_service`] only the part that users need to enrol by
/// themselves.
///
/// # Errors
///
/// None that is known of: time's, where the date of the grace cannot be written.
pub fn enforcing(options: &Options) -> Result<Printed, time::error::Format> {
    let mut statements = allowing();
    if options.self_service || options.grace.is_some() {
        statements.push(keep_devices());
    }
    if options.console_only {
        statements.push(enroll_in_console());
    }
    if !options.self_service {
        statements.push(enforce(options.grace)?);
    }
    let explanations = statements
        .iter()
        .map(|statement| (statement.sid, statement.explanation.clone()))
        .collect();
    let policy = Policy {
        version: "2012-10-17",
        statement: statements,
    };
    // Only keys that are no strings could make this fail.
    let mut policy = serde_json::to_string_pretty(&policy).unwrap_or_default();
    policy.push('\n');
    Ok(Printed { policy, explanations })
}

/// What users may do for themselves.
fn allowing() -> Vec<Statement> {
    vec![
        Statement {
            sid: "AllowSeeingTheAccountsRules",
            effect: "Allow",
            action: &[
                "iam:GetAccountPasswordPolicy",
                "iam:GetAccountSummary",
                "iam:ListVirtualMFADevices",
            ],
            resource: &["*"],
            explanation: "What the page Security credentials shows, and what a new password has to be like. AWS takes \
                          no narrower resource for these."
                .to_owned(),
            ..Statement::default()
        },
        Statement {
            sid: "AllowOwnPasswordAndDevices",
            effect: "Allow",
            action: &[
                "iam:ChangePassword",
                "iam:EnableMFADevice",
                "iam:GetMFADevice",
                "iam:GetUser",
                "iam:ListMFADevices",
                "iam:ResyncMFADevice",
            ],
            resource: &[OWN_USER],
            explanation: "Users change their own password, and assign themselves devices of any kind, up to eight. \
                          Users whose ARN has a path (user/PATH/NAME) need it in the resource."
                .to_owned(),
            ..Statement::default()
        },
        Statement {
            sid: "AllowMakingVirtualDevices",
            effect: "Allow",
            action: &["iam:CreateVirtualMFADevice"],
            resource: &[ANY_DEVICE],
            explanation: "A virtual device may have any name that is free. It is nobody's until it is enabled, so the \
                          name of its user in the resource would protect nothing, and allow one device only."
                .to_owned(),
            ..Statement::default()
        },
        Statement {
            sid: "AllowRemovingOwnDevicesWithMFA",
            effect: "Allow",
            action: &["iam:DeactivateMFADevice", "iam:DeleteVirtualMFADevice"],
            resource: &[OWN_USER, ANY_DEVICE],
            condition: BTreeMap::from([(
                "Bool",
                BTreeMap::from([("aws:MultiFactorAuthPresent", "true".to_owned())]),
            )]),
            explanation:
                "Devices are removed in a session with MFA only. In an Allow it is Bool: the condition has to \
                          fail where the key is absent. AWS deletes no virtual device that is assigned to somebody."
                    .to_owned(),
            ..Statement::default()
        },
    ]
}

/// MFA is not taken away without MFA, while it is not enforced otherwise.
fn keep_devices() -> Statement {
    Statement {
        sid: "DenyRemovingDevicesWithoutMFA",
        effect: "Deny",
        action: &["iam:DeactivateMFADevice", "iam:DeleteVirtualMFADevice"],
        resource: &["*"],
        condition: BTreeMap::from([(
            "BoolIfExists",
            BTreeMap::from([("aws:MultiFactorAuthPresent", "false".to_owned())]),
        )]),
        explanation: "Whatever other policies allow: who has stolen a password or an access key cannot remove the \
                      owner's MFA. This holds at once, also where the rest waits."
            .to_owned(),
        ..Statement::default()
    }
}

/// No device is added with an access key alone. A session without MFA, as the console has it, has the key with the
/// value false; with a long-term access key it is absent.
fn enroll_in_console() -> Statement {
    Statement {
        sid: "DenyEnrollingWithAccessKeysAlone",
        effect: "Deny",
        action: &["iam:CreateVirtualMFADevice", "iam:EnableMFADevice"],
        resource: &["*"],
        condition: BTreeMap::from([(
            "Null",
            BTreeMap::from([("aws:MultiFactorAuthPresent", "true".to_owned())]),
        )]),
        explanation: "Who has stolen an access key cannot add a device to the owner's, and so get sessions with MFA. \
                      New users enrol in the console; on the command line it takes a session with MFA."
            .to_owned(),
        ..Statement::default()
    }
}

/// Nothing without MFA but what a new user needs.
fn enforce(grace: Option<OffsetDateTime>) -> Result<Statement, time::error::Format> {
    let mut condition = BTreeMap::from([(
        "BoolIfExists",
        BTreeMap::from([
            ("aws:MultiFactorAuthPresent", "false".to_owned()),
            ("aws:ViaAWSService", "false".to_owned()),
        ]),
    )]);
    let mut explanation =
        "Everything is denied without MFA, but what a new user needs: to change the password, to enrol \
                           a device of any kind, and to turn a code into a session on the command line. BoolIfExists \
                           also holds where the key is absent, as it is with long-term access keys. Calls that an AWS \
                           service makes in the user's name are let through: the user's own call was checked."
            .to_owned();
    if let Some(grace) = grace {
        let from = grace.format(&Rfc3339)?;
        explanation += &format!(" Until {from} nothing of this is denied, so that everybody can enrol a device.");
        condition.insert("DateGreaterThan", BTreeMap::from([("aws:CurrentTime", from)]));
    }
    Ok(Statement {
        sid: "DenyAllButEnrollingWithoutMFA",
        effect: "Deny",
        not_action: &[
            "iam:ChangePassword",
            "iam:CreateVirtualMFADevice",
            "iam:EnableMFADevice",
            "iam:GetAccountPasswordPolicy",
            "iam:GetMFADevice",
            "iam:GetUser",
            "iam:ListMFADevices",
            "iam:ListVirtualMFADevices",
            "iam:ResyncMFADevice",
            "sts:GetSessionToken",
        ],
        resource: &["*"],
        condition,
        explanation,
        ..Statement::default()
    })
}

#[cfg(test)]
mod tests;
