//! The command line as a user, a script and a careless pipe meet it.
#![cfg(unix)]

mod common;

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

use serde_json::Value;

use common::{brasskey, stderr};

fn run(home: &Path, arguments: &str) -> Output {
    brasskey(home, arguments).output().unwrap()
}

#[test]
fn flags_that_mean_nothing_here_are_refused_with_a_hint() {
    let home = tempfile::tempdir().unwrap();
    for arguments in [
        "register --touch control",
        "register --touch nobody",
        "register --touch auto --root",
        "register --touch auto --account 1",
        "register --touch auto --u2f --alg eddsa",
        "register --touch auto --legacy-app-id",
        "info --device udp:127.0.0.1:1 --touch auto",
        "token --udp 192.0.2.1:1 --touch deny --ephemeral",
        "token --usbip 192.0.2.1:1 --touch deny --ephemeral",
        "token --usbip 127.0.0.1:0 --touch auto",
        "token --pcsc 192.0.2.1:1 --touch deny --ephemeral",
        "token --pcsc --touch auto",
        "token --name a/b --touch deny",
        "token --touch auto",
        "token --touch control",
        "token --control-token-file token",
        "token --touch deny --ephemeral --backed-up",
        "token --touch deny --ephemeral --user-verification",
        "token --touch deny --ephemeral --user-verification sometimes",
        "token --touch deny --ephemeral --user-verification control",
        "token --touch deny --ephemeral --aaguid 12345",
        "token --seal passphrase --ephemeral",
        "token --touch deny --ephemeral --name work",
        "token --touch deny --ephemeral --control localhost",
        "token --touch deny --ephemeral --control 127.0.0.1:99999",
        "token --touch deny --ephemeral --unix 127.0.0.1:8111",
        "record recording --unix localhost:8111",
        "info --device udp:127.0.0.1:1 --seal keyring",
        "info --device soft --touch deny --passphrase-env NO_SUCH_VARIABLE",
        "seal lock",
        "seal none --name work --state work.redb",
        "attestation init --out lab --name work --state work.redb",
        "info --token-name work --state work.redb",
        "info --device soft:work --state work.redb",
        "info --device soft:work --name other",
        "info --device soft:a/b",
        "info --device udp:127.0.0.1:1 --name work",
        "info --name work --ephemeral",
        "aws devices remove nothing",
        "attestation init",
        "attestation init --out lab --aaguid 00000000-0000-0000-0000-000000000000",
        "attestation init --out lab --country se",
        "register --touch auto --ephemeral --attestation none --attestation-root root.pem",
        "completions",
        "no-such-command",
    ] {
        let output = run(home.path(), arguments);
        let said = stderr(&output);
        assert_eq!(output.status.code(), Some(2), "{arguments}: {said}");
        assert!(
            said.contains("\nhint: ") && !said.contains("\\u{"),
            "{arguments}: {said}"
        );
        assert!(output.stdout.is_empty(), "{arguments}");
    }
}

#[test]
fn a_failure_is_json_too() {
    let home = tempfile::tempdir().unwrap();
    let output = run(home.path(), "wink --device udp:127.0.0.1:1 --json");
    let value: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(3));
    assert_eq!(value["error"]["exitCode"], 3);
    let hint = value["error"]["hint"].as_str().unwrap();
    assert!(hint.contains("a soft token with `brasskey token`"), "{hint}");
}

/// `brasskey token` has no such socket.
#[test]
fn nobody_is_sent_to_a_token_over_tcp() {
    let home = tempfile::tempdir().unwrap();
    let output = run(home.path(), "wink --device tcp:127.0.0.1:1 --json");
    let value: Value = serde_json::from_slice(&output.stdout).unwrap();
    let hint = value["error"]["hint"].as_str().unwrap();
    assert!(hint.contains("start the emulator"), "{hint}");
    assert!(!hint.contains("`brasskey token`"), "{hint}");
}

#[test]
fn a_registration_is_json_of_one_style() {
    let home = tempfile::tempdir().unwrap();
    let output = run(home.path(), "register --touch auto --ephemeral --json");
    let value: Value = serde_json::from_slice(&output.stdout).unwrap();
    let credential = value["registration"]["credential"].as_object().unwrap();
    assert_eq!(credential["aaguid"], "5b1d0f6c-0b7a-4d52-9c3e-662a8f41e790");
    assert_eq!(credential["scope"], "example.com");
    assert!(credential.contains_key("publicKey") && credential.keys().all(|name| !name.contains('_')));
}

#[test]
fn nobody_touches_a_key_for_a_registration_that_cannot_be_kept() {
    let home = tempfile::tempdir().unwrap();
    let output = run(
        home.path(),
        "register --touch auto --ephemeral --registrations /dev/null/no",
    );
    assert_eq!(output.status.code(), Some(1));
    assert!(output.stdout.is_empty(), "the ceremony has not begun");
}

