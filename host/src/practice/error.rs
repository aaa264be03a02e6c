//! Why no practice account could be served.

use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

/// Why a practice account could not be served or kept.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The address is open to other computers.
    #[error("{0} is not a loopback address")]
    NotLoopback(SocketAddr),
    /// The address cannot be listened on.
    #[error("cannot listen on {address}: {source}")]
    Bind {
        /// The address.
        address: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
    /// The system cannot start another thread.
    #[error("cannot start a thread: {0}")]
    Thread(#[source] io::Error),
    /// The system gave no random numbers.
    #[error("the operating system gave no random numbers: {0}")]
    Randomness(String),
    /// The state file can neither be read nor written.
    #[error("cannot keep the practice account in {}: {source}", path.display())]
    State {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Another process serves the account of this file.
    #[error("another process serves the practice account in {}", .0.display())]
    InUse(PathBuf),
    /// The file is something else, or was changed.
    #[error("{} does not hold a practice account: {why}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it, perhaps with text from the file.
        why: String,
    },
}

impl Error {
    pub(super) fn state(path: &Path, source: io::Error) -> Self {
        Self::State {
            path: path.to_owned(),
            source,
        }
    }

    pub(super) fn damaged(path: &Path, why: impl Into<String>) -> Self {
        Self::Damaged {
            path: path.to_owned(),
            why: why.into(),
        }
    }

    /// What to do next.
    #[must_use]
    pub fn hint(&self) -> String {
        match self {
            Self::NotLoopback(address) => format!(
                "anyone on the network could use the account there: use 127.0.0.1:{}",
                address.port()
            ),
            Self::Bind { source, .. } if source.kind() == io::ErrorKind::AddrInUse => {
                "another process listens there: choose another port, or 0 for any that is free".into()
            }
            Self::Bind { .. } => "choose another address, such as 127.0.0.1:0".into(),
            Self::Thread(_) => "the system is out of threads or memory: free some and try again".into(),
            Self::Randomness(_) => "look at what the system says, and try again".into(),
            Self::State { source, .. } => crate::private::hint(source).into(),
            Self::InUse(_) => "end that process, or choose another file".into(),
            Self::Damaged { .. } => "choose another file, or move this one away to start with a new account".into(),
        }
    }
}
