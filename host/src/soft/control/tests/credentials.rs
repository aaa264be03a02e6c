//! Credentials over the endpoint: list, inject, delete, set counters.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::{Value, json};

use super::*;
use crate::soft::testing::RESET;

const PATH: &str = "/v1/credentials";

/// RFC 8410 §10.3, the first example, as CDP would have it.
const ED25519: &str = "MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC";

impl Fixture {
    fn ask(&self, method: &'static str, path: &str, body: &Value) -> (u16, Value) {
        let (status, _, answer) = self.send(&self.request(method, path, &body.to_string()));
        (status, answer)
    }

    #[track_caller]
    fn done(&self, method: &'static str, path: &str, body: &Value) -> Value {
        let (status, answer) = self.ask(method, path, body);
        assert_eq!(status, 200, "{method} {path}: {answer}");
        answer
    }
}

/// A passkey with everything that may be said of one.
fn passkey() -> Value {
    json!({
        "credentialId": "AQIDBA",
        "isResidentCredential": true,
        "rpId": "example.com",
        "privateKey": ED25519,
        "userHandle": URL_SAFE_NO_PAD.encode(b"ada"),
        "userName": "ada@example.com",
        "userDisplayName": "Ada",
        "signCount": 7,
        "backupEligibility": false,
        "backupState": false,
        "largeBlob": STANDARD.encode([0xfb; 40]),
    })
}

#[test]
fn credentials_are_injected_listed_counted_and_deleted() {
    let fixture = Fixture::new();
    assert_eq!(fixture.get(PATH), json!({ "credentials": [] }));
    let made = fixture.done("POST", PATH, &passkey());
    for (member, value) in [
        ("credentialId", json!("AQIDBA")),
        ("isResidentCredential", json!(true)),
        ("rpId", json!("example.com")),
        ("userHandle", json!("YWRh")),
        ("userName", json!("ada@example.com")),
        ("algorithm", json!(-8)),
        ("signCount", json!(7)),
        ("backupEligibility", json!(false)),
        ("hasLargeBlobKey", json!(true)),
        ("injected", json!(true)),
    ] {
        assert_eq!(made[member], value, "{member}");
    }
    assert!(
        !made.to_string().contains("privateKey"),
        "what is secret does not come back"
    );
    let hidden = json!({ "rpId": "example.com", "privateKey": URL_SAFE_NO_PAD.encode([7; 32]) });
    let hidden = fixture.done("POST", PATH, &hidden);
    assert_eq!(
        (&hidden["algorithm"], &hidden["isResidentCredential"]),
        (&json!(-7), &json!(false))
    );
    let id = hidden["credentialId"].as_str().expect("an ID");
    assert_eq!(id.len(), 43, "32 random bytes");
    assert_eq!(fixture.get(PATH), json!({ "credentials": [made, hidden] }));

    let counted = fixture.done("PATCH", &format!("{PATH}/AQIDBA"), &json!({ "signCount": 2 }));
    assert_eq!(counted["credentials"][0]["signCount"], 2);
    fixture.done("POST", "/v1/counter", &json!({ "signCount": 2 }));
    let left = fixture.done("DELETE", &format!("{PATH}/{id}"), &Value::Null);
    assert_eq!(left["credentials"].as_array().map(Vec::len), Some(1));
    assert_eq!(fixture.done("DELETE", PATH, &Value::Null), json!({ "credentials": [] }));

    fixture.done("POST", PATH, &passkey());
    let host = Client::new(fixture.key.connect());
    host.send(command::CBOR, RESET);
    fixture.key.wait_until_asked(LONG).expect("a request");
    let (status, problem) = fixture.ask("GET", PATH, &Value::Null);
    assert_eq!(status, 409, "{problem}");
    fixture.post("/v1/button", "pulse");
    assert_eq!(host.answer(command::CBOR).expect("an answer")[0], 0x00);
    assert_eq!(fixture.get(PATH), json!({ "credentials": [] }));
    fixture.post("/v1/power", "off");
    assert_eq!(fixture.ask("GET", PATH, &Value::Null).0, 409);
}

