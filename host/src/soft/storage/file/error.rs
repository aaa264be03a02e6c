//! Why a state file could not be opened, and what to do about it.

use std::io;
use std::path::PathBuf;

use crate::private::{self, Unfit};
use crate::soft::storage::KeyringError;

/// A state file could not be opened. What it holds is as it was.
#[derive(Debug, thiserror::Error)]
#[error("cannot use {} as the token's state: {problem}", path.display())]
pub struct StorageOpenError {
    /// The file that was asked for.
    pub path: PathBuf,
    /// What is wrong with it.
    #[source]
    pub problem: StorageOpenProblem,
}

impl StorageOpenError {
    /// What to do next.
    #[must_use]
    pub fn hint(&self) -> String {
        self.problem.hint()
    }
}

/// What is wrong with a state file.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StorageOpenProblem {
    /// Another process has it open.
    #[error("another process uses it")]
    Locked {
        /// The value of `--device` that reaches the soft token of that process, where it noted one.
        holder: Option<String>,
    },
    /// This user may neither open nor create it.
    #[error("permission denied")]
    NoPermission,
    /// Secrets cannot be kept in it.
    #[error(transparent)]
    Unfit(#[from] Unfit),
    /// It exists, and has no content.
    #[error("it is empty")]
    Empty,
    /// It was deleted, moved or replaced while it was open.
    #[error("it is not where it was any more")]
    Lost,
    /// Another program's file.
    #[error("another program wrote it")]
    NotOurs,
    /// A newer version of brasskey wrote it.
    #[error("a newer version of brasskey wrote it (format {found}, this one knows {supported})")]
    Newer {
        /// The file's format.
        found: u32,
        /// The newest format that this version knows.
        supported: u32,
    },
    /// It is sealed with a passphrase, and nobody gave one.
    #[error("it is sealed, and nobody gave its passphrase")]
    PassphraseNeeded,
    /// It is sealed with another passphrase.
    #[error("it is sealed, and the passphrase is wrong")]
    WrongPassphrase,
    /// It is sealed with a key in a keyring, or is to be, and the keyring does not help.
    #[error(transparent)]
    Keyring(#[from] KeyringError),
    /// No version of brasskey wrote this.
    #[error("it is damaged")]
    Corrupt,
    /// The system says something else.
    #[error("{0}")]
    Io(#[source] io::Error),
}

impl StorageOpenProblem {
    /// What to do next.
    #[must_use]
    pub fn hint(&self) -> String {
        match self {
            Self::Locked { holder: Some(holder) } => format!("reach that token at {holder}, or choose another file"),
            Self::Locked { holder: None } => "end that process, or choose another file".into(),
            Self::NoPermission => "choose a file of your own".into(),
            Self::Unfit(unfit) => unfit.hint().into(),
            Self::Empty => {
                "no new token is made in its place: restore it from a backup if it held one, and remove it if not"
                    .into()
            }
            Self::Lost => "nothing was changed: put it back, or start again with the file that is there now".into(),
            Self::NotOurs => "choose another file; this one was left as it is".into(),
            Self::Newer { .. } => "update brasskey, or choose another file".into(),
            Self::PassphraseNeeded => "give its passphrase".into(),
            Self::WrongPassphrase => "try again: nothing was changed, and nothing else opens the file".into(),
            Self::Keyring(error) => error.hint().into(),
            Self::Corrupt => "restore it from a backup, or move it away to begin with a new token".into(),
            Self::Io(error) => private::hint(error).into(),
        }
    }
}

impl From<io::Error> for StorageOpenProblem {
    fn from(error: io::Error) -> Self {
        if let Some(unfit) = private::unfit(&error) {
            return unfit.into();
        }
        match error.kind() {
            io::ErrorKind::PermissionDenied => Self::NoPermission,
            io::ErrorKind::IsADirectory => Unfit::NotAFile("a directory").into(),
            _ => Self::Io(error),
        }
    }
}

impl From<redb::Error> for StorageOpenProblem {
    fn from(error: redb::Error) -> Self {
        match error {
            redb::Error::DatabaseAlreadyOpen | redb::Error::LockProtocolMismatch => Self::Locked { holder: None },
            // This is how `redb` says that the file does not begin as its own files do.
            redb::Error::Io(error) if error.kind() == io::ErrorKind::InvalidData => Self::NotOurs,
            redb::Error::Io(error) if error.kind() == io::ErrorKind::UnexpectedEof => Self::Corrupt,
            redb::Error::Io(error) => error.into(),
            _ => Self::Corrupt,
        }
    }
}

impl From<redb::DatabaseError> for StorageOpenProblem {
    fn from(error: redb::DatabaseError) -> Self {
        redb::Error::from(error).into()
    }
}
