//! `brasskey decode`, as scripts meet it.

mod common;

use std::fs;
use std::io::Write as _;
use std::process::{Output, Stdio};

use serde_json::Value;

use common::{brasskey, stderr};

fn run(arguments: &[&str]) -> Output {
    let home = tempfile::tempdir().unwrap();
    brasskey(home.path(), "decode").args(arguments).output().unwrap()
}

fn shown(output: &Output) -> &str {
    str::from_utf8(&output.stdout).unwrap()
}

#[test]
fn text_files_and_standard_input_are_read() {
    let output = run(&["2e"]);
    assert_eq!(output.status.code(), Some(0));
    assert!(
        shown(&output).contains("CTAP2_ERR_NO_CREDENTIALS (0x2E)"),
        "{}",
        shown(&output)
    );

    let home = tempfile::tempdir().unwrap();
    fs::write(home.path().join("answer.bin"), b"\x00\xA1\x03\x08").unwrap();
    let output = brasskey(home.path(), "decode --json answer.bin").output().unwrap();
    let value: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(
        (&value["kind"], &value["encoding"]),
        (&"ctap2-answer".into(), &"raw".into())
    );
    assert_eq!(value["members"][1]["name"], "pinRetries");
    assert_eq!(value["members"][1]["value"], 8);

    let mut child = brasskey(home.path(), "decode")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(b"AKEDCA==\n").unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(shown(&output).contains("written as base64\n"), "{}", shown(&output));
    assert!(shown(&output).contains("0x03 pinRetries: 8"), "{}", shown(&output));
}

#[test]
fn what_is_wrong_is_told_with_its_byte_and_an_exit_code() {
    // The keys of the map are out of order, and its end is missing.
    let output = run(&["00a2030801"]);
    assert_eq!(output.status.code(), Some(6));
    let text = shown(&output);
    assert!(
        text.contains("  at byte 4: the keys of a map are out of order (CTAP 2.3 §8)"),
        "{text}"
    );
    assert!(text.contains("  at byte 5: ends early: an item lacks 1 byte"), "{text}");
    assert!(
        stderr(&output).contains("2 faults in what was decoded"),
        "{}",
        stderr(&output)
    );
    let output = run(&["--json", "00a2030801"]);
    let value: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(value["faults"][1]["fatal"], true);
}

