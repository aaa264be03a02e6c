//! Asking before something that cannot be undone, and where there are several to choose from.

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

/// Asks on the terminal which of `choices` is meant, and returns its place. They and `what`, which says what there are
/// several of, must have been escaped; `flag` names one without a terminal.
pub(super) fn choose(what: &str, choices: &[String], flag: &str) -> Result<usize, Failure> {
    if !io::stdin().is_terminal() {
        return Err(Failure::usage(
            format!("{what}: {}", choices.join(", ")),
            format!("there is no terminal to ask on: name one with {flag}"),
        ));
    }
    let mut stderr = anstream::stderr();
    writeln!(stderr, "brasskey: {what}:")?;
    for (number, choice) in (1..).zip(choices) {
        writeln!(stderr, "  {number}  {choice}")?;
    }
    loop {
        write!(stderr, "brasskey: which one? [1 to {}] ", choices.len())?;
        stderr.flush()?;
        let mut answer = String::new();
        if io::stdin().lock().read_line(&mut answer)? == 0 {
            return Err(client::Error::Cancelled.into());
        }
        if let Some(index) = place(&answer, choices.len()) {
            return Ok(index);
        }
    }
}

/// The place of a number that somebody typed, where it is one of `count`.
fn place(answer: &str, count: usize) -> Option<usize> {
    let number: usize = answer.trim().parse().ok()?;
    number.checked_sub(1).filter(|index| *index < count)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_number_that_was_shown_is_a_choice() {
        assert_eq!(["1\n", " 3 \n"].map(|answer| place(answer, 3)), [Some(0), Some(2)]);
        assert_eq!(["0", "4", "-1", "", "alice"].map(|answer| place(answer, 3)), [None; 5]);
    }
}
