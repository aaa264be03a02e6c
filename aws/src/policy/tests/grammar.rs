use proptest::prelude::*;

use crate::policy::{Document, MAX_TEXT, Version};

/// A policy with one statement, whose members are given.
fn with(statement: &str) -> String {
    format!("{{\"Version\": \"2012-10-17\",\n\"Statement\": {{\n{statement}\n}}}}")
}

const GOOD: &str = r#""Effect": "Allow", "Action": "iam:ListUsers", "Resource": "*""#;

#[test]
fn a_policy_with_everything_is_read() {
    let document = Document::parse(
        r#"{
  "Version": "2012-10-17",
  "Id": "everything",
  "Statement": [
    {
      "Sid": "One1",
      "Effect": "Allow",
      "Action": ["iam:*", "s3:Get?bject", "*"],
      "NotResource": ["arn:aws:iam::*:user/${aws:username}", "*"],
      "Condition": {
        "ForAnyValue:StringLikeIfExists": {"aws:TagKeys": ["a*", "b"]},
        "NumericLessThan": {"aws:MultiFactorAuthAge": 3600},
        "Bool": {"aws:SecureTransport": true}
      }
    },
    {"Effect": "Deny", "NotAction": "*:*", "Resource": [], "Principal": {"AWS": ["*", "123456789012"]}},
    {"Effect": "Deny", "Action": [], "NotPrincipal": "*"}
  ]
}"#,
    )
    .unwrap();
    assert_eq!(document.version(), Version::V2012);
    assert_eq!(document.statements(), 3);
    assert_eq!(document.statements[1].line, 16);
    assert_eq!(document.statements[0].conditions[1].line, 12);

    let single = Document::parse(&format!("{{\"Statement\": {{{GOOD}}}}}")).unwrap();
    assert_eq!((single.version(), single.statements()), (Version::V2008, 1));
    assert_eq!(
        single.size(),
        "{\"Statement\":{\"Effect\":\"Allow\",\"Action\":\"iam:ListUsers\",\"Resource\":\"*\"}}".len()
    );
}

