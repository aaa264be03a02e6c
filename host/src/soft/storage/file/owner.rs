//! The note beside a state file that says how to reach the token that has it open.
//!
//! It only serves the hint of an error: the lock decides, and a note left over from a killed process is removed by the
//! next one that gets the lock.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use super::beside;
use crate::private;

/// More than any `--device` value needs.
const NOTE_MAX: u64 = 4096;

fn note(state: &Path) -> PathBuf {
    beside(state, ".owner")
}

/// Adds `device` to the note.
pub(super) fn announce(state: &Path, device: &str) -> io::Result<()> {
    let mut file = private::options().append(true).create(true).open(note(state))?;
    file.write_all(format!("{device}\n").as_bytes())
}

/// Removes the note, if there is one.
pub(super) fn withdraw(state: &Path) {
    // Where this fails the note is stale, which does no harm.
    let _ = fs::remove_file(note(state));
}

/// The first device in the note. Whoever can write there chooses this text, so it is passed on only where it is plain.
pub(super) fn holder(state: &Path) -> Option<String> {
    let note = note(state);
    if !fs::symlink_metadata(&note).ok()?.is_file() {
        return None;
    }
    let mut text = String::new();
    File::open(note).ok()?.take(NOTE_MAX).read_to_string(&mut text).ok()?;
    let device = text.lines().next()?;
    let is_plain = |c: char| c.is_alphanumeric() || c.is_ascii_graphic() || c == ' ';
    (!device.is_empty() && device.chars().all(is_plain)).then(|| device.to_owned())
}
