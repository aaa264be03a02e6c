//! What the README shows is what the commands print.

use std::process::{Command, Output};

fn brasskey(home: &std::path::Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_brasskey"))
        .args(arguments)
        .current_dir(home)
        .env("HOME", home)
        .env("PIN", "2468")
        .env_remove("XDG_DATA_HOME")
        .output()
        .unwrap()
}

/// The lines between a command in the README and the next command or the end of its block.
fn shown(command: &str) -> String {
    let readme = include_str!("../../README.md");
    let (_, rest) = readme.split_once(&format!("$ {command}\n")).unwrap();
    let lines = rest
        .lines()
        .take_while(|line| *line != "```" && !line.starts_with("$ "));
    // Notices go to stderr.
    lines
        .filter(|line| !line.starts_with("brasskey: "))
        .map(|line| format!("{line}\n"))
        .collect()
}

/// The same text without what differs from run to run: IDs, the random steps of the counter, and what has room.
fn steady(text: &str) -> String {
    let steady = |line: &str| {
        let id = line.strip_prefix("  ").and_then(|line| line.split_once("  alice"));
        if let Some((_, rest)) = id.filter(|(id, _)| id.len() == 16) {
            return format!("  …  alice{rest}\n");
        }
        for until in ["u2f/user/alice/my-key-", "went up from 0 to ", "room for about "] {
            if let Some((start, _)) = line.split_once(until) {
                return format!("{start}…\n");
            }
        }
        format!("{line}\n")
    };
    text.lines().map(steady).collect()
}

#[test]
fn the_self_test_prints_what_the_readme_shows() {
    let home = tempfile::tempdir().unwrap();
    // Named, so that a key that happens to be plugged in is left alone.
    let output = brasskey(home.path(), &["selftest", "--ephemeral"]);
    assert!(output.status.success());
    assert_eq!(
        String::from_utf8(output.stdout).unwrap(),
        shown("cargo run --release -- selftest")
    );
    assert!(!home.path().join(".local").exists(), "the self-test keeps nothing");
}

#[test]
fn registration_and_sign_in_print_what_the_readme_shows() {
    let home = tempfile::tempdir().unwrap();
    for command in [
        "register --profile aws --name my-key --touch auto",
        "authenticate --profile aws --touch auto",
    ] {
        let output = brasskey(home.path(), &command.split(' ').collect::<Vec<_>>());
        assert!(output.status.success());
        let printed = String::from_utf8(output.stdout).unwrap();
        assert_eq!(steady(&printed), steady(&shown(&format!("brasskey {command}"))));
    }
}

#[test]
fn managing_a_key_prints_what_the_readme_shows() {
    let home = tempfile::tempdir().unwrap();
    let readme = include_str!("../../README.md");
    let (_, policy) = readme.split_once("```toml\n").unwrap();
    let (policy, _) = policy.split_once("```").unwrap();
    std::fs::write(home.path().join("policy.toml"), policy).unwrap();
    for command in [
        "pin set --new-pin-env PIN --touch auto",
        "register --resident --prf --pin-env PIN --touch auto",
        "credentials list --pin-env PIN --touch auto",
        "policy plan policy.toml --touch auto",
        "policy apply policy.toml --pin-env PIN --touch auto",
    ] {
        let output = brasskey(home.path(), &command.split(' ').collect::<Vec<_>>());
        assert!(output.status.success(), "{command}");
        let printed = String::from_utf8(output.stdout).unwrap();
        assert_eq!(steady(&printed), steady(&shown(&format!("brasskey {command}"))));
    }
}

/// The data directory is elsewhere on other systems.
#[cfg(target_os = "linux")]
#[test]
fn an_attestation_lab_prints_what_the_readme_shows() {
    let home = tempfile::tempdir().unwrap();
    let command = "attestation init --out lab --aaguid 7e57ed00-0000-4000-8000-000000000001";
    let output = Command::new(env!("CARGO_BIN_EXE_brasskey"))
        .args(command.split(' '))
        .current_dir(home.path())
        .env("HOME", home.path())
        .env_remove("XDG_DATA_HOME")
        .output()
        .unwrap();
    assert!(output.status.success());
    let printed = String::from_utf8(output.stdout).unwrap();
    let at_home = printed.replace(home.path().to_str().unwrap(), "/home/alice");
    assert_eq!(at_home, shown(&format!("brasskey {command}")));
}
