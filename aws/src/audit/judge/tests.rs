use serde_json::{Value, json};
use time::OffsetDateTime;
use time::macros::datetime;

use crate::audit::{Advice, Audit, Check, Facts, Finding, Inputs, Outcome, Source, Subject, judge, spare};

const NOW: OffsetDateTime = datetime!(2026-11-29 12:00 UTC);

const HEADER: &str = "user,arn,user_creation_time,password_enabled,mfa_active,access_key_1_active,\
                      access_key_1_last_rotated,access_key_1_last_used_date,access_key_2_active,\
                      access_key_2_last_rotated,access_key_2_last_used_date";

/// A report: each row is a user, whether there is a password and MFA, and the first access key's two dates.
fn report(rows: &[(&str, &str, bool, &str)]) -> Value {
    let mut csv = HEADER.to_owned();
    for (user, password, mfa, key) in rows {
        let arn = match *user {
            "<root_account>" => "root".to_owned(),
            user => format!("user/{user}"),
        };
        let active = *key != "N/A,N/A";
        csv.push_str(&format!(
            "\n{user},arn:aws:iam::123456789012:{arn},2020-01-01T00:00:00Z,{password},{mfa},{active},{key},\
             false,N/A,N/A"
        ));
    }
    let content = data_encoding::BASE64.encode(csv.as_bytes());
    json!({ "Content": content, "GeneratedTime": "2026-11-29T09:00:00+00:00" })
}

fn devices(user: &str, serials: &[&str]) -> Value {
    let devices = serials
        .iter()
        .map(|serial| json!({ "UserName": user, "SerialNumber": serial }));
    json!({ "UserName": user, "MFADevices": devices.collect::<Vec<_>>() })
}

const APP: &str = "arn:aws:iam::123456789012:mfa/phone";
const KEY: &str = "arn:aws:iam::123456789012:u2f/user/alice/key-ABCDEFGHIJKLMNOPQRSTUVWXYZ";

fn event(kind: &str, name: &str, region: &str, result: &str, used: Option<&str>) -> Value {
    let inner = json!({
        "eventID": format!("{kind}-{name}-{region}-{result}-{used:?}"),
        "eventName": "ConsoleLogin",
        "eventTime": "2026-11-20T10:00:00Z",
        "awsRegion": region,
        "userIdentity": { "type": kind, "userName": name, "accountId": "123456789012" },
        "responseElements": { "ConsoleLogin": result },
        "additionalEventData": { "MFAUsed": used },
    });
    json!({ "EventName": "ConsoleLogin", "CloudTrailEvent": inner.to_string() })
}

fn inputs(files: &[Value]) -> Inputs {
    let mut inputs = Inputs::default();
    for (index, file) in files.iter().enumerate() {
        inputs
            .read(&format!("{index}.json"), file.to_string().as_bytes())
            .unwrap();
    }
    inputs
}

fn audit(files: &[Value]) -> Audit {
    judge(&Facts::new(&inputs(files)), NOW)
}

fn user(name: &str) -> Subject {
    Subject::User(name.to_owned())
}

/// What a check finds about somebody; `None` where it finds nothing.
fn found<'a>(audit: &'a Audit, check: Check, subject: &Subject) -> Option<&'a Finding> {
    audit
        .findings
        .iter()
        .find(|finding| finding.check == check && finding.subject == *subject)
}

fn outcome(audit: &Audit, check: Check, subject: &Subject) -> Option<Outcome> {
    found(audit, check, subject).map(|finding| finding.outcome)
}

#[test]
fn root_is_judged_by_the_summary_and_without_a_password_cannot_be_told() {
    let summary = |mfa, password: Value| {
        json!({ "SummaryMap": {
        "AccountMFAEnabled": mfa, "AccountPasswordPresent": password } })
    };
    let central = json!({ "OrganizationId": "o-1", "EnabledFeatures": ["RootCredentialsManagement"] });
    let of = |files: &[Value]| outcome(&audit(files), Check::RootMfa, &Subject::Root);
    assert_eq!(of(&[summary(1, json!(1))]), None);
    assert_eq!(of(&[summary(0, json!(1)), central.clone()]), Some(Outcome::Failed));
    assert_eq!(of(&[summary(0, json!(null))]), Some(Outcome::Failed));
    assert_eq!(of(&[summary(0, json!(0))]), Some(Outcome::CannotTell));
    assert_eq!(of(&[summary(0, json!(null)), central]), Some(Outcome::CannotTell));
    assert_eq!(of(&[]), Some(Outcome::CannotTell));
    let row = |mfa| report(&[("<root_account>", "not_supported", mfa, "N/A,N/A")]);
    assert_eq!(of(&[row(true)]), None);
    assert_eq!(of(&[row(false)]), Some(Outcome::Failed));
    // The report is the older one.
    assert_eq!(of(&[row(false), summary(1, json!(1))]), None);
}

