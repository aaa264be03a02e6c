//! The seal of the soft token's file, as a script meets it.
#![cfg(target_os = "linux")]

use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::Value;
use tempfile::TempDir;

/// A home whose session has neither a terminal, so that nobody can be asked, nor a keyring.
struct Home(TempDir);

/// What a command left: its exit code, and what it said on stdout and stderr.
struct Left {
    code: Option<i32>,
    result: String,
    said: String,
}

impl Home {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn run(&self, arguments: &str) -> Left {
        let mut command = Command::new("setsid");
        command
            .args(["--wait", env!("CARGO_BIN_EXE_brasskey")])
            .args(arguments.split(' '))
            .current_dir(self.0.path())
            .env("HOME", self.0.path())
            .envs([("ONE", "open sesame"), ("TWO", "open, please"), ("EMPTY", "")])
            .env("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent")
            .env_remove("XDG_DATA_HOME")
            .stdin(Stdio::null());
        let output = command.output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Left {
            code: output.status.code(),
            result: text(output.stdout),
            said: text(output.stderr),
        }
    }

    fn code(&self, arguments: &str) -> Option<i32> {
        self.run(arguments).code
    }

    /// The file that a command which succeeds says it worked on.
    fn state(&self, arguments: &str) -> String {
        let left = self.run(&format!("{arguments} --json"));
        assert_eq!(left.code, Some(0), "{arguments}: {}", left.said);
        let result: Value = serde_json::from_str(&left.result).unwrap();
        result["state"].as_str().unwrap().to_owned()
    }

    fn path(&self, name: &str) -> String {
        self.0.path().join(name).to_str().unwrap().to_owned()
    }
}

#[test]
fn a_token_with_a_name_is_sealed_and_attests_by_its_name() {
    let home = Home::new();
    let work = home.path(".local/share/brasskey/work.redb");
    let sealed = "seal passphrase --name work --new-passphrase-env ONE";
    // A misspelt name is not taken for a new token's.
    assert_eq!(home.code(sealed), Some(3));
    assert!(!Path::new(&work).exists());
    assert_eq!(home.state("attestation init --out first --name work"), work);
    assert_eq!(home.state(sealed), work);
    // The token of that name has the sealed file, and no other does.
    assert_eq!(home.code("token --name work --unix socket --touch deny"), Some(2));
    assert_eq!(
        home.state("attestation init --out lab --name work --force --passphrase-env ONE"),
        work
    );
    assert_eq!(home.state("seal none --name work --passphrase-env ONE"), work);
    assert!(!Path::new(&home.path(".local/share/brasskey/token.redb")).exists());
    assert_eq!(home.state("seal none"), home.path(".local/share/brasskey/token.redb"));
}

#[test]
fn a_file_that_could_not_be_sealed_is_not_there() {
    let home = Home::new();
    for arguments in [
        "seal passphrase",
        "seal keyring",
        "register --touch auto --state state --seal passphrase",
        "register --touch auto --state state --seal keyring",
        "token --touch deny --unix socket --state state --seal keyring",
        "attestation init --out lab --state state --seal passphrase",
        "attestation init --out lab --name work --seal passphrase",
    ] {
        let left = home.run(arguments);
        assert!(
            matches!(left.code, Some(1 | 2)) && left.said.contains("hint: "),
            "{arguments}: {}",
            left.said
        );
        let files = |path| std::fs::read_dir(home.path(path)).into_iter().flatten().flatten();
        for file in files("").chain(files(".local/share/brasskey")) {
            let name = file.file_name();
            assert!(!name.to_str().unwrap().contains("state"), "{arguments}: {name:?}");
            assert!(!name.to_str().unwrap().contains(".redb"), "{arguments}: {name:?}");
        }
    }
}

#[test]
fn a_sealed_state_file_opens_with_its_passphrase_only() {
    let home = Home::new();
    let code = |arguments: &str| home.code(arguments);
    let run = |arguments: &str| {
        let left = home.run(arguments);
        (left.code, left.said)
    };

    // Made sealed, and from then on known as sealed.
    assert_eq!(
        code("register --touch auto --state state --seal passphrase --passphrase-env ONE"),
        Some(0)
    );
    assert_eq!(
        code("authenticate --touch auto --state state --passphrase-env ONE"),
        Some(0)
    );
    assert_eq!(
        code("authenticate --touch auto --state state --seal passphrase --passphrase-env ONE"),
        Some(0)
    );
    assert_eq!(
        code("authenticate --touch auto --state state --passphrase-env EMPTY"),
        Some(2)
    );
    let (refused, said) = run("authenticate --touch auto --state state");
    assert!(
        refused == Some(2) && said.contains("hint: ") && said.contains("--passphrase-env"),
        "{said}"
    );
    let (refused, said) = run("authenticate --touch auto --state state --passphrase-env TWO --json");
    assert!(refused == Some(5) && said.contains("passphrase is wrong"), "{said}");
    assert!(!said.contains("open,"), "no passphrase is shown: {said}");

    // A flag changes no seal; the command does.
    let (refused, said) = run("info --touch deny --state state --seal none --passphrase-env ONE");
    assert!(refused == Some(2) && said.contains("brasskey seal"), "{said}");
    assert_eq!(
        code("seal passphrase --state state --passphrase-env ONE --new-passphrase-env TWO"),
        Some(0)
    );
    assert_eq!(
        code("authenticate --touch auto --state state --passphrase-env ONE"),
        Some(5)
    );
    assert_eq!(
        code("authenticate --touch auto --state state --passphrase-env TWO"),
        Some(0)
    );
    let (refused, said) = run("seal keyring --state state --passphrase-env TWO");
    assert!(
        refused == Some(1) && said.contains("keyring") && said.contains("hint: "),
        "{said}"
    );
    assert_eq!(code("seal none --state state --passphrase-env TWO"), Some(0));
    assert_eq!(code("authenticate --touch auto --state state"), Some(0));

    // An unsealed file becomes a sealed one.
    assert_eq!(
        code("authenticate --touch auto --state state --seal passphrase --passphrase-env ONE"),
        Some(0)
    );
    assert_eq!(code("authenticate --touch auto --state state"), Some(2));
    let init = "attestation init --out lab --state state";
    assert_eq!(code(init), Some(2));
    assert_eq!(code(&format!("{init} --passphrase-env ONE")), Some(0));
}
