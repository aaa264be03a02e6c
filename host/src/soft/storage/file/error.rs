//! Why a state file could not be opened, and what to do about it.

use std::io;
use std::path::PathBuf;

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
        /// What `--device` reaches the token of that process, where it said so.
        holder: Option<String>,
    },
    /// This user may not open or create it.
    #[error("permission denied")]
    NoPermission,
    /// Other users may read or write it.
    #[error("its mode {mode:03o} lets other users at it")]
    Exposed {
        /// The permission bits.
        mode: u32,
    },
    /// A symbolic link, a directory or a device.
    #[error("it is {0}, not a regular file")]
    NotAFile(&'static str),
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
    /// It is sealed with a key in a keyring, or shall be, and the keyring does not help.
    #[error(transparent)]
    Keyring(#[from] KeyringError),
    /// What no version of brasskey wrote.
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
            Self::Locked { holder: Some(holder) } => {
                format!("reach that token with --device {holder}, or choose another file with --state")
            }
            Self::Locked { holder: None } => {
                "end that process, choose another file with --state, or keep nothing with --ephemeral".into()
            }
            Self::NoPermission => "choose a file of your own with --state".into(),
            Self::Exposed { .. } => {
                "take their permissions away (chmod 600), and reset the token if they may have read it".into()
            }
            Self::NotAFile(_) => "name the file itself with --state".into(),
            Self::NotOurs => "choose another file with --state; this one was left as it is".into(),
            Self::Newer { .. } => "update brasskey, or choose another file with --state".into(),
            Self::PassphraseNeeded => {
                "give it when asked on a terminal, or with --passphrase-env or --passphrase-fd".into()
            }
            Self::WrongPassphrase => "try again: nothing was changed, and nothing else opens the file".into(),
            Self::Keyring(error) => error.hint().into(),
            Self::Corrupt => "restore it from a backup, or move it away to begin with a new token".into(),
            Self::Io(_) => "check the disk and the path, or choose another file with --state".into(),
        }
    }
}

impl From<io::Error> for StorageOpenProblem {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::PermissionDenied => Self::NoPermission,
            io::ErrorKind::IsADirectory => Self::NotAFile("a directory"),
            _ => Self::Io(error),
        }
    }
}

impl From<redb::Error> for StorageOpenProblem {
    fn from(error: redb::Error) -> Self {
        match error {
            redb::Error::DatabaseAlreadyOpen | redb::Error::LockProtocolMismatch => Self::Locked { holder: None },
            // How `redb` says that the file does not begin as its files do.
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
