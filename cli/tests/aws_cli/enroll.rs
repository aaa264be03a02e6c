//! Enrolling, resynchronising and removing.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Command, Stdio};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;

use crate::home::{Home, SERIAL, SESSION, said};

const CREATE: &str = r#"for a in "$@"; do [ "$last" = --outfile ] && echo MZXW6YTBOI > "$a"; last=$a; done; echo '{}'"#;

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
    // Of which one asks whose the device is.
    assert!(
        calls.len() == 3 && calls.iter().all(|call| call.contains("--profile work")),
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
        said.contains("~/.aws/config") && !said.contains("an AWS account"),
        "{said}"
    );
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
    assert!(
        printed.contains("plain window") && !printed.contains("private window"),
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
    assert!(
        printed.contains("private window") && !printed.contains("plain window"),
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
    for command in ["resync", "remove"] {
        let (code, said) = home.fail(&format!("aws {command} --yes"));
        assert!(
            code == 2 && said.contains("add --name <NAME> or --serial <ARN>"),
            "{said}"
        );
    }
    let (code, said) = home.fail("aws remove --serial GAHT12345678 --yes");
    assert!(code == 2 && said.contains("no MFA device GAHT12345678"), "{said}");
}

#[test]
fn a_device_that_is_removed_gives_no_credentials_any_more() {
    let home = Home::with_account();
    home.answers("sts-get-session-token", SESSION);
    home.pass(&format!("aws session --serial {SERIAL} --device soft --touch auto"));
    home.answers("iam-delete-virtual-mfa-device", "true");
    let other = "aws remove --name other --yes --json";
    assert_eq!(home.json(other)["sessionsForgotten"], 0);
    let printed = home.pass("aws remove --name work --yes --delete-account --device soft");
    assert!(printed.contains("Forgot 1 session of it."), "{printed}");
    assert!(
        printed.contains("--also still has it: brasskey oath delete AWS:work@123456789012 --device"),
        "{printed}"
    );
    assert_eq!(home.json("aws session --forget --json")["forgotten"], 0);
    // Where they cannot be looked for, that is said.
    let sessions = home.path(".local/share/brasskey/aws-sessions");
    fs::remove_dir_all(&sessions).unwrap();
    fs::write(&sessions, "").unwrap();
    let output = home.run("aws remove --name work --yes");
    assert!(output.status.success());
    let said = said(&output);
    assert!(said.contains("--forget --serial arn:aws:iam::"), "{said}");
}

#[test]
fn whose_device_it_is_and_which_account_was_looked_for_are_said() {
    let home = Home::with_account();
    let of = |user: &str| {
        let device = format!(r#"{{"SerialNumber": "{SERIAL}", "User": {user}}}"#);
        home.answers(
            "iam-list-virtual-mfa-devices",
            &format!("echo '{{\"VirtualMFADevices\": [{device}]}}'"),
        );
    };
    of(r#"{"UserName": "bob", "Arn": "arn:aws:iam::123456789012:user/bob"}"#);
    let (code, said) = home.fail("aws remove --name work --profile admin --yes");
    assert!(
        code == 2 && said.contains("of bob, and not of alice") && said.contains("--user bob"),
        "{said}"
    );
    of(r#"{"Arn": "arn:aws:iam::123456789012:root"}"#);
    let (code, said) = home.fail("aws remove --name work --yes");
    assert!(code == 2 && said.contains("of the root user"), "{said}");
    let (code, said) = home.fail("aws resync --name nope --yes --device soft");
    assert!(
        code == 5 && said.contains("no account AWS:nope@123456789012") && said.contains("--account-name"),
        "{said}"
    );
    let (code, said) = home.fail(&format!("aws session --serial {SERIAL}x --device soft"));
    assert!(
        code == 5 && said.contains("no account AWS:workx@123456789012") && said.contains("--name names"),
        "{said}"
    );
}