#[test]
fn a_virtual_device_called_like_roots_proves_nothing() {
    let named = json!({ "SerialNumber": "arn:aws:iam::123456789012:mfa/root-account-mfa-device" });
    let listed = json!({ "VirtualMFADevices": [named] });
    let without = audit(std::slice::from_ref(&listed));
    let finding = found(&without, Check::RootMfa, &Subject::Root).unwrap();
    assert_eq!(finding.outcome, Outcome::CannotTell);
    assert!(finding.detail.contains("proves nothing"), "{}", finding.detail);
    let with = audit(&[listed, json!({ "SummaryMap": { "AccountMFAEnabled": 1 } })]);
    let finding = found(&with, Check::RootDevice, &Subject::Root).unwrap();
    assert_eq!(finding.outcome, Outcome::CannotTell);
    assert!(finding.detail.contains("proves nothing"), "{}", finding.detail);
    let assigned = json!({ "VirtualMFADevices": [{
        "SerialNumber": "arn:aws:iam::123456789012:mfa/root-account-mfa-device",
        "User": { "UserId": "123456789012", "Arn": "arn:aws:iam::123456789012:root" },
    }] });
    let with = audit(&[assigned, json!({ "SummaryMap": { "AccountMFAEnabled": 1 } })]);
    assert_eq!(outcome(&with, Check::RootDevice, &Subject::Root), Some(Outcome::Warned));
}

#[test]
fn a_password_without_mfa_fails_and_other_users_do_not() {
    let audit = audit(&[report(&[
        ("alice", "true", false, "N/A,N/A"),
        ("bob", "true", true, "N/A,N/A"),
        ("robot", "false", false, "N/A,N/A"),
    ])]);
    assert_eq!(outcome(&audit, Check::UserMfa, &user("alice")), Some(Outcome::Failed));
    assert_eq!(outcome(&audit, Check::UserMfa, &user("bob")), None);
    assert_eq!(outcome(&audit, Check::UserMfa, &user("robot")), None);
    // mfa_active does not say which device, nor how many.
    for check in [Check::OneDevice, Check::PhishingResistant] {
        assert_eq!(outcome(&audit, check, &user("bob")), Some(Outcome::CannotTell));
    }
    let tally = audit.checks.iter().find(|tally| tally.check == Check::UserMfa).unwrap();
    assert_eq!((tally.failed, tally.passed), (1, 2));
}

#[test]
fn devices_are_judged_where_all_are_known() {
    let rows = report(&[("alice", "true", true, "N/A,N/A")]);
    let of = |files: &[Value]| {
        let audit = audit(files);
        [Check::OneDevice, Check::PhishingResistant].map(|check| outcome(&audit, check, &user("alice")))
    };
    let listed = |serials: &[&str]| [rows.clone(), devices("alice", serials)];
    assert_eq!(of(&listed(&[APP])), [Some(Outcome::Warned); 2]);
    assert_eq!(of(&listed(&[KEY])), [Some(Outcome::Warned), None]);
    assert_eq!(of(&listed(&[KEY, APP])), [None; 2]);
    assert_eq!(of(&listed(&[APP, "GAHT12345678"])), [None, Some(Outcome::Warned)]);
    // A list of virtual devices holds no security keys.
    let owner = json!({ "UserName": "alice", "Arn": "arn:aws:iam::123456789012:user/alice" });
    let virtual_devices = json!({ "VirtualMFADevices": [{ "SerialNumber": APP, "User": owner }] });
    assert_eq!(of(&[rows.clone(), virtual_devices]), [Some(Outcome::CannotTell); 2]);
    assert_eq!(
        of(&[rows.clone(), json!({ "VirtualMFADevices": [] })]),
        [Some(Outcome::CannotTell); 2]
    );
}

