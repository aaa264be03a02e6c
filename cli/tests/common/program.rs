//! Programs that tests write and run.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;

/// Writes a program. What a test has open for writing, a child that another test starts meanwhile has open, too, and
/// nobody can run it ("Text file busy"). So another process writes it.
pub(crate) fn write(program: &Path, text: &str) {
    let written = program.with_extension("text");
    fs::write(&written, text).unwrap();
    fs::set_permissions(&written, fs::Permissions::from_mode(0o700)).unwrap();
    let copied = Command::new("cp").args([&*written, program]).status().unwrap();
    assert!(copied.success());
}
