use time::macros::datetime;

use super::*;
use crate::policy::lint::{Severity, lint, notes};
use crate::policy::{Context, Decision, Document, MAX_MANAGED, Request, decide};

const USER: &str = "arn:aws:iam::123456789012:user/alice";
const BOB: &str = "arn:aws:iam::123456789012:user/bob";
const DEVICE: &str = "arn:aws:iam::123456789012:mfa/any-name";

fn print(self_service: bool, grace: Option<OffsetDateTime>) -> Document {
    let printed = enforcing(&Options {
        self_service,
        console_only: false,
        grace,
    })
    .unwrap();
    let document = Document::parse(&printed.policy).unwrap();
    document.check_identity().unwrap();
    assert_eq!(document.statements(), printed.explanations.len());
    document
}

fn all() -> [Document; 4] {
    let grace = Some(datetime!(2026-12-31 0:00 UTC));
    [
        print(false, None),
        print(false, grace),
        print(true, None),
        print(true, grace),
    ]
}

fn alice() -> Context {
    Context::new()
        .with("aws:username", "alice")
        .with("aws:CurrentTime", "2026-11-29T01:00:00Z")
        .with("aws:ViaAWSService", "false")
}

fn password() -> Context {
    alice().with("aws:MultiFactorAuthPresent", "false")
}

fn mfa() -> Context {
    alice()
        .with("aws:MultiFactorAuthPresent", "true")
        .with("aws:MultiFactorAuthAge", "10")
}

/// With another policy beside it that allows everything.
fn with_all(document: &Document, context: &Context, action: &str, resource: &str) -> Decision {
    let all = r#"{"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}"#;
    let request = Request {
        action,
        resource,
        context,
    };
    decide(&[document, &Document::parse(all).unwrap()], &request)
}

fn alone(document: &Document, context: &Context, action: &str, resource: &str) -> Decision {
    let request = Request {
        action,
        resource,
        context,
    };
    decide(&[document], &request)
}

const HARM: [(&str, &str); 6] = [
    ("s3:GetObject", "arn:aws:s3:::bucket/key"),
    ("iam:CreateAccessKey", USER),
    ("iam:AttachUserPolicy", USER),
    ("iam:DeactivateMFADevice", USER),
    ("iam:DeleteVirtualMFADevice", DEVICE),
    ("sts:AssumeRole", "arn:aws:iam::123456789012:role/admin"),
];

#[test]
fn what_is_printed_has_no_finding_and_fits() {
    for document in all() {
        assert_eq!(lint(&document), []);
        assert!(document.size() <= MAX_MANAGED, "{}", document.size());
        let notes = notes(&document);
        assert!(
            notes
                .iter()
                .all(|note| note.severity == Severity::Note && note.rule == "attacker-can-enrol"),
            "{notes:#?}"
        );
    }
}

#[test]
fn a_new_user_takes_every_step_with_a_password_or_an_access_key() {
    for document in all() {
        for context in [password(), alice()] {
            for (action, resource) in [
                ("iam:ChangePassword", USER),
                ("iam:GetAccountPasswordPolicy", "*"),
                ("iam:GetUser", USER),
                ("iam:ListMFADevices", USER),
                ("iam:ListVirtualMFADevices", "*"),
                ("iam:CreateVirtualMFADevice", DEVICE),
                ("iam:EnableMFADevice", USER),
                ("iam:ResyncMFADevice", USER),
                ("iam:GetMFADevice", USER),
            ] {
                let decision = alone(&document, &context, action, resource);
                assert!(decision.is_allowed(), "{action}: {decision:?}");
            }
            // AWS asks no permission for it: not to be denied is enough.
            let session = alone(&document, &context, "sts:GetSessionToken", "*");
            assert_eq!(session, Decision::ImplicitDeny);
        }
    }
}

#[test]
fn without_mfa_an_attacker_gets_nothing_whatever_else_is_allowed() {
    let document = print(false, None);
    for context in [password(), alice()] {
        for (action, resource) in HARM {
            let decision = with_all(&document, &context, action, resource);
            assert!(
                matches!(decision, Decision::ExplicitDeny { .. }),
                "{action}: {decision:?}"
            );
        }
    }
}

