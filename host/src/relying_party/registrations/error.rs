//! What can go wrong with the relying-party file.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use crate::private;
use crate::text::escape;

/// Why registrations could not be read or stored. The file is as it was.
#[derive(Debug)]
pub enum RegistrationsError {
    /// The operating system refused.
    Io {
        /// The relying-party file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The file is none of this program's.
    NotOurs {
        /// The file.
        path: PathBuf,
    },
    /// The file was damaged.
    Corrupt {
        /// The relying-party file.
        path: PathBuf,
        /// What was expected where.
        why: String,
    },
    /// The file was written by a newer version of this program.
    Newer {
        /// The relying-party file.
        path: PathBuf,
        /// The version of its format.
        version: u32,
    },
    /// The change is one that the relying party does not make.
    Unchanged(Unchanged),
}

/// Why the relying party does not make a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unchanged {
    /// The credential is registered already.
    AlreadyRegistered,
    /// The account has as many registrations as it may have.
    Full,
    /// The account has a registration of that name.
    NameTaken,
    /// There is no such account or registration.
    Unknown,
}

impl From<Unchanged> for RegistrationsError {
    fn from(why: Unchanged) -> Self {
        Self::Unchanged(why)
    }
}

/// Why a file's content cannot be used.
pub(super) enum Unreadable {
    NotOurs,
    Corrupt(String),
    Newer(u32),
}

impl Unreadable {
    pub(super) fn at(self, path: &Path) -> RegistrationsError {
        let path = path.to_owned();
        match self {
            Self::NotOurs => RegistrationsError::NotOurs { path },
            Self::Corrupt(why) => RegistrationsError::Corrupt { path, why },
            Self::Newer(version) => RegistrationsError::Newer { path, version },
        }
    }
}

impl RegistrationsError {
    pub(super) fn io(path: &Path, source: io::Error) -> Self {
        Self::Io {
            path: path.to_owned(),
            source,
        }
    }

    /// What to do about it.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Io { source, .. } => private::hint(source),
            Self::NotOurs { .. } => "name another file; this one was left as it is",
            Self::Corrupt { .. } => "restore it from a backup, or move it away and register again",
            Self::Newer { .. } => "use the newer brasskey that wrote it, or choose another file",
            Self::Unchanged(why) => why.hint(),
        }
    }
}

impl Unchanged {
    /// What to do about it.
    pub fn hint(self) -> &'static str {
        match self {
            Self::AlreadyRegistered => "sign in with it, or remove it before you register it again",
            Self::Full => "remove one before you register another",
            Self::NameTaken => "choose another name",
            Self::Unknown => "check the spelling",
        }
    }
}

impl fmt::Display for RegistrationsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = |path: &Path| escape(&path.to_string_lossy()).into_owned();
        match self {
            Self::Io { path, source } => write!(f, "cannot use the relying-party file {}: {source}", shown(path)),
            Self::NotOurs { path } => write!(f, "{} is not a relying-party file", shown(path)),
            Self::Corrupt { path, why } => {
                write!(f, "the relying-party file {} is damaged: {}", shown(path), escape(why))
            }
            Self::Newer { path, version } => {
                write!(
                    f,
                    "the relying-party file {} has format {version}, which is newer than this program",
                    shown(path)
                )
            }
            Self::Unchanged(why) => why.fmt(f),
        }
    }
}

impl fmt::Display for Unchanged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::AlreadyRegistered => "this credential is registered already",
            Self::Full => "the account has as many security keys as it may have",
            Self::NameTaken => "the account has a security key of that name",
            Self::Unknown => "there is no such registration",
        })
    }
}

impl std::error::Error for RegistrationsError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Io { source, .. } => Some(source),
            _ => None,
        }
    }
}

impl std::error::Error for Unchanged {}
