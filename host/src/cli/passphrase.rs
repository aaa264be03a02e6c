//! The passphrase of the soft token's state file, and the seal that needs it.

use std::path::Path;

use clap::Args;
use zeroize::Zeroizing;

use super::failure::Failure;
use super::output::Output;
use super::secret::{Source, Unanswered, ask};
use super::state::patiently;
use crate::client;
use crate::soft::storage::{
    FileStorage, Keyring, NewSeal, Passphrase, Seal, StorageOpenError, StorageOpenProblem, Unlock,
};
use crate::text::escape;

/// The flags that give a new passphrase to a command that seals a file with `--seal`.
const SAME_FLAGS: &str = "--passphrase-env or --passphrase-fd";
/// The flags that give a new passphrase beside the old one.
const NEW_FLAGS: &str = "--new-passphrase-env or --new-passphrase-fd";
/// How often a person may try.
const TRIES: u32 = 3;

/// What opens the state file.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Soft token")]
pub(super) struct PassphraseArgs {
    /// Read the passphrase of the state file from this file descriptor, as one line [default: ask on the terminal if it
    /// is needed]
    #[arg(long, value_name = "NUMBER", conflicts_with = "passphrase_env")]
    passphrase_fd: Option<u32>,

    /// Read the passphrase of the state file from the environment variable of this name
    #[arg(long, value_name = "NAME")]
    passphrase_env: Option<String>,
}

impl PassphraseArgs {
    pub(super) fn is_given(&self) -> bool {
        self.passphrase_fd.is_some() || self.passphrase_env.is_some()
    }
}

/// Where a new passphrase comes from.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Soft token")]
pub(super) struct NewPassphraseArgs {
    /// Read the new passphrase from this file descriptor, as one line; from the descriptor of --passphrase-fd, the next
    /// line [default: ask on the terminal]
    #[arg(long, value_name = "NUMBER", conflicts_with = "new_passphrase_env")]
    new_passphrase_fd: Option<u32>,

    /// Read the new passphrase from the environment variable of this name
    #[arg(long, value_name = "NAME")]
    new_passphrase_env: Option<String>,
}

/// How the state file is kept.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Soft token")]
pub(super) struct SealArgs {
    /// Seal (encrypt) the state file, so that the file alone is not enough to copy the token; a file that is sealed
    /// already needs no flag, and `brasskey seal` changes its seal
    #[arg(long, value_name = "SEAL")]
    pub(super) seal: Option<Seal>,

    #[command(flatten)]
    passphrase: PassphraseArgs,
}

impl SealArgs {
    pub(super) fn is_given(&self) -> bool {
        self.seal.is_some() || self.passphrase.is_given()
    }

    /// Opens the state file at `path`, and seals it where that is asked for and it is not.
    pub(super) fn open(&self, path: &Path, output: &Output) -> Result<FileStorage, Failure> {
        let mut opener = StateOpener::new(path, &self.passphrase, SAME_FLAGS, output)?;
        if let Some(wanted) = self.seal
            && !FileStorage::is_at(path)
        {
            let passphrase = opener.given.take();
            return opener.make(wanted, passphrase);
        }
        let mut storage = opener.open()?;
        match (storage.seal(), self.seal) {
            (_, None) => {}
            (found, Some(wanted)) if found == wanted => {}
            (Seal::None, Some(wanted)) => {
                let passphrase = opener.given.take();
                let new = opener.new_seal(wanted, passphrase)?;
                storage.reseal(new)?;
            }
            (found, Some(_)) => {
                return Err(Failure::usage(
                    format!("{} is already sealed ({})", path.display(), found.name()),
                    "leave --seal out, or change the seal with `brasskey seal`",
                ));
            }
        }
        Ok(storage)
    }
}

/// Changes the seal of the state file at `path`.
pub(super) fn reseal(
    path: &Path,
    seal: Seal,
    current: &PassphraseArgs,
    new: &NewPassphraseArgs,
    output: &Output,
) -> Result<(), Failure> {
    let mut opener = StateOpener::new(path, current, NEW_FLAGS, output)?;
    let new = Source::of(new.new_passphrase_fd, new.new_passphrase_env.as_ref());
    let new = read(new)?;
    if !FileStorage::is_at(path) {
        return opener.make(seal, new).map(drop);
    }
    let mut storage = opener.open()?;
    let new = opener.new_seal(seal, new)?;
    Ok(storage.reseal(new)?)
}

/// Opens a state file, with the passphrase that the user gives.
struct StateOpener<'a> {
    path: &'a Path,
    output: Output,
    /// The passphrase that does not come from the terminal.
    given: Option<Passphrase>,
    /// The flags that give a new passphrase.
    new_flags: &'static str,
    /// How often a person may still be asked.
    tries: u32,
    /// Somebody pressed Ctrl-C instead of an answer.
    interrupted: bool,
    /// Reads a line from the terminal, after a question.
    ask: fn(&str) -> Result<Zeroizing<String>, Unanswered>,
}

