//! `aws check` and `aws spare` as a script meets them: files of the AWS CLI, exit codes, JSON and the page.
#![cfg(target_os = "linux")]

mod common;

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Output, Stdio};

use serde_json::{Value, json};
use tempfile::TempDir;

use common::{brasskey, stderr};

const REPORT: &str = "user,arn,user_creation_time,password_enabled,mfa_active,access_key_1_active,\
                      access_key_1_last_rotated,access_key_1_last_used_date,access_key_2_active,\
                      access_key_2_last_rotated,access_key_2_last_used_date\n\
                      <root_account>,arn:aws:iam::123456789012:root,2020-01-01T00:00:00Z,not_supported,true,false,N/A,\
                      N/A,false,N/A,N/A\n\
                      alice,arn:aws:iam::123456789012:user/alice,2020-01-01T00:00:00Z,true,true,false,N/A,N/A,false,\
                      N/A,N/A\n";
const BOB: &str =
    "bob,arn:aws:iam::123456789012:user/bob,2020-01-01T00:00:00Z,true,false,false,N/A,N/A,false,N/A,N/A\n";

/// A home with a directory of exported answers.
fn home(files: &[(&str, &str)]) -> TempDir {
    let home = tempfile::tempdir().unwrap();
    let exported = home.path().join("exported");
    fs::create_dir(&exported).unwrap();
    for (name, text) in files {
        fs::write(exported.join(name), text).unwrap();
    }
    home
}

fn run(home: &Path, arguments: &str) -> Output {
    brasskey(home, arguments).output().unwrap()
}