#[test]
fn with_mfa_other_policies_decide_and_devices_can_be_removed() {
    for document in all() {
        for (action, resource) in HARM {
            assert!(with_all(&document, &mfa(), action, resource).is_allowed(), "{action}");
        }
        assert!(alone(&document, &mfa(), "iam:DeactivateMFADevice", USER).is_allowed());
        assert!(alone(&document, &mfa(), "iam:DeleteVirtualMFADevice", DEVICE).is_allowed());
    }
}

#[test]
fn nobody_manages_the_devices_of_others_by_it() {
    for document in all() {
        for context in [alice(), password(), mfa()] {
            for action in ["Enable", "Deactivate", "Resync"] {
                let decision = alone(&document, &context, &format!("iam:{action}MFADevice"), BOB);
                assert!(!decision.is_allowed(), "{action}");
            }
            assert!(!alone(&document, &context, "iam:ChangePassword", BOB).is_allowed());
        }
    }
}

#[test]
fn services_call_for_the_user() {
    let via = alice().with("aws:ViaAWSService", "true");
    let document = print(false, None);
    assert!(
        with_all(
            &document,
            &via,
            "kms:Decrypt",
            "arn:aws:kms:us-east-1:123456789012:key/1"
        )
        .is_allowed()
    );
}

#[test]
fn before_the_grace_ends_only_the_removal_of_devices_needs_mfa() {
    let document = print(false, Some(datetime!(2026-12-31 0:00 UTC)));
    for (now, enforced) in [
        ("2026-12-30T23:59:59Z", false),
        ("2026-12-31T00:00:00Z", false),
        ("2026-12-31T00:00:01Z", true),
        ("2030-01-01T00:00:00Z", true),
    ] {
        for context in [alice(), password()] {
            let context = context.with("aws:CurrentTime", now);
            for (action, resource) in HARM {
                let removes = action.contains("MFADevice");
                let allowed = with_all(&document, &context, action, resource).is_allowed();
                assert_eq!(allowed, !enforced && !removes, "{now} {action}");
            }
        }
    }
}

#[test]
fn self_service_enforces_nothing_but_keeps_devices() {
    let document = print(true, None);
    for context in [alice(), password()] {
        assert!(with_all(&document, &context, "s3:GetObject", "arn:aws:s3:::bucket/key").is_allowed());
        assert!(!with_all(&document, &context, "iam:DeactivateMFADevice", USER).is_allowed());
    }
}

#[test]
fn where_users_enrol_in_the_console_an_access_key_adds_no_device() {
    for self_service in [false, true] {
        let options = Options {
            self_service,
            console_only: true,
            grace: None,
        };
        let document = Document::parse(&enforcing(&options).unwrap().policy).unwrap();
        assert_eq!((lint(&document), notes(&document)), (vec![], vec![]));
        for (action, resource) in [("iam:CreateVirtualMFADevice", DEVICE), ("iam:EnableMFADevice", USER)] {
            assert!(matches!(
                with_all(&document, &alice(), action, resource),
                Decision::ExplicitDeny { .. }
            ));
            assert!(alone(&document, &password(), action, resource).is_allowed());
            assert!(alone(&document, &mfa(), action, resource).is_allowed());
        }
    }
}

#[test]
fn each_statement_is_explained_in_order() {
    let printed = enforcing(&Options {
        self_service: false,
        console_only: true,
        grace: Some(datetime!(2026-12-31 0:00 UTC)),
    })
    .unwrap();
    let mut rest = printed.policy.as_str();
    for (sid, explanation) in &printed.explanations {
        let at = rest.find(&format!("\"Sid\": \"{sid}\"")).expect("in this order");
        rest = &rest[at..];
        assert!(
            explanation.ends_with('.') && !explanation.contains("  "),
            "{explanation}"
        );
    }
    assert!(printed.explanations[6].1.contains("Until 2026-12-31T00:00:00Z"));
    assert!(printed.policy.ends_with("}\n"));
}
