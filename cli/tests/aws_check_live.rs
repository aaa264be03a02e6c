//! `aws check` where it asks AWS, with a program in the place of the AWS CLI.
#![cfg(target_os = "linux")]

mod common;
#[path = "common/program.rs"]
mod program;

use std::fs::{self, File};
use std::io::Read as _;
use std::process::{Output, Stdio};

use nix::pty::{Winsize, openpty};
use serde_json::{Value, json};
use tempfile::TempDir;

use common::{brasskey, stderr};

/// Notes each call, and prints the answer of the file `OPERATION`, `OPERATION-USER` or `OPERATION-REGION`; one that
/// begins with `An error` is refused with it.
const PROGRAM: &str = r#"#!/bin/sh
here="${0%/*}"
[ "$1" = --version ] && { echo "aws-cli/2.33.0 Python/3.13 Linux/6.12"; exit; }
echo "$*" >> "$here/calls"
answer="$here/$2"
last=
for word in "$@"; do
  case "$last" in --user-name | --region) [ -e "$here/$2-$word" ] && answer="$here/$2-$word" ;; esac
  last="$word"
done
[ -e "$answer" ] || { echo "unexpected: $*" >&2; exit 255; }
if grep -q '^An error' "$answer"; then cat "$answer" >&2; exit 254; fi
cat "$answer"
"#;
const KEY: &str = "arn:aws:iam::123456789012:u2f/user/alice/key-ABCDEFGHIJKLMNOPQRSTUVWXYZ";
const HEADER: &str = "user,arn,user_creation_time,password_enabled,mfa_active,access_key_1_active,\
                      access_key_1_last_rotated,access_key_1_last_used_date,access_key_2_active,\
                      access_key_2_last_rotated,access_key_2_last_used_date";

/// A home with a program `aws` on its PATH, and the account that it answers for.
struct Home(TempDir);

impl Home {
    fn new() -> Self {
        let home = Self(tempfile::tempdir().unwrap());
        fs::create_dir(home.0.path().join("bin")).unwrap();
        program::write(&home.0.path().join("bin/aws"), PROGRAM);
        let user = |name: &str| json!({ "UserName": name, "Arn": format!("arn:aws:iam::123456789012:user/{name}") });
        let users = ["alice", "bob", "robot"].map(user);
        home.says(
            "get-caller-identity",
            &json!({ "UserId": "A", "Account": "123456789012", "Arn": "arn:aws:iam::123456789012:user/auditor" }),
        );
        home.says(
            "get-account-summary",
            &json!({ "SummaryMap": { "AccountMFAEnabled": 1, "AccountAccessKeysPresent": 0 } }),
        );
        home.says("generate-credential-report", &json!({ "State": "COMPLETE" }));
        home.report(&[("alice", true, true), ("bob", true, false), ("robot", false, false)]);
        home.says("list-users", &json!({ "Users": users }));
        home.says("list-virtual-mfa-devices", &json!({ "VirtualMFADevices": [] }));
        home.says(
            "get-account-authorization-details",
            &json!({ "UserDetailList": users, "GroupDetailList": [], "RoleDetailList": [], "Policies": [] }),
        );
        home.says(
            "list-organizations-features",
            &json!({ "OrganizationId": "o-1", "EnabledFeatures": [] }),
        );
        home.says("lookup-events", &json!({ "Events": [] }));
        home.says(
            "list-mfa-devices-alice",
            &json!({ "MFADevices": [{ "UserName": "alice", "SerialNumber": KEY }] }),
        );
        home.says(
            "get-mfa-device",
            &json!({ "UserName": "alice", "SerialNumber": KEY, "Certifications": { "FIDO": "L1" } }),
        );
        home
    }

    /// Users, whether each has a password, and MFA.
    fn report(&self, rows: &[(&str, bool, bool)]) {
        let mut csv = HEADER.to_owned();
        for (user, password, mfa) in rows {
            csv.push_str(&format!(
                "\n{user},arn:aws:iam::123456789012:user/{user},2020-01-01T00:00:00Z,{password},{mfa},false,N/A,N/A,\
                 false,N/A,N/A"
            ));
        }
        let now = std::time::SystemTime::now()
            .duration_since(std::time::UNIX_EPOCH)
            .unwrap();
        self.says(
            "get-credential-report",
            &json!({ "Content": base64(csv.as_bytes()), "ReportFormat": "text/csv", "GeneratedTime": now.as_secs() }),
        );
    }

    fn answers(&self, name: &str, text: &str) {
        fs::write(self.0.path().join("bin").join(name), text).unwrap();
    }

