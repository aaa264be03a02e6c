//! Soft tokens as files: their names, who makes them, who may use them, and what becomes of a running one.
#![cfg(unix)]

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;

/// A home with a data directory of its own.
struct Home(TempDir);

impl Home {
    fn new() -> Self {
        let home = Self(tempfile::tempdir().unwrap());
        fs::create_dir(home.data("")).unwrap();
        home
    }

    fn data(&self, name: &str) -> PathBuf {
        self.0.path().join("brasskey").join(name)
    }

    fn command(&self, arguments: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_brasskey"));
        command
            .args(arguments.split(' '))
            .current_dir(self.0.path())
            .env("HOME", self.0.path())
            .env("XDG_DATA_HOME", self.0.path())
            .env("PIN", "2468")
            .stdin(Stdio::null());
        command
    }

    fn run(&self, arguments: &str) -> Output {
        self.command(arguments).output().unwrap()
    }

    fn json(&self, arguments: &str) -> Value {
        let output = self.run(&format!("{arguments} --json"));
        assert!(output.status.success(), "{arguments}: {}", said(&output));
        serde_json::from_slice(&output.stdout).unwrap()
    }
}

fn said(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

/// A running token. It ends with this.
struct Token(Child);

impl Token {
    fn start(mut command: Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut ready = String::new();
        BufReader::new(child.stdout.take().unwrap())
            .read_line(&mut ready)
            .unwrap();
        let token = Self(child);
        assert!(ready.contains("Ready"), "{ready}");
        token
    }

    /// What it said until it was killed.
    fn kill(mut self) -> String {
        self.0.kill().unwrap();
        let mut said = String::new();
        self.0.stderr.take().unwrap().read_to_string(&mut said).unwrap();
        said
    }
}

impl Drop for Token {
    fn drop(&mut self) {
        // It may be gone already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn a_token_is_used_by_its_name_in_every_spelling() {
    let home = Home::new();
    let made = home.run("register --touch auto --token-name work --name first");
    assert!(said(&made).contains("made a new soft token in"), "{}", said(&made));
    assert!(home.data("work.redb").is_file());
    for work in ["--token-name work", "--device soft:work"] {
        let signed_in = home.json(&format!("authenticate --touch auto --name first {work}"));
        assert_eq!(signed_in["registration"], "first");
        assert_eq!(signed_in["device"], "built-in soft token work (software)");
    }
    let info = |flags: &str| home.json(&format!("info --touch deny {flags}"))["device"].clone();
    for work in [
        "--name work",
        "--token-name work",
        "--device soft:work",
        "--device soft --name work",
    ] {
        assert_eq!(info(work), "built-in soft token work (software)", "{work}");
    }
    home.json("pin set --new-pin-env PIN --touch auto --name work");
    home.json("pin verify --pin-env PIN --touch auto --device soft:work");
    assert!(!home.data("token.redb").exists());
}

#[test]
fn the_soft_tokens_are_listed() {
    let home = Home::new();
    assert_eq!(soft(&home.json("list")), [] as [&str; 0]);
    for token in ["", " --name work", " --name home-2", " --state elsewhere"] {
        home.json(&format!("attestation init --out lab --force{token}"));
    }
    let listed = home.json("list");
    assert_eq!(soft(&listed), ["soft", "soft:home-2", "soft:work"]);
    let work = listed
        .as_array()
        .unwrap()
        .iter()
        .find(|key| key["address"] == "soft:work")
        .unwrap();
    assert_eq!(work["state"], home.data("work.redb").to_str().unwrap());
    assert_eq!(work["product"], "brasskey soft token (work)");
    let text = String::from_utf8(home.run("list").stdout).unwrap();
    let line = text.lines().find(|line| line.starts_with("soft:work ")).unwrap();
    assert!(line.contains("software, in "), "{line}");
}

/// What `--device` takes of the soft tokens in a list.
fn soft(listed: &Value) -> Vec<&str> {
    let addresses = listed
        .as_array()
        .unwrap()
        .iter()
        .map(|key| key["address"].as_str().unwrap());
    addresses.filter(|address| address.starts_with("soft")).collect()
}

#[test]
fn a_misspelt_name_makes_no_new_token() {
    let home = Home::new();
    home.json("register --touch auto --token-name work");
    for command in [
        "authenticate --touch auto",
        "info --touch deny",
        "pin verify --pin-env PIN --touch auto",
        "pin status",
        "credentials list --touch auto",
        "config always-uv on --touch auto",
        "reset --yes --touch auto",
        "selftest",
        "bench",
        "ping",
        "seal none",
    ] {
        for (flags, file) in [
            ("--token-name wrok", home.data("wrok.redb")),
            ("--state wrok", home.0.path().join("wrok")),
        ] {
            let output = home.run(&format!("{command} {flags}"));
            assert_eq!(output.status.code(), Some(3), "{command} {flags}: {}", said(&output));
            assert!(
                said(&output).contains("soft:work"),
                "{command} {flags}: {}",
                said(&output)
            );
            assert!(!file.exists(), "{command} {flags}");
        }
    }
}

#[test]
fn an_empty_file_is_no_new_token() {
    let home = Home::new();
    fs::write(home.0.path().join("state"), "").unwrap();
    fs::set_permissions(home.0.path().join("state"), fs::Permissions::from_mode(0o600)).unwrap();
    for command in [
        "register --touch auto",
        "token --unix socket --touch deny",
        "info --touch deny",
    ] {
        let output = home.run(&format!("{command} --state state"));
        assert_eq!(output.status.code(), Some(1), "{command}");
        assert!(said(&output).contains("it is empty\n"), "{command}: {}", said(&output));
        assert!(
            said(&output).contains("restore it from a backup"),
            "{command}: {}",
            said(&output)
        );
    }
    assert_eq!(fs::metadata(home.0.path().join("state")).unwrap().len(), 0);
}

/// Opening a pipe that nobody writes to would never end; this test would not either.
#[test]
fn planted_files_are_refused_at_once() {
    let home = Home::new();
    home.json("attestation init --out lab --state token");
    let pipe = home.0.path().join("pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    symlink(home.0.path().join("token"), home.0.path().join("link")).unwrap();
    for planted in ["pipe", "link"] {
        for command in [
            "register --touch auto --state",
            "token --unix socket --touch deny --state",
            "seal none --state",
            "token --unix socket --touch deny --ephemeral --control control --control-token-file",
            "register --touch auto --ephemeral --registrations",
            "authenticate --touch auto --ephemeral --registrations",
            "aws devices list --registrations",
        ] {
            let output = home.run(&format!("{command} {planted}"));
            assert_eq!(output.status.code(), Some(1), "{command} {planted}: {}", said(&output));
            assert!(
                said(&output).contains("not a regular file"),
                "{command}: {}",
                said(&output)
            );
        }
    }
}

#[test]
fn two_commands_wait_for_each_other() {
    let home = Home::new();
    home.json("attestation init --out lab --name work");
    let started: Vec<Child> = (0..6)
        .map(|_| {
            let mut command = home.command("info --touch deny --name work");
            command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap()
        })
        .collect();
    for child in started {
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{}", said(&output));
    }
}

#[test]
fn registrations_at_once_take_a_name_each() {
    let home = Home::new();
    let started: Vec<Child> = (0..4)
        .map(|_| {
            let mut command = home.command("register --touch auto --ephemeral");
            command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
        })
        .collect();
    let mut names: Vec<String> = Vec::new();
    for child in started {
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{}", said(&output));
        let text = String::from_utf8(output.stdout).unwrap();
        let name = text.lines().find_map(|line| line.strip_prefix("Registered as "));
        names.push(name.unwrap().to_owned());
    }
    names.sort();
    assert_eq!(names, ["key-1.", "key-2.", "key-3.", "key-4."]);
}

/// A website's registration that waits for the touch of a running token.
fn registering(home: &Home, flags: &str) -> Child {
    let mut command = home.command(&format!("register --device unix:socket {flags}"));
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

#[test]
fn nothing_is_acknowledged_once_the_file_is_gone() {
    let home = Home::new();
    for lose in [
        |home: &Home| fs::remove_file(home.0.path().join("state")).unwrap(),
        |home: &Home| fs::rename(home.0.path().join("other"), home.0.path().join("state")).unwrap(),
    ] {
        for file in ["state", "other"] {
            home.json(&format!("attestation init --out lab --force --state {file}"));
        }
        let token = Token::start(home.command("token --unix socket --touch auto --state state"));
        lose(&home);
        let output = registering(&home, "--resident").wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(5), "{}", said(&output));
        let said = token.kill();
        assert!(said.contains("state was deleted, moved or replaced"), "{said}");
        let _ = fs::remove_file(home.0.path().join("state"));
    }
}

/// The signal of this limit ends a process that does nothing about it, without a word.
#[test]
fn a_limit_on_the_size_of_files_is_a_full_disk() {
    let home = Home::new();
    let limited = |blocks: u32, arguments: &str| {
        let mut command = Command::new("bash");
        let program = env!("CARGO_BIN_EXE_brasskey");
        command
            .args(["-c", &format!("ulimit -f {blocks}; exec {program} {arguments}")])
            .current_dir(home.0.path())
            .env("HOME", home.0.path())
            .env("XDG_DATA_HOME", home.0.path());
        command
    };
    for command in [
        "register --touch auto --state new",
        "register --touch auto --ephemeral --registrations new",
    ] {
        let output = limited(0, command).output().unwrap();
        assert_eq!(output.status.code(), Some(1), "{command}: {}", said(&output));
        assert!(
            said(&output).contains("hint: make room"),
            "{command}: {}",
            said(&output)
        );
        // The file that the user knows, and not the temporary one that was to take its place.
        assert!(!said(&output).contains(" at path "), "{command}: {}", said(&output));
        assert!(!home.0.path().join("new").exists());
    }
    // The key has no word for it, and what it answers is no verdict on a key.
    let made = limited(100_000, "register --touch auto --state old").output().unwrap();
    assert!(made.status.success(), "{}", said(&made));
    for command in [
        "selftest --device soft --state old --touch auto",
        "pin set --state old --new-pin-env HOME",
    ] {
        let output = limited(0, command).output().unwrap();
        assert_eq!(output.status.code(), Some(1), "{command}: {}", said(&output));
        let said = said(&output);
        for part in ["old as the token's state: File too large", "hint: make room"] {
            assert!(said.contains(part), "{command}: {said}");
        }
        let shown = String::from_utf8_lossy(&output.stdout);
        assert!(
            !shown.contains("fit for use") && !said.contains("CTAP"),
            "{command}: {said}"
        );
    }
}

/// One request to the token's control endpoint.
fn control(home: &Home, request: &str, body: &str) -> Value {
    let mut stream = UnixStream::connect(home.0.path().join("control")).unwrap();
    let secret = fs::read_to_string(home.0.path().join("secret")).unwrap();
    let (secret, length) = (secret.trim(), body.len());
    write!(
        stream,
        "{request} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {secret}\r\nContent-Type: \
         application/json\r\nContent-Length: {length}\r\n\r\n{body}"
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    serde_json::from_str(answer.split_once("\r\n\r\n").unwrap().1).unwrap()
}

#[test]
fn an_answer_that_cannot_be_kept_is_said_to_be_lost() {
    let home = Home::new();
    let token = "token --unix socket --touch control --control control --control-token-file secret --ephemeral";
    let _token = Token::start(home.command(token));
    let late = registering(&home, "--name first --resident");
    while control(&home, "GET /v1/state", "")["waiting"].is_null() {}
    home.json("register --touch auto --ephemeral --name first");
    control(&home, "POST /v1/button", r#"{"action":"pulse"}"#);
    let output = late.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    let said = said(&output);
    assert!(
        said.contains("the key made the credential, but its registration cannot be kept"),
        "{said}"
    );
    assert!(
        said.contains("choose another name; the key keeps the passkey until `brasskey credentials delete "),
        "{said}"
    );
}

#[test]
fn a_token_that_is_in_no_reader_says_so_once_and_runs() {
    let home = Home::new();
    let token = Token::start(home.command("token --pcsc 127.0.0.1:1 --unix socket --touch deny --ephemeral"));
    assert!(home.run("ping --device unix:socket").status.success());
    let said = token.kill();
    assert_eq!(said.matches("nothing at 127.0.0.1:1 takes one").count(), 1, "{said}");
    assert!(said.contains("apt-get install pcscd vsmartcard-vpcd"), "{said}");
}
