//! The commands of `brasskey aws` that run the AWS CLI, with a program in its place.
#![cfg(target_os = "linux")]

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;
use tempfile::TempDir;

const SERIAL: &str = "arn:aws:iam::123456789012:mfa/work";

/// Notes each call, and runs the script `SERVICE-OPERATION` beside it; an operation that has none fails the test.
const PROGRAM: &str = r#"#!/bin/sh
here="${0%/*}"
[ "$1" = --version ] && { cat "$here/version"; exit; }
echo "$*" >> "$here/calls"
script="$here/$1-$2"
[ -e "$script" ] || { echo "unexpected: $*" >&2; exit 255; }
. "$script"
"#;
const IDENTITY: &str = r#"echo '{"Account": "123456789012", "Arn": "arn:aws:iam::123456789012:user/alice"}'"#;
const CREATE: &str = r#"for a in "$@"; do [ "$last" = --outfile ] && echo MZXW6YTBOI > "$a"; last=$a; done; echo '{}'"#;
const SESSION: &str = r#"echo '{"Credentials": {"AccessKeyId": "ASIAEXAMPLE", "SecretAccessKey": "secret",
"SessionToken": "token", "Expiration": "2099-01-01T00:00:00Z"}}'"#;

/// A home with a program `aws` on its PATH, and no terminal.
struct Home(TempDir);