fn piped(home: &Path, arguments: &str, input: &[u8]) -> Output {
    let mut child = brasskey(home, arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(input).unwrap();
    child.wait_with_output().unwrap()
}

fn value(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap()
}

/// The checks that came out so, of whom.
fn found(value: &Value, outcome: &str) -> Vec<(String, String)> {
    let findings = value["findings"].as_array().unwrap();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let of = findings.iter().filter(|finding| finding["outcome"] == outcome);
    of.map(|finding| (text(&finding["check"]), text(&finding["subject"]["name"])))
        .collect()
}

#[test]
fn a_user_without_mfa_fails_the_check_and_others_pass() {
    let good = home(&[("a", REPORT)]);
    let output = run(good.path(), "aws check --from exported");
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let bad = home(&[("a", &format!("{REPORT}{BOB}"))]);
    for arguments in [
        "aws check --from exported",
        "aws check --from exported/a",
        "aws check --from exported --json",
    ] {
        let output = run(bad.path(), arguments);
        assert_eq!(output.status.code(), Some(6), "{arguments}");
        assert!(
            stderr(&output).contains("error: the AWS account does not pass: 1 failure\nhint: "),
            "{arguments}"
        );
    }
    let output = run(bad.path(), "aws check --from exported --json");
    let said = value(&output);
    assert_eq!(found(&said, "failed"), [("user-mfa".to_owned(), "bob".to_owned())]);
    let evidence = &said["findings"][0]["evidence"][0];
    assert_eq!(
        evidence,
        &json!({ "file": "exported/a", "says": "line 4: mfa_active: false" })
    );
}

#[test]
fn warnings_fail_the_check_where_that_is_asked_for() {
    let devices = r#"{"MFADevices": [{"UserName": "alice", "SerialNumber": "arn:aws:iam::123456789012:mfa/alice"}]}"#;
    let home = home(&[("report", REPORT), ("devices", devices)]);
    for (arguments, code) in [
        ("", 0),
        (" --fail-on failure", 0),
        (" --fail-on warning", 6),
        (" --fail-on cannot-tell", 6),
    ] {
        let output = run(home.path(), &format!("aws check --from exported{arguments}"));
        assert_eq!(output.status.code(), Some(code), "{arguments}");
    }
}

#[test]
fn answers_come_one_after_another_on_standard_input() {
    let home = home(&[]);
    let both = b"{\"SummaryMap\": {\"AccountMFAEnabled\": 0, \"AccountPasswordPresent\": 1}}\n{\"Users\": []}";
    let output = piped(home.path(), "aws check --json --from -", both);
    assert_eq!(output.status.code(), Some(6), "{}", stderr(&output));
    assert_eq!(
        found(&value(&output), "failed"),
        [("root-mfa".to_owned(), String::new())]
    );
    let output = piped(home.path(), "aws check --json --from -", REPORT.as_bytes());
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
}

#[test]
fn a_file_that_is_damaged_or_foreign_gives_no_verdict() {
    let cut = REPORT.trim_end().trim_end_matches('A').to_owned();
    for (text, said) in [
        (cut.as_str(), "exported/a, line 3: "),
        ("{\"Users\": [", "exported/a, line 1: it ends too early"),
        ("{\"Roles\": []}", "exported/a, line 1: this is none of the answers"),
        ("readme", "exported/a, line 1: it is neither"),
        ("", "exported/a: it is empty"),
    ] {
        let home = home(&[("a", text), ("b", REPORT)]);
        let output = run(home.path(), "aws check --from exported --json");
        assert_eq!(output.status.code(), Some(2), "{text}");
        assert!(
            value(&output)["error"]["message"].as_str().unwrap().starts_with(said),
            "{text}: {}",
            stderr(&output)
        );
    }
    let home = home(&[]);
    for (arguments, code) in [("aws check --from exported", 2), ("aws check --from missing", 1)] {
        let output = run(home.path(), arguments);
        assert_eq!(output.status.code(), Some(code), "{arguments}");
    }
}

#[test]
fn the_page_is_its_owners_alone_and_needs_nothing_else() {
    let home = home(&[("a", &format!("{REPORT}{BOB}"))]);
    let output = run(home.path(), "aws check --from exported --html page.html");
    assert_eq!(output.status.code(), Some(6), "{}", stderr(&output));
    let file = home.path().join("page.html");
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    let page = fs::read_to_string(file).unwrap();
    assert!(page.contains("bob") && page.contains("123456789012"));
    assert!(!page.contains("<script") && !page.contains("http://") && !page.contains("https://"));
}

#[test]
fn the_page_can_be_printed_in_place_of_the_text() {
    let home = home(&[("a", &format!("{REPORT}{BOB}"))]);
    let output = run(home.path(), "aws check --from exported --html -");
    assert_eq!(output.status.code(), Some(6), "{}", stderr(&output));
    let page = String::from_utf8(output.stdout).unwrap();
    assert!(
        page.starts_with("<!DOCTYPE html>") && page.ends_with("</html>"),
        "{page}"
    );
    assert!(!home.path().join("-").exists());
    let output = run(home.path(), "aws check --from exported --html - --json");
    assert_eq!(output.status.code(), Some(2), "{}", stderr(&output));
    assert!(
        stderr(&output).contains("hint: give --html a file"),
        "{}",
        stderr(&output)
    );
    assert!(value(&output).get("findings").is_none());
}

#[test]
fn a_page_for_which_there_is_no_room_leaves_what_was_there() {
    let home = home(&[("a", &format!("{REPORT}{BOB}"))]);
    let write = || {
        // No file may grow beyond 512 bytes, and the signal that says so is ignored.
        let mut limited = std::process::Command::new("sh");
        let command = brasskey(home.path(), "aws check --from exported --html page.html");
        let program = [command.get_program()].into_iter().chain(command.get_args());
        limited
            .args(["-c", "trap '' XFSZ; ulimit -f 1; exec \"$@\"", "sh"])
            .args(program)
            .current_dir(home.path());
        limited.output().unwrap()
    };
    let files = || fs::read_dir(home.path()).unwrap().count();
    let before = files();
    let output = write();
    assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
    assert!(
        stderr(&output).contains("cannot write page.html"),
        "{}",
        stderr(&output)
    );
    assert_eq!(files(), before, "no part of a page stays");
    fs::write(home.path().join("page.html"), "the last one").unwrap();
    write();
    assert_eq!(
        fs::read_to_string(home.path().join("page.html")).unwrap(),
        "the last one"
    );
    assert_eq!(files(), before + 1);
}

#[test]
fn without_files_the_aws_cli_is_needed() {
    let home = home(&[]);
    let output = brasskey(home.path(), "aws check")
        .env("PATH", home.path())
        .output()
        .unwrap();
    assert_ne!(output.status.code(), Some(0));
    assert!(
        stderr(&output).contains("the AWS CLI is not installed"),
        "{}",
        stderr(&output)
    );
    let output = run(home.path(), "aws check --from exported --profile work");
    assert_eq!(output.status.code(), Some(2), "{}", stderr(&output));
}

#[test]
fn spare_is_a_checklist_of_who_is_locked_out() {
    let devices = r#"{"MFADevices": [{"UserName": "alice", "SerialNumber": "arn:aws:iam::123456789012:mfa/alice"}]}"#;
    let home = home(&[("report", REPORT), ("devices", devices)]);
    let output = run(home.path(), "aws spare --from exported");
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains("  [ ] alice: authenticator app\n"), "{text}");
    assert!(
        text.contains("  [ ] the root user\n") && text.contains("no recovery codes"),
        "{text}"
    );
    let output = run(home.path(), "aws spare --from exported --json");
    let said = value(&output);
    assert_eq!(
        said["spares"][0],
        json!({ "subject": { "kind": "user", "name": "alice" }, "advice": "one", "kinds": ["virtual"],
                "complete": true })
    );
}
