//! The pages and the endpoint are one account, with the same policies.

use data_encoding::HEXLOWER;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::{Digest as _, Sha256};
use time::OffsetDateTime;
use url::form_urlencoded;

use super::browser::{Practice, Reply};

/// As guides have it: without MFA, nothing but assigning a device.
const ENFORCING: &str = r#"{
    "Version": "2012-10-17",
    "Statement": [{
        "Effect": "Deny",
        "NotAction": ["iam:CreateVirtualMFADevice", "iam:EnableMFADevice", "iam:ListMFADevices"],
        "Resource": "*",
        "Condition": { "BoolIfExists": { "aws:MultiFactorAuthPresent": "false" } }
    }]
}"#;

#[test]
fn an_enforcing_policy_lets_in_whoever_showed_a_device() {
    let practice = Practice::start();
    let policy = [
        ("UserName", "alice"),
        ("PolicyName", "Enforce"),
        ("PolicyDocument", ENFORCING),
    ];
    let reply = call(&practice, "admin", "PutUserPolicy", &policy);
    assert_eq!(reply.status, 200, "{}", reply.body);
    let mut browser = practice.signed_in("alice");
    browser.get("/password");
    let change = [("old", "x"), ("new", "Practice-1"), ("again", "Practice-1")];
    let reply = browser.send("/password", &change);
    assert_eq!(reply.status, 403);
    assert!(
        reply.body.contains("is not authorized to perform: iam:ChangePassword"),
        "{}",
        reply.body
    );
    assert!(reply.body.contains("with an explicit deny"), "{}", reply.body);
    // A device can be assigned. The session from before may still do nothing else: it is the misdiagnosis once more.
    let serial = practice.assign_app(&mut browser, "alice", "phone");
    browser.get("/security-credentials");
    assert_eq!(
        browser
            .send("/security-credentials/remove", &[("serial", &serial)])
            .status,
        403
    );
    browser.sign_out();
    browser.sign_in(&practice, "alice");
    browser.post("/signin/mfa/code", &[("code", &practice.code(&serial, 0))]);
    browser.get("/password");
    browser.post("/password", &change);
    assert_eq!(browser.told(), "The old password was incorrect.");
    browser.get("/security-credentials");
    browser.post("/security-credentials/remove", &[("serial", &serial)]);
    assert_eq!(browser.told(), "phone is removed.");
}

#[test]
fn what_the_pages_did_is_what_the_endpoint_answers() {
    let practice = Practice::start();
    let mut browser = practice.signed_in("alice");
    let serial = practice.assign_app(&mut browser, "alice", "phone");
    let reply = call(&practice, "admin", "ListMFADevices", &[("UserName", "alice")]);
    assert!(
        reply.body.contains(&format!("<SerialNumber>{serial}</SerialNumber>")),
        "{}",
        reply.body
    );
    let fields = [("UserName", "alice"), ("SerialNumber", &*serial)];
    assert_eq!(call(&practice, "admin", "DeactivateMFADevice", &fields).status, 200);
    browser.get("/security-credentials");
    assert!(browser.page.contains("id=\"no-devices\""));
    // A user who is deleted is signed out.
    let admin = call(&practice, "alice", "DeleteUser", &[("UserName", "admin")]);
    assert!(admin.body.contains("<Code>AccessDenied</Code>"), "{}", admin.body);
}