    fn says(&self, name: &str, answer: &Value) {
        self.answers(name, &answer.to_string());
    }

    fn refuses(&self, operation: &str, name: &str, action: &str) {
        self.answers(
            operation,
            &format!(
                "An error occurred (AccessDenied) when calling the {name} operation: User: \
                 arn:aws:iam::123456789012:user/auditor is not authorized to perform: {action} on resource: * because \
                 no identity-based policy allows the {action} action"
            ),
        );
    }

    /// The PATH.
    fn programs(&self) -> String {
        format!("{}:/usr/bin:/bin", self.0.path().join("bin").display())
    }

    fn run(&self, arguments: &str) -> Output {
        let mut command = brasskey(self.0.path(), arguments);
        command.env("PATH", self.programs()).output().unwrap()
    }

    /// What the check finds.
    fn check(&self, code: i32) -> Value {
        let output = self.run("aws check --json");
        assert_eq!(output.status.code(), Some(code), "{}", stderr(&output));
        serde_json::from_slice(&output.stdout).unwrap()
    }

    fn calls(&self) -> Vec<String> {
        let calls = fs::read_to_string(self.0.path().join("bin/calls")).unwrap();
        calls.lines().map(str::to_owned).collect()
    }
}

/// By hand: one small text a test.
fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for three in bytes.chunks(3) {
        let all = three.iter().fold(0, |all, byte| all << 8 | u32::from(*byte)) << (8 * (3 - three.len()));
        for index in 0..4 {
            match index <= three.len() {
                true => text.push(DIGITS[(all >> (18 - 6 * index)) as usize & 63].into()),
                false => text.push('='),
            }
        }
    }
    text
}

/// The outcome and detail of a check, of a user or of anybody.
fn found(said: &Value, check: &str, user: Option<&str>) -> Option<(String, String)> {
    let mut findings = said["findings"].as_array().unwrap().iter();
    let finding = findings.find(|finding| finding["check"] == check && finding["subject"]["name"].as_str() == user)?;
    let text = |name: &str| finding[name].as_str().unwrap().to_owned();
    Some((text("outcome"), text("detail")))
}

#[test]
fn users_are_asked_for_only_where_no_list_tells() {
    let home = Home::new();
    let said = home.check(6);
    assert_eq!(found(&said, "user-mfa", Some("bob")).unwrap().0, "failed");
    assert_eq!(found(&said, "one-device", Some("alice")).unwrap().0, "warned");
    assert_eq!(found(&said, "phishing-resistant", Some("alice")), None);
    assert_eq!(found(&said, "sign-in-history", None), None);
    assert_eq!(said["users"][0]["devices"][0]["certification"], "L1");
    let calls = home.calls();
    let of = |operation: &str| calls.iter().filter(|call| call.contains(operation)).count();
    assert_eq!(of("list-mfa-devices"), 1, "{calls:?}");
    for region in ["us-east-1", "us-east-2", "eu-north-1", "ap-southeast-2"] {
        assert_eq!(of(&format!("--region {region}")), 2, "{calls:?}");
    }
    let verbs = calls
        .iter()
        .filter_map(|call| call.split(' ').nth(1)?.split('-').next());
    let mut verbs: Vec<_> = verbs.collect();
    verbs.sort_unstable();
    verbs.dedup();
    assert_eq!(verbs, ["generate", "get", "list", "lookup"]);
}

#[test]
fn what_is_not_allowed_cannot_be_told_and_the_rest_is_judged() {
    let home = Home::new();
    home.refuses("get-account-summary", "GetAccountSummary", "iam:GetAccountSummary");
    home.refuses("lookup-events-eu-north-1", "LookupEvents", "cloudtrail:LookupEvents");
    home.refuses("list-mfa-devices-alice", "ListMFADevices", "iam:ListMFADevices");
    let said = home.check(6);
    assert_eq!(found(&said, "user-mfa", Some("bob")).unwrap().0, "failed");
    for (check, user, permission) in [
        ("root-mfa", None, "iam:GetAccountSummary"),
        ("sign-in-history", None, "cloudtrail:LookupEvents"),
        ("one-device", Some("alice"), "iam:ListMFADevices"),
    ] {
        let (outcome, detail) = found(&said, check, user).unwrap();
        assert!(
            outcome == "cannotTell" && detail.contains(permission),
            "{check}: {detail}"
        );
    }
    let (_, detail) = found(&said, "sign-in-history", None).unwrap();
    assert!(detail.contains("eu-north-1") && !detail.contains("us-east"), "{detail}");
}

