//! Policies that are put together at random: what is found is true of the request that is shown.

use proptest::prelude::*;

use super::*;
use crate::policy::lint::scene::Who;
use crate::policy::lint::{Shown, word};
use crate::policy::{Context, Request, decide};

/// A condition on MFA, or on something else, or none.
const CONDITIONS: [&str; 16] = [
    "",
    "",
    r#""Bool": {"aws:MultiFactorAuthPresent": "false"}"#,
    r#""Bool": {"aws:MultiFactorAuthPresent": "true"}"#,
    r#""BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}"#,
    r#""BoolIfExists": {"aws:MultiFactorAuthPresent": ["true", "x"]}"#,
    r#""Null": {"aws:MultiFactorAuthPresent": "true"}"#,
    r#""Null": {"aws:MultiFactorAuthAge": "false"}"#,
    r#""NumericLessThan": {"aws:MultiFactorAuthAge": "3600"}"#,
    r#""NumericGreaterThanIfExists": {"aws:MultiFactorAuthAge": "3600"}"#,
    r#""StringNotEquals": {"aws:MultiFactorAuthPresent": "true", "aws:PrincipalTag/team": "a"}"#,
    r#""BoolIfExists": {"aws:MultiFactorAuthPresent": "false", "aws:ViaAWSService": "false"}"#,
    r#""BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}, "Bool": {"aws:ViaAWSService": "true"}"#,
    r#""BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}, "DateGreaterThan": {"aws:CurrentTime": "2027-01-01"}"#,
    r#""Bool": {"aws:MultiFactorAuthPresent": "true"}, "IpAddress": {"aws:SourceIp": ["203.0.113.0/24"]}"#,
    r#""ForAllValues:StringLike": {"aws:MultiFactorAuthPresent": "t*"}, "StringEquals": {"aws:username": "bob"}"#,
];

const ACTIONS: [&str; 9] = [
    r#""Action": "*""#,
    r#""NotAction": ["iam:*MFA*", "sts:GetSessionToken"]"#,
    r#""NotAction": ["iam:CreateVirtualMFADevice", "iam:EnableMFADevice", "iam:ChangePassword"]"#,
    r#""Action": ["s3:*", "ec2:Stop*"]"#,
    r#""Action": "glacier:Delete?aults*""#,
    r#""Action": ["iam:CreateVirtualMFADevice", "iam:EnableMFADevice", "iam:ListMFADevices"]"#,
    r#""Action": ["iam:DeactivateMFADevice", "iam:ResyncMFADevice", "iam:ListVirtualMFADevices"]"#,
    r#""Action": "iam:*""#,
    r#""Action": []"#,
];

const RESOURCES: [&str; 7] = [
    r#""Resource": "*""#,
    r#""Resource": ["arn:aws:iam::*:user/${aws:username}"]"#,
    r#""Resource": ["arn:aws:iam::*:user/*", "arn:aws:iam::*:mfa/*"]"#,
    r#""Resource": "arn:aws:iam::*:mfa/${aws:username}""#,
    r#""NotResource": "arn:aws:iam::*:user/${aws:username}""#,
    r#""Resource": "arn:aws:*:*:*:${aws:PrincipalTag/team, 'x'}/?""#,
    r#""Resource": []"#,
];

fn any_statement() -> impl Strategy<Value = String> {
    let parts = (
        prop::sample::select(vec!["Allow", "Deny"]),
        prop::sample::select(ACTIONS.to_vec()),
        prop::sample::select(RESOURCES.to_vec()),
        prop::sample::select(CONDITIONS.to_vec()),
    );
    parts.prop_map(|(effect, action, resource, condition)| {
        format!(r#"{{"Effect": "{effect}", {action}, {resource}, "Condition": {{{condition}}}}}"#)
    })
}

/// The request again, from what is shown of it.
fn context(shown: &Shown) -> Context {
    let all = [Who::LongTermKey, Who::PlainSession, Who::MfaSession, Who::OldMfaSession];
    let who = all.into_iter().find(|who| who.text() == shown.who).unwrap();
    let mut context = who.context();
    for (key, values) in &shown.context {
        context.insert_all(key, values.clone());
    }
    context
}

fn check(document: &Document, finding: &Finding) -> Result<(), TestCaseError> {
    let Some(shown) = &finding.request else {
        return Ok(());
    };
    let context = context(shown);
    let request = Request {
        action: &shown.action,
        resource: &shown.resource,
        context: &context,
    };
    prop_assert_eq!(word(&decide(&[document], &request)), shown.decision);
    let mfa = context.single("aws:MultiFactorAuthPresent") == Some("true");
    match finding.rule {
        "deny-lets-all-through"
        | "deny-lets-access-keys-through"
        | "deny-lets-sessions-through"
        | "deny-only-service-calls"
        | "devices-deletable-without-mfa"
        | "mfa-removable-without-mfa"
        | "deny-with-exception"
        | "deny-of-some-resources"
        | "allow-without-deny" => prop_assert!(!mfa && shown.decision != "denied"),
        "deny-hits-mfa" => prop_assert!(mfa && shown.decision == "denied"),
        "new-user-cannot-enrol" | "new-user-hindered" | "password-change-denied" | "no-session-with-mfa" => {
            prop_assert!(!mfa && shown.decision == "denied");
        }
        "allow-lets-all-in"
        | "allow-lets-access-keys-in"
        | "allow-lets-sessions-in"
        | "allow-only-without-mfa"
        | "allowed-elsewhere"
        | "does-not-enforce" => prop_assert!(!mfa && shown.decision == "allowed"),
        "devices-of-others" => prop_assert_eq!(shown.decision, "allowed"),
        "allow-misses-mfa" => prop_assert!(mfa && shown.decision != "allowed"),
        "device-name-fixed" | "own-devices-not-listed" | "wrong-resource" => {
            prop_assert!(shown.decision != "allowed");
        }
        rule => prop_assert!(finding.severity == Severity::Note, "{rule}"),
    }
    Ok(())
}

proptest! {
    #[test]
    fn a_finding_is_true_of_its_request(statements in prop::collection::vec(any_statement(), 1..5)) {
        let document = document(&statements.join(",\n"));
        for finding in lint(&document).iter().chain(&notes(&document)) {
            check(&document, finding)?;
            prop_assert!(finding.statement.is_none_or(|index| index < document.statements()));
        }
    }
}
