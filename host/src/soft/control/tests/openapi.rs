//! The description says what the server does.

use serde_json::{Map, Value, json};

use super::*;

/// The whole description.
fn document() -> Value {
    serde_saphyr::from_str(OPENAPI).expect("YAML")
}

/// Checks `value` against a schema of the description.
fn is_valid(document: &Value, schema: &str, value: &Value) -> bool {
    // OpenAPI 3.1 schemas are JSON Schema 2020-12, and refer to each other from the document's root.
    let root = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$ref": format!("#/components/schemas/{schema}"),
        "components": document["components"],
    });
    jsonschema::validator_for(&root).expect("a schema").is_valid(value)
}

fn object(value: &Value) -> &Map<String, Value> {
    value.as_object().expect("an object")
}

#[test]
fn the_description_names_every_operation_and_no_other() {
    let document = document();
    let fixture = Fixture::new();
    let mut described = Vec::new();
    for (path, methods) in object(&document["paths"]) {
        for method in ["GET", "POST", "PUT", "DELETE", "PATCH"] {
            let one = path.replace("{credentialId}", "AAAA");
            let (status, ..) = fixture.send(&fixture.request(method, &one, "{}"));
            if object(methods).contains_key(&method.to_lowercase()) {
                described.push(format!("{method} {path}"));
                // Some take a body, and refuse an empty one; there is no such credential.
                let expected = if one == *path { 200 } else { 404 };
                assert!([expected, 400].contains(&status), "{method} {path}: {status}");
            } else {
                assert_eq!(status, 405, "{method} {path}");
            }
        }
    }
    assert_eq!(
        described,
        [
            "POST /v1/button",
            "POST /v1/counter",
            "GET /v1/credentials",
            "POST /v1/credentials",
            "DELETE /v1/credentials",
            "DELETE /v1/credentials/{credentialId}",
            "PATCH /v1/credentials/{credentialId}",
            "GET /v1/log",
            "POST /v1/power",
            "GET /v1/state",
            "POST /v1/user-verification"
        ]
    );
}

#[test]
fn the_actions_described_are_the_actions_taken() {
    let document = document();
    let fixture = Fixture::new();
    for (schema, path, count) in [("ButtonRequest", "/v1/button", 4), ("PowerRequest", "/v1/power", 3)] {
        let actions = document["components"]["schemas"][schema]["properties"]["action"]["enum"].clone();
        assert_eq!(actions.as_array().map(Vec::len), Some(count));
        for action in actions.as_array().expect("actions").iter().filter_map(Value::as_str) {
            assert!(is_valid(&document, "State", &fixture.post(path, action)));
        }
        for body in [
            json!({}),
            json!({ "action": "none" }),
            json!({ "action": actions[0], "more": 1 }),
        ] {
            assert!(!is_valid(&document, schema, &body), "{body}");
            let (status, _, problem) = fixture.send(&fixture.request("POST", path, &body.to_string()));
            assert_eq!(status, 400, "{body}");
            assert!(is_valid(&document, "Problem", &problem));
        }
    }
}

#[test]
fn what_the_server_says_is_what_is_described() {
    let document = document();
    let fixture = Fixture::new();
    let idle = fixture.get("/v1/state");
    let host = fixture.waiting_host();
    let waiting = fixture.get("/v1/state");
    fixture.post("/v1/button", "pulse");
    host.answer(command::CBOR).expect("an answer");
    host.status_word(&u2f_register(1));
    let polled = fixture.get("/v1/state");
    host.exchange(command::WINK, &[]).expect("an answer");
    let log = fixture.get("/v1/log");
    assert!(idle["waiting"].is_null() && waiting["waiting"].is_object() && polled["waiting"].is_object());
    for state in [&idle, &waiting, &polled] {
        assert!(is_valid(&document, "State", state), "{state}");
    }
    assert_eq!(log["entries"].as_array().map(Vec::len), Some(3));
    assert!(is_valid(&document, "Log", &log), "{log}");
    let new = json!({ "rpId": "example.com", "privateKey": "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc" });
    assert!(is_valid(&document, "NewCredential", &new));
    let (status, _, made) = fixture.send(&fixture.request("POST", "/v1/credentials", &new.to_string()));
    assert_eq!(status, 200, "{made}");
    assert!(is_valid(&document, "Credential", &made), "{made}");
    assert!(is_valid(&document, "Credentials", &fixture.get("/v1/credentials")));
    let (_, _, problem) = fixture.send(&fixture.request("GET", "/", ""));
    assert!(is_valid(&document, "Problem", &problem), "{problem}");
    assert!(!is_valid(&document, "Problem", &idle), "the check can fail");
}
