//! The prompt: asks on the terminal, and presses the button.

use std::fs::{File, OpenOptions};
use std::io::{self, PipeReader, Read, Write};
use std::os::fd::AsFd;

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::termios::{FlushArg, tcflush};

use super::aside;
use super::button::Answer;
use super::question::{OpenQuestion, Question};
use crate::text::wrap;

/// The terminal of this process, whatever stdin and stdout are.
pub(super) fn terminal() -> io::Result<File> {
    OpenOptions::new().read(true).write(true).open("/dev/tty")
}

/// Asks on `terminal`, and returns at once.
pub(super) fn open(mut terminal: File, question: Question) -> io::Result<OpenQuestion> {
    put(&mut terminal, &question)?;
    OpenQuestion::start("brasskey-prompt", move |closed| {
        listen(&mut terminal, closed, &question);
    })
}

/// Writes the question.
pub(super) fn put(terminal: &mut File, question: &Question) -> io::Result<()> {
    // What was typed before the question is not an answer to it.
    tcflush(&*terminal, FlushArg::TCIFLUSH)?;
    let waiting = &question.waiting;
    let text = format!("brasskey: touch the key to {waiting}? [Enter = touch, n = refuse] ");
    let text = wrap(&text, width(terminal));
    aside::ask(text, |text| write!(terminal, "{text}"))
}

/// Reads lines until one is an answer, or until nobody waits for one any more.
pub(super) fn listen(terminal: &mut File, closed: &PipeReader, question: &Question) {
    while let Some(left) = question.waits() {
        match read_line(
            terminal,
            closed,
            PollTimeout::try_from(left).unwrap_or(PollTimeout::MAX),
        ) {
            Ok(Line::Closed) => break,
            Ok(Line::None) => {}
            Ok(Line::Text(line)) => match line.trim().to_lowercase().as_str() {
                "" | "y" | "yes" => {
                    aside::end(|| {});
                    return question.answer(Answer::Touch);
                }
                "n" | "no" => {
                    aside::end(|| {});
                    return question.answer(Answer::Decline);
                }
                _ => {
                    let again = "brasskey: press Enter to touch the key, n to refuse: ".to_owned();
                    let _ = aside::ask(again, |again| write!(terminal, "{again}"));
                }
            },
            Ok(Line::End) | Err(_) => {
                // Ends the line that the user left open. Best effort: the terminal may be gone.
                aside::end(|| drop(writeln!(terminal)));
                return question.answer(Answer::Decline);
            }
        }
    }
    // Best effort: the terminal may be gone with the request.
    aside::end(|| drop(writeln!(terminal, "\nbrasskey: the request has ended")));
}

/// How many characters fit on a line.
fn width(terminal: &File) -> Option<usize> {
    terminal_size::terminal_size_of(terminal).map(|(width, _)| width.0.into())
}

enum Line {
    Text(String),
    /// Nothing was typed in time.
    None,
    /// The terminal was closed.
    End,
    /// The question was taken back.
    Closed,
}

fn read_line(terminal: &mut File, closed: &PipeReader, timeout: PollTimeout) -> io::Result<Line> {
    let mut waits = [
        PollFd::new(closed.as_fd(), PollFlags::POLLIN),
        PollFd::new(terminal.as_fd(), PollFlags::POLLIN),
    ];
    match poll(&mut waits, timeout) {
        Err(nix::errno::Errno::EINTR) | Ok(0) => return Ok(Line::None),
        ready => ready?,
    };
    if waits[0].any().unwrap_or(true) {
        return Ok(Line::Closed);
    }
    // A terminal in canonical mode gives whole lines.
    let mut line = [0; 256];
    match terminal.read(&mut line)? {
        0 => Ok(Line::End),
        length => Ok(Line::Text(
            String::from_utf8_lossy(line.get(..length).unwrap_or_default()).into_owned(),
        )),
    }
}

#[cfg(test)]
mod tests;
