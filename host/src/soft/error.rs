//! Why a soft key could not start or could not be opened to others.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;

use brasskey_protocol::credential::StartError;

/// Why a soft key could not start, or could not be opened to others.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The key refuses to run on what its storage holds.
    #[error("the key cannot start: {0}")]
    Start(StartError),
    /// The system gave no thread.
    #[error("cannot start a thread: {0}")]
    Thread(#[source] io::Error),
    /// The address is open to other computers.
    #[error("{0} is not a loopback address")]
    NotLoopback(SocketAddr),
    /// The address cannot be listened on.
    #[error("cannot listen on {address}: {source}")]
    Bind {
        /// The address or path, as it was given.
        address: String,
        /// What the system said.
        source: io::Error,
    },
    /// Another process listens on the path.
    #[error("another process listens on {}", .0.display())]
    InUse(PathBuf),
    /// The path is taken by something that is not a socket.
    #[error("{} exists and is not a socket", .0.display())]
    NotASocket(PathBuf),
    /// The control endpoint's token cannot be read or made.
    #[error("cannot use the token file {}: {source}", path.display())]
    TokenFile {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The control endpoint's token is not one.
    #[error("the token file {} does not hold 16 to 1024 printable ASCII characters", .0.display())]
    WeakToken(PathBuf),
    /// Others can read the control endpoint's token.
    #[error("other users can read the token file {}", .0.display())]
    OpenTokenFile(PathBuf),
    /// This system, or this build, has no such thing.
    #[error("{0} is not available in this build of brasskey")]
    Unsupported(&'static str),
}

impl Error {
    /// What to do next.
    #[must_use]
    pub fn hint(&self) -> String {
        match self {
            Self::Start(_) => "move the state file away to start with an empty key, or use --ephemeral".into(),
            Self::Thread(_) => "the system is out of threads or memory: free some and try again".into(),
            Self::NotLoopback(address) => {
                format!(
                    "anyone on the network could use the key there: use 127.0.0.1:{}",
                    address.port()
                )
            }
            Self::Bind { source, .. } if source.kind() == io::ErrorKind::AddrInUse => {
                "another process listens there: choose another port, or 0 for any that is free".into()
            }
            Self::Bind { .. } => "choose another address or path".into(),
            Self::InUse(_) => "stop that process, or choose another path".into(),
            Self::NotASocket(_) => "choose another path, or move that file away".into(),
            Self::TokenFile { .. } => "choose a file that this user can read, in a directory that exists".into(),
            Self::WeakToken(_) => "remove the file: a good token is made in its place".into(),
            Self::OpenTokenFile(path) => {
                format!(
                    "run chmod 600 {}, or remove the file: a new token is made",
                    path.display()
                )
            }
            Self::Unsupported(_) => "use UDP on 127.0.0.1, or another build".into(),
        }
    }
}