#[test]
fn the_hint_makes_a_key_that_is_injected() {
    let fixture = Fixture::new();
    let (status, problem) = fixture.ask("POST", PATH, &json!({ "rpId": "example.com", "privateKey": "AAAA" }));
    let hint = problem["hint"].as_str().expect("a hint");
    assert_eq!(status, 400);
    let command = "`openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -outform DER | openssl base64 -A`";
    assert!(hint.contains(command), "{hint}");
    // What OpenSSL 3.0 prints then.
    let written = "MHcCAQEEIFPJnZ/BrbdDs4vZgAces7zEq4kZUT9UKUrtRJTfYd/9oAoGCCqGSM49AwEHoUQDQgAEB9zaJlXYloTsqDSQBRFbN8jL\
                   bQCjnU7G9oJnatBUt6G/AROU55VxcEiP00snba7se6NT3GFcBvLlYCpFEkQ9hg==";
    let made = fixture.done("POST", PATH, &json!({ "rpId": "example.com", "privateKey": written }));
    assert_eq!(made["algorithm"], -7);
}

#[test]
fn what_cannot_be_injected_is_explained() {
    let fixture = Fixture::new();
    fixture.done("POST", PATH, &passkey());
    let with = |changes: Value| {
        let mut body = passkey();
        let members = body.as_object_mut().expect("an object");
        for (name, value) in changes.as_object().expect("an object") {
            match value {
                Value::Null => drop(members.remove(name)),
                value => drop(members.insert(name.clone(), value.clone())),
            }
        }
        body
    };
    let long = URL_SAFE_NO_PAD.encode([1; 256]);
    for (expected, changes) in [
        (409, json!({})),
        (409, json!({ "rpId": "other.example" })),
        (409, json!({ "credentialId": "BQ", "backupState": true })),
        (
            409,
            json!({ "credentialId": "BQ", "backupEligibility": true, "backupState": true }),
        ),
        (400, json!({ "rpId": null })),
        (400, json!({ "privateKey": null })),
        (400, json!({ "credentialId": "BQ", "privateKey": "AAAA" })),
        (400, json!({ "credentialId": "BQ", "privateKey": "not base64" })),
        (
            400,
            json!({ "credentialId": "BQ", "privateKey": URL_SAFE_NO_PAD.encode([0; 32]) }),
        ),
        (400, json!({ "credentialId": "BQ", "algorithm": -7 })),
        (
            400,
            json!({ "credentialId": "BQ", "privateKey": URL_SAFE_NO_PAD.encode([1; 32]), "algorithm": -257 }),
        ),
        (400, json!({ "credentialId": "BQ", "userHandle": null })),
        (400, json!({ "credentialId": "BQ", "userHandle": "" })),
        (400, json!({ "credentialId": "BQ", "isResidentCredential": false })),
        (400, json!({ "credentialId": "" })),
        (400, json!({ "credentialId": long })),
        (400, json!({ "credentialId": "BQ", "signCount": -1 })),
        (400, json!({ "credentialId": "BQ", "more": 1 })),
    ] {
        let body = with(changes.clone());
        let (status, problem) = fixture.ask("POST", PATH, &body);
        assert_eq!(status, expected, "{changes}: {problem}");
        assert!(problem["error"].is_string() && problem["hint"].is_string());
    }
    for (expected, method, path, body) in [
        (404, "DELETE", "/v1/credentials/BQ", json!(null)),
        (404, "PATCH", "/v1/credentials/BQ", json!({ "signCount": 1 })),
        (400, "DELETE", "/v1/credentials/A", json!(null)),
        (400, "DELETE", "/v1/credentials/%00", json!(null)),
        (400, "PATCH", "/v1/credentials/AQIDBA", json!({ "signCount": "1" })),
        (400, "POST", "/v1/counter", json!({})),
        (405, "PUT", "/v1/credentials", json!(null)),
        (405, "GET", "/v1/credentials/AQIDBA", json!(null)),
    ] {
        let (status, problem) = fixture.ask(method, path, &body);
        assert_eq!(status, expected, "{method} {path}: {problem}");
    }
    assert_eq!(fixture.get(PATH)["credentials"].as_array().map(Vec::len), Some(1));
}
