use time::macros::datetime;

use super::super::tests::{Client, NOW};
use super::*;

const HEADERS: [(&str, &str); 3] = [
    ("Content-Type", "application/x-www-form-urlencoded; charset=utf-8"),
    ("Host", "iam.amazonaws.com"),
    ("X-Amz-Date", "20150830T123600Z"),
];

/// AWS General Reference, "Examples of how to derive a signing key" and the tasks before it.
#[test]
fn the_documented_example_has_the_documented_signature() {
    let request = Request {
        method: "GET",
        path: "/",
        query: "Action=ListUsers&Version=2010-05-08",
        headers: &HEADERS,
        body: b"",
    };
    let scope = Scope {
        key_id: "AKIDEXAMPLE",
        region: "us-east-1",
        service: "iam",
    };
    let secret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
    assert_eq!(
        authorization(&request, &scope, secret).unwrap(),
        "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/iam/aws4_request, \
         SignedHeaders=content-type;host;x-amz-date, \
         Signature=5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7"
    );
}

#[test]
fn what_is_no_signature_is_refused_as_aws_refuses_it() {
    let (mut account, client) = Client::new("admin");
    let mut refused = |authorization: Option<&str>, date: Option<&str>| {
        let mut headers = vec![("host", "localhost")];
        headers.extend(authorization.map(|value| ("authorization", value)));
        headers.extend(date.map(|value| ("x-amz-date", value)));
        let (status, body) = Client::send(&mut account, &headers, b"Action=ListUsers&Version=2010-05-08", NOW);
        let code = body
            .split("<Code>")
            .nth(1)
            .unwrap()
            .split('<')
            .next()
            .unwrap()
            .to_owned();
        (status, code, body)
    };
    let missing = refused(None, None);
    assert_eq!((missing.0, &*missing.1), (403, "MissingAuthenticationToken"));
    let parts = [
        "Basic YTpi".to_owned(),
        "AWS4-HMAC-SHA256".to_owned(),
        "AWS4-HMAC-SHA256 Credential=a/b/c/iam/aws4_request".to_owned(),
        "AWS4-HMAC-SHA256 Credential=a, SignedHeaders=host, Signature=0".to_owned(),
        "AWS4-HMAC-SHA256 Credential=a/b/c/iam/aws4_request, Credential=a, SignedHeaders=host, Signature=0".to_owned(),
        "AWS4-HMAC-SHA256 Credential=a/b/c/iam/aws4_request, SignedHeaders=host, Signature=0, x".to_owned(),
    ];
    for part in &parts {
        let (status, code, _) = refused(Some(part), Some("20261129T120000Z"));
        assert_eq!((status, &*code), (400, "IncompleteSignature"), "{part}");
    }
    let whole = |key: &str, day: &str, service: &str, signed: &str| {
        format!(
            "AWS4-HMAC-SHA256 Credential={key}/{day}/us-east-1/{service}/aws4_request, SignedHeaders={signed}, \
             Signature=00"
        )
    };
    let key = &client.key_id;
    let known = "host;x-amz-date";
    let now = "20261129T120000Z";
    for (authorization, date, status, code, words) in [
        (
            whole("AKIANOBODY", "20261129", "iam", known),
            now,
            403,
            "InvalidClientTokenId",
            "is invalid",
        ),
        (
            whole(key, "20261129", "iam", known),
            now,
            403,
            "SignatureDoesNotMatch",
            "we calculated",
        ),
        (
            whole(key, "20261128", "iam", known),
            now,
            403,
            "SignatureDoesNotMatch",
            "Date in Credential scope",
        ),
        (
            whole(key, "20261129", "s3", known),
            now,
            403,
            "SignatureDoesNotMatch",
            "correct service: &apos;iam&apos;",
        ),
        (
            whole(key, "20261129", "iam", "x-amz-date"),
            now,
            403,
            "SignatureDoesNotMatch",
            "Host",
        ),
        (
            whole(key, "20261129", "iam", "host"),
            now,
            403,
            "SignatureDoesNotMatch",
            "x-amz-date",
        ),
        (
            whole(key, "20261129", "iam", "host;x-amz-date;x-other"),
            now,
            403,
            "SignatureDoesNotMatch",
            "x-other",
        ),
        (
            whole(key, "20261129", "iam", "x-amz-date;host"),
            now,
            403,
            "SignatureDoesNotMatch",
            "sorted",
        ),
        (
            whole(key, "yesterday", "iam", known),
            "yesterday",
            400,
            "IncompleteSignature",
            "ISO-8601",
        ),
        (
            whole(key, "20261129", "iam", known),
            "20261129T114459Z",
            403,
            "SignatureDoesNotMatch",
            "Signature expired: 20261129T114459Z is now earlier than 20261129T114500Z (20261129T120000Z - 15 min.)",
        ),
        (
            whole(key, "20261129", "iam", known),
            "20261129T121501Z",
            403,
            "SignatureDoesNotMatch",
            "Signature not yet current: 20261129T121501Z is still later than 20261129T121500Z (20261129T120000Z + \
             15 min.)",
        ),
    ] {
        let (was, named, body) = refused(Some(&authorization), Some(date));
        assert_eq!((was, &*named), (status, code), "{authorization}: {body}");
        assert!(body.contains(words), "{words}: {body}");
    }
    let (status, code, _) = refused(Some(&whole(key, "20261129", "iam", known)), None);
    assert_eq!((status, &*code), (400, "IncompleteSignature"));
}