#[test]
fn each_error_says_what_is_wrong_and_on_which_line() {
    for (text, line, says) in [
        ("[]".to_owned(), 1, "a policy is an object"),
        ("{}".to_owned(), 1, "no Statement"),
        ("{\"Statement\": []}".to_owned(), 1, "no statement in its list"),
        (
            "{\"Statement\":\n[1]}".to_owned(),
            2,
            "a statement is an object, and not a number",
        ),
        ("{\n\"version\": \"2012-10-17\"}".to_owned(), 2, "Version is meant"),
        (
            "{\"Version\":\n\"2012-10-18\", \"Statement\": []}".to_owned(),
            2,
            "2012-10-17",
        ),
        (
            "{\"Version\": 2012, \"Statement\": []}".to_owned(),
            1,
            "takes a string, and not a number",
        ),
        (format!("{{\"Statement\": {{{GOOD}}},\n\"Statement\": []}}"), 2, "twice"),
        (
            with(r#""Effect": "allow", "Action": "*", "Resource": "*""#),
            3,
            "capital",
        ),
        (with(r#""Action": "*", "Resource": "*""#), 2, "no Effect"),
        (with(r#""Effect": "Deny", "Resource": "*""#), 2, "no Action"),
        (
            with(&format!("{GOOD},\n\"NotAction\": \"*\"")),
            4,
            "Action or NotAction",
        ),
        (
            with(&format!("{GOOD},\n\"NotResource\": \"*\"")),
            4,
            "Resource or NotResource",
        ),
        (with(&format!("{GOOD},\n\"action\": \"*\"")), 4, "Action is meant"),
        (with(&format!("{GOOD},\n\"Actoin\": \"*\"")), 4, "Action is meant"),
        (
            with(&format!("{GOOD},\n\"Comment\": \"*\"")),
            4,
            "no element \"Comment\"",
        ),
        (
            with(&format!("{GOOD},\n\"Sid\": \"two words\"")),
            4,
            "letters and digits",
        ),
        (with(&format!("{GOOD},\n\"Principal\": \"alice\"")), 4, "Principal is"),
        (
            with(&format!("{GOOD},\n\"Principal\": {{\"aws\": \"*\"}}")),
            4,
            "AWS is meant",
        ),
        (
            with(r#""Effect": "Deny", "Action": "ListUsers", "Resource": "*""#),
            3,
            "SERVICE:NAME",
        ),
        (
            with(r#""Effect": "Deny", "Action": "i*:ListUsers", "Resource": "*""#),
            3,
            "SERVICE:NAME",
        ),
        (
            with("\"Effect\": \"Deny\", \"Action\": [\"iam:*\",\n\"iam:\"], \"Resource\": \"*\""),
            4,
            "SERVICE:NAME",
        ),
        (
            with(r#""Effect": "Deny", "Action": "*", "Resource": "user/alice""#),
            3,
            "begins with arn:",
        ),
        (
            with(r#""Effect": "Deny", "Action": "*", "Resource": {"AWS": "*"}"#),
            3,
            "a string, and not an object",
        ),
        (with(&format!("{GOOD}, \"Condition\": []")), 3, "Condition is an object"),
        (
            with(&format!("{GOOD}, \"Condition\": {{\n\"bool\": {{}}}}")),
            4,
            "Bool is meant",
        ),
        (
            with(&format!("{GOOD}, \"Condition\": {{\"StringEqualIfExists\": {{}}}}")),
            3,
            "StringEquals is meant",
        ),
        (
            with(&format!("{GOOD}, \"Condition\": {{\"NullIfExists\": {{}}}}")),
            3,
            "Null takes neither",
        ),
        (
            with(&format!("{GOOD}, \"Condition\": {{\"ForAnyValue:Null\": {{}}}}")),
            3,
            "Null takes neither",
        ),
        (
            with(&format!("{GOOD}, \"Condition\": {{\"ForSome:Bool\": {{}}}}")),
            3,
            "no condition operator",
        ),
        (
            with(&format!(
                "{GOOD}, \"Condition\": {{\"Bool\": {{\n\"MFAPresent\": true}}}}"
            )),
            4,
            "begins with a service",
        ),
        (
            with(&format!("{GOOD}, \"Condition\": {{\"Bool\": {{\"aws:x\":\nnull}}}}")),
            4,
            "a string, and not null",
        ),
        (
            with(&format!(
                "{GOOD}, \"Condition\": {{\"Bool\": {{\"aws:x\": 1, \"aws:x\": 2}}}}"
            )),
            3,
            "twice",
        ),
        (with(&format!("{GOOD},\n\"Sid\": \"\u{2013}\"")), 4, "U+00FF"),
    ] {
        let error = Document::parse(&text).expect_err(&text);
        assert!(error.problem.contains(says), "{text}: {error}");
        assert_eq!(error.line, line, "{text}: {error}");
    }
    let twice = format!("{{\"Statement\": [{{\"Sid\": \"A\", {GOOD}}},\n{{\"Sid\": \"A\", {GOOD}}}]}}");
    let error = Document::parse(&twice).unwrap_err();
    assert_eq!((error.line, error.problem.contains("unique")), (2, true));
    assert_eq!(error.to_string(), format!("line 2: {}", error.problem));
}

#[test]
fn a_text_that_is_too_long_is_not_read() {
    let policy = with(GOOD);
    let padded = |length: usize| format!("{policy}{}", " ".repeat(length - policy.len()));
    assert!(Document::parse(&padded(MAX_TEXT)).is_ok());
    assert!(Document::parse(&padded(MAX_TEXT + 1)).is_err());
}

#[test]
fn what_only_one_kind_of_policy_may_have_is_told_apart() {
    let identity = Document::parse(&with(GOOD)).unwrap();
    assert_eq!(identity.check_identity(), Ok(()));
    assert_eq!(identity.check_trust().unwrap_err().line, 3);

    let trust = r#""Effect": "Allow", "Principal": {"AWS": "123456789012"}, "Action": "sts:AssumeRole""#;
    let trust = Document::parse(&with(trust)).unwrap();
    assert_eq!(trust.check_trust(), Ok(()));
    assert_eq!(trust.check_identity().unwrap_err().line, 3);

    let neither = Document::parse(&with(r#""Effect": "Allow", "Action": "*""#)).unwrap();
    assert_eq!(neither.check_identity().unwrap_err().line, 2);
    assert_eq!(neither.check_trust().unwrap_err().line, 2);
}

proptest! {
    #[test]
    fn any_text_is_a_policy_or_an_error(text in any::<String>()) {
        prop_assert!(Document::parse(&text).is_err());
    }

    #[test]
    fn damaged_policies_never_panic(at in 0..400_usize, with in "[\\[\\]{}\",:\\\\\\$a0 ]{0,3}", cut in 0..4_usize) {
        let text = with_everything();
        let at = at.min(text.len());
        let damaged = format!("{}{with}{}", &text[..at], text.get(at + cut..).unwrap_or(""));
        let _ = Document::parse(&damaged);
    }
}

fn with_everything() -> String {
    with(
        r#""Sid": "A", "Effect": "Deny", "NotAction": ["iam:*"], "Resource": "arn:aws:iam::*:user/${aws:username, 'x'}",
        "Condition": {"ForAllValues:StringNotLikeIfExists": {"aws:TagKeys": ["a", 1, true]}}"#,
    )
}
