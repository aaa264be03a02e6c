//! What is said while the result is another program's.

use std::fs::{File, OpenOptions};
use std::io::{self, IsTerminal as _, Write as _};

use crate::cli::output::Output;
use crate::text::{escape, wrap};

/// Who hears it.
pub(in crate::cli::aws) enum Voice {
    /// Who reads stderr.
    Stderr(Output),
    /// The terminal, where another program has stderr.
    Terminal(File),
    /// Nobody. The key shows by its light that it waits, and the soft token asks on the desktop.
    Nobody,
}

impl Voice {
    pub(in crate::cli::aws) fn new(is_process: bool, output: &Output) -> Self {
        if !is_process || io::stderr().is_terminal() {
            return Self::Stderr(*output);
        }
        // Where there is none, or none of this session.
        let terminal = cfg!(unix).then(|| OpenOptions::new().write(true).open("/dev/tty").ok());
        terminal.flatten().map_or(Self::Nobody, Self::Terminal)
    }

    /// Says one line.
    pub(super) fn say(&self, text: &str) {
        match self {
            Self::Stderr(output) => output.notice(&escape(text)),
            Self::Terminal(terminal) => {
                let width = terminal_size::terminal_size_of(terminal).map(|(width, _)| width.0.into());
                let line = wrap(&format!("brasskey: {}", escape(text)), width);
                let mut terminal: &File = terminal;
                // If this cannot be written, neither can an error.
                crate::soft::beside_question(|| drop(writeln!(terminal, "{line}")));
            }
            Self::Nobody => {}
        }
    }
}