#[test]
fn a_report_that_contradicts_a_list_decides_nothing_unless_the_list_is_new() {
    let old = [report(&[("alice", "true", false, "N/A,N/A")]), devices("alice", &[KEY])];
    let gone = [report(&[("alice", "true", true, "N/A,N/A")]), devices("alice", &[])];
    for (files, live) in [(&old, None), (&gone, Some(Outcome::Failed))] {
        let mut inputs = inputs(files);
        let saved = judge(&Facts::new(&inputs), NOW);
        assert_eq!(
            outcome(&saved, Check::UserMfa, &user("alice")),
            Some(Outcome::CannotTell)
        );
        let finding = found(&saved, Check::Report, &user("alice")).unwrap();
        assert_eq!(finding.note.as_deref(), Some("the report is 3 hours old"));
        inputs.set_live();
        let judged = judge(&Facts::new(&inputs), NOW);
        assert_eq!(outcome(&judged, Check::UserMfa, &user("alice")), live);
        assert!(found(&judged, Check::Report, &user("alice")).is_some());
    }
}

#[test]
fn no_users_at_all_is_no_good_news() {
    let audit = audit(&[json!({ "Users": [] })]);
    let finding = found(&audit, Check::UserMfa, &Subject::Account).unwrap();
    assert_eq!(finding.outcome, Outcome::CannotTell);
    assert!(finding.detail.contains("Identity Center"), "{}", finding.detail);
}

#[test]
fn keys_grow_old_and_idle() {
    let audit = audit(&[report(&[
        ("fresh", "false", false, "2026-11-20T00:00:00Z,N/A"),
        ("never", "false", false, "2026-10-01T00:00:00Z,N/A"),
        ("old", "false", false, "2026-01-01T00:00:00Z,2026-11-28T00:00:00Z"),
        ("idle", "false", false, "2026-08-31T13:00:00Z,2026-08-31T13:00:00Z"),
    ])]);
    let of = |name| [Check::AccessKeyAge, Check::AccessKeyUse].map(|check| outcome(&audit, check, &user(name)));
    assert_eq!(of("fresh"), [None, None]);
    assert_eq!(of("never"), [None, Some(Outcome::Warned)]);
    assert_eq!(of("old"), [Some(Outcome::Warned), None]);
    // Eighty-nine days and some hours.
    assert_eq!(of("idle"), [None, None]);
    let note = found(&audit, Check::AccessKeyAge, &user("old")).unwrap().note.clone();
    assert_eq!(note.as_deref(), Some("access key 1: 332 days"));
    assert_eq!(
        outcome(&audit, Check::AccessKeyMfa, &user("old")),
        Some(Outcome::CannotTell)
    );
}

#[test]
fn failed_and_federated_sign_ins_are_not_held_against_anybody() {
    let events = |list: Vec<Value>| json!({ "Events": list });
    let audit = audit(&[
        report(&[("alice", "true", true, "N/A,N/A")]),
        events(vec![
            event("IAMUser", "alice", "us-east-2", "Failure", Some("No")),
            event("IAMUser", "alice", "us-east-2", "Success", Some("Yes")),
            event("IAMUser", "bob", "eu-north-1", "Success", Some("No")),
            event("IAMUser", "carol", "eu-north-1", "Success", None),
            event("AssumedRole", "x", "us-east-1", "Success", Some("No")),
        ]),
    ]);
    assert_eq!(outcome(&audit, Check::SignInMfa, &user("alice")), None);
    assert_eq!(outcome(&audit, Check::SignInMfa, &user("bob")), Some(Outcome::Warned));
    assert_eq!(
        outcome(&audit, Check::SignInMfa, &user("carol")),
        Some(Outcome::CannotTell)
    );
    assert_eq!(
        outcome(&audit, Check::SignInMfa, &Subject::Account),
        Some(Outcome::CannotTell)
    );
    assert_eq!(outcome(&audit, Check::RootSignIn, &Subject::Root), None);
    let history = found(&audit, Check::SignInHistory, &Subject::Account).unwrap();
    assert!(history.detail.contains("ap-southeast-2") && !history.detail.contains("us-east"));
}

