//! `brasskey record` and `replay`: a bug report becomes a test.

mod common;

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Output, Stdio};

use serde_json::Value;

use common::{brasskey, stderr};

const PROGRAM: &str = env!("CARGO_BIN_EXE_brasskey");

fn run(home: &Path, arguments: &str, command: &str) -> Output {
    let mut whole = brasskey(home, arguments);
    whole
        .args(["--", PROGRAM])
        .args(command.split(' '))
        .env("PIN", "2468")
        .output()
        .unwrap()
}

/// The last JSON value of an output, after that of the program that was run.
fn last(output: &Output) -> Value {
    let text = str::from_utf8(&output.stdout).unwrap();
    let start = text.rfind("\n{\n").map_or(0, |at| at + 1);
    serde_json::from_str(&text[start..]).unwrap_or_else(|error| panic!("{error}: {text}{}", stderr(output)))
}

fn record(home: &Path, command: &str) -> String {
    let output = run(home, "record bug.txt --ephemeral --touch auto --json", command);
    assert!(output.status.success(), "{}", stderr(&output));
    let value = last(&output);
    assert_eq!(
        (&value["withSecrets"], &value["exitCode"]),
        (&Value::from(false), &Value::from(0))
    );
    fs::read_to_string(home.join("bug.txt")).unwrap()
}

#[test]
fn a_registration_is_recorded_and_replayed() {
    let home = tempfile::tempdir().unwrap();
    let text = record(home.path(), "register --attestation none --name first --json");
    assert!(
        text.starts_with("brasskey recording 1\n") && text.contains(" CBOR 01"),
        "{text}"
    );

    // At another computer: there is no key, the challenge is another one, and the user ID, too.
    fs::remove_dir_all(home.path().join(".local")).unwrap();
    let output = run(
        home.path(),
        "replay bug.txt --json",
        "register --attestation none --name first --json",
    );
    assert!(output.status.success(), "{}", stderr(&output));
    let value = last(&output);
    assert_eq!(
        (&value["differences"], &value["left"]),
        (&Value::Array(Vec::new()), &Value::from(0))
    );
    let output = run(home.path(), "replay bug.txt --json", "info --json");
    assert_eq!(last(&output)["played"], 1, "{}", stderr(&output));

    // Another website: what differs is told with its place.
    let output = run(
        home.path(),
        "replay bug.txt --json",
        "register --rp-id example.org --name other --json",
    );
    assert_eq!(output.status.code(), Some(6), "{}", stderr(&output));
    let said = last(&output)["differences"][0].as_str().unwrap().to_owned();
    assert!(said.contains("authenticatorMakeCredential: "), "{said}");
    assert!(
        said.contains("is \"example.org\", and \"example.com\" was recorded"),
        "{said}"
    );

    let output = brasskey(home.path(), "decode bug.txt").output().unwrap();
    let shown = String::from_utf8(output.stdout).unwrap();
    assert!(
        shown.contains("to key: CTAPHID_CBOR") && shown.contains("fmt: \""),
        "{shown}"
    );
}

#[test]
fn the_example_of_the_manual_works() {
    let page = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/decode.md")).unwrap();
    let command = |begin: &str| {
        let line = page.lines().find(|line| line.starts_with(begin)).unwrap();
        line.split_once(" -- brasskey ").unwrap().1
    };
    let home = tempfile::tempdir().unwrap();
    record(home.path(), command("brasskey record bug.txt"));
    let output = run(home.path(), "replay bug.txt --json", command("brasskey replay bug.txt"));
    assert!(output.status.success(), "{}", stderr(&output));
    assert_eq!(last(&output)["differences"], Value::Array(Vec::new()));

    // What the first one remembers is excluded: that is not what was recorded.
    let output = run(home.path(), "replay bug.txt --json", command("brasskey record bug.txt"));
    assert_eq!(output.status.code(), Some(6), "{}", stderr(&output));
    assert!(!stderr(&output).contains("unplug"), "{}", stderr(&output));
}

