//! The rehearsal of the AWS console, as somebody meets it who knows the console.
#![cfg(target_os = "linux")]

use std::process::{Command, Stdio};

use serde_json::Value;
use tempfile::TempDir;

/// A home, where every registration is made with a soft token of its own.
struct Home(TempDir);

/// What a command that succeeded said on stdout and stderr.
struct Said {
    stdout: String,
    stderr: String,
}

impl Home {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn command(&self, arguments: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_brasskey"));
        command
            .args(arguments.split(' '))
            .current_dir(self.0.path())
            .env("HOME", self.0.path())
            .env("PIN", "1234")
            .env_remove("XDG_DATA_HOME")
            .stdin(Stdio::null());
        command
    }

    fn run(&self, arguments: &str) -> Said {
        let output = self.command(arguments).output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        let (stdout, stderr) = (text(output.stdout), text(output.stderr));
        assert!(output.status.success(), "{arguments}: {stderr}");
        Said { stdout, stderr }
    }

    fn register(&self, arguments: &str) -> Said {
        self.run(&format!("register --profile aws --touch auto --ephemeral {arguments}"))
    }
}

#[test]
fn the_profile_says_that_it_rehearses_before_anything_looks_like_aws() {
    const REHEARSAL: &str = "nothing is sent to AWS";
    let home = Home::new();
    for command in ["register", "authenticate"] {
        let aws = home.run(&format!("{command} --profile aws --touch auto"));
        assert!(aws.stderr.lines().next().unwrap().contains(REHEARSAL), "{}", aws.stderr);
        let other = home.run(&format!("{command} --touch auto"));
        assert!(!other.stderr.contains("AWS"), "{}", other.stderr);
    }
    // Also where nothing is assumed any more.
    let named = home.register("--rp-id example.com --origin https://example.com");
    assert!(named.stderr.contains(REHEARSAL), "{}", named.stderr);

    for command in ["aws devices ", "register ", "authenticate "] {
        let help = home.run(&format!("{command}--help")).stdout;
        let words: Vec<_> = help.split_whitespace().collect();
        assert!(words.join(" ").contains("never talks to AWS"), "{command}: {help}");
    }
}

#[test]
fn each_kind_of_user_is_led_where_the_console_has_it() {
    let home = Home::new();
    let alice = home.register("--name my-key");
    assert!(
        alice
            .stdout
            .contains("IAM, Users, alice, Security credentials, Assign MFA device: name it my-key\n")
    );
    assert!(
        alice
            .stdout
            .contains(" like arn:aws:iam::123456789012:u2f/user/alice/my-key-")
    );

    let root = home.run("register --profile aws --root --account 42 --touch auto");
    assert!(
        root.stdout
            .contains("1. Account menu, Security credentials, Assign MFA device: name it key-1\n"),
        "{}",
        root.stdout
    );
    assert!(root.stdout.contains(" like arn:aws:iam::000000000042:u2f/root/key-1-"));
    let root = home.run("authenticate --profile aws --root --account 42 --touch auto");
    assert!(
        root.stdout
            .contains("sign in as root user with e-mail address and password\n"),
        "{}",
        root.stdout
    );
}

#[test]
fn a_passkey_s_user_is_told_by_name_and_account() {
    let home = Home::new();
    let register = "register --profile aws --touch auto --resident --pin-env PIN";
    home.run("pin set --device soft --new-pin-env PIN");
    for user in ["--root", "--user bob", "--user bob --account 42"] {
        home.run(&format!("{register} {user}"));
    }
    let resident = "authenticate --profile aws --touch auto --resident --pin-env PIN";
    let one = home.run(&format!("{resident} --account 42"));
    assert!(one.stdout.contains("with the one device: touch it\n"), "{}", one.stdout);
    assert!(
        one.stdout
            .ends_with("Signed bob of account 000000000042 in with key-1.\n"),
        "{}",
        one.stdout
    );
    let asked = home.command(resident).output().unwrap();
    let stderr = String::from_utf8(asked.stderr).unwrap();
    assert!(
        stderr.contains(
            "several users: bob of account 000000000042, bob of account 123456789012, root of account 123456789012\n"
        ),
        "{stderr}"
    );
    assert!(stderr.contains("with --account and --user or --root\n"), "{stderr}");
}

