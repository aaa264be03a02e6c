//! The command as tests run it.

use std::path::Path;
use std::process::{Command, Output, Stdio};

/// The command with a home of its own, and nobody at its terminal.
pub(crate) fn brasskey(home: &Path, arguments: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_brasskey"));
    command
        .args(arguments.split(' '))
        .current_dir(home)
        .env("HOME", home)
        .env_remove("XDG_DATA_HOME")
        .stdin(Stdio::null());
    command
}

pub(crate) fn stderr(output: &Output) -> &str {
    str::from_utf8(&output.stderr).unwrap()
}