#[test]
fn a_signature_covers_body_headers_and_time() {
    let (mut account, client) = Client::new("admin");
    let body = b"Action=ListUsers&Version=2010-05-08";
    let headers = client.headers(body, NOW);
    fn sent(headers: &[(String, String)]) -> Vec<(&str, &str)> {
        headers.iter().map(|(name, value)| (&**name, &**value)).collect()
    }
    for minutes in [-15, 0, 15] {
        let now = NOW + Duration::minutes(minutes);
        assert_eq!(Client::send(&mut account, &sent(&headers), body, now).0, 200);
    }
    let other = Client::send(
        &mut account,
        &sent(&headers),
        b"Action=ListRoles&Version=2010-05-08",
        NOW,
    );
    assert_eq!(other.0, 403);
    let mut elsewhere = sent(&headers);
    elsewhere[0].1 = "127.0.0.1:2";
    assert_eq!(Client::send(&mut account, &elsewhere, body, NOW).0, 403);
    assert_eq!(
        Client::send(&mut account, &sent(&headers), body, datetime!(2026-11-29 12:16 UTC)).0,
        403
    );

    let mut page = sent(&headers);
    page.push(("origin", "http://localhost"));
    let (status, answer) = Client::send(&mut account, &page, body, NOW);
    assert_eq!(status, 403);
    assert!(answer.contains("AccessDenied"), "{answer}");
}

#[test]
fn a_key_that_is_inactive_or_gone_signs_nothing() {
    let (mut account, mut client) = Client::new("admin");
    client.call(&mut account, "CreateUser", &[("UserName", "bob")]).ok();
    let made = client
        .call(&mut account, "CreateAccessKey", &[("UserName", "bob")])
        .ok();
    let bob = Client {
        key_id: made.text("AccessKeyId"),
        secret: made.text("SecretAccessKey"),
        ..client.clone()
    };
    let denied = bob.clone().call(&mut account, "ListUsers", &[]).error();
    assert_eq!(denied.0, "AccessDenied");
    let key = bob.key_id.as_str();
    for status in ["Inactive", "Active"] {
        let update = [("UserName", "bob"), ("AccessKeyId", key), ("Status", status)];
        client.call(&mut account, "UpdateAccessKey", &update).ok();
        let error = bob.clone().call(&mut account, "ListUsers", &[]).error().0;
        assert_eq!(
            error,
            if status == "Active" {
                "AccessDenied"
            } else {
                "InvalidClientTokenId"
            }
        );
    }
    client
        .call(
            &mut account,
            "DeleteAccessKey",
            &[("UserName", "bob"), ("AccessKeyId", key)],
        )
        .ok();
    assert_eq!(
        bob.clone().call(&mut account, "ListUsers", &[]).error().0,
        "InvalidClientTokenId"
    );
}
