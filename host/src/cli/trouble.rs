//! What goes wrong under the built-in soft token. The key itself has no word for it: to a host, a full disk looks like
//! a full key, or like one that is broken.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use super::failure::Failure;
use super::output::Output;
use crate::soft;
use crate::soft::storage::{FileStorage, StorageOpenError, StorageOpenProblem, Trouble};
use crate::text::escape;
use brasskey_protocol::store::StartError;

/// The first trouble of this process's token: what came later may follow from it.
static FIRST: Mutex<Option<StorageOpenError>> = Mutex::new(None);

/// When the user hears of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tells {
    /// As it happens: the token goes on.
    AtOnce,
    /// As the reason why the command failed, see [`behind`].
    AtTheEnd,
}

/// Has what goes wrong with `storage`, the state file at `path`, told.
pub(super) fn watch(storage: &mut FileStorage, path: &Path, tells: Tells, output: &Output) {
    let (path, output) = (path.to_owned(), *output);
    storage.on_trouble(move |trouble| match trouble {
        Trouble::Lost => {
            output.notice(&lost(&path));
            note(path.clone(), StorageOpenProblem::Lost);
        }
        Trouble::Io(error) => {
            let said = refused(&path, &error);
            if note(path.clone(), error.into()) && tells == Tells::AtOnce {
                output.notice(&said);
            }
        }
    });
}

fn lost(path: &Path) -> String {
    let shown = shown(path);
    format!(
        "error: {shown} was deleted, moved or replaced: the soft token can store nothing any more\nhint: put the file \
         back, or start again with the one that is there now"
    )
}

fn refused(path: &Path, error: &io::Error) -> String {
    let (shown, hint) = (shown(path), crate::private::hint(error));
    format!("error: the soft token cannot write to {shown}: {error}; what needs that fails\nhint: {hint}")
}

fn shown(path: &Path) -> String {
    escape(&path.display().to_string()).into_owned()
}

/// Whether it is the first.
fn note(path: PathBuf, problem: StorageOpenProblem) -> bool {
    let mut first = FIRST.lock().unwrap_or_else(PoisonError::into_inner);
    let is_first = first.is_none();
    first.get_or_insert(StorageOpenError { path, problem });
    is_first
}

/// Whether there was any: nothing that the key does from then on says something of it.
pub(super) fn is_there() -> bool {
    FIRST.lock().unwrap_or_else(PoisonError::into_inner).is_some()
}

/// # Errors
/// The trouble, where there was any.
pub(super) fn none() -> Result<(), Failure> {
    match FIRST.lock().unwrap_or_else(PoisonError::into_inner).take() {
        Some(error) => Err(error.into()),
        None => Ok(()),
    }
}

/// What a command failed with, where something else is behind what the key answered.
pub(super) fn behind(failure: Failure) -> Failure {
    let is_answer = matches!(
        failure,
        Failure::Key(_)
            | Failure::Ceremony(_)
            | Failure::Untested(_)
            | Failure::Soft(soft::Error::Start(StartError::Storage(_)))
    );
    if !is_answer {
        return failure;
    }
    none().err().unwrap_or(failure)
}
