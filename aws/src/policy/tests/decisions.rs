use proptest::prelude::*;

use crate::policy::{Context, Decision, Document, Request, decide, trust, trusts_directly};

const ALICE: &str = "arn:aws:iam::123456789012:user/alice";

fn document(statements: &str) -> Document {
    Document::parse(&format!(
        "{{\"Version\": \"2012-10-17\", \"Statement\": [{statements}]}}"
    ))
    .unwrap()
}

fn ask(policies: &[&Document], action: &str, resource: &str) -> Decision {
    let context = Context::new().with("aws:username", "alice");
    decide(
        policies,
        &Request {
            action,
            resource,
            context: &context,
        },
    )
}

#[test]
fn a_deny_beats_every_allow_and_the_statement_is_named() {
    let allow = document(r#"{"Sid": "All", "Effect": "Allow", "Action": "*", "Resource": "*"}"#);
    let deny = document(
        r#"{"Effect": "Allow", "Action": "s3:*", "Resource": "*"},
        {"Sid": "NoUsers", "Effect": "Deny", "Action": "IAM:listusers", "Resource": "*"}"#,
    );
    for policies in [[&allow, &deny], [&deny, &allow]] {
        let Decision::ExplicitDeny { statement } = ask(&policies, "iam:ListUsers", "*") else {
            panic!("denied by a statement");
        };
        assert_eq!(statement.sid.as_deref(), Some("NoUsers"));
        assert_eq!((statement.statement, statement.line), (1, 2));
        assert!(std::ptr::eq(policies[statement.policy], &raw const deny));
    }
    let Decision::Allowed { statement } = ask(&[&deny, &allow], "iam:GetUser", ALICE) else {
        panic!("allowed by a statement");
    };
    assert_eq!((statement.policy, statement.sid.as_deref()), (1, Some("All")));
    assert_eq!(ask(&[&deny], "iam:GetUser", ALICE), Decision::ImplicitDeny);
    assert_eq!(ask(&[], "iam:GetUser", ALICE), Decision::ImplicitDeny);
}

#[test]
fn not_action_and_not_resource_cover_the_rest() {
    let policy = document(
        r#"{"Effect": "Allow", "NotAction": ["iam:*", "sts:Get*"], "Resource": "*"},
        {"Effect": "Allow", "Action": "iam:GetUser", "NotResource": "arn:aws:iam::*:user/${aws:username}"}"#,
    );
    for (action, resource, expected) in [
        ("s3:GetObject", "arn:aws:s3:::a/b", true),
        ("IAM:GetUser", ALICE, false),
        ("iam:GetUser", "arn:aws:iam::123456789012:user/bob", true),
        ("sts:getsessiontoken", "*", false),
        ("sts:AssumeRole", "arn:aws:iam::123456789012:role/r", true),
    ] {
        assert_eq!(
            ask(&[&policy], action, resource).is_allowed(),
            expected,
            "{action} {resource}"
        );
    }
}

#[test]
fn resources_depend_on_case_and_a_variable_without_value_names_none() {
    let policy = document(
        r#"{"Effect": "Allow", "Action": "a:B", "Resource": ["arn:aws:x:::${aws:username}",
            "arn:aws:y:::${aws:userid}*"]},
        {"Effect": "Allow", "Action": "a:C", "NotResource": "arn:aws:y:::${aws:userid}*"}"#,
    );
    assert!(ask(&[&policy], "a:B", "arn:aws:x:::alice").is_allowed());
    assert!(!ask(&[&policy], "a:B", "arn:aws:x:::Alice").is_allowed());
    assert!(!ask(&[&policy], "a:B", "arn:aws:y:::").is_allowed());
    assert!(ask(&[&policy], "a:C", "arn:aws:y:::").is_allowed());
}

#[test]
fn in_version_2008_a_variable_is_text() {
    let text =
        r#"{"Statement": {"Effect": "Allow", "Action": "*", "Resource": "arn:aws:iam::*:user/${aws:username}"}}"#;
    let old = Document::parse(text).unwrap();
    assert!(!ask(&[&old], "iam:GetUser", ALICE).is_allowed());
    assert!(ask(&[&old], "iam:GetUser", "arn:aws:iam::1:user/${aws:username}").is_allowed());
}

#[test]
fn what_iam_would_not_take_in_a_users_policy_applies_to_nothing() {
    for statement in [
        r#"{"Effect": "Allow", "Action": "*"}"#,
        r#"{"Effect": "Allow", "Action": "*", "Resource": "*", "Principal": "*"}"#,
    ] {
        assert_eq!(
            ask(&[&document(statement)], "iam:GetUser", ALICE),
            Decision::ImplicitDeny,
            "{statement}"
        );
    }
}

