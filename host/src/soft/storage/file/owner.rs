//! The note beside a state file that says how to reach the token that has it open.
//!
//! It only serves the hint of an error: the lock decides. Where a killed process left a note, the next process that
//! gets the lock removes it.

use std::fs;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use super::system::beside;
use crate::private::{self, Others};

/// Longer than any value of `--device`.
const NOTE_MAX: u64 = 4096;

fn note(state: &Path) -> PathBuf {
    beside(state, ".owner")
}

/// Writes a note with `device`, in place of any that is there.
pub(super) fn announce(state: &Path, device: &str) -> io::Result<()> {
    // Nothing is written to a file that somebody else may have put there.
    withdraw(state);
    let mut file = private::options().write(true).create_new(true).open(note(state))?;
    file.write_all(format!("{device}\n").as_bytes())
}

/// Removes the note, if there is one.
pub(super) fn withdraw(state: &Path) {
    // Where this fails an old note stays, which does no harm.
    let _ = fs::remove_file(note(state));
}

/// The device in the note. Anybody who can write there chooses this text, so only plain text is passed on.
pub(super) fn holder(state: &Path) -> Option<String> {
    let file = private::open(private::options().read(true), &note(state), Others::Read).ok()?;
    let mut text = String::new();
    file.take(NOTE_MAX).read_to_string(&mut text).ok()?;
    let device = text.lines().next()?;
    let is_plain = |c: char| c.is_alphanumeric() || c.is_ascii_graphic() || c == ' ';
    (!device.is_empty() && device.chars().all(is_plain)).then(|| device.to_owned())
}