#[test]
fn root_sign_ins_are_told_and_need_their_region() {
    let root = json!({ "Events": [event("Root", "", "us-east-1", "Success", Some("YES"))] });
    assert_eq!(
        outcome(&audit(&[root]), Check::RootSignIn, &Subject::Root),
        Some(Outcome::Warned)
    );
    let empty = json!({ "Events": [] });
    let told = audit(std::slice::from_ref(&empty));
    assert_eq!(
        outcome(&told, Check::RootSignIn, &Subject::Root),
        Some(Outcome::CannotTell)
    );
    let mut inputs = inputs(&[empty]);
    for region in crate::audit::REGIONS {
        inputs.set_region(region);
    }
    let audit = judge(&Facts::new(&inputs), NOW);
    for check in [Check::RootSignIn, Check::SignInHistory] {
        assert!(audit.findings.iter().all(|finding| finding.check != check), "{check:?}");
    }
}

#[test]
fn nothing_at_all_cannot_be_told_and_says_why() {
    let mut inputs = Inputs::default();
    inputs.set_missing(Source::Summary, "iam:GetAccountSummary is not allowed");
    let audit = judge(&Facts::new(&inputs), NOW);
    assert_eq!((audit.failed, audit.warned, audit.passed), (0, 0, 0));
    assert!(audit.cannot_tell > 0);
    let root = found(&audit, Check::RootMfa, &Subject::Root).unwrap();
    assert!(
        root.detail.starts_with("iam:GetAccountSummary is not allowed"),
        "{}",
        root.detail
    );
}

#[test]
fn the_worst_comes_first() {
    let audit = audit(&[
        report(&[
            ("<root_account>", "not_supported", false, "N/A,N/A"),
            ("bob", "true", false, "2020-01-01T00:00:00Z,N/A"),
            ("alice", "true", false, "N/A,N/A"),
        ]),
        json!({ "SummaryMap": { "AccountMFAEnabled": 0, "AccountAccessKeysPresent": 1 } }),
    ]);
    let order: Vec<_> = audit
        .findings
        .iter()
        .map(|finding| (finding.check, &finding.subject))
        .collect();
    assert_eq!(
        order.get(..4),
        Some(
            [
                (Check::RootMfa, &Subject::Root),
                (Check::RootAccessKey, &Subject::Root),
                (Check::UserMfa, &user("alice")),
                (Check::UserMfa, &user("bob")),
            ]
            .as_slice()
        )
    );
    assert_eq!((audit.failed, audit.account), (4, Some(123_456_789_012)));
}

#[test]
fn who_has_one_device_comes_before_who_has_a_spare() {
    let rows: Vec<_> = ["two-apps", "none", "mixed", "one", "unknown"]
        .map(|name| (name, "true", name != "none", "N/A,N/A"))
        .to_vec();
    let inputs = inputs(&[
        report(&rows),
        devices("one", &[KEY]),
        devices("two-apps", &[APP, "arn:aws:iam::123456789012:mfa/tablet"]),
        devices("mixed", &[APP, KEY]),
    ]);
    let spares = spare(&Facts::new(&inputs));
    let told: Vec<_> = spares
        .iter()
        .map(|spare| (spare.advice, spare.subject.clone()))
        .collect();
    assert_eq!(
        told,
        [
            (Advice::None, user("none")),
            (Advice::One, user("one")),
            (Advice::Unknown, Subject::Root),
            (Advice::Unknown, user("unknown")),
            (Advice::SameKind, user("two-apps")),
            (Advice::Several, user("mixed")),
        ]
    );
}

#[test]
fn only_those_are_asked_for_whom_no_list_tells() {
    let owner = json!({ "UserName": "fresh", "Arn": "arn:aws:iam::123456789012:user/fresh" });
    let named = |name: &str| json!({ "UserName": name, "Arn": format!("arn:aws:iam::123456789012:user/{name}") });
    let inputs = inputs(&[
        report(&[
            ("fresh", "true", false, "N/A,N/A"),
            ("mfa", "true", true, "N/A,N/A"),
            ("none", "true", false, "N/A,N/A"),
            ("robot", "false", true, "N/A,N/A"),
        ]),
        json!({ "VirtualMFADevices": [{ "SerialNumber": APP, "User": owner }] }),
        json!({ "Users": (["fresh", "mfa", "new", "none", "robot"].map(named)) }),
    ]);
    assert_eq!(inputs.users_to_ask(), ["fresh", "mfa", "new"]);
}

mod unknown;
