use crate::policy::{Context, Document, Request, decide};

/// Whether a condition holds for a key with these values; without values the key is absent.
fn holds(operator: &str, expected: &str, actual: &[&str]) -> bool {
    let text = format!(
        r#"{{"Version": "2012-10-17", "Statement": {{"Effect": "Allow", "Action": "*", "Resource": "*",
            "Condition": {{"{operator}": {{"aws:Key": {expected}}}}}}}}}"#
    );
    let document = Document::parse(&text).unwrap();
    let mut context = Context::new().with("aws:username", "alice");
    context.insert_all("AWS:key", actual.iter().map(|&value| value.to_owned()).collect());
    let request = Request {
        action: "a:B",
        resource: "*",
        context: &context,
    };
    decide(&[&document], &request).is_allowed()
}

/// Checks a positive operator and its negation, of which exactly one holds where the key is there.
fn check(operator: &str, negated: &str, cases: &[(&str, &str, bool)]) {
    for &(expected, actual, result) in cases {
        assert_eq!(
            holds(operator, expected, &[actual]),
            result,
            "{operator} {expected} {actual}"
        );
        assert_eq!(
            holds(negated, expected, &[actual]),
            !result,
            "{negated} {expected} {actual}"
        );
        for operator in [operator, negated] {
            let with_suffix = holds(&format!("{operator}IfExists"), expected, &[actual]);
            assert_eq!(with_suffix, holds(operator, expected, &[actual]), "{operator}IfExists");
        }
    }
}

