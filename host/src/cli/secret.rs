//! How a command gets a secret: from the terminal without echo, from a file descriptor, or from an environment
//! variable. Never as an argument, which every user of the computer could read.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fs::File;
use std::io::{self, Read as _};
use std::sync::{Mutex, PoisonError};

use zeroize::Zeroizing;

use super::failure::Failure;

mod terminal;
#[cfg(test)]
mod tests;

pub(super) use terminal::{Unanswered, ask};

/// The longest line that is read, in bytes: far more than any PIN or passphrase has.
const LONGEST_LINE: usize = 1024;

/// A place that a secret comes from.
#[derive(Clone, Copy)]
pub(super) enum Source<'a> {
    Terminal,
    Descriptor(u32),
    Variable(&'a str),
}

impl<'a> Source<'a> {
    pub(super) fn of(descriptor: Option<u32>, variable: Option<&'a String>) -> Self {
        match (descriptor, variable) {
            (Some(number), _) => Self::Descriptor(number),
            (None, Some(name)) => Self::Variable(name),
            (None, None) => Self::Terminal,
        }
    }

    pub(super) fn is_terminal(self) -> bool {
        matches!(self, Self::Terminal)
    }

    /// The secret, which is called `what`, at a place other than the terminal.
    pub(super) fn read(self, what: &str) -> Result<Option<Zeroizing<String>>, Failure> {
        static LINES: Mutex<Lines> = Mutex::new(Lines(BTreeMap::new()));
        match self {
            Self::Terminal => Ok(None),
            Self::Descriptor(number) => {
                let mut lines = LINES.lock().unwrap_or_else(PoisonError::into_inner);
                match lines.next(number) {
                    Ok(line) => Ok(Some(line)),
                    Err(error) if error.kind() == io::ErrorKind::NotFound => Err(Failure::usage(
                        format!("file descriptor {number} is not open"),
                        format!(
                            "redirect a file or a pipe to {number}, or name the descriptor that the {what} comes from"
                        ),
                    )),
                    Err(source) => Err(Failure::System {
                        what: format!("cannot read a {what} from file descriptor {number}"),
                        source,
                    }),
                }
            }
            Self::Variable(name) => {
                let bytes = std::env::var_os(name).map(|text| Zeroizing::new(text.into_encoded_bytes()));
                match bytes.as_deref().and_then(|bytes| str::from_utf8(bytes).ok()) {
                    Some(text) => Ok(Some(Zeroizing::new(text.to_owned()))),
                    None => Err(Failure::usage(
                        format!("the environment variable {name} is not set, or not text"),
                        format!("name the variable that holds the {what}, without a dollar sign"),
                    )),
                }
            }
        }
    }
}

/// Lines of file descriptors, one after the other: a descriptor that several secrets come from is opened once.
struct Lines(BTreeMap<u32, File>);

impl Lines {
    /// Reads byte by byte, to leave what follows the line to another reader.
    fn next(&mut self, number: u32) -> io::Result<Zeroizing<String>> {
        let file = match self.0.entry(number) {
            Entry::Occupied(open) => open.into_mut(),
            Entry::Vacant(place) => place.insert(File::open(format!("/dev/fd/{number}"))?),
        };
        let mut line = Zeroizing::new(Vec::with_capacity(LONGEST_LINE));
        let mut byte = [0];
        while file.read(&mut byte)? == 1 && byte != *b"\n" {
            if line.len() == LONGEST_LINE {
                return Err(io::Error::new(io::ErrorKind::InvalidData, "its line is too long"));
            }
            line.push(byte[0]);
        }
        if line.last() == Some(&b'\r') {
            line.pop();
        }
        let text = str::from_utf8(&line).map_err(|_| io::Error::new(io::ErrorKind::InvalidData, "it is not UTF-8"))?;
        Ok(Zeroizing::new(text.to_owned()))
    }
}
