//! The question that is open on the terminal, and lines that are written beside it.

use std::io::{self, IsTerminal as _, Write as _};
use std::sync::{Mutex, PoisonError};

/// The question whose line is open. There is one terminal for all keys of a process.
static OPEN: Mutex<Option<String>> = Mutex::new(None);

/// Writes lines to stderr. Where the terminal that it is has a question of a soft key open, its line is ended first, and
/// the question is asked again below.
pub fn beside_question(write: impl FnOnce()) {
    let open = OPEN.lock().unwrap_or_else(PoisonError::into_inner);
    let mut stderr = io::stderr();
    match open.as_deref().filter(|_| stderr.is_terminal()) {
        None => write(),
        // Best effort: the terminal may be gone.
        Some(question) => {
            let _ = writeln!(stderr);
            write();
            let _ = write!(stderr, "{question}");
        }
    }
}

/// Writes a question by `put`, which leaves its line open.
#[cfg(unix)]
pub(super) fn ask(question: String, put: impl FnOnce(&str) -> io::Result<()>) -> io::Result<()> {
    let mut open = OPEN.lock().unwrap_or_else(PoisonError::into_inner);
    put(&question)?;
    *open = Some(question);
    Ok(())
}

/// The question's line is ended, or `end` ends it.
#[cfg(unix)]
pub(super) fn end(end: impl FnOnce()) {
    let mut open = OPEN.lock().unwrap_or_else(PoisonError::into_inner);
    end();
    *open = None;
}