/// What a browser says to the soft token is recorded by the token: the browser knows no other.
#[test]
fn the_token_records_what_programs_say_to_it() {
    let home = tempfile::tempdir().unwrap();
    let arguments = "token --udp 127.0.0.1:0 --touch auto --ephemeral --record bug.txt --json";
    let mut token = brasskey(home.path(), arguments).stdout(Stdio::piped()).spawn().unwrap();
    let mut stdout = BufReader::new(token.stdout.take().unwrap());
    let mut ready = String::new();
    stdout.read_line(&mut ready).unwrap();
    let ready: Value = serde_json::from_str(&ready).unwrap();
    let register = "register --attestation none --name first --json";
    for command in [register, "pin set --new-pin-env PIN"] {
        let output = brasskey(
            home.path(),
            &format!("{command} --device {}", ready["device"].as_str().unwrap()),
        )
        .env("PIN", "2468")
        .output()
        .unwrap();
        assert!(output.status.success(), "{}", stderr(&output));
    }
    // Whatever ends the token: what was said is in the file.
    token.kill().unwrap();
    token.wait().unwrap();
    let text = fs::read_to_string(home.path().join("bug.txt")).unwrap();
    assert!(text.starts_with("brasskey recording 1\n# soft token"), "{text}");
    assert!(text.contains(" CBOR 01") && text.contains("****"), "{text}");

    fs::remove_dir_all(home.path().join(".local")).unwrap();
    let output = run(home.path(), "replay bug.txt --json", register);
    assert!(output.status.success(), "{}", stderr(&output));
    assert_eq!(last(&output)["differences"], Value::Array(Vec::new()));
    let output = brasskey(home.path(), arguments).output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
    assert!(stderr(&output).contains("cannot make bug.txt"), "{}", stderr(&output));
}

#[test]
fn a_pin_is_not_in_the_recording() {
    let home = tempfile::tempdir().unwrap();
    let text = record(home.path(), "pin set --new-pin-env PIN --json");
    let set = text
        .lines()
        .find(|line| line.contains("****"))
        .unwrap_or_else(|| panic!("{text}"));
    assert!(set.contains(" > ") && set.contains(" CBOR 06"), "{set}");
}

#[test]
fn what_cannot_be_recorded_or_replayed_says_why() {
    let home = tempfile::tempdir().unwrap();
    fs::write(home.path().join("there.txt"), "mine").unwrap();
    for (arguments, code, said) in [
        ("record there.txt --ephemeral -- true", 1, "there.txt"),
        (
            "record new.txt --ephemeral --udp 192.0.2.1:1 -- true",
            1,
            "other computers",
        ),
        (
            "record gone.txt --device udp:127.0.0.1:1 --touch auto -- true",
            2,
            "--touch",
        ),
        ("replay there.txt -- true", 2, "line 1: a recording begins with"),
        ("replay missing.txt -- true", 1, "missing.txt"),
    ] {
        let output = brasskey(home.path(), arguments).output().unwrap();
        assert_eq!(output.status.code(), Some(code), "{arguments}: {}", stderr(&output));
        assert!(stderr(&output).contains(said), "{arguments}: {}", stderr(&output));
    }
    assert_eq!(fs::read_to_string(home.path().join("there.txt")).unwrap(), "mine");
    let output = brasskey(home.path(), "info")
        .env("BRASSKEY_DEVICE", "nothing")
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(
        stderr(&output).contains("BRASSKEY_DEVICE names no key"),
        "{}",
        stderr(&output)
    );
}

/// What fails before anything was said leaves no file, so that the same command can be given again.
#[test]
fn a_recording_that_never_began_leaves_nothing() {
    let home = tempfile::tempdir().unwrap();
    let free = std::net::UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let nobody = format!("record bug.txt --device udp:{free} -- {PROGRAM} --version");
    for (arguments, code) in [
        ("record bug.txt --ephemeral -- ./no-such-program", 1),
        (nobody.as_str(), 3),
        #[cfg(unix)]
        ("record bug.txt --ephemeral --unix /no/such/place", 1),
        #[cfg(unix)]
        (
            "token --ephemeral --touch auto --unix /no/such/place --record bug.txt",
            1,
        ),
    ] {
        let output = brasskey(home.path(), arguments).output().unwrap();
        assert_eq!(output.status.code(), Some(code), "{arguments}: {}", stderr(&output));
        assert!(!home.path().join("bug.txt").exists(), "{arguments}");
    }
}

#[test]
fn a_program_that_asks_nothing_passes_no_replay() {
    let home = tempfile::tempdir().unwrap();
    record(home.path(), "info --json");
    let output = run(home.path(), "replay bug.txt", "--version");
    assert_eq!(output.status.code(), Some(6), "{}", stderr(&output));
    assert!(
        stderr(&output).contains("no request of the recording was played"),
        "{}",
        stderr(&output)
    );
    // A program that failed says more itself.
    let output = run(home.path(), "replay bug.txt", "--no-such-flag");
    assert_eq!(output.status.code(), Some(2), "{}", stderr(&output));
}

#[test]
fn secrets_in_a_recording_are_warned_of() {
    let home = tempfile::tempdir().unwrap();
    let arguments = "record secret.txt --ephemeral --with-secrets";
    let said = stderr(&run(home.path(), arguments, "info")).to_owned();
    assert!(said.contains("warning: the recording has secrets in it"), "{said}");
}
