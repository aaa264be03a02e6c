//! Which file keeps a soft token's secrets, and whether it may be made.

use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use clap::Args;

use super::failure::Failure;
use crate::soft::storage::{FileStorage, StorageOpenError, StorageOpenProblem};
use crate::soft::{Name, paths};

/// How long a command waits for another one to be done with the token's file.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long it waits between two attempts.
const REST: Duration = Duration::from_millis(20);

/// The token whose file a command works on.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Soft token")]
pub(super) struct StateArgs {
    /// The file that holds the soft token's secrets; no token may be using it [default: token.redb in your data
    /// directory]
    #[arg(long, value_name = "FILE")]
    state: Option<PathBuf>,

    /// The soft token of this name: the file that `brasskey token --name NAME` keeps its secrets in
    #[arg(long, value_name = "NAME", conflicts_with = "state")]
    token_name: Option<Name>,
}

impl StateArgs {
    /// The absolute path of the file. If the user named one that does not exist, `missing` says what to do.
    pub(super) fn file(&self, missing: Missing) -> Result<PathBuf, Failure> {
        let (state, name) = (self.state.as_deref(), self.token_name.as_ref());
        absolute(&state_file(state, name, missing)?)
    }
}

/// What to do about a soft token that the user named and that does not exist. The one without a name is made by any
/// command that needs it: there is no name to misspell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Missing {
    /// It is made.
    Make,
    /// It is an error.
    Refuse,
}

/// The state file: the one that was named, or the one of the token that was, or the one without a name.
pub(super) fn state_file(state: Option<&Path>, name: Option<&Name>, missing: Missing) -> Result<PathBuf, Failure> {
    let file = match (state, name) {
        (Some(state), _) => state.to_owned(),
        (None, Some(name)) => paths::named_state(name)?,
        (None, None) => return Ok(paths::default_state()?),
    };
    match missing == Missing::Make || FileStorage::is_at(&file) {
        true => Ok(file),
        false => Err(no_token(file, name)),
    }
}

fn no_token(file: PathBuf, name: Option<&Name>) -> Failure {
    let flag = match name {
        Some(name) => format!("--token-name {name}"),
        None => format!("--state {}", file.display()),
    };
    let known: Vec<String> = paths::soft_tokens().iter().map(|token| token.device()).collect();
    let known = match known.as_slice() {
        [] => "there is no soft token yet".to_owned(),
        [only] => format!("the only soft token is {only}"),
        several => format!("the soft tokens are {}", several.join(", ")),
    };
    Failure::NoToken {
        file,
        hint: format!("check the spelling: {known}; `brasskey token` and `brasskey register` make one with {flag}"),
    }
}

/// Opens a state file as `open` does, and waits while another process uses it: most end in a moment. A process that
/// announced its token's address stays, and is not waited for.
pub(super) fn patiently<T>(open: impl FnMut() -> Result<T, StorageOpenError>) -> Result<T, StorageOpenError> {
    let deadline = Instant::now() + PATIENCE;
    resting(open, || {
        let goes_on = Instant::now() < deadline;
        if goes_on {
            thread::sleep(REST);
        }
        goes_on
    })
}

/// As [`patiently`], until `rest`, which waits a little, returns false.
fn resting<T>(
    mut open: impl FnMut() -> Result<T, StorageOpenError>,
    mut rest: impl FnMut() -> bool,
) -> Result<T, StorageOpenError> {
    loop {
        match open() {
            Err(StorageOpenError {
                problem: StorageOpenProblem::Locked { holder: None },
                ..
            }) if rest() => {}
            opened => return opened,
        }
    }
}

/// An absolute path, which means the same in every directory.
pub(super) fn absolute(path: &Path) -> Result<PathBuf, Failure> {
    std::path::absolute(path).map_err(|source| Failure::System {
        what: format!("cannot find {}", path.display()),
        source,
    })
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    #[test]
    fn a_file_in_use_is_waited_for() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("state");
        let mut other = Some(FileStorage::open(&path).unwrap());
        let rests = Cell::new(0);
        let opened = resting(
            || FileStorage::open(&path),
            || {
                rests.set(rests.get() + 1);
                if rests.get() == 3 {
                    other.take();
                }
                true
            },
        );
        assert!(opened.is_ok());
        assert_eq!(rests.get(), 3);
    }

    #[test]
    fn a_wait_has_an_end_and_a_running_token_is_not_waited_for() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("state");
        let other = FileStorage::open(&path).unwrap();
        let mut rests = 0..4;
        let refused = resting(|| FileStorage::open(&path), || rests.next().is_some()).unwrap_err();
        assert!(matches!(refused.problem, StorageOpenProblem::Locked { holder: None }));
        assert_eq!(rests.len(), 0);

        other.announcer().announce("udp:127.0.0.1:8111").unwrap();
        let refused = resting(|| FileStorage::open(&path), || panic!("nobody waits")).unwrap_err();
        assert!(refused.hint().contains("udp:127.0.0.1:8111"));
    }

    #[test]
    fn what_is_wrong_with_a_file_is_said_at_once() {
        let directory = tempfile::tempdir().unwrap();
        let refused = resting(|| FileStorage::open(directory.path()), || panic!("nobody waits")).unwrap_err();
        assert!(matches!(refused.problem, StorageOpenProblem::Unfit(_)));
    }

    #[test]
    fn a_misspelt_token_is_not_made() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("wrok");
        let refused = state_file(Some(&path), None, Missing::Refuse).unwrap_err();
        assert_eq!(refused.exit_code(), super::super::failure::NO_DEVICE);
        assert_eq!(state_file(Some(&path), None, Missing::Make).unwrap(), path);
        drop(FileStorage::open(&path).unwrap());
        assert_eq!(state_file(Some(&path), None, Missing::Refuse).unwrap(), path);
    }
}
