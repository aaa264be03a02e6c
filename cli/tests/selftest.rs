//! `brasskey selftest` as its user meets it.
#![cfg(unix)]

mod common;

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Command, Output, Stdio};

use serde_json::Value;

use common::{brasskey, stderr};

fn run(home: &Path, arguments: &str) -> Output {
    let mut command = brasskey(home, arguments);
    command.env("PIN", "2468").env("WRONG", "1357").output().unwrap()
}

fn stdout(output: &Output) -> &str {
    str::from_utf8(&output.stdout).unwrap()
}

fn json(home: &Path, arguments: &str) -> Value {
    serde_json::from_slice(&run(home, &format!("{arguments} --json")).stdout).unwrap()
}

/// The user's own soft token.
const OWN: &str = "--device soft --touch auto";

fn with_pin() -> tempfile::TempDir {
    let home = tempfile::tempdir().unwrap();
    let output = run(home.path(), &format!("pin set --new-pin-env PIN {OWN}"));
    assert!(output.status.success(), "{}", stderr(&output));
    home
}

#[test]
fn a_wrong_pin_takes_one_try_and_is_no_verdict() {
    let home = with_pin();
    let output = run(home.path(), &format!("selftest --pin-env WRONG {OWN}"));
    assert_eq!(output.status.code(), Some(5));
    let said = stderr(&output);
    assert!(said.contains("the PIN is wrong: 7 tries are left"), "{said}");
    assert!(said.contains("no verdict on this key"), "{said}");
    assert!(!said.contains("rely"), "{said}");
    assert!(!stdout(&output).contains("fit"), "{}", stdout(&output));
    assert_eq!(json(home.path(), &format!("pin status {OWN}"))["retries"], 7);
    assert_eq!(
        json(home.path(), &format!("selftest --pin-env WRONG {OWN}"))["error"]["exitCode"],
        5
    );
}

#[test]
fn a_blocked_pin_is_told_as_that() {
    let home = with_pin();
    for _ in 0..8 {
        run(home.path(), &format!("pin verify --pin-env WRONG {OWN}"));
    }
    let output = run(home.path(), &format!("selftest --pin-env PIN {OWN}"));
    assert_eq!(output.status.code(), Some(5));
    let said = stderr(&output);
    assert!(said.contains("the PIN is blocked"), "{said}");
    assert!(said.contains("reset"), "{said}");
    assert!(!said.contains("rely"), "{said}");
}

#[test]
fn the_users_own_token_is_tested_with_its_pin_and_keeps_nothing() {
    let home = with_pin();
    let output = run(home.path(), &format!("selftest --pin-env PIN {OWN}"));
    assert!(output.status.success(), "{}{}", stdout(&output), stderr(&output));
    let shown = stdout(&output);
    assert!(shown.starts_with("Testing built-in soft token (software)\n"), "{shown}");
    assert!(!shown.contains("skip"), "{shown}");
    let listed = json(home.path(), &format!("credentials list --pin-env PIN {OWN}"));
    assert_eq!(listed["existing"], 0);
}

#[test]
fn what_was_not_tried_is_listed_with_what_it_takes() {
    let home = with_pin();
    let shown = run(home.path(), &format!("selftest {OWN}"));
    assert!(shown.status.success());
    // Lines are wrapped.
    let shown = stdout(&shown).split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(
        shown.contains("which nobody gave: give it with --pin-env or --pin-fd"),
        "{shown}"
    );
    assert!(shown.contains("Not tested: passkeys, PIN."), "{shown}");
    let value = json(home.path(), &format!("selftest {OWN}"));
    assert_eq!(
        (&value["ephemeral"], &value["fit"]),
        (&Value::Bool(false), &Value::Bool(true))
    );
    let steps = value["steps"].as_array().unwrap();
    let needs: Vec<_> = steps.iter().filter(|step| step["outcome"] == "skipped").collect();
    assert_eq!(needs.len(), 2);
    assert!(needs.iter().all(|step| step["needs"] == "pin"), "{needs:?}");
}

#[test]
fn a_key_that_is_touched_by_a_person_is_told_how_often() {
    let home = tempfile::tempdir().unwrap();
    let output = run(home.path(), "selftest --device soft --touch deny");
    assert_eq!(output.status.code(), Some(4));
    let said = stderr(&output);
    assert!(said.contains("you will touch the key 20 times"), "{said}");
    assert!(said.contains("no verdict on this key"), "{said}");
}

#[test]
fn a_sensor_that_knows_nobody_is_no_verdict() {
    let home = tempfile::tempdir().unwrap();
    let mut token = Command::new(env!("CARGO_BIN_EXE_brasskey"))
        .args("token --unix token.sock --touch auto --ephemeral --user-verification never".split(' '))
        .current_dir(home.path())
        .env("HOME", home.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut ready = String::new();
    BufReader::new(token.stdout.as_mut().unwrap())
        .read_line(&mut ready)
        .unwrap();
    let value = json(home.path(), "selftest --device unix:token.sock");
    token.kill().unwrap();
    token.wait().unwrap();
    assert_eq!(value["fit"], true, "{value}");
    assert_eq!(value["skipped"], 2, "{value}");
}

#[test]
fn everything_is_shown_to_whoever_asks() {
    let home = tempfile::tempdir().unwrap();
    let output = run(home.path(), "selftest --ephemeral --verbose");
    assert!(output.status.success());
    let shown = stdout(&output);
    for words in [
        "ES256: registers",
        "EdDSA: signs in",
        "second reader",
        "hides a protected one",
    ] {
        assert!(shown.contains(words), "{shown}");
    }
    let value = json(home.path(), "selftest --ephemeral");
    let count = |outcome: &str| {
        let steps = value["steps"].as_array().unwrap().iter();
        steps.filter(|step| step["outcome"] == outcome).count()
    };
    for outcome in ["passed", "warned", "failed", "skipped"] {
        assert_eq!(value[outcome], count(outcome), "{outcome}");
    }
    assert_eq!(value["left"], Value::Array(vec![]));
}
