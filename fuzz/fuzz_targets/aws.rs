//! Requests to the practice account's endpoint, several in a row to one account: answers that are whole, a status that
//! fits, and a state that can be kept. The first byte of a message says how it comes: signed by the administrator, by
//! alice, by root or by the last session, for which service; or as it is, with an `Authorization` header of its own.
#![no_main]

use std::cell::RefCell;

use brasskey_aws::account::Account;
use brasskey_aws::endpoint::{Answer, Request, Scope, answer, authorization};
use brasskey_aws::names::AwsUser;
use libfuzzer_sys::fuzz_target;
use time::OffsetDateTime;
use time::macros::datetime;

const NOW: OffsetDateTime = datetime!(2026-11-29 12:00 UTC);
const DATE: (&str, &str) = ("x-amz-date", "20261129T120000Z");
const TARGET: &str = "com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101.LookupEvents";

thread_local! {
    /// A new account costs passwords and seeds; one that is read is the same for every input.
    static FIRST: Vec<u8> = {
        let (mut account, _) = Account::new(NOW).expect("an account");
        account.add_access_key(&AwsUser::Root, 0).expect("a key");
        account.to_json().expect("JSON").to_vec()
    };
    static SESSION: RefCell<Option<Key>> = const { RefCell::new(None) };
}

#[derive(Clone)]
struct Key {
    id: String,
    secret: String,
    token: Option<String>,
}

fuzz_target!(|input: &[u8]| {
    let mut account = FIRST.with(|json| Account::from_json(json)).expect("an account");
    SESSION.set(None);
    for message in brasskey_fuzz::messages(input).take(16) {
        let Some((how, body)) = message.split_first() else {
            continue;
        };
        let answer = match how % 5 {
            4 => unsigned(&mut account, body),
            who => signed(&mut account, who, how / 5, body),
        };
        let text = std::str::from_utf8(&answer.body).expect("UTF-8");
        assert!(
            matches!(answer.status, 200 | 400 | 403 | 404 | 409 | 410 | 413),
            "{text}"
        );
        match answer.content_type {
            "text/xml" => assert!(text.starts_with('<') && text.ends_with("Response>"), "{text}"),
            _ => assert!(text.starts_with('{') && text.ends_with('}'), "{text}"),
        }
        if text.contains("<SessionToken>") {
            SESSION.set(session(text));
        }
    }
    let kept = account.to_json().expect("JSON");
    assert_eq!(
        Account::from_json(&kept).expect("an account").to_json().expect("JSON"),
        kept
    );
});

/// What comes with a header of its own, up to the first line feed.
fn unsigned(account: &mut Account, message: &[u8]) -> Answer {
    let mut parts = message.splitn(2, |byte| *byte == b'\n');
    let header = String::from_utf8_lossy(parts.next().unwrap_or_default()).into_owned();
    let headers = [("host", "localhost"), DATE, ("authorization", &*header)];
    send(account, &headers, parts.next().unwrap_or_default())
}

fn signed(account: &mut Account, who: u8, service: u8, body: &[u8]) -> Answer {
    let key = match who {
        0 => first(account, "admin"),
        1 => first(account, "alice"),
        2 => of(account, &AwsUser::Root),
        _ => SESSION.with_borrow(Clone::clone),
    };
    let key = key.unwrap_or_else(|| Key {
        id: "AKIAAAAAAAAAAAAAAAAA".to_owned(),
        secret: String::new(),
        token: None,
    });
    let service = ["iam", "sts", "cloudtrail"][usize::from(service) % 3];
    let mut headers = vec![("host", "localhost"), DATE];
    if service == "cloudtrail" {
        headers.push(("x-amz-target", TARGET));
    }
    headers.extend(key.token.as_deref().map(|token| ("x-amz-security-token", token)));
    let scope = Scope {
        key_id: &key.id,
        region: "us-east-1",
        service,
    };
    let signature = authorization(&request(&headers, body), &scope, &key.secret).expect("all headers are there");
    headers.push(("authorization", &signature));
    let answer = send(account, &headers, body);
    let text = String::from_utf8_lossy(&answer.body);
    assert!(!text.contains("SignatureDoesNotMatch</Code>"), "{text}");
    answer
}

fn request<'a>(headers: &'a [(&'a str, &'a str)], body: &'a [u8]) -> Request<'a> {
    Request {
        method: "POST",
        path: "/",
        query: "",
        headers,
        body,
    }
}

fn send(account: &mut Account, headers: &[(&str, &str)], body: &[u8]) -> Answer {
    answer(account, &request(headers, body), NOW)
}

fn first(account: &Account, name: &str) -> Option<Key> {
    of(account, &AwsUser::Iam(name.to_owned()))
}

fn of(account: &Account, user: &AwsUser) -> Option<Key> {
    let key = account.user(user)?.access_keys.iter().find(|key| key.active)?;
    Some(Key {
        id: key.id.clone(),
        secret: key.secret.expose().to_owned(),
        token: None,
    })
}

/// The credentials in an answer of STS.
fn session(text: &str) -> Option<Key> {
    let element = |name: &str| {
        let (_, rest) = text.split_once(&format!("<{name}>"))?;
        Some(rest.split_once('<')?.0.to_owned())
    };
    Some(Key {
        id: element("AccessKeyId")?,
        secret: element("SecretAccessKey")?,
        token: Some(element("SessionToken")?),
    })
}
