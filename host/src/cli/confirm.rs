//! Asking before something that cannot be undone.

use std::io::{self, BufRead as _, IsTerminal as _, Write as _};

use super::failure::Failure;
use crate::client;

/// Asks on the terminal, and goes on only where the answer is `word`. `yes` is the flag that answers for the user; text
/// from outside in `question` must have been escaped.
pub(super) fn confirm(question: &str, word: &str, yes: bool) -> Result<(), Failure> {
    if yes {
        return Ok(());
    }
    if !io::stdin().is_terminal() {
        return Err(Failure::usage(
            "this cannot be undone, and there is no terminal to ask on",
            "add --yes where you are sure",
        ));
    }
    let mut stderr = anstream::stderr();
    write!(stderr, "brasskey: {question} [type {word} to go on] ")?;
    stderr.flush()?;
    let mut answer = String::new();
    io::stdin().lock().read_line(&mut answer)?;
    match answer.trim() == word {
        true => Ok(()),
        false => Err(client::Error::Cancelled.into()),
    }
}
