use super::super::tests::{NOW, account, alice};
use super::super::{Outcome, SignIn};
use super::*;

#[test]
fn the_report_has_root_first_and_aws_columns() {
    let mut account = account();
    let number = account.number();
    let sign_in = SignIn {
        user: Some(&alice()),
        outcome: Outcome::Success,
        mfa: None,
        ip: "127.0.0.1",
        user_agent: "test",
    };
    account.record_sign_in(&sign_in, NOW).unwrap();
    account
        .register_security_key(&alice(), &"key".parse().unwrap(), b"id", serde_json::json!({}), NOW)
        .unwrap();
    account.delete_password(&AwsUser::Iam("admin".to_owned())).unwrap();
    let admin = account.user(&AwsUser::Iam("admin".to_owned())).unwrap().access_keys[0]
        .id
        .clone();
    account.note_use(&admin, "iam", "us-east-1", NOW);
    let time = "2026-11-29T12:00:00+00:00";
    let expected = [
        COLUMNS.join(","),
        format!(
            "<root_account>,arn:aws:iam::{number}:root,{time},not_supported,no_information,not_supported,\
             not_supported,false,false,N/A,N/A,N/A,N/A,false,N/A,N/A,N/A,N/A,false,N/A,false,N/A"
        ),
        format!(
            "admin,arn:aws:iam::{number}:user/admin,{time},false,N/A,N/A,N/A,false,true,{time},{time},us-east-1,iam,\
             false,N/A,N/A,N/A,N/A,false,N/A,false,N/A"
        ),
        format!(
            "alice,arn:aws:iam::{number}:user/alice,{time},true,{time},{time},N/A,true,true,{time},N/A,N/A,N/A,false,\
             N/A,N/A,N/A,N/A,false,N/A,false,N/A"
        ),
    ];
    let report = account.credential_report().unwrap();
    assert_eq!(report.lines().collect::<Vec<_>>(), expected);
}
