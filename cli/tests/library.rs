//! What a program gets that uses the library alone.

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
    ] {
        assert!(!brings(absent), "{absent}: {tree}");
    }
}
