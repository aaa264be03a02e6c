//! Users and answers that are not there.

use super::*;
use crate::audit::untold;

/// All checks that are about each user.
const OF_USERS: [Check; 6] = [
    Check::UserMfa,
    Check::OneDevice,
    Check::PhishingResistant,
    Check::AccessKeyMfa,
    Check::AccessKeyAge,
    Check::AccessKeyUse,
];

#[test]
fn users_that_no_list_names_cannot_be_told() {
    let owner = json!({ "UserName": "alice", "Arn": "arn:aws:iam::123456789012:user/alice" });
    let listed = json!({ "VirtualMFADevices": [{ "SerialNumber": APP, "User": owner }] });
    let summary = |users: u32| json!({ "SummaryMap": { "AccountMFAEnabled": 1, "Users": users } });
    let some = audit(&[listed.clone(), summary(2)]);
    for check in OF_USERS {
        let finding = found(&some, check, &Subject::Account).unwrap();
        assert_eq!(finding.outcome, Outcome::CannotTell);
        assert!(
            finding.detail.starts_with("1 of 2 users is known: "),
            "{}",
            finding.detail
        );
        assert_eq!(finding.evidence[0].says, "Users: 2");
    }
    assert_eq!((some.user_count, some.users_complete), (Some(2), false));
    let uncounted = audit(std::slice::from_ref(&listed));
    for check in OF_USERS {
        assert_eq!(outcome(&uncounted, check, &Subject::Account), Some(Outcome::CannotTell));
    }
    // A list that is older than the summary.
    let row = report(&[("alice", "true", true, "N/A,N/A")]);
    let older = audit(&[row.clone(), summary(2)]);
    assert_eq!(
        outcome(&older, Check::UserMfa, &Subject::Account),
        Some(Outcome::CannotTell)
    );
    for files in [vec![row.clone(), summary(1)], vec![row]] {
        let whole = audit(&files);
        assert!(whole.users_complete);
        for check in OF_USERS {
            assert_eq!(outcome(&whole, check, &Subject::Account), None);
        }
    }
}

#[test]
fn whose_spares_cannot_be_told_is_said_with_the_reason() {
    let summary = json!({ "SummaryMap": { "AccountMFAEnabled": 1, "Users": 2 } });
    let mut inputs = inputs(&[devices("alice", &[APP]), summary]);
    inputs.set_live();
    let denied = |action: &str| format!("AWS does not allow {action} for alice");
    inputs.set_missing(Source::Report, denied("iam:GetCredentialReport"));
    inputs.set_missing(Source::Devices, denied("iam:ListMFADevices"));
    let told = untold(&Facts::new(&inputs));
    assert_eq!(
        told,
        [
            format!(
                "1 of 2 users is known: {}, and no list of users",
                denied("iam:GetCredentialReport")
            ),
            denied("iam:ListMFADevices"),
        ]
    );
    let whole = super::inputs(&[report(&[("alice", "true", true, "N/A,N/A")])]);
    assert_eq!(untold(&Facts::new(&whole)), Vec::<String>::new());
}

#[test]
fn what_aws_does_not_allow_is_to_be_asked_for() {
    let mut inputs = inputs(&[devices("alice", &[APP])]);
    inputs.set_live();
    inputs.set_missing(Source::Report, "AWS does not allow iam:GetCredentialReport for alice");
    inputs.set_denied(Source::Report, "iam:GetCredentialReport");
    let audit = judge(&Facts::new(&inputs), NOW);
    let finding = found(&audit, Check::AccessKeyMfa, &Subject::Account).unwrap();
    assert!(
        finding.remedy.contains("allow iam:GetCredentialReport,"),
        "{}",
        finding.remedy
    );
}
