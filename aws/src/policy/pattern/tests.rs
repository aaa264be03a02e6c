use proptest::prelude::*;

use super::*;

const LIKE: Reading = Reading {
    wildcards: true,
    variables: true,
};

fn alice() -> Context {
    Context::new().with("aws:username", "alice")
}

fn like(pattern: &str, value: &str) -> bool {
    Pattern::new(pattern, 1, LIKE).matches(value, &alice(), Case::Sensitive)
}

/// By the definition, one case after the other. Exponential, so only for short texts.
fn oracle(pattern: &[Atom], value: &[char]) -> bool {
    match (pattern.split_first(), value.split_first()) {
        (None, None) => true,
        (None, Some(_)) => false,
        (Some((Atom::Many, rest)), _) => {
            oracle(rest, value) || value.split_first().is_some_and(|(_, after)| oracle(pattern, after))
        }
        (Some((Atom::One, rest)), Some((_, after))) => oracle(rest, after),
        (Some((Atom::Char(a), rest)), Some((b, after))) => a == b && oracle(rest, after),
        (Some(_), None) => false,
    }
}

#[test]
fn wildcards_match_as_the_user_guide_says() {
    for (pattern, yes, no) in [
        ("*", "", "-"),
        ("iam:*MFA*", "iam:ListMFADevices", "iam:ListUsers"),
        ("iam:Get?ser", "iam:GetUser", "iam:Getser"),
        (
            "arn:aws:iam::*:mfa/*",
            "arn:aws:iam::123456789012:mfa/a/b",
            "arn:aws:iam::1:user/a",
        ),
        // A * at the end of a part of an ARN goes on beyond its colon.
        ("arn:aws:iam:*", "arn:aws:iam::123456789012:mfa/a", "arn:aws:sts::1:x"),
        ("a*a", "aa", "a"),
    ] {
        assert!(like(pattern, yes), "{pattern} {yes}");
        assert!(no == "-" || !like(pattern, no), "{pattern} {no}");
    }
}

#[test]
fn variables_are_read_in_every_form() {
    for (pattern, value) in [
        ("user/${aws:username}", "user/alice"),
        ("user/${AWS:UserName}", "user/alice"),
        ("${aws:PrincipalTag/team, 'all'}", "all"),
        ("${aws:PrincipalTag/team,'a}b'}", "a}b"),
        ("${aws:username, 'other'}", "alice"),
        ("${*}${?}${$}", "*?$"),
        ("${broken", "${broken"),
        ("${nothing}", "${nothing}"),
        ("${aws:username", "${aws:username"),
        ("${aws:username, other}", "${aws:username, other}"),
        ("$${aws:username}$", "$alice$"),
    ] {
        assert!(like(pattern, value), "{pattern}");
    }
    assert!(!like("${*}", "a"), "an escaped wildcard is a character");
    assert!(!like("${aws:userid}*", ""), "what has no value is like nothing");
}

#[test]
fn wildcards_in_a_variables_value_are_characters() {
    let context = Context::new().with("aws:username", "*");
    let pattern = Pattern::new("user/${aws:username}", 1, LIKE);
    assert!(pattern.matches("user/*", &context, Case::Sensitive));
    assert!(!pattern.matches("user/bob", &context, Case::Sensitive));
}

#[test]
fn a_key_with_several_values_makes_no_variable() {
    let mut context = alice();
    context.insert_all("aws:username", vec!["alice".into(), "bob".into()]);
    assert!(!Pattern::new("${aws:username}", 1, LIKE).matches("alice", &context, Case::Sensitive));
}

#[test]
fn without_variables_and_wildcards_a_text_is_itself() {
    let literal = Reading {
        wildcards: false,
        variables: false,
    };
    let pattern = Pattern::new("${aws:username}*?", 1, literal);
    assert!(pattern.matches("${aws:username}*?", &alice(), Case::Sensitive));
    assert_eq!(pattern.variables().count(), 0);
    assert_eq!(
        Pattern::new("${a:b}/${c:d, 'x'}", 1, LIKE)
            .variables()
            .collect::<Vec<_>>(),
        ["a:b", "c:d"]
    );
}

#[test]
fn case_is_ignored_where_it_is_to_be() {
    let pattern = Pattern::new("IAM:list*", 1, LIKE);
    assert!(pattern.matches("iam:ListUsers", &alice(), Case::Ignored));
    assert!(!pattern.matches("iam:ListUsers", &alice(), Case::Sensitive));
}

#[test]
fn many_wildcards_do_not_take_for_ever() {
    let pattern = "a*".repeat(2_000) + "b";
    assert!(!like(&pattern, &"a".repeat(4_000)));
}

proptest! {
    #[test]
    fn wildcards_match_as_by_definition(pattern in "[ab*?:]{0,8}", value in "[ab:]{0,8}") {
        let pattern = Pattern::new(&pattern, 1, LIKE).resolve(&Context::new()).unwrap();
        let characters: Vec<char> = value.chars().collect();
        prop_assert_eq!(matches(&pattern, &value, Case::Sensitive), oracle(&pattern, &characters));
    }

    #[test]
    fn any_text_is_a_pattern_and_without_special_characters_its_own(text in any::<String>(), value in any::<String>()) {
        let pattern = Pattern::new(&text, 1, LIKE);
        let _ = pattern.matches(&value, &alice(), Case::Ignored);
        if !text.contains(['*', '?', '$']) {
            prop_assert!(pattern.matches(&text, &alice(), Case::Sensitive));
            prop_assert_eq!(pattern.matches(&value, &alice(), Case::Sensitive), text == value);
        }
    }
}
