//! The note beside a state file that says how to reach the token that has it open.
//!
//! It only serves the hint of an error: the lock decides, and a note left over from a killed process is removed by the
//! next one that gets the lock.

use std::fs;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use super::place::beside;
use crate::private::{self, Others};

/// More than any `--device` value needs.
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
    // Where this fails the note is stale, which does no harm.
    let _ = fs::remove_file(note(state));
}

/// The device in the note. Whoever can write there chooses this text, so it is passed on only where it is plain.
pub(super) fn holder(state: &Path) -> Option<String> {
    let file = private::open(private::options().read(true), &note(state), Others::Read).ok()?;
    let mut text = String::new();
    file.take(NOTE_MAX).read_to_string(&mut text).ok()?;
    let device = text.lines().next()?;
    let is_plain = |c: char| c.is_alphanumeric() || c.is_ascii_graphic() || c == ' ';
    (!device.is_empty() && device.chars().all(is_plain)).then(|| device.to_owned())
}
