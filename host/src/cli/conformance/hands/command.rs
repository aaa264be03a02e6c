//! A command of the user's.

use std::io::IsTerminal as _;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use crate::cli::conformance::end::is_leaving;

/// How often it is looked at.
const GLANCE: Duration = Duration::from_millis(10);

/// A command that runs.
pub(super) struct Running {
    child: Child,
    command: String,
    /// Whether it has a process group of its own, with whatever it starts.
    is_group: bool,
}

/// Starts a command.
pub(super) fn start(command: &str) -> Result<Running, String> {
    let (shell, flag) = if cfg!(windows) { ("cmd", "/C") } else { ("sh", "-c") };
    let mut shell = Command::new(shell);
    shell
        .args([flag, command])
        .stdin(Stdio::null())
        // Ours is the report's.
        .stdout(Stdio::null());
    // At a terminal Ctrl-C ends what the command has started, too, and the command may ask somebody there. Elsewhere a
    // shell that is ended would leave it behind.
    let is_group = cfg!(unix) && !std::io::stdin().is_terminal();
    #[cfg(unix)]
    if is_group {
        std::os::unix::process::CommandExt::process_group(&mut shell, 0);
    }
    match shell.spawn() {
        Ok(child) => Ok(Running {
            child,
            command: command.to_owned(),
            is_group,
        }),
        Err(error) => Err(format!("the command `{command}` cannot be run: {error}")),
    }
}

/// Runs a command. It is waited for, also where the run ends: it may have unplugged the key, and has to plug it in.
pub(super) fn shell(command: &str) -> Result<(), String> {
    let mut running = start(command)?;
    loop {
        if let Some(result) = running.result() {
            return result;
        }
        if is_leaving() {
            running.end();
            return Err(format!("the command `{command}` was ended"));
        }
        thread::sleep(GLANCE);
    }
}

impl Running {
    /// What became of it; `None` while it runs.
    pub(super) fn result(&mut self) -> Option<Result<(), String>> {
        let command = &self.command;
        match self.child.try_wait() {
            Ok(None) => None,
            Ok(Some(status)) if status.success() => Some(Ok(())),
            Ok(Some(status)) => Some(Err(format!("the command `{command}` failed: {status}"))),
            Err(error) => Some(Err(format!("the command `{command}` is lost: {error}"))),
        }
    }

    /// Ends it.
    pub(super) fn end(mut self) {
        if self.is_group {
            end_group(self.child.id());
        }
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

#[cfg(unix)]
fn end_group(leader: u32) {
    use nix::sys::signal::{Signal, killpg};
    if let Ok(group) = leader.try_into() {
        // Where it has ended meanwhile there is nothing to end.
        let _ = killpg(nix::unistd::Pid::from_raw(group), Signal::SIGKILL);
    }
}

#[cfg(not(unix))]
fn end_group(_: u32) {}
