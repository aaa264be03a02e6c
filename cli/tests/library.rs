//! What a program gets that uses the library alone.

use std::fs;
use std::path::Path;
use std::process::Command;

#[test]
fn the_library_brings_no_command_line() {
    let output = Command::new(env!("CARGO"))
        .args(["tree", "--offline", "--locked", "--package", "brasskey"])
        .args(["--edges", "no-dev", "--prefix", "none", "--format", "{p}"])
        .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
        .output()
        .unwrap();
    let tree = String::from_utf8(output.stdout).unwrap();
    let brings = |name: &str| tree.lines().any(|line| line.split(' ').next() == Some(name));
    for there in ["brasskey-protocol", "graviola", "hidapi", "redb"] {
        assert!(
            brings(there),
            "{there}: {tree}{}",
            String::from_utf8_lossy(&output.stderr)
        );
    }
    for absent in [
        "clap",
        "comfy-table",
        "hyper",
        "rcgen",
        "rpassword",
        "tokio",
        "toml",
        "zbus",
        "zbus-secret-service-keyring-store",
    ] {
        assert!(!brings(absent), "{absent}: {tree}");
    }
}

/// Flags and commands are the command line's: a program that uses the library has others, or none. The pages of the
/// practice account are for people, and guide them to the command.
#[test]
fn the_library_names_no_flags() {
    let sources = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../host/src"));
    let mut directories = vec![sources.to_owned()];
    while let Some(directory) = directories.pop() {
        for entry in fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap();
            if path.is_dir() && !["cli", "practice", "tests"].contains(&name) {
                directories.push(path);
            } else if name.ends_with(".rs") && name != "tests.rs" {
                let source = fs::read_to_string(&path).unwrap();
                let code = source.lines().filter(|line| !line.trim_start().starts_with("//"));
                for line in code.filter(|line| line.contains('"')) {
                    assert!(!names_flag(line), "{}: {line}", path.display());
                    assert!(!line.contains("`brasskey "), "{}: {line}", path.display());
                }
            }
        }
    }
}

fn names_flag(line: &str) -> bool {
    // That of another program, which lets a user in.
    let line = line.replace("groupadd --system", "");
    line.match_indices("--").any(|(at, dashes)| {
        let before = line[..at].chars().next_back();
        let after = line[at + dashes.len()..].chars().next();
        // Not the `xn--` of domain names.
        before.is_some_and(|before| !before.is_alphanumeric()) && after.is_some_and(|after| after.is_ascii_lowercase())
    })
}