#[test]
fn without_a_credential_report_everybody_is_asked_for() {
    let home = Home::new();
    home.refuses(
        "generate-credential-report",
        "GenerateCredentialReport",
        "iam:GenerateCredentialReport",
    );
    home.refuses(
        "get-credential-report",
        "GetCredentialReport",
        "iam:GetCredentialReport",
    );
    home.says("list-mfa-devices", &json!({ "MFADevices": [] }));
    let said = home.check(0);
    let (outcome, detail) = found(&said, "user-mfa", Some("bob")).unwrap();
    assert!(
        outcome == "cannotTell" && detail.contains("iam:GetCredentialReport"),
        "{detail}"
    );
    assert_eq!(
        home.calls()
            .iter()
            .filter(|call| call.contains("list-mfa-devices"))
            .count(),
        3
    );
}

#[test]
fn a_list_is_newer_than_the_report_and_a_user_may_be_gone_by_now() {
    let home = Home::new();
    home.report(&[("alice", true, true), ("bob", true, true), ("robot", true, true)]);
    home.says("list-mfa-devices-bob", &json!({ "MFADevices": [] }));
    home.answers(
        "list-mfa-devices-robot",
        "An error occurred (NoSuchEntity) when calling the ListMFADevices operation: The user with name robot cannot \
         be found.",
    );
    let said = home.check(6);
    assert_eq!(found(&said, "user-mfa", Some("bob")).unwrap().0, "failed");
    assert!(
        found(&said, "report", Some("bob"))
            .unwrap()
            .1
            .contains("no device is listed")
    );
    assert_eq!(found(&said, "one-device", Some("robot")).unwrap().0, "cannotTell");
}

#[test]
fn a_session_that_ended_gives_no_verdict() {
    let home = Home::new();
    home.answers(
        "list-users",
        "An error occurred (ExpiredToken) when calling the ListUsers operation: The security token included in the \
         request is expired",
    );
    let output = home.run("aws check --json");
    assert_eq!(output.status.code(), Some(7), "{}", stderr(&output));
    let said: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert!(said.get("findings").is_none(), "{said}");
}

#[test]
fn a_narrow_terminal_has_a_bar_and_no_wider_line() {
    const WIDTH: u16 = 60;
    let home = Home::new();
    let size = Winsize {
        ws_row: 40,
        ws_col: WIDTH,
        ws_xpixel: 0,
        ws_ypixel: 0,
    };
    let pty = openpty(&size, None).unwrap();
    let mut command = brasskey(home.0.path(), "aws check");
    let mut child = command
        .env("PATH", home.programs())
        .env("TERM", "xterm")
        .env("NO_COLOR", "1")
        .stdout(Stdio::from(pty.slave.try_clone().unwrap()))
        .stderr(Stdio::from(pty.slave))
        .spawn()
        .unwrap();
    // It has the terminal's other end, too.
    drop(command);
    let mut shown = Vec::new();
    // The last reader of a terminal is told EIO in place of its end.
    let _ = File::from(pty.master).read_to_end(&mut shown);
    assert_eq!(child.wait().unwrap().code(), Some(6));
    let shown = String::from_utf8(shown).unwrap();
    assert!(shown.contains("answers of AWS"), "{shown}");
    let (_, text) = shown.split_once("AWS account").unwrap();
    // A word that is longer stays whole, such as the ARN of a device.
    let can_be_broken = |line: &&str| line.trim().contains(' ');
    let wide = text.lines().filter(|line| line.chars().count() > WIDTH.into());
    let wide = wide.filter(can_be_broken);
    assert_eq!(wide.collect::<Vec<_>>(), Vec::<&str>::new());
}

#[test]
fn spare_says_whose_devices_could_not_be_looked_at() {
    let home = Home::new();
    home.refuses("list-mfa-devices-alice", "ListMFADevices", "iam:ListMFADevices");
    let output = home.run("aws spare");
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let text = String::from_utf8(output.stdout).unwrap();
    let (_, told) = text.split_once("Cannot be told\n").unwrap();
    assert!(
        told.starts_with("  [ ] ") && told.lines().next().unwrap().contains("iam:ListMFADevices"),
        "{text}"
    );
}

#[test]
fn spare_asks_for_devices_alone() {
    let home = Home::new();
    let output = home.run("aws spare");
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(
        text.contains("  [ ] alice: security key\n") && text.contains("  [ ] bob\n"),
        "{text}"
    );
    let calls = home.calls();
    assert!(
        calls
            .iter()
            .all(|call| !call.contains("cloudtrail") && !call.contains("details")),
        "{calls:?}"
    );
}
