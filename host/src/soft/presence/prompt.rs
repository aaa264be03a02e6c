//! The prompt: one thread that asks on the terminal and presses the button.

use std::fs::{File, OpenOptions};
use std::io::{self, PipeReader, PipeWriter, Read, Write};
use std::os::fd::AsFd;
use std::sync::Arc;
use std::thread::{self, JoinHandle};

use brasskey_protocol::platform::PresenceRequest;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::termios::{FlushArg, tcflush};

use super::Waiting;
use super::button::{Answer, Button, Ticket};

/// A request on the terminal. Dropping it takes the request off, answered or not.
pub(super) struct Prompt {
    /// Closing it ends the thread.
    closer: Option<PipeWriter>,
    thread: Option<JoinHandle<()>>,
}

/// The terminal of this process, whatever stdin and stdout are.
pub(super) fn terminal() -> io::Result<File> {
    OpenOptions::new().read(true).write(true).open("/dev/tty")
}

impl Prompt {
    /// Asks on the terminal, and returns at once.
    pub(super) fn open(request: &PresenceRequest<'_>, button: Arc<Button>, ticket: Ticket) -> io::Result<Self> {
        Self::open_on(terminal()?, request, button, ticket)
    }

    fn open_on(
        mut terminal: File,
        request: &PresenceRequest<'_>,
        button: Arc<Button>,
        ticket: Ticket,
    ) -> io::Result<Self> {
        // What was typed before the question is not an answer to it.
        tcflush(&terminal, FlushArg::TCIFLUSH)?;
        let question = Waiting::new(request, 0);
        write!(
            terminal,
            "brasskey: touch the key to {question}? [Enter = touch, n = refuse] "
        )?;
        let (closed, closer) = io::pipe()?;
        let thread = thread::Builder::new()
            .name("brasskey-prompt".into())
            .spawn(move || ask(&mut terminal, &closed, &button, ticket))?;
        Ok(Self {
            closer: Some(closer),
            thread: Some(thread),
        })
    }
}

impl Drop for Prompt {
    fn drop(&mut self) {
        drop(self.closer.take());
        if let Some(thread) = self.thread.take() {
            // A prompt that panicked has answered nothing, which is safe.
            let _ = thread.join();
        }
    }
}

/// Reads lines until one is an answer, or until nobody waits for one.
fn ask(terminal: &mut File, closed: &PipeReader, button: &Button, ticket: Ticket) {
    while let Some(left) = button.waits_for(ticket) {
        match read_line(
            terminal,
            closed,
            PollTimeout::try_from(left).unwrap_or(PollTimeout::MAX),
        ) {
            Ok(Line::Closed) => break,
            Ok(Line::None) => {}
            Ok(Line::Text(line)) => match line.trim().to_lowercase().as_str() {
                "" | "y" | "yes" => return button.answer(ticket, Answer::Touch),
                "n" | "no" => return button.answer(ticket, Answer::Decline),
                _ => drop(write!(
                    terminal,
                    "brasskey: press Enter to touch the key, n to refuse: "
                )),
            },
            Ok(Line::End) | Err(_) => {
                // Ends the line that the user left open. Best effort: the terminal may be gone.
                let _ = writeln!(terminal);
                return button.answer(ticket, Answer::Decline);
            }
        }
    }
    // Best effort: the terminal may be gone with the request.
    let _ = writeln!(terminal, "\nbrasskey: the request has ended");
}

enum Line {
    Text(String),
    /// Nothing was typed in time.
    None,
    /// The terminal was closed.
    End,
    /// The prompt was.
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
    // A terminal in its canonical mode hands out whole lines.
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
