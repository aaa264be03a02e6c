//! A command with the credentials in its environment.

use std::ffi::OsString;
use std::io;
use std::process::Command;

use super::credentials::{Credentials, IN_THE_WAY, Place};
use crate::cli::failure::Failure;

/// Runs the command in place of this process: so its exit code and its signals are those of this one.
pub(super) fn run(words: &[OsString], credentials: &Credentials, place: &Place) -> Result<(), Failure> {
    let Some((program, arguments)) = words.split_first() else {
        return Ok(());
    };
    let mut command = Command::new(program);
    command.args(arguments).envs(credentials.variables(place));
    for name in IN_THE_WAY {
        command.env_remove(name);
    }
    let source = become_it(&mut command);
    Err(Failure::System {
        what: format!("cannot run {}", program.display()),
        source,
    })
}

#[cfg(unix)]
fn become_it(command: &mut Command) -> io::Error {
    std::os::unix::process::CommandExt::exec(command)
}

#[cfg(not(unix))]
fn become_it(command: &mut Command) -> io::Error {
    // Ctrl-C goes to both: the command decides what it means.
    crate::cli::interrupt::listen(|| {});
    match command.status() {
        Ok(status) => std::process::exit(status.code().unwrap_or(1)),
        Err(error) => error,
    }
}