/// Calls IAM with the user's first access key, signed with Signature Version 4.
pub(crate) fn call(practice: &Practice, user: &str, action: &str, parameters: &[(&str, &str)]) -> Reply {
    let first = practice.console.first_credentials();
    let user = first.users.into_iter().find(|known| known.name == user).unwrap();
    let (id, secret) = (user.access_key_id.unwrap(), user.secret_access_key.unwrap());
    let mut body = form_urlencoded::Serializer::new(String::new());
    body.append_pair("Action", action).append_pair("Version", "2010-05-08");
    let body = body.extend_pairs(parameters).finish();
    let host = practice.console.endpoint().trim_start_matches("http://").to_owned();
    let now = OffsetDateTime::from_unix_timestamp(practice.now()).unwrap();
    let day = now.date().to_string().replace('-', "");
    let (hour, minute, second) = now.to_hms();
    let date = format!("{day}T{hour:02}{minute:02}{second:02}Z");

    let hash = |text: &str| HEXLOWER.encode(&Sha256::digest(text));
    let canonical = format!(
        "POST\n/\n\nhost:{host}\nx-amz-date:{date}\n\nhost;x-amz-date\n{}",
        hash(&body)
    );
    let scope = format!("{day}/us-east-1/iam/aws4_request");
    let to_sign = format!("AWS4-HMAC-SHA256\n{date}\n{scope}\n{}", hash(&canonical));
    let mut key = format!("AWS4{}", secret.expose()).into_bytes();
    for part in [&*day, "us-east-1", "iam", "aws4_request"] {
        key = mac(&key, part);
    }
    let signature = HEXLOWER.encode(&mac(&key, &to_sign));
    let headers = format!(
        "Host: {host}\r\nX-Amz-Date: {date}\r\nContent-Type: application/x-www-form-urlencoded\r\nAuthorization: \
         AWS4-HMAC-SHA256 Credential={id}/{scope}, SignedHeaders=host;x-amz-date, Signature={signature}\r\n"
    );
    practice.browser().request("POST", "/", &headers, &body)
}

fn mac(key: &[u8], text: &str) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).unwrap();
    mac.update(text.as_bytes());
    mac.finalize().into_bytes().to_vec()
}

#[test]
fn the_history_of_others_is_for_administrators() {
    let practice = Practice::start();
    let mut admin = practice.signed_in("admin");
    let mut alice = practice.signed_in("alice");
    admin.get("/history");
    assert!(admin.page.contains("data-user=\"alice\"") && admin.page.contains("data-user=\"admin\""));
    alice.get("/history");
    assert!(alice.page.contains("data-user=\"alice\"") && !alice.page.contains("data-user=\"admin\""));
    assert!(alice.page.contains("id=\"own-events-only\""));
}

#[test]
fn the_endpoint_is_for_signed_requests_and_not_for_pages() {
    let practice = Practice::start();
    let browser = practice.browser();
    let host = practice.console.endpoint().trim_start_matches("http://").to_owned();
    let signed = "Authorization: AWS4-HMAC-SHA256 Credential=AKIAAAAAAAAAAAAAAAAA/20261118/us-east-1/iam/aws4_request, \
                  SignedHeaders=host;x-amz-date, Signature=00\r\nX-Amz-Date: 20261118T000000Z\r\n";
    let kind = "Content-Type: application/x-www-form-urlencoded\r\n";
    let body = "Action=ListUsers&Version=2010-05-08";
    let ask = |headers: &str| browser.request("POST", "/", &format!("Host: {host}\r\n{kind}{headers}"), body);
    let reply = ask(signed);
    assert_eq!(reply.status, 403, "{}", reply.body);
    assert!(reply.header("content-type").unwrap().contains("xml"));
    assert!(reply.header("x-amzn-requestid").is_some());
    assert!(
        reply.body.contains("<Code>InvalidClientTokenId</Code>"),
        "{}",
        reply.body
    );
    let origin = format!("{signed}Origin: {}\r\n", browser.origin);
    assert!(!ask(&origin).body.contains("InvalidClientTokenId"));
    assert_eq!(ask("").status, 403, "a page's form without an origin");
    let elsewhere = browser.request("POST", "/", &format!("Host: evil.example\r\n{kind}{signed}"), body);
    assert_eq!(elsewhere.status, 421);
    let long = "a".repeat(brasskey_aws::endpoint::MAX_BODY + 1);
    let reply = browser.request("POST", "/", &format!("Host: {host}\r\n{kind}{signed}"), &long);
    assert_eq!(reply.status, 413);
}
