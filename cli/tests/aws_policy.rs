//! `brasskey aws policy`, as a script meets it.
#![cfg(target_os = "linux")]

use std::io::Write as _;
use std::path::Path;
use std::process::{Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;

#[allow(dead_code, reason = "each test file takes what it needs")]
mod common;

use common::{brasskey, stderr};

const BOOL: &str = r#"{
  "Version": "2012-10-17",
  "Statement": {
    "Sid": "RequireMFA",
    "Effect": "Deny",
    "Action": "s3:*",
    "Resource": "*",
    "Condition": {"Bool": {"aws:MultiFactorAuthPresent": "false"}}
  }
}"#;

/// A warning and no error: a new user who must change the password cannot.
const WARNS: &str = r#"{
  "Version": "2012-10-17",
  "Statement": {
    "Effect": "Deny",
    "Action": "iam:ChangePassword",
    "Resource": "*",
    "Condition": {"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}}
  }
}"#;

fn run(home: &Path, arguments: &str, stdin: &str) -> Output {
    let mut child = brasskey(home, arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A command that fails before it reads has closed its end.
    let _ = child.stdin.take().unwrap().write_all(stdin.as_bytes());
    child.wait_with_output().unwrap()
}

fn json(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {}", stderr(output)))
}

fn home() -> TempDir {
    tempfile::tempdir().unwrap()
}

#[test]
fn what_print_prints_is_a_policy_that_lint_takes() {
    let home = home();
    for arguments in [
        "",
        " --self-service",
        " --enroll-in-console",
        " --grace 30",
        " --grace 2999-12-31",
    ] {
        let printed = run(home.path(), &format!("aws policy print{arguments}"), "");
        assert!(printed.status.success(), "{}", stderr(&printed));
        let policy = str::from_utf8(&printed.stdout).unwrap();
        assert_eq!(json(&printed)["Version"], "2012-10-17");
        for statement in json(&printed)["Statement"].as_array().unwrap() {
            let explained = format!("brasskey: {}: ", statement["Sid"].as_str().unwrap());
            assert!(stderr(&printed).contains(&explained), "{explained}");
        }

        let judged = run(home.path(), "aws policy lint - --json", policy);
        assert!(judged.status.success(), "{}", stderr(&judged));
        assert_eq!(json(&judged)["policies"][0]["findings"], Value::Array(vec![]));

        let wrapped = run(home.path(), &format!("aws policy print{arguments} --json"), "");
        assert_eq!(json(&wrapped)["policy"], json(&printed));
        assert_eq!(stderr(&wrapped), "");
    }
}

#[test]
fn a_grace_that_is_none_is_refused() {
    let home = home();
    for grace in ["yesterday", "2020-01-01", "0", "1000"] {
        let output = run(home.path(), &format!("aws policy print --grace {grace}"), "");
        assert_eq!(output.status.code(), Some(2), "{grace}");
        assert!(
            stderr(&output).contains("hint: give a date such as"),
            "{}",
            stderr(&output)
        );
        assert!(output.stdout.is_empty());
    }
}

#[test]
fn an_error_in_a_policy_is_exit_code_6_and_a_warning_is_none() {
    let home = home();
    let bad = run(home.path(), "aws policy lint -", BOOL);
    assert_eq!(bad.status.code(), Some(6), "{}", stderr(&bad));
    let text = str::from_utf8(&bad.stdout).unwrap();
    for said in [
        "error  this Deny lets long-term access keys through  (deny-lets-access-keys-through)",
        "where   line 3, statement RequireMFA",
        "shown   s3:GetObject on arn:aws:s3:::example-bucket/report.pdf, with a long-term access key, without MFA: \
         neither",
        "aws:MultiFactorAuthPresent absent",
        "remedy  write \"BoolIfExists\"",
        "  1 error, 0 warnings.",
    ] {
        assert!(text.contains(said), "{said}\n{text}");
    }
    assert!(
        stderr(&bad).contains("error: 1 error in what was judged\nhint: "),
        "{}",
        stderr(&bad)
    );

    let warns = run(home.path(), "aws policy lint -", WARNS);
    assert!(warns.status.success(), "{}", stderr(&warns));
    let text = str::from_utf8(&warns.stdout).unwrap();
    assert!(text.contains("warning  users who must change their password"), "{text}");
    assert!(text.contains("  0 errors, 1 warning."), "{text}");
}

#[test]
fn several_files_are_judged_each_by_itself() {
    let home = home();
    std::fs::write(home.path().join("bool.json"), BOOL).unwrap();
    std::fs::write(home.path().join("warns.json"), WARNS).unwrap();
    std::fs::write(home.path().join("broken.json"), "{\n\"Statement\": [}").unwrap();
    let answer = format!("{{\"PolicyVersion\": {{\"Document\": {BOOL}, \"VersionId\": \"v3\"}}}}");
    let output = run(
        home.path(),
        "aws policy lint bool.json warns.json broken.json - --json",
        &answer,
    );
    assert_eq!(output.status.code(), Some(6));
    let value = json(&output);
    assert_eq!(value["errors"], 3);
    let policies = value["policies"].as_array().unwrap();
    let files: Vec<_> = policies.iter().map(|policy| policy["file"].as_str().unwrap()).collect();
    assert_eq!(files, ["bool.json", "warns.json", "broken.json", "-"]);
    let rule = |index: usize| policies[index]["findings"][0]["rule"].as_str().unwrap();
    assert_eq!(
        [rule(0), rule(1), rule(2), rule(3)],
        [
            "deny-lets-access-keys-through",
            "password-change-denied",
            "not-a-policy",
            "deny-lets-access-keys-through"
        ]
    );
    assert_eq!(policies[2]["findings"][0]["line"], 2);
    let request = &policies[0]["findings"][0]["request"];
    assert_eq!(request["action"], "s3:GetObject");
    assert_eq!(request["context"]["aws:MultiFactorAuthPresent"], Value::Array(vec![]));
}

#[test]
fn a_file_that_cannot_be_read_gives_no_result() {
    let home = home();
    std::fs::write(home.path().join("bool.json"), BOOL).unwrap();
    std::fs::write(home.path().join("long.json"), vec![b' '; 2_000_000]).unwrap();
    for (files, code, says) in [
        ("bool.json missing.json", 1, "cannot read the policy missing.json"),
        ("bool.json .", 1, "cannot read the policy ."),
        ("long.json", 2, "more than 1048576 bytes"),
        ("", 2, "FILE"),
    ] {
        let output = run(home.path(), format!("aws policy lint {files}").trim_end(), "");
        assert_eq!(output.status.code(), Some(code), "{files}: {}", stderr(&output));
        assert!(stderr(&output).contains(says), "{}", stderr(&output));
        assert!(output.stdout.is_empty(), "{files}");
    }
}

#[test]
fn text_of_a_policy_is_escaped() {
    let home = home();
    std::fs::write(home.path().join("bytes.json"), b"{\n\xFF").unwrap();
    let bytes = run(home.path(), "aws policy lint bytes.json", "");
    assert_eq!(bytes.status.code(), Some(6));
    assert!(str::from_utf8(&bytes.stdout).unwrap().contains("not UTF-8"));

    let hostile = r#"{"Statement": {"Effect": "\u001b[2J\u202e", "Action": "*", "Resource": "*"}}"#;
    let output = run(home.path(), "aws policy lint -", hostile);
    assert_eq!(output.status.code(), Some(6));
    let shown = str::from_utf8(&output.stdout).unwrap();
    assert!(!shown.contains(['\u{1b}', '\u{202e}']), "{shown:?}");
}

#[test]
fn the_help_tells_of_the_exit_code() {
    let home = home();
    let help = run(home.path(), "aws policy lint --help", "");
    let text = str::from_utf8(&help.stdout).unwrap();
    let words: Vec<_> = text.split_whitespace().collect();
    assert!(
        words
            .join(" ")
            .contains("the exit code is 6; with warnings and notes only it is 0"),
        "{text}"
    );
}
