//! The terminal, for a secret that it must not show.

use std::io::{self, Write as _};

use zeroize::Zeroizing;

use super::super::interrupt::interrupt;
use crate::client::{self, Watch as _};

/// Why a question has no answer.
#[derive(Debug, PartialEq, Eq)]
pub(in super::super) enum Unanswered {
    /// Somebody pressed Ctrl-C or Ctrl-D.
    Interrupted,
    /// Nobody is at a terminal.
    Nobody,
}

impl From<Unanswered> for client::Error {
    fn from(why: Unanswered) -> Self {
        match why {
            Unanswered::Interrupted => Self::Cancelled,
            Unanswered::Nobody => Self::PinNeeded,
        }
    }
}

/// A line from the terminal, without echo.
pub(in super::super) fn ask(question: &str) -> Result<Zeroizing<String>, Unanswered> {
    // A process that Ctrl-C kills now would leave a terminal without echo.
    let interrupt = interrupt();
    // The library asks before it switches the echo off: an answer that comes at once, from a program for example, would
    // be shown, and its Ctrl-C or Ctrl-D lost.
    #[cfg(unix)]
    let _no_echo = unix::NoEcho::begin().map_err(|_| Unanswered::Nobody)?;
    if interrupt.is_cancelled() {
        return Err(Unanswered::Interrupted);
    }
    match rpassword::prompt_password(question) {
        Ok(line) => Ok(Zeroizing::new(line)),
        Err(error) if error.kind() == io::ErrorKind::Interrupted => Err(Unanswered::Interrupted),
        Err(error) => {
            if error.kind() != io::ErrorKind::UnexpectedEof {
                return Err(Unanswered::Nobody);
            }
            // Ctrl-D leaves the line open.
            let _ = writeln!(anstream::stderr());
            Err(Unanswered::Interrupted)
        }
    }
}

#[cfg(unix)]
mod unix {
    use std::fs::File;
    use std::io;

    use nix::sys::termios::{LocalFlags, SetArg, SpecialCharacterIndices, Termios, tcgetattr, tcsetattr};

    /// The terminal shows nothing of what is typed while this is there, and hands each key on as it is.
    pub(super) struct NoEcho {
        terminal: File,
        before: Termios,
    }

    impl NoEcho {
        pub(super) fn begin() -> io::Result<Self> {
            let terminal = File::open("/dev/tty")?;
            let before = tcgetattr(&terminal)?;
            let mut silent = before.clone();
            let cooked = LocalFlags::ECHO | LocalFlags::ECHONL | LocalFlags::ICANON | LocalFlags::ISIG;
            silent.local_flags.remove(cooked);
            silent.control_chars[SpecialCharacterIndices::VMIN as usize] = 1;
            silent.control_chars[SpecialCharacterIndices::VTIME as usize] = 0;
            // What was typed before the question is not an answer to it.
            tcsetattr(&terminal, SetArg::TCSAFLUSH, &silent)?;
            Ok(Self { terminal, before })
        }
    }

    impl Drop for NoEcho {
        fn drop(&mut self) {
            // Nothing can be done about a terminal that is gone.
            let _ = tcsetattr(&self.terminal, SetArg::TCSANOW, &self.before);
        }
    }
}
