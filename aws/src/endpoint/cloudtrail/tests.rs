use super::super::tests::{Client, NOW};
use super::*;
use crate::account::{Outcome, SignIn};
use crate::names::AwsUser;

fn lookup(account: &mut Account, client: &Client, request: &Value) -> Value {
    let reply = client.post(account, request.to_string().as_bytes());
    serde_json::from_str(&reply.body).unwrap()
}

/// An account with sign-ins of two users, a minute apart.
fn account() -> (Account, Client) {
    let (mut account, admin) = Client::new("admin");
    for minute in 0..60 {
        let user = if minute % 2 == 0 {
            AwsUser::Root
        } else {
            AwsUser::Iam("alice".to_owned())
        };
        let sign_in = SignIn {
            user: Some(&user),
            outcome: Outcome::Success,
            mfa: None,
            ip: "127.0.0.1",
            user_agent: "test",
        };
        account
            .record_sign_in(&sign_in, NOW - time::Duration::minutes(60 - minute))
            .unwrap();
    }
    let service = "cloudtrail";
    (account, Client { service, ..admin })
}

#[test]
fn events_come_newest_first_in_pages() {
    let (mut account, admin) = account();
    let first = lookup(&mut account, &admin, &json!({}));
    assert_eq!(first["Events"].as_array().unwrap().len(), 50);
    let event = &first["Events"][0];
    assert_eq!(
        (&event["EventName"], &event["Username"]),
        (&json!("ConsoleLogin"), &json!("alice"))
    );
    let record: Value = serde_json::from_str(event["CloudTrailEvent"].as_str().unwrap()).unwrap();
    assert_eq!(record["eventID"], event["EventId"]);
    let rest = lookup(&mut account, &admin, &json!({ "NextToken": first["NextToken"] }));
    assert_eq!(rest["Events"].as_array().unwrap().len(), 10);
    assert!(rest.get("NextToken").is_none());
}

#[test]
fn events_are_looked_up_by_attribute_and_time() {
    let (mut account, admin) = account();
    let mut count = |request: Value| {
        lookup(&mut account, &admin, &request)["Events"]
            .as_array()
            .unwrap()
            .len()
    };
    let by = |key: &str, value: &str| json!({ "LookupAttributes": [{ "AttributeKey": key, "AttributeValue": value }] });
    assert_eq!(count(by("Username", "root")), 30);
    assert_eq!(count(by("EventName", "CheckMfa")), 0);
    assert_eq!(count(by("EventSource", "signin.amazonaws.com")), 50);
    assert_eq!(count(by("AccessKeyId", "x")), 0);
    let now = NOW.unix_timestamp();
    assert_eq!(
        count(json!({ "StartTime": now - 600, "EndTime": now - 300.5 as i64 })),
        6
    );
    assert_eq!(count(json!({ "MaxResults": 7 })), 7);
}

#[test]
fn errors_are_those_of_the_model() {
    let (mut account, admin) = account();
    let now = NOW.unix_timestamp();
    let two = json!({ "AttributeKey": "Username", "AttributeValue": "root" });
    for (request, code) in [
        (json!({ "MaxResults": 51 }), "InvalidMaxResultsException"),
        (json!({ "MaxResults": -1 }), "InvalidMaxResultsException"),
        (
            json!({ "StartTime": now, "EndTime": now - 1 }),
            "InvalidTimeRangeException",
        ),
        (json!({ "NextToken": "x" }), "InvalidNextTokenException"),
        (json!({ "EventCategory": "x" }), "InvalidEventCategoryException"),
        (
            json!({ "LookupAttributes": [two, two] }),
            "InvalidLookupAttributesException",
        ),
        (
            json!({ "LookupAttributes": [{ "AttributeKey": "Mood", "AttributeValue": "x" }] }),
            "InvalidLookupAttributesException",
        ),
        (json!([]), "SerializationException"),
        (json!({ "StartTime": "x" }), "SerializationException"),
    ] {
        let reply = admin.post(&mut account, request.to_string().as_bytes());
        assert_eq!(reply.status, 400);
        let error: Value = serde_json::from_str(&reply.body).unwrap();
        assert_eq!(error["__type"], code, "{request}");
    }
    let alice = Client {
        service: "cloudtrail",
        ..Client::of(&account, &AwsUser::Iam("alice".to_owned()))
    };
    let denied = lookup(&mut account, &alice, &json!({}));
    assert_eq!(denied["__type"], "AccessDeniedException");
    let wrong = Client {
        secret: "x".to_owned(),
        ..alice
    };
    assert_eq!(
        lookup(&mut account, &wrong, &json!({}))["__type"],
        "InvalidSignatureException"
    );
}