impl<'a> StateOpener<'a> {
    fn new(path: &'a Path, args: &PassphraseArgs, new_flags: &'static str, output: &Output) -> Result<Self, Failure> {
        let source = Source::of(args.passphrase_fd, args.passphrase_env.as_ref());
        Ok(Self {
            path,
            output: *output,
            given: read(source)?,
            new_flags,
            interrupted: false,
            tries: if source.is_terminal() { TRIES } else { 0 },
            ask,
        })
    }

    /// Makes the state file. The seal comes first, so that a user who gives up leaves no file behind.
    fn make(&self, seal: Seal, passphrase: Option<Passphrase>) -> Result<FileStorage, Failure> {
        let made = FileStorage::make(self.path, self.new_seal(seal, passphrase)?)?;
        self.tell_of_new(&made);
        Ok(made)
    }

    /// Opens the state file, or makes one.
    fn open(&mut self) -> Result<FileStorage, Failure> {
        let path = self.path;
        let opened = patiently(|| FileStorage::open_with(path, &mut *self));
        let storage = opened.map_err(|error| match self.interrupted {
            true => client::Error::Cancelled.into(),
            false => Failure::from(error),
        })?;
        self.tell_of_new(&storage);
        Ok(storage)
    }

    fn tell_of_new(&self, storage: &FileStorage) {
        if storage.is_new() {
            self.output
                .notice(&format!("made a new soft token in {}", self.shown()));
        }
    }

    /// A new seal, by the passphrase `given`, or as typed.
    fn new_seal(&self, seal: Seal, given: Option<Passphrase>) -> Result<NewSeal, Failure> {
        let new = match seal {
            Seal::None => Ok(NewSeal::none()),
            Seal::Passphrase => NewSeal::passphrase(&self.new_passphrase(given)?),
            Seal::Keyring => Keyring::desktop()
                .map_err(StorageOpenProblem::from)
                .and_then(|keyring| NewSeal::keyring(&keyring, self.path)),
        };
        Ok(new.map_err(|problem| self.problem(problem))?)
    }

    /// A new passphrase: `given`, or as typed on the terminal twice.
    fn new_passphrase(&self, given: Option<Passphrase>) -> Result<Passphrase, Failure> {
        if let Some(passphrase) = given {
            return Ok(passphrase);
        }
        let ask = |question: &str| match (self.ask)(question) {
            Ok(typed) => Ok(Passphrase::new(&typed)),
            Err(Unanswered::Interrupted) => Err(client::Error::Cancelled.into()),
            Err(Unanswered::Nobody) => Err(Failure::secret_needed("a new passphrase", self.new_flags)),
        };
        loop {
            let first = ask(&format!("New passphrase for {}: ", self.shown()))?;
            match first {
                Err(empty) => self.output.notice(&empty.to_string()),
                Ok(first) if ask("Repeat the passphrase: ")?.is_ok_and(|second| second.is(&first)) => return Ok(first),
                Ok(_) => self.output.notice("the two passphrases differ"),
            }
        }
    }

    fn shown(&self) -> String {
        escape(&self.path.display().to_string()).into_owned()
    }

    fn problem(&self, problem: StorageOpenProblem) -> StorageOpenError {
        StorageOpenError {
            path: self.path.to_owned(),
            problem,
        }
    }
}

impl Unlock for StateOpener<'_> {
    fn passphrase(&mut self, again: bool) -> Option<Passphrase> {
        if let Some(given) = self.given.take() {
            return Some(given);
        }
        if again && self.tries > 0 {
            self.output.notice("the passphrase is wrong");
        }
        while self.tries > 0 {
            self.tries -= 1;
            let typed = (self.ask)(&format!("Passphrase of {}: ", self.shown()));
            self.interrupted = matches!(typed, Err(Unanswered::Interrupted));
            match Passphrase::new(&typed.ok()?) {
                Ok(passphrase) => return Some(passphrase),
                Err(empty) => self.output.notice(&empty.to_string()),
            }
        }
        None
    }
}

/// The passphrase at a place other than the terminal.
fn read(source: Source<'_>) -> Result<Option<Passphrase>, Failure> {
    let Some(text) = source.read("passphrase")? else {
        return Ok(None);
    };
    match Passphrase::new(&text) {
        Ok(passphrase) => Ok(Some(passphrase)),
        Err(empty) => Err(Failure::usage(empty.to_string(), "give one of at least one character")),
    }
}

#[cfg(test)]
mod tests;
