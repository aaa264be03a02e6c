use brasskey_aws::audit::{Audit, Facts, Inputs, judge};
use time::macros::datetime;

use super::*;

/// An account whose users have passwords and no MFA.
pub(in super::super) fn account(users: usize) -> Audit {
    let mut report = "user,arn,user_creation_time,password_enabled,mfa_active,access_key_1_active,\
                      access_key_1_last_rotated,access_key_1_last_used_date,access_key_2_active,\
                      access_key_2_last_rotated,access_key_2_last_used_date\n"
        .to_owned();
    for index in 0..users {
        report.push_str(&format!(
            "user-{index:04},arn:aws:iam::123456789012:user/user-{index:04},2026-01-01T00:00:00Z,true,false,false,N/A,\
             N/A,false,N/A,N/A\n"
        ));
    }
    let mut inputs = Inputs::default();
    inputs.read("<b>report.csv", report.as_bytes()).unwrap();
    judge(&Facts::new(&inputs), datetime!(2026-11-29 12:00 UTC))
}

fn shown(audit: &Audit) -> String {
    let mut text = Vec::new();
    super::audit(audit, &mut anstream::StripStream::new(&mut text)).unwrap();
    String::from_utf8(text).unwrap()
}

#[test]
fn a_long_list_of_users_ends_with_how_many_more_there_are() {
    let text = shown(&account(824));
    assert!(text.contains("824 users: user-0000, user-0001"), "{text}");
    assert!(text.contains("user-0011, and 812 more: --json lists all\n"), "{text}");
    assert!(!text.contains("user-0012"), "{text}");
    assert!(text.contains("--user USER"), "{text}");
    assert!(shown(&account(1)).contains("--user user-0000"));
}

#[test]
fn the_heading_counts_users_that_nobody_lists() {
    let headed = |files: &[&str]| {
        let mut inputs = Inputs::default();
        for (number, file) in files.iter().enumerate() {
            inputs.read(&number.to_string(), file.as_bytes()).unwrap();
        }
        heading(&judge(&Facts::new(&inputs), datetime!(2026-11-29 12:00 UTC)))
    };
    let devices = r#"{"MFADevices": [{"UserName": "alice", "SerialNumber": "GAHT12345678"}]}"#;
    let summary = r#"{"SummaryMap": {"AccountMFAEnabled": 1, "Users": 2}}"#;
    assert!(headed(&[devices, summary]).ends_with(", 2 IAM users, 1 of them known"));
    assert!(headed(&[devices]).ends_with(", 1 IAM user known, and no list of all"));
    assert!(headed(&[r#"{"Users": []}"#]).ends_with(", 0 IAM users"));
}

#[test]
fn failures_come_before_what_cannot_be_told() {
    let text = shown(&account(2));
    let at = |word: &str| text.find(word).unwrap_or_else(|| panic!("{word}: {text}"));
    assert!(at("\nFailed\n") < at("  user-mfa (high)") && at("  user-mfa") < at("\nCannot be told\n"));
    assert!(at("\nCannot be told\n") < at("  root-mfa (critical)"));
    assert!(text.ends_with(", 0 passed\n"), "{text}");
}

#[test]
fn names_from_outside_are_escaped() {
    let text = shown(&account(1));
    assert!(text.contains("\\u{3c}b\\u{3e}report.csv: line 2"), "{text}");
}

#[test]
fn thousands_are_grouped() {
    for (number, text) in [(0, "0"), (999, "999"), (1000, "1,000"), (1_234_567, "1,234,567")] {
        assert_eq!(grouped(number), text);
    }
}

#[test]
fn who_has_two_old_keys_is_one_user() {
    let report = "user,arn,password_enabled,mfa_active,access_key_1_active,access_key_1_last_rotated,\
                  access_key_1_last_used_date,access_key_2_active,access_key_2_last_rotated,\
                  access_key_2_last_used_date\n\
                  alice,arn:aws:iam::123456789012:user/alice,false,false,true,2025-11-29T12:00:00Z,\
                  2026-11-29T00:00:00Z,true,2024-11-29T12:00:00Z,2026-11-29T00:00:00Z\n";
    let mut inputs = Inputs::default();
    inputs.read("report.csv", report.as_bytes()).unwrap();
    let audit = judge(&Facts::new(&inputs), datetime!(2026-11-29 12:00 UTC));
    let text = shown(&audit);
    assert!(
        text.contains("\n    alice (access key 1: 365 days; access key 2: 730 days)\n"),
        "{text}"
    );
}