#[test]
fn strings_are_compared_by_letter() {
    check(
        "StringEquals",
        "StringNotEquals",
        &[
            (r#""a""#, "a", true),
            (r#""a""#, "A", false),
            (r#""a*""#, "ab", false),
            (r#"["b", "a"]"#, "a", true),
            ("[]", "a", false),
            (r#""${aws:username}""#, "alice", true),
            (r#""${aws:userid}""#, "", false),
            ("true", "true", true),
        ],
    );
    check(
        "StringEqualsIgnoreCase",
        "StringNotEqualsIgnoreCase",
        &[(r#""aB""#, "Ab", true), (r#""a""#, "b", false)],
    );
    check(
        "StringLike",
        "StringNotLike",
        &[
            (r#""a*c?""#, "abbcd", true),
            (r#""a*""#, "A", false),
            (r#""${aws:username}-*""#, "alice-1", true),
            (r#""${*}""#, "x", false),
        ],
    );
}

#[test]
fn arns_are_compared_part_by_part() {
    let cases = [
        (r#""arn:aws:iam::*:user/*""#, "arn:aws:iam::1:user/a/b:c", true),
        (r#""arn:aws:*:user/a""#, "arn:aws:iam::1:user/a", false),
        (
            r#""arn:aws:iam::1:user/${aws:username}""#,
            "arn:aws:iam::1:user/alice",
            true,
        ),
        (r#""*""#, "arn:aws:iam::1:user/a", true),
        (r#""arn:aws:iam::*:user/*""#, "no ARN", false),
    ];
    check("ArnLike", "ArnNotLike", &cases);
    check("ArnEquals", "ArnNotEquals", &cases);
}

#[test]
fn numbers_are_compared_as_numbers() {
    check(
        "NumericEquals",
        "NumericNotEquals",
        &[
            ("10", "10.0", true),
            (r#""9""#, "10", false),
            ("9", "nine", false),
            (r#""inf""#, "inf", false),
        ],
    );
    for (operator, smaller, equal, greater) in [
        ("NumericLessThan", true, false, false),
        ("NumericLessThanEquals", true, true, false),
        ("NumericGreaterThan", false, false, true),
        ("NumericGreaterThanEquals", false, true, true),
    ] {
        for (actual, result) in [("9", smaller), ("10", equal), ("100", greater), ("", false)] {
            assert_eq!(holds(operator, "\"10\"", &[actual]), result, "{operator} {actual}");
        }
    }
}

#[test]
fn dates_are_compared_in_every_form() {
    check(
        "DateEquals",
        "DateNotEquals",
        &[
            (r#""2026-11-29T01:00:00Z""#, "2026-11-29T02:00:00+01:00", true),
            (r#""2026-11-29""#, "2026-11-29T00:00:00Z", true),
            (r#""2026-11""#, "2026-11-01T00:00:00Z", true),
            (r#""2026""#, "2026-01-01T00:00:00Z", true),
            ("1795914000", "2026-11-29T01:00:00Z", true),
            (r#""yesterday""#, "yesterday", false),
        ],
    );
    for (operator, before, at, after) in [
        ("DateLessThan", true, false, false),
        ("DateLessThanEquals", true, true, false),
        ("DateGreaterThan", false, false, true),
        ("DateGreaterThanEquals", false, true, true),
    ] {
        for (actual, result) in [
            ("2026-11-28T23:59:59Z", before),
            ("2026-11-29T00:00:00Z", at),
            ("2026-11-29T00:00:01Z", after),
        ] {
            assert_eq!(
                holds(operator, "\"2026-11-29T00:00:00Z\"", &[actual]),
                result,
                "{operator} {actual}"
            );
        }
    }
}

#[test]
fn booleans_and_bytes_are_compared() {
    for (expected, actual, result) in [
        ("true", "true", true),
        ("\"true\"", "false", false),
        ("\"True\"", "true", true),
        ("\"yes\"", "true", false),
        ("[\"true\", \"false\"]", "false", true),
    ] {
        assert_eq!(holds("Bool", expected, &[actual]), result, "{expected} {actual}");
    }
    assert!(holds("BinaryEquals", "\"QmluYXJ5\"", &["QmluYXJ5"]));
    assert!(!holds("BinaryEquals", "\"QmluYXJ5\"", &["QmluYXJ6"]));
    assert!(!holds("BinaryEquals", "\"?\"", &["?"]));
}

#[test]
fn addresses_are_compared_by_their_network() {
    check(
        "IpAddress",
        "NotIpAddress",
        &[
            (r#""203.0.113.0/24""#, "203.0.113.255", true),
            (r#""203.0.113.0/24""#, "203.0.114.0", false),
            (r#""203.0.113.7""#, "203.0.113.7", true),
            (r#""0.0.0.0/0""#, "8.8.8.8", true),
            (r#""::/0""#, "2001:db8::1", true),
            (r#""0.0.0.0/0""#, "2001:db8::1", false),
            (r#""2001:db8::/32""#, "2001:db8:1::1", true),
            (r#""2001:db8::/32""#, "2001:db9::1", false),
            (r#""203.0.113.0/33""#, "203.0.113.0", false),
            (r#""anywhere""#, "203.0.113.0", false),
        ],
    );
}

#[test]
fn an_absent_key_matches_only_what_is_negated_or_says_if_exists() {
    for (operator, value, result) in [
        ("StringEquals", "a", false),
        ("StringLike", "*", false),
        ("StringNotEquals", "a", true),
        ("NumericLessThan", "1", false),
        ("NumericNotEquals", "1", true),
        ("DateGreaterThan", "2020-01-01", false),
        ("Bool", "false", false),
        ("IpAddress", "0.0.0.0/0", false),
        ("NotIpAddress", "0.0.0.0/0", true),
        ("ArnLike", "*", false),
        ("ArnNotLike", "*", true),
        ("ForAllValues:StringEquals", "a", true),
        ("ForAllValues:StringNotEquals", "a", true),
        ("ForAnyValue:StringEquals", "a", false),
        ("ForAnyValue:StringNotEquals", "a", false),
    ] {
        let expected = format!("\"{value}\"");
        assert_eq!(holds(operator, &expected, &[]), result, "{operator}");
        assert!(
            holds(&format!("{operator}IfExists"), &expected, &[]),
            "{operator}IfExists"
        );
    }
}

#[test]
fn null_asks_whether_the_key_is_there() {
    for (expected, absent, present) in [
        ("\"true\"", true, false),
        ("false", false, true),
        ("[\"true\", \"false\"]", true, true),
        ("\"maybe\"", false, false),
    ] {
        assert_eq!(holds("Null", expected, &[]), absent, "{expected}");
        assert_eq!(holds("Null", expected, &["false"]), present, "{expected}");
    }
}

#[test]
fn prefixes_look_at_each_value_of_a_key() {
    let expected = r#"["a", "b"]"#;
    for (operator, values, result) in [
        ("ForAllValues:StringEquals", vec!["a", "b", "a"], true),
        ("ForAllValues:StringEquals", vec!["a", "c"], false),
        ("ForAnyValue:StringEquals", vec!["c", "b"], true),
        ("ForAnyValue:StringEquals", vec!["c", "d"], false),
        ("ForAllValues:StringNotEquals", vec!["c", "d"], true),
        ("ForAllValues:StringNotEquals", vec!["c", "a"], false),
        ("ForAnyValue:StringNotEquals", vec!["c", "a"], true),
        ("ForAnyValue:StringNotEquals", vec!["b", "a"], false),
        ("StringEquals", vec!["c", "a"], true),
        ("StringNotEquals", vec!["c", "a"], false),
    ] {
        assert_eq!(holds(operator, expected, &values), result, "{operator} {values:?}");
    }
}

#[test]
fn all_keys_and_all_operators_have_to_hold() {
    let text = r#"{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*",
        "Condition": {"Bool": {"aws:MultiFactorAuthPresent": "true", "aws:SecureTransport": "true"},
                      "NumericLessThan": {"aws:MultiFactorAuthAge": "3600"}}}}"#;
    let document = Document::parse(text).unwrap();
    let all = Context::new()
        .with("aws:MultifactorAuthPresent", "true")
        .with("aws:SecureTransport", "true")
        .with("aws:MultiFactorAuthAge", "10");
    let ask = |context: &Context| {
        let request = Request {
            action: "a:B",
            resource: "*",
            context,
        };
        decide(&[&document], &request).is_allowed()
    };
    assert!(ask(&all));
    for key in [
        "aws:MultiFactorAuthPresent",
        "aws:SecureTransport",
        "aws:MultiFactorAuthAge",
    ] {
        assert!(!ask(&all.clone().without(key)), "{key}");
    }
}
