//! The terminal, for what nobody shall see.

use std::io;

use zeroize::Zeroizing;

use crate::client;

/// A line from the terminal, without echo.
pub(super) fn ask(question: &str) -> Result<Zeroizing<String>, client::Error> {
    // The library asks first and is silent then: who answers at once, a program for example, would be seen.
    #[cfg(unix)]
    let _silence = unix::Silence::begin().map_err(|_| client::Error::PinNeeded)?;
    match rpassword::prompt_password(question) {
        Ok(line) => Ok(Zeroizing::new(line)),
        Err(error) if error.kind() == io::ErrorKind::Interrupted => Err(client::Error::Cancelled),
        Err(_) => Err(client::Error::PinNeeded),
    }
}

#[cfg(unix)]
mod unix {
    use std::fs::File;
    use std::io;

    use nix::sys::termios::{LocalFlags, SetArg, Termios, tcgetattr, tcsetattr};

    /// The terminal shows nothing of what is typed while this is there.
    pub(super) struct Silence {
        terminal: File,
        before: Termios,
    }

    impl Silence {
        pub(super) fn begin() -> io::Result<Self> {
            let terminal = File::open("/dev/tty")?;
            let before = tcgetattr(&terminal)?;
            let mut silent = before.clone();
            silent.local_flags.remove(LocalFlags::ECHO);
            // What was typed before the question is not an answer to it.
            tcsetattr(&terminal, SetArg::TCSAFLUSH, &silent)?;
            Ok(Self { terminal, before })
        }
    }

    impl Drop for Silence {
        fn drop(&mut self) {
            // Nothing can be done about a terminal that is gone.
            let _ = tcsetattr(&self.terminal, SetArg::TCSANOW, &self.before);
        }
    }
}