#[test]
fn an_account_with_eight_devices_takes_no_ninth() {
    let home = tempfile::tempdir().unwrap();
    let register = "register --profile aws --touch auto --ephemeral";
    for _ in 0..8 {
        assert!(run(home.path(), register).status.success());
    }
    assert_eq!(run(home.path(), register).status.code(), Some(2));
    let listed = run(home.path(), "aws devices list --json");
    assert_eq!(serde_json::from_slice::<Vec<Value>>(&listed.stdout).unwrap().len(), 8);
}

#[test]
fn a_state_file_that_was_copied_back_is_noticed() {
    let home = tempfile::tempdir().unwrap();
    let (state, copy) = (home.path().join("state"), home.path().join("copy"));
    assert!(run(home.path(), "register --touch auto --state state").status.success());
    std::fs::copy(&state, &copy).unwrap();
    // Each start of the key skips the rest of a block of counters: after three it is ahead of what one can reach.
    for _ in 0..3 {
        assert!(
            run(home.path(), "authenticate --touch auto --state state")
                .status
                .success()
        );
    }
    std::fs::copy(&copy, &state).unwrap();
    let again = run(home.path(), "authenticate --touch auto --state state --json");
    let value: Value = serde_json::from_slice(&again.stdout).unwrap();
    let counter = value["report"]["checks"]
        .as_array()
        .unwrap()
        .iter()
        .find(|check| check["name"] == "counter");
    assert_eq!(
        (again.status.code(), &counter.unwrap()["outcome"]),
        (Some(6), &"failed".into())
    );
}

