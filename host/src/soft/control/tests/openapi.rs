//! The description says what the server does.

use serde_json::{Map, Value, json};

use super::*;

/// The whole description.
fn document() -> Value {
    serde_saphyr::from_str(OPENAPI).expect("YAML")
}

/// Checks `value` against a schema of the description.
fn is_valid(document: &Value, schema: &str, value: &Value) -> bool {
    fits(document, &document["components"]["schemas"][schema], value)
}

/// JSON Schema 2020-12, as far as the description uses it: any other keyword panics.
fn fits(document: &Value, schema: &Value, value: &Value) -> bool {
    let fits = |schema: &Value, value: &Value| fits(document, schema, value);
    object(schema).iter().all(|(keyword, rule)| match keyword.as_str() {
        "$ref" => fits(referred(document, rule), value),
        "allOf" => list(rule).iter().all(|schema| fits(schema, value)),
        "anyOf" => list(rule).iter().any(|schema| fits(schema, value)),
        "type" => match rule {
            Value::Array(kinds) => kinds.iter().any(|kind| is_of(kind, value)),
            kind => is_of(kind, value),
        },
        "enum" => list(rule).contains(value),
        "required" => list(rule).iter().all(|name| value.get(text(name)).is_some()),
        "properties" => object(rule)
            .iter()
            .all(|(name, schema)| value.get(name).is_none_or(|member| fits(schema, member))),
        "additionalProperties" => {
            assert_eq!(*rule, false);
            let members = value.as_object().into_iter().flat_map(Map::keys);
            members.into_iter().all(|name| schema["properties"].get(name).is_some())
        }
        "items" => value
            .as_array()
            .is_none_or(|items| items.iter().all(|item| fits(rule, item))),
        "maxItems" => value.as_array().is_none_or(|items| items.len() as u64 <= number(rule)),
        "minimum" => value.as_u64().is_some_and(|value| value >= number(rule)),
        "maximum" => value.as_u64().is_some_and(|value| value <= number(rule)),
        "pattern" => value.as_str().is_none_or(|value| matches(text(rule), value)),
        "description" | "default" => true,
        _ => panic!("a keyword that this test does not know: {keyword}"),
    })
}

fn is_of(kind: &Value, value: &Value) -> bool {
    match text(kind) {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "integer" => value.is_i64() || value.is_u64(),
        "boolean" => value.is_boolean(),
        "null" => value.is_null(),
        kind => panic!("a type that this test does not know: {kind}"),
    }
}

/// The patterns of the description.
fn matches(pattern: &str, value: &str) -> bool {
    let is_hex = |value: &str| value.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    match pattern {
        "^[-_0-9A-Za-z]*$" => value
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte)),
        "^([0-9a-f]{8}|card)$" => value == "card" || value.len() == 8 && is_hex(value),
        "^[0-9a-f]{64}$" => value.len() == 64 && is_hex(value),
        "^(0x([0-9a-f]{2}|[0-9a-f]{4}))?$" => {
            let digits = value.strip_prefix("0x").filter(|digits| [2, 4].contains(&digits.len()));
            value.is_empty() || digits.is_some_and(is_hex)
        }
        _ => panic!("a pattern that this test does not know: {pattern}"),
    }
}

/// What a `$ref` leads to.
fn referred<'a>(document: &'a Value, reference: &Value) -> &'a Value {
    let pointer = text(reference).strip_prefix('#').expect("in the document");
    document
        .pointer(pointer)
        .unwrap_or_else(|| panic!("there is no {reference}"))
}

fn text(value: &Value) -> &str {
    value.as_str().expect("a text")
}

fn number(value: &Value) -> u64 {
    value.as_u64().expect("a number")
}

fn list(value: &Value) -> &[Value] {
    value.as_array().expect("a list")
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

#[test]
fn every_reference_leads_somewhere_and_every_schema_is_understood() {
    fn walk(document: &Value, value: &Value) {
        if let Some(reference) = value.get("$ref") {
            referred(document, reference);
        }
        match value {
            Value::Object(members) => members.values().for_each(|member| walk(document, member)),
            Value::Array(items) => items.iter().for_each(|item| walk(document, item)),
            _ => {}
        }
    }
    let document = document();
    walk(&document, &document);
    assert_eq!(document["openapi"], "3.1.0");
    // Each by a value that it refuses, and one that has all its members.
    for (name, schema) in object(&document["components"]["schemas"]) {
        assert!(!is_valid(&document, name, &Value::Null), "{name}");
        for (member, schema) in schema["properties"].as_object().into_iter().flatten() {
            let _ = fits(&document, schema, &json!("-"));
            assert!(!fits(&document, schema, &json!([[]])), "{name}.{member}");
        }
    }
}