#[test]
fn what_is_nothing_known_is_said_with_a_hint() {
    for (arguments, message, hint) in [
        (&["hello"][..], "nothing that brasskey knows", "--as"),
        (
            &["hello, world"],
            "nothing that brasskey knows",
            "say what it is with --as",
        ),
        (
            &["missing.bin"],
            "nothing that brasskey knows",
            "there is no file of that name",
        ),
        (&[""], "there is nothing to decode", "give a file"),
        (&["00a20"], "nothing that brasskey knows", "odd number of digits"),
        (&["/"], "/ is a directory", "name a file in it"),
        (
            &["2e", "--client-data", "2e"],
            "what --client-data names is not client data",
            "give a file",
        ),
        (
            &["2e", "--client-data", "nope.json"],
            "what --client-data names is not client data",
            "there is no file of that name",
        ),
        (
            &["LICENSE-OF-NOBODY"],
            "nothing that brasskey knows",
            "there is no file of that name",
        ),
        (&["2e", "--as", "nothing"], "--as", "attestation-object"),
    ] {
        let output = run(arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        let said = stderr(&output);
        assert!(said.contains(message) && said.contains(hint), "{arguments:?}: {said}");
    }
}

/// A file that is there is not called missing, and ordinary text is no message.
#[test]
fn a_file_that_is_nothing_known_is_named_so() {
    let home = tempfile::tempdir().unwrap();
    let text = "-----BEGIN SOMETHING-----\nwith more than the 37 bytes of authenticator data\n";
    for (name, bytes) in [("note.txt", text.as_bytes()), ("data.bin", &[0xFF; 9][..])] {
        fs::write(home.path().join(name), bytes).unwrap();
        let output = brasskey(home.path(), "decode").arg(name).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{}", shown(&output));
        let said = stderr(&output);
        assert!(
            said.contains("say what it is with --as") && !said.contains("no file"),
            "{said}"
        );
    }
}

#[test]
fn certificates_in_pem_are_read_one_by_one() {
    let home = tempfile::tempdir().unwrap();
    let made = brasskey(
        home.path(),
        "attestation init --out lab --aaguid 7e57ed00-0000-4000-8000-000000000001",
    );
    let made = { made }.output().unwrap();
    assert!(made.status.success(), "{}", stderr(&made));
    let root = fs::read_to_string(home.path().join("lab/root.pem")).unwrap();
    fs::write(home.path().join("chain.pem"), format!("{root}{root}")).unwrap();
    for (file, number) in [("lab/root.pem", 1), ("chain.pem", 2)] {
        let output = brasskey(home.path(), "decode --json").arg(file).output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
        let value: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(
            (&value["kind"], &value["encoding"]),
            (&"certificate".into(), &"pem".into())
        );
        let members = value["members"].as_array().unwrap();
        assert_eq!(members.len(), number);
        assert!(
            members.iter().all(|one| one["members"][0]["name"] == "subject"),
            "{value}"
        );
    }
}

#[test]
fn a_check_that_fails_is_not_called_a_fault() {
    let home = tempfile::tempdir().unwrap();
    let data = [&[0; 32][..], &[0x01, 0, 0, 0, 1]].concat();
    fs::write(home.path().join("data.bin"), data).unwrap();
    let output = brasskey(home.path(), "decode data.bin --rp-id example.com")
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(6));
    let said = stderr(&output);
    assert!(
        said.contains("error: 1 check failed") && !said.contains("byte"),
        "{said}"
    );
}

#[test]
fn what_a_newcomer_pastes_is_explained() {
    // getInfo with its status, whole and cut off.
    let info = "00a30182684649444f5f325f30665532465f56320281646e6f6e650350000102030405060708090a0b0c0d0e0f";
    let named = shown(&run(&["--as", "get-info", info])).to_owned();
    assert!(
        named.contains("0x01 versions") && named.contains("status: 0"),
        "{named}"
    );
    let cut = shown(&run(&[&info[..40]])).to_owned();
    assert!(cut.contains("0x01 versions"), "{cut}");

    let nested = format!("{}80", "81".repeat(40));
    let output = run(&[&nested]);
    assert!(shown(&output).starts_with("CBOR (RFC 8949)"), "{}", shown(&output));

    let at = |origin: &str| {
        let data = format!("{{\"type\":\"webauthn.get\",\"challenge\":\"AAAA\",\"origin\":\"{origin}\"}}");
        shown(&run(&[&data])).contains("not secure")
    };
    assert!(at("http://example.com") && !at("https://example.com") && !at("http://localhost:8080"));
}

#[test]
fn text_from_outside_is_escaped() {
    let output = run(&["{\"type\":\"webauthn.get\",\"challenge\":\"AAAA\",\"origin\":\"\\u001b[2J\u{202e}\"}"]);
    let text = shown(&output);
    assert!(text.contains(r#"origin: "\u{1b}[2J\u{202e}""#), "{text}");
}

#[test]
fn the_soft_token_s_own_registration_is_verified() {
    let home = tempfile::tempdir().unwrap();
    let registered = brasskey(home.path(), "register --touch auto --json").output().unwrap();
    let value: Value = serde_json::from_slice(&registered.stdout).unwrap();
    let key = value["registration"]["credential"]["publicKey"].as_str().unwrap();
    let output = brasskey(home.path(), "decode --json").arg(key).output().unwrap();
    let value: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&value["kind"], output.status.code()), (&"cose-key".into(), Some(0)));
    assert_eq!(value["checks"][0]["outcome"], "passed");
}
