//! Tokens for people who test their own sites: models, synced passkeys, verification on demand.
#![cfg(unix)]

mod common;

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Output, Stdio};

use serde_json::Value;

use common::{brasskey, stderr};

fn run(home: &Path, arguments: &str) -> Output {
    brasskey(home, arguments).output().unwrap()
}

/// A token, once it is ready; it ends with the test.
struct Token(Child);

impl Token {
    fn start(home: &Path, arguments: &str) -> Self {
        let mut token = brasskey(home, arguments);
        let mut token = token.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut ready = String::new();
        let stdout = token.stdout.take().unwrap();
        BufReader::new(stdout).read_line(&mut ready).unwrap();
        assert!(ready.contains("ready"), "{arguments}: {ready}");
        Self(token)
    }
}

impl Drop for Token {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn two_tokens_of_different_models_are_two_kinds_of_key() {
    let home = tempfile::tempdir().unwrap();
    let models = [
        "7e57ed00-0000-4000-8000-000000000001",
        "7e57ed00-0000-4000-8000-000000000002",
    ];
    let tokens = models.map(|model| {
        let arguments = format!("token --unix {model} --touch auto --ephemeral --aaguid {model} --json");
        Token::start(home.path(), &arguments)
    });
    for model in models {
        let info = run(home.path(), &format!("info --device unix:{model} --json"));
        assert!(str::from_utf8(&info.stdout).unwrap().contains(model));
        let made = run(home.path(), &format!("register --device unix:{model} --json"));
        let made: Value = serde_json::from_slice(&made.stdout).unwrap();
        assert_eq!(made["registration"]["credential"]["aaguid"], model);
    }
    drop(tokens);

    // Certificates name their model, which stays the token's.
    let made = run(
        home.path(),
        &format!("attestation init --out lab --state lab.redb --aaguid {}", models[0]),
    );
    assert!(made.status.success(), "{}", stderr(&made));
    let arguments = format!("token --unix lab --touch deny --state lab.redb --aaguid {}", models[1]);
    let refused = run(home.path(), &arguments);
    assert_eq!(refused.status.code(), Some(2), "{}", stderr(&refused));
    assert!(stderr(&refused).contains(models[0]) && stderr(&refused).contains("\nhint: "));
}

#[test]
fn a_token_can_be_what_synced_passkeys_are() {
    let home = tempfile::tempdir().unwrap();
    let flags = "--unix socket --touch auto --state state --json";
    for (more, says) in [
        ("", "the credential cannot leave the key"),
        ("--backup-eligible", "the credential can be backed up and is not"),
        ("--backup-eligible --backed-up", "the credential is backed up"),
    ] {
        let arguments = format!("token {flags} {more}");
        let token = Token::start(home.path(), arguments.trim_end());
        let made = run(home.path(), "register --device unix:socket --name key");
        assert!(str::from_utf8(&made.stdout).unwrap().contains(says), "{made:?}");
        for _ in 0..2 {
            let signed = run(home.path(), "authenticate --device unix:socket");
            let said = str::from_utf8(&signed.stdout).unwrap();
            assert!(said.contains(says) && said.contains("Signed in"), "{said}");
            assert_eq!(
                said.contains("stays at 0: this key does not count"),
                !more.is_empty(),
                "{said}"
            );
        }
        drop(token);
        std::fs::remove_dir_all(home.path().join(".local")).unwrap();
        std::fs::remove_file(home.path().join("state")).unwrap();
    }
}

#[test]
fn a_token_verifies_its_user_as_it_was_started_to() {
    let home = tempfile::tempdir().unwrap();
    for (how, says) in [("always", Some(true)), ("never", Some(false)), ("pin", None)] {
        let arguments = format!("token --unix {how} --touch auto --ephemeral --user-verification {how} --json");
        let _token = Token::start(home.path(), &arguments);
        let info = run(home.path(), &format!("info --device unix:{how} --json"));
        let info: Value = serde_json::from_slice(&info.stdout).unwrap();
        assert_eq!(
            info["getInfo"]["options"]["uv"] == Value::Bool(true),
            says.is_some(),
            "{info}"
        );
        let made = run(
            home.path(),
            &format!("register --device unix:{how} --uv required --resident --name {how}"),
        );
        assert_eq!(made.status.success(), says == Some(true), "{how}: {made:?}");
    }
}

#[test]
fn the_second_reader_says_which_answers_with_es384_it_reads() {
    let home = tempfile::tempdir().unwrap();
    let registered = run(home.path(), "register --touch auto --alg es384");
    let text = String::from_utf8(registered.stdout).unwrap();
    assert!(
        text.contains("caden does not verify attestation that is signed with ES384"),
        "{text}"
    );
    let signed_in = run(home.path(), "authenticate --touch auto");
    let text = String::from_utf8(signed_in.stdout).unwrap();
    assert!(text.contains("caden accepts it too"), "{text}");
}
