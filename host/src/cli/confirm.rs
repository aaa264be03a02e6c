//! Questions: whether to do something that cannot be undone, and which of several is meant.

use std::io::{self, BufRead as _, IsTerminal as _, Write as _};

use super::failure::Failure;
use super::interrupt::interrupt;
use super::output::stderr_width;
use crate::client::{self, Watch};
use crate::text::wrap;

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
    let answer = ask(&format!("brasskey: {question} [type {word} to go on] "))?;
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
    let mut list = format!("brasskey: {what}:");
    for (number, choice) in (1..).zip(choices) {
        list.push_str(&format!("\n  {number}  {choice}"));
    }
    writeln!(anstream::stderr(), "{}", wrap(&list, stderr_width()))?;
    loop {
        let answer = ask(&format!("brasskey: which one? [1 to {}] ", choices.len()))?;
        if answer.is_empty() {
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

/// Asks a question, and returns the line that answers it; nothing where somebody pressed Ctrl-C or Ctrl-D instead.
pub(super) fn ask(question: &str) -> io::Result<String> {
    // Before the question, so that a Ctrl-C that comes at once is noticed.
    let interrupt = interrupt();
    let mut stderr = anstream::stderr();
    write!(stderr, "{}", wrap(question, stderr_width()))?;
    stderr.flush()?;
    let answer = answer(&interrupt)?;
    // Both leave the line open.
    if !answer.ends_with('\n') {
        writeln!(stderr)?;
    }
    Ok(answer)
}

/// A line from the terminal; nothing where somebody pressed Ctrl-C first. A plain read would go on waiting.
#[cfg(unix)]
fn answer(watch: &impl Watch) -> io::Result<String> {
    use std::os::fd::AsFd as _;

    use nix::poll::{PollFd, PollFlags, poll};

    /// How long Ctrl-C may go unnoticed, in milliseconds.
    const GLANCE: u8 = 50;
    let stdin = io::stdin();
    while !watch.is_cancelled() {
        match poll(&mut [PollFd::new(stdin.as_fd(), PollFlags::POLLIN)], GLANCE) {
            Ok(0) | Err(nix::errno::Errno::EINTR) => {}
            ready => {
                ready?;
                return read_line();
            }
        }
    }
    Ok(String::new())
}

#[cfg(not(unix))]
fn answer(watch: &impl Watch) -> io::Result<String> {
    let line = read_line()?;
    Ok(if watch.is_cancelled() { String::new() } else { line })
}

fn read_line() -> io::Result<String> {
    let mut line = String::new();
    io::stdin().lock().read_line(&mut line)?;
    Ok(line)
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
