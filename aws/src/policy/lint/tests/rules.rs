use super::*;

/// A Deny of all that a new user does not need, under a condition.
pub(super) fn deny(condition: &str) -> String {
    format!(
        r#"{{"Effect": "Deny", "Resource": "*", "Condition": {{{condition}}},
        "NotAction": ["iam:CreateVirtualMFADevice", "iam:EnableMFADevice", "iam:ListMFADevices", "iam:GetUser",
            "iam:ListVirtualMFADevices", "iam:ResyncMFADevice", "iam:ChangePassword", "iam:GetAccountPasswordPolicy",
            "sts:GetSessionToken"]}}"#
    )
}

fn allow(condition: &str) -> String {
    format!(r#"{{"Effect": "Allow", "Action": "s3:*", "Resource": "*", "Condition": {{{condition}}}}}"#)
}

const PRESENT: &str = "aws:MultiFactorAuthPresent";

#[test]
fn each_way_to_write_a_deny_is_judged_by_what_it_does() {
    for (condition, expected) in [
        (r#""BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}"#, None),
        (r#""BoolIfExists": {"AWS:multifactorauthpresent": false}"#, None),
        (r#""StringNotEquals": {"aws:MultiFactorAuthPresent": "true"}"#, None),
        (r#""StringNotLikeIfExists": {"aws:MultiFactorAuthPresent": "t*"}"#, None),
        (
            r#""ForAllValues:StringEquals": {"aws:MultiFactorAuthPresent": "false"}"#,
            None,
        ),
        (r#""Null": {"aws:MultiFactorAuthAge": "true"}"#, None),
        (
            r#""NumericGreaterThanIfExists": {"aws:MultiFactorAuthAge": "3600"}"#,
            None,
        ),
        (
            r#""Bool": {"aws:MultiFactorAuthPresent": "false"}"#,
            Some("deny-lets-access-keys-through"),
        ),
        (
            r#""StringEquals": {"aws:MultiFactorAuthPresent": "false"}"#,
            Some("deny-lets-access-keys-through"),
        ),
        (
            r#""StringNotEquals": {"aws:MultiFactorAuthPresent": ["false"]}, "Null": {"aws:MultiFactorAuthAge": true}"#,
            Some("deny-lets-sessions-through"),
        ),
        (
            r#""Null": {"aws:MultiFactorAuthPresent": "true"}"#,
            Some("deny-lets-sessions-through"),
        ),
        (
            r#""NumericGreaterThan": {"aws:MultiFactorAuthAge": "3600"}"#,
            Some("deny-lets-all-through"),
        ),
        (
            r#""Bool": {"aws:MultiFactorAuthPresent": "false"},
                "NumericGreaterThan": {"aws:MultiFactorAuthAge": "3600"}"#,
            Some("deny-lets-all-through"),
        ),
    ] {
        assert_rules(&deny(condition), &expected.into_iter().collect::<Vec<_>>());
    }
}

#[test]
fn a_deny_that_hits_users_with_mfa_is_an_error() {
    for condition in [
        r#""BoolIfExists": {"aws:MultiFactorAuthPresent": ["false", "true"]}"#,
        r#""StringNotEquals": {"aws:MultiFactorAuthPresent": "True"}"#,
        r#""NumericLessThanIfExists": {"aws:MultiFactorAuthAge": "3600"}"#,
    ] {
        assert_rules(&deny(condition), &["deny-hits-mfa"]);
    }
    assert_rules(
        &deny(r#""Bool": {"aws:MultiFactorAuthPresent": "true"}"#),
        &["deny-hits-mfa", "deny-lets-all-through"],
    );
}

#[test]
fn enrolling_may_be_denied_to_access_keys_alone() {
    let enforce = deny(r#""BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}"#);
    let console = r#"{"Effect": "Deny", "Action": ["iam:EnableMFADevice"], "Resource": "*",
        "Condition": {"Null": {"aws:MultiFactorAuthPresent": "true"}}}"#;
    let both = document(&format!("{enforce},{console}"));
    assert_eq!((lint(&both), rules(&notes(&both))), (vec![], vec!["service-calls"]));
    let more = console.replace("[\"iam", "[\"iam:EnableMFADevice\", \"s3:GetObject\", \"iam");
    assert_rules(&more, &["deny-lets-sessions-through"]);
}

#[test]
fn two_statements_may_do_together_what_one_does_alone() {
    let bool = deny(r#""Bool": {"aws:MultiFactorAuthPresent": "false"}"#);
    let null = deny(r#""Null": {"aws:MultiFactorAuthPresent": "true"}"#);
    assert_rules(&format!("{bool},{null}"), &[]);
}

#[test]
fn a_deny_may_be_narrow_or_have_other_conditions() {
    for (statement, expected, exceptions) in [
        (
            r#"{"Effect": "Deny", "Action": "ec2:StopInstances", "Resource": "*",
                "Condition": {"Bool": {"aws:MultiFactorAuthPresent": "false"}}}"#,
            "ec2:StopInstances",
            vec![],
        ),
        (
            r#"{"Effect": "Deny", "Action": "glacier:Delete*", "Resource": "arn:aws:glacier:*:*:vaults/?",
                "Condition": {"Bool": {"aws:MultiFactorAuthPresent": "false"},
            "StringNotEquals": {"aws:PrincipalTag/break-glass": "yes"},
                "DateGreaterThan": {"aws:CurrentTime": "2027-01-01"},
                    "IpAddress": {"aws:SourceIp": "203.0.113.0/24"}}}"#,
            "glacier:Deleteexample",
            vec!["deny-with-exception"],
        ),
    ] {
        let mut broken = vec!["deny-lets-access-keys-through"];
        broken.extend(&exceptions);
        assert_rules(statement, &broken);
        let found = findings(statement);
        let let_through = found
            .iter()
            .find(|finding| finding.rule == "deny-lets-access-keys-through");
        assert_eq!(let_through.unwrap().request.as_ref().unwrap().action, expected);
        let mut mended = vec!["does-not-enforce"];
        mended.extend(&exceptions);
        assert_rules(&statement.replace("\"Bool\"", "\"BoolIfExists\""), &mended);
    }
}

#[test]
fn each_way_to_write_an_allow_is_judged_by_what_it_does() {
    for (condition, expected) in [
        (
            r#""Bool": {"aws:MultiFactorAuthPresent": "true"}"#,
            "allow-without-deny",
        ),
        (
            r#""NumericLessThan": {"aws:MultiFactorAuthAge": "3600"}"#,
            "allow-without-deny",
        ),
        (r#""Null": {"aws:MultiFactorAuthAge": "false"}"#, "allow-without-deny"),
        (
            r#""BoolIfExists": {"aws:MultiFactorAuthPresent": "true"}"#,
            "allow-lets-access-keys-in",
        ),
        (
            r#""StringNotEquals": {"aws:MultiFactorAuthPresent": "false"}"#,
            "allow-lets-access-keys-in",
        ),
        (
            r#""NumericLessThanIfExists": {"aws:MultiFactorAuthAge": "3600"}"#,
            "allow-lets-all-in",
        ),
        (
            r#""Null": {"aws:MultiFactorAuthPresent": "false"}"#,
            "allow-lets-sessions-in",
        ),
        (
            r#""Bool": {"aws:MultiFactorAuthPresent": "false"}"#,
            "allow-only-without-mfa",
        ),
        (
            r#""NumericGreaterThan": {"aws:MultiFactorAuthAge": "3600"}"#,
            "allow-misses-mfa",
        ),
    ] {
        assert_rules(&allow(condition), &[expected]);
    }
    let never = findings(&allow(r#""StringEquals": {"aws:MultiFactorAuthPresent": "True"}"#));
    assert_eq!(
        (rules(&never), never[0].severity),
        (vec!["allow-misses-mfa"], Severity::Error)
    );
}

#[test]
fn a_deny_makes_a_careless_allow_harmless() {
    let enforce = deny(r#""BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}"#);
    for condition in [
        r#""Bool": {"aws:MultiFactorAuthPresent": "true"}"#,
        r#""BoolIfExists": {"aws:MultiFactorAuthPresent": "true"}"#,
    ] {
        assert_rules(&format!("{},{enforce}", allow(condition)), &[]);
    }
}

#[test]
fn a_condition_is_useless_beside_a_statement_without_one() {
    let with = allow(r#""Bool": {"aws:MultiFactorAuthPresent": "true"}"#);
    let without = r#"{"Effect": "Allow", "Action": ["s3:Get*", "ec2:*"], "Resource": "*"}"#;
    assert_rules(
        &format!("{with},{without}"),
        &["allowed-elsewhere", "allow-without-deny", "does-not-enforce"],
    );
}

#[test]
fn a_trust_policy_is_judged_too() {
    let trust = |condition: &str| {
        format!(
            r#"{{"Effect": "Allow", "Principal": {{"AWS": "arn:aws:iam::210987654321:root"}},
                "Action": "sts:AssumeRole",
            "Condition": {{{condition}}}}}"#
        )
    };
    assert_rules(&trust(r#""Bool": {"aws:MultiFactorAuthPresent": "true"}"#), &[]);
    assert_rules(
        &trust(r#""BoolIfExists": {"aws:MultiFactorAuthPresent": "true"}"#),
        &["allow-lets-access-keys-in"],
    );
    let open = document(&trust(""));
    assert_eq!(
        (rules(&lint(&open)), rules(&notes(&open))),
        (vec![], vec!["trust-without-mfa"])
    );
    let service = r#"{"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}"#;
    assert_eq!(notes(&document(service)), []);
}

#[test]
fn each_missing_step_of_a_new_user_is_named() {
    let all = r#"{"Effect": "Deny", "Action": "*", "Resource": "*",
        "Condition": {"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}}}"#;
    let found = findings(all);
    assert_eq!(
        rules(&found),
        [
            "new-user-cannot-enrol",
            "new-user-hindered",
            "no-session-with-mfa",
            "password-change-denied"
        ]
    );
    let text: String = found.iter().map(|finding| finding.title.as_str()).collect();
    for action in [
        "iam:CreateVirtualMFADevice",
        "iam:EnableMFADevice",
        "iam:ListMFADevices",
        "iam:ListVirtualMFADevices",
        "iam:ResyncMFADevice",
        "iam:GetUser",
        "iam:ChangePassword",
        "iam:GetAccountPasswordPolicy",
        "sts:GetSessionToken",
    ] {
        assert!(text.contains(action), "{action}");
        let complete = deny(r#""BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}"#);
        let without = findings(&complete.replace(&format!("\"{action}\""), "\"iam:TagUser\""));
        assert!(
            without.len() == 1 && without[0].title.contains(action),
            "{action}: {without:#?}"
        );
    }
}

#[test]
fn a_deny_of_other_services_locks_nobody_out() {
    let statement = r#"{"Effect": "Deny", "Action": ["s3:*", "ec2:*", "iam:CreateUser"], "Resource": "*",
        "Condition": {"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}}}"#;
    assert_rules(statement, &["does-not-enforce"]);
    let on_others = r#"{"Effect": "Deny", "Action": "iam:EnableMFADevice",
        "NotResource": "arn:aws:iam::*:user/${aws:username}",
            "Condition": {"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}}}"#;
    assert_rules(on_others, &[]);
}

#[test]
fn a_deny_about_root_says_nothing_of_users() {
    let root = r#"{"Effect": "Deny", "NotAction": "iam:*MFA*", "Resource": "*",
        "Condition": {"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"},
            "ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:root"}}}"#;
    let policy = document(root);
    assert_eq!((lint(&policy), notes(&policy)), (vec![], vec![]));
    assert_rules(
        &root.replace("BoolIfExists", "Bool"),
        &["deny-lets-access-keys-through"],
    );
}

#[test]
fn mfa_that_can_be_removed_without_mfa_is_an_error() {
    let enforce = deny(r#""BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}"#);
    let exempt = |action: &str| enforce.replace("\"iam:GetUser\"", &format!("\"iam:GetUser\", \"{action}\""));
    assert_rules(&exempt("iam:DeactivateMFADevice"), &["mfa-removable-without-mfa"]);
    assert_rules(&exempt("iam:Deactivate*"), &["mfa-removable-without-mfa"]);
    assert_rules(
        &exempt("iam:DeleteVirtualMFADevice"),
        &["devices-deletable-without-mfa"],
    );
    let own = r#"{"Effect": "Allow", "Action": ["iam:DeactivateMFADevice"],
        "Resource": "arn:aws:iam::*:user/${aws:username}"}"#;
    assert_rules(own, &["mfa-removable-without-mfa"]);
    assert_rules(&format!("{own},{enforce}"), &[]);
}

#[test]
fn devices_of_others_are_for_administrators() {
    let help = r#"{"Effect": "Allow", "Action": ["iam:EnableMFADevice", "iam:ListMFADevices",
        "iam:ResyncMFADevice"], "Resource": "arn:aws:iam::*:user/*"}"#;
    let found = findings(help);
    assert_eq!(
        (rules(&found), found[0].severity),
        (vec!["devices-of-others"], Severity::Error)
    );
    let enforced = format!(
        "{help},{}",
        deny(r#""BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}"#)
    );
    assert_rules(&enforced, &["devices-of-others"]);
    assert_rules(
        r#"{"Effect": "Allow", "Action": "*", "Resource": "*"}"#,
        &["does-not-enforce"],
    );
    assert_rules(
        r#"{"Effect": "Allow", "Action": "iam:*", "Resource": "*"}"#,
        &["does-not-enforce"],
    );
}

#[test]
fn a_service_exception_the_wrong_way_round_is_an_error() {
    let with = |value: &str| {
        deny(&format!(
            r#""BoolIfExists": {{"{PRESENT}": "false", "aws:ViaAWSService": "{value}"}}"#
        ))
    };
    assert_rules(&with("false"), &[]);
    let found = findings(&with("true"));
    assert!(rules(&found).contains(&"deny-only-service-calls"), "{found:#?}");
    let good = document(&with("false"));
    assert!(!rules(&notes(&good)).contains(&"service-calls"));
}

#[test]
fn users_see_their_own_devices_and_resources_are_those_of_the_action() {
    let enable = |more: &str, resource: &str| {
        format!(r#"{{"Effect": "Allow", "Action": ["iam:EnableMFADevice"{more}], "Resource": {resource}}}"#)
    };
    let own = r#""arn:aws:iam::*:user/${aws:username}""#;
    assert_rules(&enable("", own), &["own-devices-not-listed"]);
    assert_rules(&enable(r#", "iam:ListMFADevices""#, own), &[]);
    assert_rules(
        &enable(r#", "iam:ListMFADevices""#, r#""arn:aws:iam::*:mfa/*""#),
        &["wrong-resource"],
    );
    assert_rules(
        &enable(r#", "iam:ListMFADevices", "iam:ListVirtualMFADevices""#, own),
        &["wrong-resource"],
    );
    assert_rules(
        &enable(r#", "iam:ListMFADevices", "iam:CreateVirtualMFADevice""#, own),
        &["wrong-resource"],
    );
    let listed = r#"{"Effect": "Allow", "Action": "iam:ListVirtualMFADevices", "Resource": "*"}"#;
    let both = enable(r#", "iam:ListMFADevices", "iam:ListVirtualMFADevices""#, own);
    assert_rules(&format!("{both},{listed}"), &[]);
}
