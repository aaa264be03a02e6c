use super::rules::deny;
use super::*;

#[test]
fn words_that_mean_nothing_are_found() {
    let allow =
        |action: &str, resource: &str| format!(r#"{{"Effect": "Allow", "Action": {action}, "Resource": {resource}}}"#);
    let star = "\"*\"";
    for (statement, expected) in [
        (allow(r#""iam:EnableMFADevices""#, star), vec!["unknown-action"]),
        (allow(r#""iam:ListMFADevices""#, star), vec![]),
        (allow(r#""iam:*MFADevize*""#, star), vec!["unknown-action"]),
        (allow(r#""iam:SomethingNew""#, star), vec!["does-not-enforce"]),
        (allow(r#""s3:GetObjekt""#, star), vec!["does-not-enforce"]),
        (allow("[]", star), vec!["empty-list"]),
        (allow(r#""s3:*""#, "[]"), vec!["empty-list"]),
        (
            allow(r#""s3:*""#, r#""arn:aws:s3:::a/${aws:username/*""#),
            vec!["broken-variable"],
        ),
        (
            allow(r#""s3:*""#, r#""arn:aws:s3:::a/${aws:usernam}/*""#),
            vec!["unknown-key"],
        ),
        (
            allow(r#""s3:*""#, r#""arn:aws:s3:::a/${aws:username, 'x'}/${*}""#),
            vec!["does-not-enforce"],
        ),
        (
            deny(r#""BoolIfExists": {"aws:MFAPresent": "false"}"#),
            vec!["unknown-key"],
        ),
        (
            deny(r#""BoolIfExists": {"aws:MultiFactorAuthPresent": "no"}"#),
            vec!["value-of-wrong-type", "deny-lets-sessions-through"],
        ),
        (
            deny(r#""BoolIfExists": {"aws:MultiFactorAuthPresent": "False"}"#),
            vec!["boolean-case"],
        ),
        (
            deny(r#""IpAddress": {"aws:SourceIp": "office"}"#),
            vec!["value-of-wrong-type"],
        ),
        (
            r#"{"Effect": "Allow", "Action": "s3:*"}"#.to_owned(),
            vec!["no-resource"],
        ),
        (
            r#"{"Effect": "Allow", "Action": "s3:*", "Resource": "*", "Principal": "*"}"#.to_owned(),
            vec!["principal"],
        ),
    ] {
        assert_rules(&statement, &expected);
    }
}

#[test]
fn variables_need_the_version() {
    let statement = r#""Statement": {"Effect": "Allow", "Action": "s3:*",
        "Resource": "arn:aws:s3:::a/${aws:username}"}"#;
    let old = Document::parse(&format!("{{{statement}}}")).unwrap();
    let found = lint(&old);
    assert_eq!((rules(&found), found[0].line), (vec!["variable-in-2008"], 2));
    assert_eq!(rules(&notes(&old)), ["version-missing"]);
    let new = Document::parse(&format!("{{\"Version\": \"2012-10-17\", {statement}}}")).unwrap();
    assert_eq!((rules(&lint(&new)), notes(&new)), (vec!["does-not-enforce"], vec![]));
}

#[test]
fn sizes_are_aws_limits() {
    let of = |characters: usize| {
        let policy = |name: &str| {
            document(&format!(
                r#"{{"Effect": "Allow", "Action": "iam:ListMFADevices", "Resource": "arn:aws:iam::*:user/{name}"}}"#
            ))
        };
        let empty = policy("").size();
        let policy = policy(&"x".repeat(characters - empty));
        assert_eq!(policy.size(), characters);
        policy
    };
    for (size, finding, note) in [
        (2_048, None, None),
        (2_049, None, Some("managed-only")),
        (MAX_MANAGED, None, Some("managed-only")),
        (MAX_MANAGED + 1, Some(Severity::Warning), None),
        (10_240, Some(Severity::Warning), None),
        (10_241, Some(Severity::Error), None),
    ] {
        let policy = of(size);
        let found = lint(&policy);
        assert_eq!(found.first().map(|finding| finding.severity), finding, "{size}");
        assert!(found.iter().all(|finding| finding.rule == "too-long"));
        assert_eq!(rules(&notes(&policy)), note.into_iter().collect::<Vec<_>>(), "{size}");
    }
}
