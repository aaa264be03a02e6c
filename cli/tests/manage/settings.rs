//! Settings, policies and resets; and that what is printed is what docs/json.md says.

use serde_json::{Value, json};

use super::Home;

#[test]
fn settings_are_changed_once() {
    let home = Home::with_pin();
    let config = |arguments: &str| home.pass(&format!("config {arguments} --pin-env PIN"));
    let changed = |arguments: &str| config(arguments)["changed"].clone();
    for (arguments, value) in [
        ("always-uv on", json!(true)),
        ("always-uv off", json!(false)),
        ("long-touch-reset", json!(true)),
        ("min-pin-length 4", json!(4)),
    ] {
        let already = arguments.starts_with("min");
        for is_so in [already, true] {
            let result = config(arguments);
            assert_eq!(
                (&result["changed"], &result["value"]),
                (&json!(!is_so), &value),
                "{arguments}"
            );
        }
    }
    let told = config("min-pin-length-rp-ids example.com example.org");
    assert_eq!(told["value"], json!(["example.com", "example.org"]));
    // Nobody knows whether the PIN is simple: it must be changed.
    assert_eq!(changed("pin-complexity"), true);
    assert_eq!(home.pass("pin status")["mustBeChanged"], true);
    assert_eq!(home.fail("config enterprise-attestation --pin-env PIN").0, 5);
}

/// It has no flag for a PIN.
#[test]
fn a_measurement_does_not_ask_for_a_pin_that_it_cannot_take() {
    let home = Home::with_pin();
    home.pass("bench --device soft --rounds 1");
    home.pass("config always-uv on --pin-env PIN");
    let (code, error) = home.fail("bench --device soft --rounds 1");
    let hint = error["hint"].as_str().unwrap();
    assert!(code == 5 && hint.contains("always-uv off"), "{error}");
    assert!(!hint.contains("PIN"), "{hint}");
    home.pass("bench --device soft --rounds 1 --command info");
}

#[test]
fn always_uv_is_named_where_it_switches_u2f_off() {
    let home = Home::with_pin();
    home.pass("register --u2f");
    home.pass("config always-uv on --pin-env PIN");
    for command in ["register --u2f --name other --user bob", "authenticate --u2f"] {
        let (code, error) = home.fail(&format!("{command} --pin-env PIN"));
        let (message, hint) = (error["message"].as_str().unwrap(), error["hint"].as_str().unwrap());
        assert!(code == 5 && message.contains("alwaysUv"), "{error}");
        assert!(hint.contains("`brasskey config always-uv off`"), "{error}");
    }
}

#[test]
fn a_policy_is_applied_once() {
    let home = Home::with_token();
    let policy =
        "always-uv = true\nlong-touch-reset = true\nalgorithms = [\"ES256\"]\n[pin]\nrequired = true\nmin-length = 4\n";
    home.write("policy.toml", policy);
    let plan = home.pass("policy plan policy.toml");
    assert_eq!((&plan["changes"], &plan["applied"]), (&json!(3), &json!(false)));
    let applied = home.pass("policy apply policy.toml --new-pin-env PIN");
    assert_eq!((&applied["changes"], &applied["applied"]), (&json!(3), &json!(true)));
    assert_eq!(home.pass("policy apply policy.toml")["changes"], 0);
    assert_eq!(home.pass("policy plan policy.toml")["changes"], 0);
    let info = home.pass("info");
    assert_eq!(info["getInfo"]["options"]["alwaysUv"], true);
    assert_eq!(info["getInfo"]["options"]["clientPin"], true);
}

#[test]
fn a_policy_that_cannot_be_changes_nothing() {
    let home = Home::with_token();
    home.write("policy.toml", "always-uv = true\nenterprise-attestation = true\n");
    for command in ["plan", "apply"] {
        let output = home.run(&format!("policy {command} policy.toml"));
        assert_eq!(output.status.code(), Some(5));
        let value: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(value["items"][1]["state"], "impossible");
    }
    assert_eq!(home.pass("info")["getInfo"]["options"]["alwaysUv"], false);
    home.write("policy.toml", "allways-uv = true\n");
    assert_eq!(home.fail("policy plan policy.toml").0, 2);
    assert_eq!(home.fail("policy plan no-such-file").0, 1);
}

#[test]
fn a_reset_erases_everything_and_asks_first() {
    let home = Home::with_pin();
    home.passkey("");
    assert_eq!(home.fail("reset").0, 2);
    assert_eq!(home.pass("reset --yes")["reset"], true);
    let status = home.pass("pin status");
    assert_eq!(status["isSet"], false);
    assert_eq!(home.fail("authenticate").0, 5);
}

/// The example under a heading of docs/json.md, the first one with this member.
fn example(heading: &str, member: &str) -> Value {
    let document = include_str!("../../../docs/json.md");
    let (_, section) = document.split_once(&format!("\n## `{heading}`\n")).unwrap();
    let section = section.split("\n## ").next().unwrap();
    let blocks = section.split("```json\n").skip(1);
    let examples = blocks.map(|block| serde_json::from_str::<Value>(block.split("```").next().unwrap()).unwrap());
    let mut examples = examples.filter(|example| example.get(member).is_some());
    examples.next().unwrap()
}

/// Both have the same members, as deep as both go.
fn assert_same(example: &Value, printed: &Value, at: &str) {
    match (example, printed) {
        // What is empty is described elsewhere.
        (Value::Object(example), _) if example.is_empty() => {}
        (Value::Object(example), Value::Object(printed)) => {
            let names = |map: &serde_json::Map<String, Value>| map.keys().cloned().collect::<Vec<_>>();
            assert_eq!(names(example), names(printed), "{at}");
            for (name, value) in example {
                assert_same(value, &printed[name], &format!("{at}.{name}"));
            }
        }
        (Value::Array(example), Value::Array(printed)) => {
            for (example, printed) in example.iter().zip(printed) {
                assert_same(example, printed, &format!("{at}[]"));
            }
        }
        _ => {}
    }
}

#[test]
fn what_is_printed_is_what_is_documented() {
    let home = Home::with_pin();
    home.write("policy.toml", "always-uv = true\n");
    let id = home.passkey(" --large-blob --prf disk");
    home.pass(&format!("blobs set {id} policy.toml --pin-env PIN"));
    for (heading, member, command) in [
        ("pin", "pin", "pin verify --pin-env PIN"),
        ("pin", "retries", "pin status"),
        ("credentials list", "existing", "credentials list --pin-env PIN"),
        ("blobs list", "used", "blobs list --pin-env PIN"),
        ("policy", "items", "policy plan policy.toml"),
        ("config", "setting", "config always-uv on --pin-env PIN"),
        (
            "register",
            "extensions",
            "register --resident --large-blob --prf disk --pin-env PIN --user bob",
        ),
        ("reset", "reset", "reset --yes"),
    ] {
        assert_same(&example(heading, member), &home.pass(command), command);
    }
}
