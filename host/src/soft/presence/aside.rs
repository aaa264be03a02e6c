//! The question that is open on the terminal, and lines that are written above it.

use std::io::{self, IsTerminal as _, Write as _};
use std::sync::{Mutex, PoisonError};

/// The question whose line is open. There is one terminal for all keys of a process.
static OPEN: Mutex<Option<String>> = Mutex::new(None);

/// Writes lines to stderr. Where stderr is a terminal on which a soft key asks something, ends that line first, and
/// asks again below.
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

/// Writes a question with `put`, which leaves its line open.
#[cfg(unix)]
pub(super) fn ask(question: String, put: impl FnOnce(&str) -> io::Result<()>) -> io::Result<()> {
    let mut open = OPEN.lock().unwrap_or_else(PoisonError::into_inner);
    put(&question)?;
    *open = Some(question);
    Ok(())
}

/// Notes that the question's line has ended, or that `end` ends it.
#[cfg(unix)]
pub(super) fn end(end: impl FnOnce()) {
    let mut open = OPEN.lock().unwrap_or_else(PoisonError::into_inner);
    end();
    *open = None;
}