#[test]
fn a_token_says_what_it_takes_to_copy_it() {
    let home = tempfile::tempdir().unwrap();
    for (flags, seal, said) in [
        ("--state plain", "none", "plain alone is enough to copy"),
        (
            "--state sealed --seal passphrase --passphrase-env HOME",
            "passphrase",
            "sealed and the passphrase are enough to copy",
        ),
    ] {
        let arguments = format!("token --unix socket --touch deny --json {flags}");
        let mut token = brasskey(home.path(), &arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut ready = String::new();
        let stdout = token.stdout.take().unwrap();
        BufReader::new(stdout).read_line(&mut ready).unwrap();
        token.kill().unwrap();
        let output = token.wait_with_output().unwrap();
        let ready: Value = serde_json::from_str(&ready).unwrap();
        assert_eq!(ready["seal"], seal);
        assert!(stderr(&output).contains(said), "{}", stderr(&output));
    }
}

/// Nobody reads stdout or stderr any more: that is no reason to fail otherwise than the key does.
#[cfg(target_os = "linux")]
#[test]
fn a_refusal_that_nobody_reads_is_still_a_refusal() {
    let home = tempfile::tempdir().unwrap();
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let mut command = brasskey(home.path(), "register --ephemeral --touch deny");
    assert_eq!(
        command
            .stdout(Stdio::null())
            .stderr(full.try_clone().unwrap())
            .status()
            .unwrap()
            .code(),
        Some(4)
    );
    // A session of its own has no terminal, so that nobody can be asked.
    let mut command = Command::new("setsid");
    command.args(["--wait", env!("CARGO_BIN_EXE_brasskey"), "register", "--ephemeral"]);
    command
        .env("HOME", home.path())
        .stdin(Stdio::null())
        .stdout(Stdio::null());
    assert_eq!(command.stderr(full).status().unwrap().code(), Some(4));
    // One error, and before it why nobody was asked.
    let output = command.stderr(Stdio::piped()).output().unwrap();
    let said = stderr(&output);
    assert!(
        said.starts_with("brasskey: the soft token was asked to register"),
        "{said}"
    );
    assert!(
        said.contains("there is no terminal to ask on; start it with --touch auto"),
        "{said}"
    );
    assert_eq!(said.matches("error: ").count(), 1, "{said}");
}

/// A token, once it is ready, and what it says then.
fn start(home: &Path, arguments: &str) -> (Child, Value) {
    let mut token = brasskey(home, arguments)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(token.stdout.take().unwrap())
        .read_line(&mut line)
        .unwrap();
    (token, serde_json::from_str(&line).unwrap())
}

#[test]
fn a_token_keeps_its_number_and_says_what_it_was_asked() {
    let home = tempfile::tempdir().unwrap();
    let arguments = "token --name work --usbip 127.0.0.1:0 --unix socket --touch deny --log --json";
    let (mut token, ready) = start(home.path(), arguments);
    assert_eq!(ready["name"], "work");
    assert!(ready["state"].as_str().unwrap().ends_with("/brasskey/work.redb"));
    assert!(ready["usbip"].as_str().unwrap().starts_with("127.0.0.1:"));
    assert!(ready["udp"].is_null() && ready["hid"].is_null());
    let serial = ready["serial"].as_str().unwrap();
    assert!(serial.len() == 16 && serial.chars().all(|digit| digit.is_ascii_hexdigit()));

    assert!(run(home.path(), "wink --device unix:socket").status.success());
    let logged = BufReader::new(token.stderr.take().unwrap())
        .lines()
        .map(Result::unwrap)
        .find(|line| line.contains("CTAPHID_WINK"));
    assert!(logged.unwrap().ends_with(" ms"));
    token.kill().unwrap();
    token.wait().unwrap();

    let (mut again, ready_again) = start(home.path(), arguments);
    assert_eq!(ready_again["serial"], serial);
    let (mut other, ready_other) = start(home.path(), "token --udp 127.0.0.1:0 --ephemeral --touch deny --json");
    assert_ne!(ready_other["serial"], serial);
    assert!(ready_other["name"].is_null());
    for token in [&mut again, &mut other] {
        token.kill().unwrap();
        token.wait().unwrap();
    }
}

#[test]
fn a_token_says_where_it_is_and_what_it_keeps() {
    let home = tempfile::tempdir().unwrap();
    let (mut token, ready) = start(
        home.path(),
        "token --unix socket --state state --touch control --control 127.0.0.1:0 --json",
    );
    let place = |name: &str| {
        home.path()
            .canonicalize()
            .unwrap()
            .join(name)
            .to_str()
            .unwrap()
            .to_owned()
    };
    let device = format!("unix:{}", place("socket"));
    assert_eq!(
        (&ready["device"], &ready["state"]),
        (&device.as_str().into(), &place("state").into())
    );
    assert!(Path::new(ready["controlTokenFile"].as_str().unwrap()).is_file());

    // The hint of who finds the file locked works from anywhere.
    let elsewhere = tempfile::tempdir().unwrap();
    let locked = run(elsewhere.path(), &format!("info --state {}", place("state")));
    assert_eq!(locked.status.code(), Some(1));
    assert!(
        stderr(&locked).contains(&format!("--device {device},")),
        "{}",
        stderr(&locked)
    );
    assert!(
        run(elsewhere.path(), &format!("wink --device {device}"))
            .status
            .success()
    );
    token.kill().unwrap();
    token.wait().unwrap();
}

#[test]
fn an_attestation_lab_makes_a_token_that_its_root_vouches_for() {
    use std::os::unix::fs::PermissionsExt as _;

    const INIT: &str = "attestation init --out lab --aaguid 7e57ed00-0000-4000-8000-000000000001 --json";
    let home = tempfile::tempdir().unwrap();
    let output = run(home.path(), INIT);
    assert!(output.status.success(), "{}", stderr(&output));
    let made: Value = serde_json::from_slice(&output.stdout).unwrap();
    for pair in ["root", "batch", "enterprise"] {
        for file in ["certificate", "key"] {
            let path = Path::new(made[pair][file].as_str().unwrap());
            assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
        }
    }

    let metadata = std::fs::read(made["metadata"].as_str().unwrap()).unwrap();
    let metadata: Value = serde_json::from_slice(&metadata).unwrap();
    let info = run(home.path(), "info --device soft --touch deny --json");
    let info: Value = serde_json::from_slice(&info.stdout).unwrap();
    assert_eq!(metadata["aaguid"], made["aaguid"]);
    assert_eq!(info["getInfo"]["aaguid"], made["aaguid"]);
    assert_eq!(
        metadata["authenticatorGetInfo"]["versions"],
        info["getInfo"]["versions"]
    );
    assert_eq!(metadata["authenticatorGetInfo"]["options"], info["getInfo"]["options"]);

    // Each for a user of its own, who has no credential yet.
    let register = |user: &str, root: &str| {
        let arguments = format!("register --touch auto --json --user {user} --attestation-root lab/{root}.pem");
        run(home.path(), &arguments)
    };
    for (user, root, code) in [
        ("alice", "root", 0),
        ("bob", "batch", 0),
        ("carol", "enterprise", 6),
        ("dave", "root-key", 2),
    ] {
        let output = register(user, root);
        assert_eq!(output.status.code(), Some(code), "{root}: {}", stderr(&output));
    }

    // Neither files nor certificates are replaced by accident.
    for again in [INIT, "attestation init --out other"] {
        let output = run(home.path(), again);
        assert_eq!(output.status.code(), Some(2), "{again}");
        assert!(stderr(&output).contains("--force"), "{again}");
    }
    assert!(!home.path().join("other").exists());
    assert!(run(home.path(), &format!("{INIT} --force")).status.success());
    assert!(register("erin", "root").status.success());
}
