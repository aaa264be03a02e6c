//! What a command prints, and where: results to stdout, notices and errors to stderr.

use std::io::{self, IsTerminal as _, Write};

use anstream::{AutoStream, ColorChoice};
use anstyle::{AnsiColor, Style};
use serde::Serialize;
use serde_json::json as value;

use super::failure::Failure;
use super::json;
use crate::soft::beside_question;
use crate::text::wrap;

/// A check that passed.
pub(super) const GOOD: Style = AnsiColor::Green.on_default();
/// A check that found something odd.
pub(super) const WARNING: Style = AnsiColor::Yellow.on_default();
/// A check that failed, and errors.
pub(super) const BAD: Style = AnsiColor::Red.on_default().bold();
/// What matters less.
pub(super) const DIM: Style = Style::new().dimmed();
/// Headings.
pub(super) const BOLD: Style = Style::new().bold();

/// Where a command writes. Styles reach only a terminal, and none with `NO_COLOR` (anstream sees to both).
#[derive(Clone, Copy)]
pub(super) struct Output {
    json: bool,
}

impl Output {
    pub(super) fn new(json: bool) -> Self {
        Self { json }
    }

    /// Whether the results are JSON: then nothing else may go to stdout.
    pub(super) fn is_json(&self) -> bool {
        self.json
    }

    /// Whether stderr is a terminal, for progress and prompts.
    pub(super) fn is_interactive(&self) -> bool {
        io::stderr().is_terminal()
    }

    /// The results: as one JSON value, or as `human` writes them.
    pub(super) fn result(
        &self,
        value: &impl Serialize,
        human: impl FnOnce(&mut dyn Write) -> io::Result<()>,
    ) -> Result<(), Failure> {
        let mut results = Vec::new();
        if self.json {
            json::write(&mut results, value)?;
            return Ok(write_at_once(&results)?);
        }
        human(&mut results)?;
        Ok(write_at_once(&fit(results))?)
    }

    /// As [`result`](Self::result), but no line of what `human` writes is broken: it is for a program, or the user's
    /// own text.
    pub(super) fn verbatim(
        &self,
        value: &impl Serialize,
        human: impl FnOnce(&mut dyn Write) -> io::Result<()>,
    ) -> Result<(), Failure> {
        if self.json {
            return self.result(value, human);
        }
        let mut results = Vec::new();
        human(&mut results)?;
        Ok(write_at_once(&results)?)
    }

    /// One JSON value on one line, at once: for a reader that waits for it.
    pub(super) fn line(&self, value: &impl Serialize) -> Result<(), Failure> {
        let mut stdout = io::stdout().lock();
        json::write_line(&mut stdout, value)?;
        Ok(stdout.flush()?)
    }

    /// Part of the results, for people only, as soon as it is known.
    pub(super) fn text(&self, text: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<(), Failure> {
        if !self.json {
            let mut shown = Vec::new();
            text(&mut shown)?;
            write_at_once(&fit(shown))?;
        }
        Ok(())
    }

    /// One line beside the results.
    pub(super) fn notice(&self, text: &str) {
        let line = wrap(&format!("brasskey: {text}"), stderr_width());
        // If this cannot be written, neither can an error.
        beside_question(|| drop(writeln!(anstream::stderr(), "{line}")));
    }

    /// Why the command failed. With `--json`, stdout has the same as a value.
    pub(super) fn failure(&self, failure: &Failure) {
        let (message, hint) = failure.shown();
        let mut stderr = anstream::stderr().lock();
        let said = format!("brasskey: {BAD}error:{BAD:#} {message}\nhint: {hint}");
        let _ = writeln!(stderr, "{}", wrap(&said, stderr_width()));
        // A refused answer was printed with its checks, and a policy with its rules: a second value would not be JSON.
        let is_printed = matches!(
            failure,
            Failure::Verification(_)
                | Failure::Code(_)
                | Failure::Unhealthy { .. }
                | Failure::Nonconforming { .. }
                | Failure::Unsound { .. }
                | Failure::Ended { .. }
                | Failure::Lost { .. }
                | Failure::Hand { .. }
                | Failure::Untried { .. }
                | Failure::Audit(_)
                | Failure::Policy { .. }
                | Failure::Findings { .. }
        );
        if self.json && !is_printed {
            let value = value!({ "error": { "message": message, "hint": hint, "exitCode": failure.exit_code() } });
            let _ = json::write(&mut io::stdout(), &value);
        }
    }
}

/// How many characters fit beside each other on stderr; `None` where it is no terminal, and nothing is broken.
pub(super) fn stderr_width() -> Option<usize> {
    terminal_size::terminal_size_of(io::stderr()).map(|(width, _)| width.0.into())
}

/// How many characters fit beside each other on stdout, where it is a terminal.
pub(super) fn stdout_width() -> Option<usize> {
    terminal_size::terminal_size_of(io::stdout()).map(|(width, _)| width.0.into())
}

/// Results as wide as the terminal that they go to.
fn fit(results: Vec<u8>) -> Vec<u8> {
    match String::from_utf8(results) {
        Ok(text) => wrap(&text, stdout_width()).into_bytes(),
        Err(error) => error.into_bytes(),
    }
}

/// Writes to stdout in one piece. Stripping styles while writing would take a system call for each piece between two.
fn write_at_once(text: &[u8]) -> io::Result<()> {
    if AutoStream::choice(&io::stdout()) == ColorChoice::Never {
        let mut stdout = io::stdout().lock();
        stdout.write_all(&anstream::adapter::strip_bytes(text).into_vec())?;
        return stdout.flush();
    }
    let mut stdout = anstream::stdout().lock();
    stdout.write_all(text)?;
    stdout.flush()
}
