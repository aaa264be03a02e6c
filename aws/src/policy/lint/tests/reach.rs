//! What a policy leaves open, though all that it has is well written.

use super::rules::deny;
use super::*;

const ENFORCE: &str = r#""BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}"#;

/// What is found of a good Deny that has a condition more.
fn with(condition: &str) -> Vec<Finding> {
    findings(&deny(&format!("{ENFORCE}, {condition}")))
}

#[test]
fn another_condition_of_a_deny_lets_requests_by() {
    for (condition, severity, says) in [
        (
            r#""DateLessThan": {"aws:CurrentTime": "2020-01-01T00:00:00Z"}"#,
            Severity::Error,
            "this Deny stops nobody now: it holds only where DateLessThan aws:CurrentTime 2020-01-01",
        ),
        (
            r#""NumericLessThan": {"aws:EpochTime": "1500000000"}"#,
            Severity::Error,
            "stops nobody now",
        ),
        (
            r#""DateLessThan": {"aws:CurrentTime": "2999-01-01T00:00:00Z"}"#,
            Severity::Warning,
            "this Deny ends: it holds only where DateLessThan",
        ),
        (
            r#""StringNotEquals": {"aws:RequestedRegion": "us-east-1"}"#,
            Severity::Error,
            "StringNotEquals aws:RequestedRegion us-east-1: a request with aws:RequestedRegion us-east-1 gets by",
        ),
        (
            r#""StringEquals": {"aws:RequestedRegion": "us-east-1"}"#,
            Severity::Error,
            "StringEquals aws:RequestedRegion us-east-1: a request with aws:RequestedRegion eu-west-1 gets by",
        ),
        (
            r#""StringNotLike": {"aws:UserAgent": "*"}"#,
            Severity::Error,
            "a request with aws:UserAgent example gets by",
        ),
        (
            r#""ArnNotLike": {"aws:PrincipalArn": "arn:aws:iam::*:user/*"}"#,
            Severity::Warning,
            "a request with aws:PrincipalArn arn:aws:iam::123456789012:user/alice gets by",
        ),
        (
            r#""NotIpAddress": {"aws:SourceIp": "0.0.0.0/1"}"#,
            Severity::Warning,
            "a request with aws:SourceIp 0.0.0.0 gets by",
        ),
        (
            r#""Bool": {"aws:SecureTransport": "true"}"#,
            Severity::Error,
            "a request with aws:SecureTransport false gets by",
        ),
        (
            r#""NumericLessThan": {"s3:max-keys": "10"}"#,
            Severity::Warning,
            "a request with s3:max-keys 999999999999 gets by",
        ),
        (
            r#""StringNotEquals": {"aws:username": "bob"}"#,
            Severity::Warning,
            "a request with aws:username bob gets by",
        ),
        (
            r#""StringNotLike": {"aws:username": "*"}"#,
            Severity::Warning,
            "a request with aws:username alice gets by",
        ),
    ] {
        let found = with(condition);
        assert_eq!(rules(&found), ["deny-with-exception"], "{condition}: {found:#?}");
        assert_eq!(found[0].severity, severity, "{condition}");
        assert!(found[0].title.contains(says), "{}", found[0].title);
        let request = found[0].request.as_ref().unwrap();
        assert_eq!(request.decision, "neither allowed nor denied", "{condition}");
    }
}

#[test]
fn a_condition_that_excepts_no_user_is_no_exception() {
    for condition in [
        r#""DateGreaterThan": {"aws:CurrentTime": "2020-01-01T00:00:00Z"}"#,
        r#""DateGreaterThan": {"aws:CurrentTime": "2999-01-01T00:00:00Z"}"#,
        r#""Bool": {"aws:PrincipalIsAWSService": "false"}"#,
        r#""Null": {"aws:CalledVia": "true"}"#,
    ] {
        assert_eq!(with(condition), [], "{condition}");
    }
    // The two statements deny together what each of them lets by.
    let region = |operator: &str| {
        deny(&format!(
            r#"{ENFORCE}, "{operator}": {{"aws:RequestedRegion": "us-east-1"}}"#
        ))
    };
    assert_rules(
        &format!("{},{}", region("StringNotEquals"), region("StringEquals")),
        &[],
    );
}

