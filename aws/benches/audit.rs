//! How long it takes to judge a large account offline: `cargo bench -p brasskey-aws --bench audit`.

use std::fmt::Write as _;
use std::hint::black_box;
use std::time::Duration;

use brasskey_aws::audit::{Facts, Inputs, judge};
use criterion::Criterion;
use serde_json::json;
use time::OffsetDateTime;
use time::macros::datetime;

/// As many as the limit that is looked after.
const USERS: usize = 10_000;
const NOW: OffsetDateTime = datetime!(2026-11-29 12:00 UTC);

fn main() {
    let mut criterion = Criterion::default()
        .sample_size(10)
        .measurement_time(Duration::from_secs(5))
        .without_plots()
        .configure_from_args();
    let report = report();
    let files = [devices(), details(), sign_ins()];
    criterion.bench_function("credential report of 10,000 users", |bencher| {
        bencher.iter(|| audit(&[&report]));
    });
    criterion.bench_function("report, devices, policies and sign-ins of 10,000 users", |bencher| {
        let [devices, details, sign_ins] = &files;
        bencher.iter(|| audit(&[&report, devices, details, sign_ins]));
    });
    criterion.final_summary();
}

fn audit(files: &[&String]) -> usize {
    let mut inputs = Inputs::default();
    for (index, file) in files.iter().enumerate() {
        let read = inputs.read(&index.to_string(), file.as_bytes());
        read.expect("files that can be read");
    }
    let audit = judge(&Facts::new(&inputs), NOW);
    black_box(serde_json::to_string(&audit).map_or(0, |json| json.len()))
}

fn report() -> String {
    let mut csv = "user,arn,user_creation_time,password_enabled,password_last_used,password_last_changed,\
                   password_next_rotation,mfa_active,access_key_1_active,access_key_1_last_rotated,\
                   access_key_1_last_used_date,access_key_1_last_used_region,access_key_1_last_used_service,\
                   access_key_2_active,access_key_2_last_rotated,access_key_2_last_used_date,\
                   access_key_2_last_used_region,access_key_2_last_used_service,cert_1_active,cert_1_last_rotated,\
                   cert_2_active,cert_2_last_rotated"
        .to_owned();
    for user in 0..USERS {
        let _ = write!(
            csv,
            "\nuser-{user},arn:aws:iam::123456789012:user/user-{user},2020-01-01T00:00:00+00:00,{},\
             2026-11-01T00:00:00+00:00,2020-01-01T00:00:00+00:00,N/A,{},true,2020-01-01T00:00:00+00:00,\
             2026-11-01T00:00:00+00:00,eu-west-1,s3,false,N/A,N/A,N/A,N/A,false,N/A,false,N/A",
            user % 3 != 0,
            user % 2 == 0,
        );
    }
    csv
}

fn devices() -> String {
    let listed = (0..USERS).filter(|user| user % 2 == 0).map(|user| {
        let serial = format!("arn:aws:iam::123456789012:mfa/user-{user}");
        json!({ "MFADevices": [{ "UserName": format!("user-{user}"), "SerialNumber": serial }] }).to_string()
    });
    listed.collect::<Vec<_>>().join("\n")
}

/// All are of one group, and each has a policy of its own.
fn details() -> String {
    let enforcing = json!({ "Version": "2012-10-17", "Statement": [
        { "Effect": "Allow", "Action": ["s3:*", "ec2:*", "iam:Get*", "iam:List*"], "Resource": "*" },
        { "Effect": "Deny", "NotAction": ["iam:EnableMFADevice", "sts:GetSessionToken"], "Resource": "*",
          "Condition": { "BoolIfExists": { "aws:MultiFactorAuthPresent": "false" } } },
    ] });
    let users = (0..USERS).map(|user| {
        let own = json!({ "Version": "2012-10-17", "Statement": {
            "Effect": "Allow", "Action": "s3:*", "Resource": format!("arn:aws:s3:::home/user-{user}/*"),
        } });
        json!({
            "UserName": format!("user-{user}"),
            "Arn": format!("arn:aws:iam::123456789012:user/user-{user}"),
            "UserPolicyList": [{ "PolicyName": "own", "PolicyDocument": own }],
            "GroupList": ["everybody"],
            "AttachedManagedPolicies": [],
        })
    });
    let users: Vec<_> = users.collect();
    let group = json!({
        "GroupName": "everybody",
        "GroupPolicyList": [{ "PolicyName": "mfa", "PolicyDocument": enforcing }],
    });
    json!({ "UserDetailList": users, "GroupDetailList": [group], "Policies": [] }).to_string()
}

fn sign_ins() -> String {
    let events = (0..USERS).map(|user| {
        let event = json!({
            "eventID": format!("event-{user}"),
            "eventName": "ConsoleLogin",
            "eventTime": "2026-11-20T10:00:00Z",
            "awsRegion": "us-east-1",
            "userIdentity": { "type": "IAMUser", "userName": format!("user-{user}"), "accountId": "123456789012" },
            "responseElements": { "ConsoleLogin": "Success" },
            "additionalEventData": { "MFAUsed": if user % 2 == 0 { "Yes" } else { "No" } },
        });
        json!({ "EventName": "ConsoleLogin", "CloudTrailEvent": event.to_string() })
    });
    json!({ "Events": events.collect::<Vec<_>>() }).to_string()
}