#[test]
fn a_trust_policy_trusts_whom_it_names() {
    const ACCOUNT: u64 = 123_456_789_012;
    for (principal, trusted, directly) in [
        (r#""*""#, true, true),
        (r#"{"AWS": "*"}"#, true, true),
        (r#"{"AWS": "123456789012"}"#, true, false),
        (
            r#"{"AWS": ["210987654321", "arn:aws:iam::123456789012:root"]}"#,
            true,
            false,
        ),
        (r#"{"AWS": "arn:aws-cn:iam::123456789012:root"}"#, true, false),
        (r#"{"AWS": "arn:aws:iam::123456789012:user/alice"}"#, true, true),
        (r#"{"AWS": "arn:aws:iam::123456789012:user/bob"}"#, false, false),
        (r#"{"AWS": "arn:aws:iam::123456789012:user/*"}"#, false, false),
        (r#"{"AWS": "arn:aws:iam::210987654321:root"}"#, false, false),
        (r#"{"Service": "ec2.amazonaws.com"}"#, false, false),
    ] {
        let policy = document(&format!(
            r#"{{"Effect": "Allow", "Principal": {principal}, "Action": "sts:AssumeRole"}}"#
        ));
        let context = Context::new();
        assert_eq!(
            trust(&policy, ALICE, ACCOUNT, &context).is_allowed(),
            trusted,
            "{principal}"
        );
        assert_eq!(trusts_directly(&policy, ALICE, &context), directly, "{principal}");
    }
}

#[test]
fn a_trust_policy_may_ask_for_mfa_and_deny() {
    let policy = document(
        r#"{"Effect": "Allow", "Principal": {"AWS": "123456789012"}, "Action": ["sts:AssumeRole", "sts:TagSession"],
            "Condition": {"Bool": {"aws:MultiFactorAuthPresent": "true"}}},
        {"Sid": "NotBob", "Effect": "Deny", "Principal": {"AWS": "arn:aws:iam::123456789012:user/bob"},
            "Action": "sts:*"},
        {"Effect": "Allow", "Principal": "*", "Action": "sts:AssumeRoleWithSAML"}"#,
    );
    let ask = |user: &str, context: &Context| {
        let arn = format!("arn:aws:iam::123456789012:user/{user}");
        trust(&policy, &arn, 123_456_789_012, context)
    };
    let with = Context::new().with("aws:MultiFactorAuthPresent", "true");
    assert!(ask("alice", &with).is_allowed());
    assert_eq!(ask("alice", &Context::new()), Decision::ImplicitDeny);
    assert!(matches!(ask("bob", &with), Decision::ExplicitDeny { .. }));
}

/// A statement, and what it says by the definition.
#[derive(Debug, Clone)]
struct Generated {
    allow: bool,
    negated: bool,
    actions: Vec<&'static str>,
    mfa: Option<bool>,
}

const ACTIONS: [&str; 4] = ["iam:GetUser", "iam:ListUsers", "s3:GetObject", "sts:GetSessionToken"];

impl Generated {
    fn json(&self) -> String {
        let effect = if self.allow { "Allow" } else { "Deny" };
        let not = if self.negated { "Not" } else { "" };
        let condition = self.mfa.map_or_else(String::new, |mfa| {
            format!(r#", "Condition": {{"Bool": {{"aws:MultiFactorAuthPresent": "{mfa}"}}}}"#)
        });
        let actions = &self.actions;
        format!(r#"{{"Effect": "{effect}", "{not}Action": {actions:?}, "Resource": "*"{condition}}}"#)
    }

    fn applies(&self, action: &str, mfa: Option<bool>) -> bool {
        self.actions.contains(&action) != self.negated && (self.mfa.is_none() || self.mfa == mfa)
    }
}

fn any_policies() -> impl Strategy<Value = Vec<Vec<Generated>>> {
    let actions = prop::sample::subsequence(ACTIONS.to_vec(), 0..=4);
    let statement =
        (any::<bool>(), any::<bool>(), actions, any::<Option<bool>>()).prop_map(|(allow, negated, actions, mfa)| {
            Generated {
                allow,
                negated,
                actions,
                mfa,
            }
        });
    prop::collection::vec(prop::collection::vec(statement, 1..4), 0..4)
}

proptest! {
    #[test]
    fn a_request_passes_where_one_allows_and_none_denies(
        policies in any_policies(),
        action in prop::sample::select(ACTIONS.to_vec()),
        mfa in any::<Option<bool>>(),
    ) {
        let documents: Vec<Document> = policies
            .iter()
            .map(|statements| document(&statements.iter().map(Generated::json).collect::<Vec<_>>().join(",")))
            .collect();
        let mut context = Context::new();
        if let Some(mfa) = mfa {
            context.insert("aws:multifactorauthpresent", mfa.to_string());
        }
        let request = Request { action, resource: "*", context: &context };
        let decision = decide(&documents.iter().collect::<Vec<_>>(), &request);

        let says = |allow: bool| {
            let all = policies.iter().flatten();
            all.filter(|statement| statement.allow == allow).any(|statement| statement.applies(action, mfa))
        };
        prop_assert_eq!(decision.is_allowed(), says(true) && !says(false));
        prop_assert_eq!(matches!(&decision, Decision::ExplicitDeny { .. }), says(false));
        if let Decision::Allowed { statement } | Decision::ExplicitDeny { statement } = decision {
            let decided = &policies[statement.policy][statement.statement];
            prop_assert!(decided.applies(action, mfa));
            prop_assert_eq!(decided.allow, !says(false));
        }
    }
}
