//! What the command says to wrong, empty and foreign words: the error is the word's own, and so is the hint.
#![cfg(target_os = "linux")]

use std::path::Path;
use std::process::{Command, Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;

/// A home of its own, and a session without a terminal: nobody can be asked.
struct Home(TempDir);

impl Home {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn with_pin() -> Self {
        let home = Self::new();
        home.pass("pin set --touch auto --new-pin-env PIN");
        home
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn run_all(&self, arguments: &[&str]) -> Output {
        Command::new("setsid")
            .args(["--wait", env!("CARGO_BIN_EXE_brasskey")])
            .args(arguments)
            .current_dir(self.path())
            .env("HOME", self.path())
            .env("PIN", "2468")
            .env("OTHER", "1357")
            .env_remove("XDG_DATA_HOME")
            .stdin(Stdio::null())
            .output()
            .unwrap()
    }

    fn run(&self, arguments: &str) -> Output {
        self.run_all(&arguments.split(' ').collect::<Vec<_>>())
    }

    /// The result of a command that succeeds.
    fn pass(&self, arguments: &str) -> Value {
        let output = self.run(&format!("{arguments} --json"));
        assert!(output.status.success(), "{arguments}: {}", said(&output));
        serde_json::from_slice(&output.stdout).unwrap()
    }

    /// The exit code, the message and the hint of a command that fails.
    fn fail(&self, arguments: &str) -> (i32, String, String) {
        let output = self.run(&format!("{arguments} --json"));
        let value: Value = serde_json::from_slice(&output.stdout).unwrap_or_default();
        let text = |name: &str| value["error"][name].as_str().unwrap_or_default().to_owned();
        assert!(!output.status.success(), "{arguments}");
        (output.status.code().unwrap(), text("message"), text("hint"))
    }
}

fn said(output: &Output) -> &str {
    str::from_utf8(&output.stderr).unwrap()
}

#[test]
fn a_secret_that_nobody_gives_is_asked_for_by_its_own_flags() {
    let home = Home::new();
    std::fs::write(home.path().join("policy.toml"), "[pin]\nrequired = true\n").unwrap();
    const NEW: &str = "give it when asked on a terminal, or with --new-pin-env or --new-pin-fd";
    const CURRENT: &str = "give it when asked on a terminal, or with --pin-env or --pin-fd";
    for arguments in ["pin set --touch auto", "policy apply policy.toml --touch auto"] {
        assert_eq!(
            home.fail(arguments),
            (2, "this takes a new PIN".to_owned(), NEW.to_owned())
        );
    }
    home.pass("pin set --touch auto --new-pin-env PIN");
    for arguments in [
        "pin change --touch auto --new-pin-env OTHER",
        "pin verify --touch auto",
        "credentials list --touch auto",
        "config always-uv on --touch auto",
    ] {
        let expected = (2, "this takes the security key's PIN".to_owned(), CURRENT.to_owned());
        assert_eq!(home.fail(arguments), expected, "{arguments}");
    }
    let (code, message, hint) = home.fail("pin change --touch auto --pin-env PIN");
    assert_eq!(
        (code, message.as_str(), hint.as_str()),
        (2, "this takes a new PIN", NEW)
    );
    for (arguments, flags) in [
        ("seal passphrase", "--new-passphrase-env or --new-passphrase-fd"),
        (
            "register --touch auto --state new --seal passphrase",
            "--passphrase-env or --passphrase-fd",
        ),
    ] {
        let (code, message, hint) = home.fail(arguments);
        assert_eq!(
            (code, message.as_str()),
            (2, "this takes a new passphrase"),
            "{arguments}"
        );
        assert_eq!(hint, format!("give it when asked on a terminal, or with {flags}"));
    }
    home.pass("seal passphrase --new-passphrase-env PIN");
    let (code, _, hint) = home.fail("seal none");
    assert!(
        code == 2 && hint.ends_with(" --passphrase-env or --passphrase-fd"),
        "{hint}"
    );
}

#[test]
fn an_empty_secret_is_told_as_what_it_is() {
    let home = Home::with_pin();
    let (code, message, hint) = home.fail("pin verify --touch auto --pin-fd 0");
    assert_eq!((code, message.as_str()), (2, "the PIN is empty"));
    assert_eq!(hint, "give the PIN that the security key has");
}

#[test]
fn a_domain_is_what_a_browser_makes_of_it() {
    let home = Home::new();
    let registered = home.pass("register --touch auto --rp-id BÜCHER.example");
    assert_eq!(registered["rpId"], "xn--bcher-kva.example");
    assert_eq!(registered["origin"], "https://xn--bcher-kva.example");
    for rp_id in ["bücher.example", "xn--bcher-kva.example"] {
        home.pass(&format!("authenticate --touch auto --rp-id {rp_id}"));
    }
    home.pass("register --touch auto --rp-id 例え.jp --origin https://login.例え.jp");
    for arguments in [
        "register --touch auto --rp-id https://example.com",
        "authenticate --touch auto --rp-id 192.0.2.1",
        "aws devices list --rp-id example.com:443",
        "config min-pin-length-rp-ids --touch auto exa/mple.com",
        "attestation init --out lab --enterprise-rp-id [::1]",
    ] {
        let (code, message, hint) = home.fail(arguments);
        assert!(
            code == 2 && message.ends_with(": this is not a domain name"),
            "{arguments}: {message}"
        );
        assert!(hint.contains("login.example.com"));
    }
    std::fs::write(
        home.path().join("policy.toml"),
        "[pin]\nmin-length-rp-ids = [\"a b\"]\n",
    )
    .unwrap();
    let (code, message, _) = home.fail("policy plan policy.toml --touch auto");
    assert!(
        code == 2 && message.ends_with("min-length-rp-ids: \"a b\" is not a domain name"),
        "{message}"
    );
}

#[test]
fn a_policy_that_is_none_is_told_line_by_line() {
    let home = Home::new();
    for (policy, expected) in [
        (
            "always-uv = true\nx = 1\n",
            "cannot read the policy policy.toml, line 2: unknown field `x`",
        ),
        (
            "[pin]\nmin-length = \"six\"\n",
            "line 2: invalid type: string \"six\", expected a whole number",
        ),
        (
            "always-uv = true\nalgorithms = [\"ES256\", \"ES265\"]\n",
            "line 2: algorithms: \"ES265\" is none that brasskey knows",
        ),
    ] {
        std::fs::write(home.path().join("policy.toml"), policy).unwrap();
        let (code, message, _) = home.fail("policy plan policy.toml --touch auto");
        assert!(code == 2 && message.contains(expected), "{message}");
    }
    std::fs::write(home.path().join("policy.toml"), "algorithms = [\"es256\", \"eddsa\"]\n").unwrap();
    assert_eq!(
        home.pass("policy plan policy.toml --touch auto")["items"][0]["state"],
        "met"
    );
}

#[test]
fn a_long_name_is_cut_and_an_empty_one_refused() {
    let home = Home::with_pin();
    // 66 bytes: the last character does not fit.
    let name = format!("{}é", "a".repeat(63));
    home.pass(&format!("register --resident --touch auto --pin-env PIN --user {name}"));
    let listed = home.pass("credentials list --touch auto --pin-env PIN");
    let user = &listed["relyingParties"][0]["credentials"][0]["user"];
    assert_eq!(user["name"], "a".repeat(63));
    home.pass(&format!(
        "authenticate --resident --touch auto --pin-env PIN --user {name}"
    ));

    let output = home.run_all(&["register", "--touch", "auto", "--user", ""]);
    assert_eq!(output.status.code(), Some(2));
    assert!(
        said(&output).contains("a user's name has at least one character"),
        "{}",
        said(&output)
    );
}

#[test]
fn the_key_s_limits_are_told_as_limits() {
    let home = Home::with_pin();
    let names: Vec<_> = (1..=9).map(|number| format!("{number}.example")).collect();
    let nine = names.join(" ");
    let (code, message, _) = home.fail(&format!(
        "config min-pin-length-rp-ids --touch auto --pin-env PIN {nine}"
    ));
    assert_eq!(
        (code, message.as_str()),
        (5, "9 RP IDs are too many: this security key takes 8")
    );
    let eight = names[..8].join(" ");
    home.pass(&format!(
        "config min-pin-length-rp-ids --touch auto --pin-env PIN {eight}"
    ));

    let quoted: Vec<_> = names.iter().map(|name| format!("{name:?}")).collect();
    let policy = format!("[pin]\nmin-length-rp-ids = [{}]\n", quoted.join(", "));
    std::fs::write(home.path().join("policy.toml"), policy).unwrap();
    let planned = home.run("policy plan policy.toml --touch auto");
    let planned = str::from_utf8(&planned.stdout).unwrap();
    assert!(planned.contains("this key can be told 8 websites, not 9"), "{planned}");
}

#[test]
fn a_new_pin_that_is_refused_is_told_why() {
    let home = Home::with_pin();
    home.pass("config force-pin-change --touch auto --pin-env PIN");
    let (code, message, _) = home.fail("pin change --touch auto --pin-env PIN --new-pin-env PIN");
    assert_eq!(code, 2);
    assert_eq!(
        message,
        "the new PIN is the old one, and the security key asks for another"
    );
    home.pass("pin change --touch auto --pin-env PIN --new-pin-env OTHER");
    home.pass("config pin-complexity --touch auto --pin-env OTHER");
    home.pass("pin change --touch auto --pin-env OTHER --new-pin-env PIN");
    std::fs::write(home.path().join("simple"), "1111\n").unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_brasskey"))
        .args([
            "pin",
            "change",
            "--touch",
            "auto",
            "--pin-env",
            "PIN",
            "--new-pin-fd",
            "0",
        ])
        .env("HOME", home.path())
        .env("PIN", "2468")
        .env_remove("XDG_DATA_HOME")
        .stdin(std::fs::File::open(home.path().join("simple")).unwrap())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(
        said(&output).contains("the PIN is too simple for this security key"),
        "{}",
        said(&output)
    );
}

#[test]
fn a_protected_credential_is_not_taken_for_none() {
    let home = Home::new();
    let output = home.run("register --touch auto --cred-protect 3");
    assert!(
        output.status.success() && said(&output).contains("until `brasskey pin set`"),
        "{}",
        said(&output)
    );
    let (code, message, hint) = home.fail("authenticate --touch auto");
    assert_eq!(
        (code, message.as_str()),
        (5, "this security key shows no credential for the account")
    );
    assert!(
        hint.contains("--cred-protect") && hint.contains("brasskey pin set"),
        "{hint}"
    );
    home.pass("pin set --touch auto --new-pin-env PIN");
    let (_, _, hint) = home.fail("authenticate --touch auto --uv discouraged");
    assert!(hint.ends_with("add `--uv required`"), "{hint}");
    home.pass("authenticate --touch auto --pin-env PIN");
}