impl Home {
    fn new() -> Self {
        let home = Self(tempfile::tempdir().unwrap());
        fs::create_dir(home.path("bin")).unwrap();
        fs::write(home.path("bin/aws"), PROGRAM).unwrap();
        fs::set_permissions(home.path("bin/aws"), fs::Permissions::from_mode(0o755)).unwrap();
        home.answers("version", "aws-cli/2.33.0 Python/3.13 Linux/6.12");
        home.answers("sts-get-caller-identity", IDENTITY);
        home.answers("iam-list-mfa-devices", r#"echo '{"MFADevices": []}'"#);
        home.answers("iam-list-virtual-mfa-devices", r#"echo '{"VirtualMFADevices": []}'"#);
        home
    }

    /// A home whose soft token has the account of the device.
    fn with_account() -> Self {
        let home = Self::new();
        let output = home.run("oath add --device soft --name work@123456789012 --issuer AWS --secret-fd 0");
        assert!(output.status.success(), "{}", said(&output));
        home
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn answers(&self, name: &str, script: &str) {
        fs::write(self.path("bin").join(name), script).unwrap();
    }

    fn refuses(&self, name: &str, words: &str) {
        self.answers(name, &format!("echo \"{words}\" >&2; exit 254"));
    }

    fn command(&self, arguments: &str) -> Command {
        let mut command = Command::new("setsid");
        command
            .args(["--wait", env!("CARGO_BIN_EXE_brasskey")])
            .args(arguments.split(' '))
            .current_dir(self.0.path())
            .env_clear()
            .env("HOME", self.0.path())
            .env("PATH", format!("{}:/usr/bin:/bin", self.path("bin").display()))
            .env("PCSCLITE_CSOCK_NAME", self.path("no-pcscd"))
            .env("SHELL", "/bin/bash")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    fn start(&self, arguments: &str) -> Child {
        let mut child = self.command(arguments).spawn().unwrap();
        // A command that needs none may have ended.
        let _ = child.stdin.take().unwrap().write_all(b"MZXW6YTBOI\n");
        child
    }

    fn run(&self, arguments: &str) -> Output {
        self.start(arguments).wait_with_output().unwrap()
    }

    /// What a command prints that succeeds.
    fn pass(&self, arguments: &str) -> String {
        let output = self.run(arguments);
        assert!(output.status.success(), "{arguments}: {}", said(&output));
        String::from_utf8(output.stdout).unwrap()
    }

    fn json(&self, arguments: &str) -> Value {
        serde_json::from_str(&self.pass(arguments)).unwrap()
    }

    /// The exit code, and what a command says that fails.
    fn fail(&self, arguments: &str) -> (i32, String) {
        let output = self.run(arguments);
        let said = said(&output);
        assert!(said.contains("\nhint: "), "{arguments}: {said}");
        (output.status.code().unwrap(), said)
    }

    /// The operations that were called, which are forgotten then.
    fn operations(&self) -> Vec<String> {
        let calls = self.calls();
        calls
            .iter()
            .filter_map(|call| Some(call.split(' ').nth(1)?.to_owned()))
            .collect()
    }

    fn calls(&self) -> Vec<String> {
        let file = self.path("bin/calls");
        let calls = fs::read_to_string(&file).unwrap_or_default();
        let _ = fs::remove_file(file);
        calls.lines().map(str::to_owned).collect()
    }
}

fn said(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

#[test]
fn an_aws_cli_that_is_missing_or_too_old_is_an_error_with_a_remedy() {
    let home = Home::new();
    home.answers("version", "aws-cli/1.16.300 Python/2.7.18 Linux/4.9");
    let (code, said) = home.fail("aws enroll totp --name work");
    assert!(
        code == 1 && said.contains("too old: 1.16.300") && said.contains("update"),
        "{said}"
    );
    home.answers("version", "a bar of soap");
    let (code, said) = home.fail("aws enroll totp --name work");
    assert!(
        code == 1 && said.contains("does not say that it is the AWS CLI"),
        "{said}"
    );
    fs::remove_file(home.path("bin/aws")).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_brasskey"));
    command
        .args(["aws", "enroll", "totp", "--name", "work"])
        .env("HOME", home.path(""));
    let output = command.env("PATH", home.path("bin")).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("not installed"), "{said}");
}

#[test]
fn a_dry_run_changes_nothing_anywhere() {
    let home = Home::new();
    let printed = home.pass("aws enroll totp --name work --dry-run --device soft --also unix:/no/key");
    for expected in [
        "aws iam create-virtual-mfa-device --virtual-mfa-device-name work --bootstrap-method Base32StringSeed",
        "aws iam enable-mfa-device --user-name alice --serial-number arn:aws:iam::123456789012:mfa/work",
        "--authentication-code1 <code>",
        "on unix:/no/key, as AWS:work@123456789012",
    ] {
        assert!(printed.contains(expected), "{expected}: {printed}");
    }
    let reading = ["get-caller-identity", "list-mfa-devices", "list-virtual-mfa-devices"];
    assert_eq!(home.operations(), reading);
    assert!(!home.path(".local").exists());
    let json = home.json("aws resync --name work --dry-run --json");
    assert_eq!(json["dryRun"], true);
    assert!(
        json["steps"][0]["call"]
            .as_str()
            .unwrap()
            .starts_with("aws iam resync-mfa-device"),
        "{json}"
    );
    home.calls();
    let printed = home.pass("aws remove --name work --user bob --dry-run --profile work");
    assert!(
        printed.contains("aws iam delete-virtual-mfa-device --serial-number"),
        "{printed}"
    );
    let calls = home.calls();
    assert!(
        calls.len() == 2 && calls.iter().all(|call| call.contains("--profile work")),
        "{calls:?}"
    );
}

#[test]
fn nothing_is_changed_without_a_yes() {
    let home = Home::new();
    home.answers(
        "iam-list-mfa-devices",
        r#"echo '{"MFADevices": [{"SerialNumber": "arn:aws:iam::123456789012:mfa/old"}]}'"#,
    );
    for arguments in [
        "aws enroll totp --name work",
        "aws remove --name old",
        "aws resync --name old",
    ] {
        let (code, said) = home.fail(arguments);
        assert!(code == 2 && said.contains("add --yes"), "{said}");
    }
    let (code, said) = home.fail(&format!("aws session --serial {SERIAL} --configure mfa"));
    // Settings are looked up by `configure get`, which has no answer here.
    assert!(code == 2 && said.contains("add --yes"), "{said}");
    assert!(
        home.operations()
            .iter()
            .all(|operation| operation.starts_with("get") || operation.starts_with("list"))
    );
}

#[test]
fn what_stands_in_the_way_is_said_before_anything_is_done() {
    let home = Home::new();
    let eight: Vec<String> = (0..8)
        .map(|n| format!(r#"{{"SerialNumber": "arn:aws:iam::123456789012:mfa/d{n}"}}"#))
        .collect();
    home.answers(
        "iam-list-mfa-devices",
        &format!("echo '{{\"MFADevices\": [{}]}}'", eight.join(",")),
    );
    let (code, said) = home.fail("aws enroll totp --name work --yes");
    assert!(code == 2 && said.contains("has 8 MFA devices"), "{said}");
    let (code, said) = home.fail("aws enroll totp --name d7 --yes");
    assert!(code == 2 && said.contains("another --name"), "{said}");
    home.answers("iam-list-mfa-devices", r#"echo '{"MFADevices": []}'"#);
    home.answers(
        "iam-list-virtual-mfa-devices",
        &format!("echo '{{\"VirtualMFADevices\": [{{\"SerialNumber\": \"{SERIAL}\"}}]}}'"),
    );
    let (code, said) = home.fail("aws enroll totp --name work --yes");
    assert!(code == 2 && said.contains("nobody uses"), "{said}");
    home.refuses(
        "iam-list-mfa-devices",
        "An error occurred (AccessDenied) when calling the ListMFADevices operation: User: \
         arn:aws:iam::123456789012:user/alice is not authorized to perform: iam:ListMFADevices on resource: user alice",
    );
    let (code, said) = home.fail("aws enroll totp --name work --yes");
    assert!(code == 7 && said.contains("allow iam:ListMFADevices"), "{said}");
    home.refuses(
        "sts-get-caller-identity",
        "Error loading SSO Token: Token for https://x does not exist",
    );
    let (code, said) = home.fail("aws enroll totp --name work --yes --profile sso");
    assert!(code == 7 && said.contains("aws sso login --profile sso"), "{said}");
    home.answers(
        "sts-get-caller-identity",
        r#"echo '{"Arn": "arn:aws:sts::123456789012:assumed-role/admin/alice"}'"#,
    );
    let (code, said) = home.fail("aws enroll totp --name work --yes");
    assert!(code == 2 && said.contains("--user"), "{said}");
    assert!(
        !home
            .operations()
            .iter()
            .any(|operation| operation.starts_with("create"))
    );
}

#[test]
fn what_only_the_console_can_do_is_printed() {
    let home = Home::new();
    let printed = home.pass("aws enroll key --root --name spare");
    assert!(
        printed.contains("root user email") && printed.contains("Passkey or security key"),
        "{printed}"
    );
    assert_eq!(home.operations(), Vec::<String>::new());
    home.answers(
        "sts-get-caller-identity",
        r#"echo '{"Arn": "arn:aws:iam::123456789012:root"}'"#,
    );
    let printed = home.pass("aws enroll totp --name work");
    assert!(
        printed.contains("Authenticator app") && printed.contains("--two"),
        "{printed}"
    );
    for arguments in ["aws remove --name work --yes", "aws resync --name work --yes"] {
        assert!(home.pass(arguments).contains("as the root user"));
    }
    let json = home.json("aws enroll totp --root --name work --json");
    assert!(json["steps"].as_array().unwrap().len() > 5 && json["verify"].is_array());
}

#[test]
fn ctrl_c_leaves_no_device_and_no_account() {
    let home = Home::new();
    home.answers("iam-create-virtual-mfa-device", CREATE);
    home.answers("iam-delete-virtual-mfa-device", "true");
    let mut child = Command::new(env!("CARGO_BIN_EXE_brasskey"))
        .args("aws enroll totp --name work --yes --device soft --touch auto".split(' '))
        .env("HOME", home.path(""))
        .env("PATH", format!("{}:/usr/bin:/bin", home.path("bin").display()))
        .env_remove("XDG_DATA_HOME")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap());
    let mut line = String::new();
    while !line.contains("two codes in a row") {
        line.clear();
        assert_ne!(lines.read_line(&mut line).unwrap(), 0);
    }
    kill(Pid::from_raw(child.id().cast_signed()), Signal::SIGINT).unwrap();
    let mut rest = String::new();
    lines.read_to_string(&mut rest).unwrap();
    let status = child.wait().unwrap();
    // A code of the new half minute may have come first: then AWS refuses, since nothing answers for it here.
    assert!(matches!(status.code(), Some(4 | 7)), "{rest}");
    assert!(rest.contains("mfa/work is deleted"), "{rest}");
    assert!(
        rest.contains("AWS:work@123456789012 on built-in soft token (software) is deleted"),
        "{rest}"
    );
    assert_eq!(home.operations().last().unwrap(), "delete-virtual-mfa-device");
    let listed = home.json("oath list --device soft --json");
    assert_eq!(listed["accounts"].as_array().unwrap().len(), 0);
}

#[test]
fn a_device_is_removed_with_its_account() {
    let home = Home::with_account();
    home.answers(
        "iam-list-mfa-devices",
        &format!("echo '{{\"MFADevices\": [{{\"SerialNumber\": \"{SERIAL}\"}}]}}'"),
    );
    home.answers("iam-deactivate-mfa-device", "true");
    home.answers("iam-delete-virtual-mfa-device", "true");
    let json = home.json("aws remove --name work --yes --delete-account --device soft --json");
    assert_eq!(json["accountDeleted"], "AWS:work@123456789012");
    assert_eq!(
        home.operations(),
        [
            "get-caller-identity",
            "list-mfa-devices",
            "deactivate-mfa-device",
            "delete-virtual-mfa-device"
        ]
    );
    // One that nobody has is deleted all the same; the key has no account of it any more.
    home.answers("iam-list-mfa-devices", r#"echo '{"MFADevices": []}'"#);
    let json = home.json("aws remove --name work --yes --delete-account --device soft --json");
    assert_eq!(
        (&json["deactivated"], &json["accountDeleted"]),
        (&Value::Bool(false), &Value::Null)
    );
    let (code, said) = home.fail("aws remove --serial GAHT12345678 --yes");
    assert!(code == 2 && said.contains("no MFA device GAHT12345678"), "{said}");
}

#[test]
fn a_session_is_printed_kept_and_forgotten() {
    let home = Home::with_account();
    home.answers("sts-get-session-token", SESSION);
    let session = format!("aws session --serial {SERIAL} --device soft --touch auto");
    let json = home.json(&session);
    assert_eq!(
        (&json["Version"], &json["AccessKeyId"]),
        (&Value::from(1), &Value::from("ASIAEXAMPLE"))
    );
    let calls = home.calls();
    assert!(
        calls[0].contains(&format!("--serial-number {SERIAL} --token-code ")),
        "{calls:?}"
    );
    // The second comes from the file.
    assert_eq!(home.json(&session), json);
    assert_eq!(home.calls(), Vec::<String>::new());
    let exports = home.pass(&format!("{session} --env --region eu-west-1"));
    assert!(
        exports.contains("export AWS_SESSION_TOKEN='token'\n") && exports.contains("'eu-west-1'"),
        "{exports}"
    );
    assert_eq!(
        home.json(&format!("aws session --forget --serial {SERIAL} --json"))["forgotten"],
        1
    );
    assert_eq!(home.json("aws session --forget --json")["forgotten"], 0);
}

#[test]
fn one_touch_serves_all_who_wait_for_it() {
    let home = Home::with_account();
    home.answers("sts-assume-role", SESSION);
    let session = format!(
        "aws session --serial {SERIAL} --role arn:aws:iam::123456789012:role/x --external-id id --duration 900 \
         --device soft --touch auto"
    )
    .replace("         ", "");
    let children: Vec<_> = (0..5).map(|_| home.start(&session)).collect();
    for child in children {
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{}", said(&output));
    }
    let calls = home.calls();
    assert_eq!(calls.len(), 1, "{calls:?}");
    assert!(
        calls[0].starts_with(
            "sts assume-role --role-arn arn:aws:iam::123456789012:role/x --role-session-name brasskey --external-id id \
             --duration-seconds 900 --serial-number"
        ),
        "{calls:?}"
    );
}

#[test]
fn a_command_has_the_credentials_and_its_exit_code_is_ours() {
    let home = Home::with_account();
    home.answers("sts-get-session-token", SESSION);
    home.answers("configure-get", "[ $3 = region ] && echo eu-north-1");
    let mut command = home.command(&format!("aws session --serial {SERIAL} --device soft --touch auto --"));
    command.args(["sh", "-c", "echo $AWS_ACCESS_KEY_ID $AWS_REGION $AWS_PROFILE; exit 42"]);
    let output = command.env("AWS_PROFILE", "work").output().unwrap();
    assert_eq!(output.status.code(), Some(42), "{}", said(&output));
    assert_eq!(String::from_utf8_lossy(&output.stdout), "ASIAEXAMPLE eu-north-1\n");
    assert!(home.calls()[0].contains("--profile work"));
    let (code, said) = home.fail(&format!(
        "aws session --serial {SERIAL} --device soft --touch auto -- /no/program"
    ));
    assert!(code == 1 && said.contains("cannot run /no/program"), "{said}");
}

#[test]
fn what_cannot_be_a_session_is_refused_before_a_touch() {
    let home = Home::new();
    let (code, said) = home.fail("aws session --serial arn:aws:iam::123456789012:u2f/user/alice/k-ABC");
    assert!(code == 2 && said.contains("aws login"), "{said}");
    let (code, said) = home.fail(&format!("aws session --serial {SERIAL} --duration 60"));
    assert!(code == 2 && said.contains("900"), "{said}");
    let (code, said) = home.fail(&format!(
        "aws session --serial {SERIAL} --role arn:aws:iam::1:role/x --duration 50000"
    ));
    assert!(code == 2 && said.contains("43200"), "{said}");
    let (code, said) = home.fail("aws session --serial GAHT12345678");
    assert!(code == 2 && said.contains("--name"), "{said}");
    let (code, said) = home.fail("aws session");
    assert!(code == 2 && said.contains("--serial"), "{said}");
    assert_eq!(home.calls(), Vec::<String>::new());
}

#[test]
fn a_profile_that_is_its_own_source_is_an_error() {
    let home = Home::with_account();
    let session = format!("aws session --serial {SERIAL} --device soft --touch auto");
    // The profile of the AWS CLI that runs here gets its credentials from this command.
    home.answers(
        "sts-get-session-token",
        &format!(
            "{} {session} 2>&1 >/dev/null | head -1 | sed 's/^/Error when retrieving credentials from \
                  custom-process: /' >&2; exit 255",
            env!("CARGO_BIN_EXE_brasskey")
        ),
    );
    let (code, said) = home.fail(&session);
    assert!(code == 7 && said.contains("goes in a circle"), "{said}");
    assert_eq!(home.operations(), ["get-session-token"]);
    let (code, said) = home.fail(&format!("{session} --configure mfa --source-profile mfa"));
    assert!(code == 2 && said.contains("from itself"), "{said}");
}

#[test]
fn a_profile_is_shown_and_written() {
    let home = Home::new();
    home.answers("configure-get", "[ \"$3 $5\" = 'region work' ] && echo eu-north-1");
    home.answers("configure-set", "true");
    let configure = format!("aws session --configure mfa --serial {SERIAL} --duration 3600 --source-profile work");
    let printed = home.pass(&format!("{configure} --dry-run"));
    assert!(
        printed.contains("aws configure set region eu-north-1 --profile mfa"),
        "{printed}"
    );
    assert!(!home.operations().contains(&"set".to_owned()));
    let json = home.json(&format!("{configure} --yes --json"));
    let process = json["credentialProcess"].as_str().unwrap();
    let expected = format!("/brasskey aws session --serial {SERIAL} --duration 3600 --source-profile work");
    assert!(process.ends_with(&expected), "{process}");
    let set: Vec<_> = home
        .calls()
        .into_iter()
        .filter(|call| call.starts_with("configure set"))
        .collect();
    assert_eq!(set.len(), 2);
    assert_eq!(
        set[0],
        format!("configure set credential_process {process} --profile mfa")
    );
    home.answers("configure-get", "echo AKIAEXAMPLE");
    let (code, said) = home.fail(&format!("{configure} --yes"));
    assert!(code == 2 && said.contains("access key of its own"), "{said}");
}

#[test]
fn a_code_that_aws_refuses_is_said_in_plain_words() {
    let home = Home::with_account();
    home.refuses(
        "sts-get-session-token",
        "An error occurred (AccessDenied) when calling the GetSessionToken operation: MultiFactorAuthentication failed \
         with invalid MFA one time pass code. ",
    );
    let (code, said) = home.fail(&format!("aws session --serial {SERIAL} --device soft --touch auto"));
    assert!(
        code == 7 && said.contains("good once") && said.contains("brasskey aws resync"),
        "{said}"
    );
}