#[test]
fn a_policy_that_leaves_all_or_most_open_does_not_enforce() {
    for (statement, says) in [
        (
            r#"{"Effect": "Allow", "Action": "*", "Resource": "*"}"#.to_owned(),
            "this policy does not enforce MFA: without MFA it allows *",
        ),
        (
            r#"{"Effect": "Allow", "Action": "s3:*", "Resource": "*",
                "Condition": {"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}}}"#
                .to_owned(),
            "without MFA it allows s3:*",
        ),
        (
            r#"{"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}"#.to_owned(),
            "without MFA it allows everything but iam:*",
        ),
        (
            r#"{"Effect": "Deny", "Action": "s3:*", "Resource": "*"}"#.to_owned(),
            "no statement of it asks for MFA",
        ),
        (
            format!(
                r#"{{"Effect": "Deny", "Action": ["s3:*", "iam:Deactivate*"], "Resource": "*",
                "Condition": {{{ENFORCE}}}}}"#
            ),
            "this policy enforces MFA only for s3:*, iam:Deactivate*",
        ),
        (
            format!(
                r#"{{"Effect": "Deny", "Action": "ec2:*", "Resource": "arn:aws:ec2:*:*:instance/*",
                "Condition": {{{ENFORCE}}}}}"#
            ),
            "this policy enforces MFA only for ec2:* on arn:aws:ec2:*:*:instance/*",
        ),
        (
            format!(
                r#"{{"Effect": "Allow", "Action": "*", "Resource": "*"}}, {{"Effect": "Deny", "Resource": "*",
                "Action": ["s3:*", "a:*", "b:*", "c:*", "d:*", "e:*"], "Condition": {{{ENFORCE}}}}}"#
            ),
            "this policy enforces MFA only for s3:*, a:*, b:*, c:* and 2 more",
        ),
        (
            format!(
                r#"{{"Effect": "Allow", "Action": "*", "Resource": "*"}}, {}"#,
                deny(&format!(
                    r#"{ENFORCE}, "ArnLike": {{"aws:PrincipalArn": "arn:aws:iam::*:root"}}"#
                ))
            ),
            "without MFA it allows *",
        ),
    ] {
        let found = findings(&statement);
        assert_eq!(rules(&found), ["does-not-enforce"], "{statement}: {found:#?}");
        assert_eq!(found[0].severity, Severity::Warning);
        assert!(found[0].title.contains(says), "{}", found[0].title);
    }
}

#[test]
fn a_condition_with_many_values_is_judged_and_shown_in_short() {
    let names: Vec<String> = (0..1_000).map(|number| format!("\"u{number}\"")).collect();
    for operator in ["StringEquals", "StringNotEquals", "ForAnyValue:StringLikeIfExists"] {
        let found = with(&format!(r#""{operator}": {{"aws:username": [{}]}}"#, names.join(",")));
        let exception = found.iter().find(|finding| finding.rule == "deny-with-exception");
        let title = &exception.unwrap_or_else(|| panic!("{operator}: {found:#?}")).title;
        assert!(
            title.contains(" u0, u1, u2, u3 and 996 more: a request with aws:username "),
            "{title}"
        );
    }
}

#[test]
fn what_a_condition_on_an_allow_protects_another_policy_may_give_away() {
    let statement = r#"{"Effect": "Allow", "Action": "*", "Resource": "*",
        "Condition": {"Bool": {"aws:MultiFactorAuthPresent": "true"}}}"#;
    assert_rules(statement, &["allow-without-deny"]);
    let hard = statement.replace(
        r#""Condition": {"#,
        r#""Condition": {"StringNotLike": {"aws:username": "*"}, "#,
    );
    assert_rules(&hard, &["allow-without-deny"]);
}

#[test]
fn what_a_deny_leaves_out_by_its_resources_needs_no_mfa() {
    for (resource, says) in [
        (
            r#""NotResource": "arn:aws:s3:::public/*""#,
            "this Deny is about all but arn:aws:s3:::public/*: what",
        ),
        (
            r#""NotResource": "arn:aws:glacier:*:*:vaults/a""#,
            "this Deny is about all but arn:aws:glacier:*:*:vaults/a: what",
        ),
    ] {
        let found = findings(&deny(ENFORCE).replace(r#""Resource": "*""#, resource));
        assert_eq!(rules(&found), ["deny-of-some-resources"], "{found:#?}");
        assert!(found[0].title.starts_with(says), "{}", found[0].title);
    }
}

#[test]
fn the_remedy_is_about_what_the_statement_has() {
    let good = deny(ENFORCE);
    let remedies = |statement: &str, expected: &[&str]| {
        let found = findings(statement);
        for rule in ["mfa-removable-without-mfa", "devices-deletable-without-mfa"] {
            let finding = found.iter().find(|finding| finding.rule == rule);
            let remedy = &finding.unwrap_or_else(|| panic!("{rule}: {found:#?}")).remedy;
            assert!(expected.iter().any(|words| remedy.starts_with(words)), "{remedy}");
        }
        found
    };
    let s3 = good.replace(r#""Resource": "*""#, r#""Resource": "arn:aws:s3:::*""#);
    let found = remedies(&s3, &["write \"Resource\": \"*\" in the Deny"]);
    let narrow = found.iter().find(|finding| finding.rule == "deny-of-some-resources");
    assert_eq!(
        narrow.unwrap().title,
        "this Deny is about arn:aws:s3:::* only: everything else needs no MFA"
    );
    let more = |actions: &str| good.replace("\"iam:GetUser\"", &format!("\"iam:GetUser\", {actions}"));
    remedies(
        &more("\"iam:*\""),
        &["replace iam:* in NotAction by the actions that a new user needs"],
    );
    remedies(
        &more("\"iam:DeactivateMFADevice\", \"iam:DeleteVirtualMFADevice\""),
        &[
            "take iam:DeactivateMFADevice out of",
            "take iam:DeleteVirtualMFADevice out of",
        ],
    );
}