#[test]
fn the_devices_of_all_accounts_are_listed_with_the_day_of_their_registration() {
    let home = Home::new();
    home.register("--name first");
    home.register("--name second");
    home.register("--account 42 --root --name only");

    let json = home.run("aws devices list --json");
    let devices: Vec<Value> = serde_json::from_str(&json.stdout).unwrap();
    let text = |device: &Value, key: &str| device[key].as_str().unwrap().to_owned();
    let listed: Vec<_> = devices
        .iter()
        .map(|device| (text(device, "account"), text(device, "user"), text(device, "name")))
        .collect();
    let expected = [
        ("123456789012", "alice", "first"),
        ("123456789012", "alice", "second"),
        ("000000000042", "root", "only"),
    ];
    assert_eq!(
        listed,
        expected.map(|(account, user, name)| (account.into(), user.into(), name.into()))
    );
    assert!(text(&devices[2], "arn").starts_with("arn:aws:iam::000000000042:u2f/root/only-"));

    // A day that is known.
    let file = home.0.path().join(".local/share/brasskey/relying-party.json");
    let mut kept = std::fs::read_to_string(&file).unwrap();
    for device in &devices {
        kept = kept.replace(&device["created"].to_string(), "1795294800");
    }
    std::fs::write(&file, kept).unwrap();
    let table = home.run("aws devices list");
    let rows: Vec<Vec<_>> = table
        .stdout
        .lines()
        .take(4)
        .map(|line| line.split_whitespace().collect())
        .collect();
    assert_eq!(
        rows,
        [
            ["Account", "User", "Name", "Registered"],
            ["123456789012", "alice", "first", "2026-11-21"],
            ["123456789012", "alice", "second", "2026-11-21"],
            ["000000000042", "root", "only", "2026-11-21"],
        ]
    );
    assert_eq!(home.run("aws devices list --account 42").stdout.lines().count(), 3);
    assert_eq!(home.run("aws devices list --user alice").stdout.lines().count(), 4);
}

#[test]
fn a_device_of_another_user_is_not_called_misspelt() {
    let home = Home::new();
    home.register("--user bob --name k2");
    for command in ["rename k2 k3", "remove k2"] {
        let refused = home.command(&format!("aws devices {command}")).output().unwrap();
        let stderr = String::from_utf8(refused.stderr).unwrap();
        assert_eq!(refused.status.code(), Some(2), "{stderr}");
        assert!(
            stderr.contains("alice of account 123456789012 has no device k2"),
            "{stderr}"
        );
        assert!(stderr.contains("--user") && !stderr.contains("spelling"), "{stderr}");
    }
    let listed = home.run("aws devices list --user nobody").stdout;
    assert!(
        listed.starts_with("No devices of this user are registered."),
        "{listed}"
    );
    home.run("aws devices rename k2 k3 --user bob");
    home.run("aws devices remove k3 --user bob");
    let listed = home.run("aws devices list").stdout;
    assert!(listed.starts_with("No devices are registered."), "{listed}");
}

#[test]
fn who_has_one_device_only_is_warned_and_nobody_else() {
    let home = Home::new();
    home.register("--name first");
    home.register("--account 42 --root --name only");
    let warned = home.run("aws devices list").stderr;
    assert!(
        warned.contains("warning: alice of account 123456789012 has one device only"),
        "{warned}"
    );
    assert!(
        warned.contains("warning: root of account 000000000042 has one device only"),
        "{warned}"
    );

    home.register("--name second");
    let warned = home.run("aws devices list --json").stderr;
    assert!(!warned.contains("alice"), "{warned}");
    assert!(warned.contains("root"), "{warned}");
    assert_eq!(home.run("aws devices list --user alice").stderr, "");
}
