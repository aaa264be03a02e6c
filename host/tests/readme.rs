//! What the README shows is what the commands print.

use std::process::{Command, Output};

fn brasskey(home: &std::path::Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_brasskey"))
        .args(arguments)
        .env("HOME", home)
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

/// The same text without what differs from run to run: the device's ID, and the random steps of the counter.
fn steady(text: &str) -> String {
    let steady = |line: &str| match line
        .split_once("u2f/user/alice/")
        .or(line.split_once("went up from 0 to "))
    {
        Some((start, _)) => format!("{start}…\n"),
        None => format!("{line}\n"),
    };
    text.lines().map(steady).collect()
}

#[test]
fn the_self_test_prints_what_the_readme_shows() {
    let home = tempfile::tempdir().unwrap();
    // Named, so that a key that happens to be plugged in is left alone.
    let output = brasskey(home.path(), &["selftest", "--device", "soft"]);
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
