use super::fixtures::{AGE, BOOL, GOOD, NAMED_DEVICES, NO_PASSWORD_CHANGE};
use super::*;

fn of(text: &str) -> Vec<Finding> {
    lint(&Document::parse(text).unwrap())
}

fn only<'a>(found: &'a [Finding], rule: &str) -> &'a Finding {
    let mut of_rule = found.iter().filter(|finding| finding.rule == rule);
    match (of_rule.next(), of_rule.next()) {
        (Some(finding), None) => finding,
        _ => panic!("one finding of {rule}: {found:#?}"),
    }
}

#[test]
fn a_good_policy_has_no_finding() {
    assert_eq!(of(GOOD), []);
    let notes = notes(&Document::parse(GOOD).unwrap());
    assert_eq!(rules(&notes), ["attacker-can-enrol", "service-calls"]);
    assert!(notes.iter().all(|note| note.severity == Severity::Note));
}

#[test]
fn the_guide_without_password_change_locks_new_users_out() {
    let found = of(NO_PASSWORD_CHANGE);
    assert_eq!(rules(&found), ["new-user-hindered", "password-change-denied"]);
    let finding = only(&found, "password-change-denied");
    assert_eq!(
        (finding.line, finding.statement, finding.sid.as_deref()),
        (4, Some(0), Some("DenyUnlessMFA"))
    );
    assert!(
        finding.title.ends_with(": iam:ChangePassword is denied"),
        "{finding:#?}"
    );
    assert_eq!(finding.remedy, "add iam:ChangePassword to NotAction");
    let request = finding.request.as_ref().unwrap();
    assert_eq!(
        (request.action.as_str(), request.decision),
        ("iam:ChangePassword", "denied")
    );
    assert_eq!(request.context["aws:MultiFactorAuthPresent"], ["false"]);
    let hindered = only(&found, "new-user-hindered");
    assert!(
        hindered
            .title
            .ends_with(": iam:GetUser, iam:GetAccountPasswordPolicy are denied")
    );
}

#[test]
fn the_guide_with_bool_lets_access_keys_through_and_mfa_be_removed() {
    let found = of(BOOL);
    assert_eq!(
        rules(&found),
        [
            "deny-lets-access-keys-through",
            "devices-deletable-without-mfa",
            "mfa-removable-without-mfa"
        ]
    );
    let finding = only(&found, "deny-lets-access-keys-through");
    assert_eq!((finding.line, finding.severity), (3, Severity::Error));
    let request = finding.request.as_ref().unwrap();
    assert_eq!(
        (request.action.as_str(), request.decision),
        ("s3:GetObject", "neither allowed nor denied")
    );
    assert!(
        request.context["aws:MultiFactorAuthPresent"].is_empty(),
        "the key is absent"
    );
}

#[test]
fn the_older_policy_takes_one_name_only() {
    let found = of(NAMED_DEVICES);
    assert_eq!(rules(&found), ["device-name-fixed"]);
    let finding = only(&found, "device-name-fixed");
    assert_eq!((finding.line, finding.sid.as_deref()), (10, Some("ManageOwnMFA")));
    assert!(
        finding
            .request
            .as_ref()
            .unwrap()
            .resource
            .ends_with(":mfa/phone-of-alice")
    );
}

#[test]
fn the_age_alone_denies_nobody_without_mfa() {
    let found = of(AGE);
    assert_eq!(rules(&found), ["deny-lets-all-through"]);
    assert!(found[0].remedy.contains("NumericGreaterThanIfExists"));
    assert_eq!(found[0].request.as_ref().unwrap().action, "ec2:TerminateInstances");
}
