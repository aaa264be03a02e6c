//! Reports over a Unix stream socket: 64 bytes each, with nothing between them. Only the key's user can connect.

use std::fs::{self, DirBuilder, Permissions};
use std::io::{self, ErrorKind, Read};
use std::os::fd::AsRawFd;
use std::os::unix::fs::{DirBuilderExt, FileTypeExt, PermissionsExt};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use brasskey_protocol::ctaphid::Report;
use nix::sys::socket::{MsgFlags, send as send_message};
use nix::unistd::geteuid;

use super::accept::{Acceptor, Connection as _};
use crate::soft::host::{Host, HostId};
use crate::soft::{Error, SoftKey};

/// Hosts connected at once.
const HOSTS_MAX: usize = 64;

/// A key that listens on a Unix socket, for its own user only.
#[derive(Debug)]
pub struct UnixServer {
    path: PathBuf,
    _acceptor: Acceptor<UnixStream>,
}

/// The host at the other end of a connection.
#[derive(Debug)]
struct UnixHost {
    id: HostId,
    stream: Arc<UnixStream>,
}

impl Host for UnixHost {
    fn id(&self) -> HostId {
        self.id
    }

    /// Sends one report without waiting. A host whose buffer is full does not read, and loses its connection: after a
    /// part of a report is lost, nobody knows where the next one begins.
    fn send(&self, report: &Report) {
        // SIGPIPE is no danger: Rust programs ignore it.
        let sent = send_message(self.stream.as_raw_fd(), report, MsgFlags::MSG_DONTWAIT);
        if sent != Ok(report.len()) {
            self.stream.close();
        }
    }
}

impl UnixServer {
    /// Listens on `path`. A socket that nobody listens on any more is replaced.
    ///
    /// # Errors
    /// [`Error::InUse`] and [`Error::NotASocket`] where something else is at the path, [`Error::Bind`] and
    /// [`Error::Thread`].
    pub fn start(key: &SoftKey, path: &Path) -> Result<Self, Error> {
        let listener = bind_private(path)?;
        let key = key.clone();
        Ok(Self {
            path: path.to_owned(),
            _acceptor: Acceptor::start("brasskey-unix", listener, HOSTS_MAX, move |stream| attend(&key, stream))?,
        })
    }

    /// Where the key listens.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for UnixServer {
    fn drop(&mut self) {
        // Best effort: somebody may have removed the socket already.
        let _ = fs::remove_file(&self.path);
    }
}

/// Binds a socket that only this user can connect to.
///
/// Between bind and chmod the umask decides the mode of a socket. So it is bound in a directory that nobody else can
/// enter, and moved to its place once its mode is right.
pub(crate) fn bind_private(path: &Path) -> Result<UnixListener, Error> {
    remove_stale(path)?;
    let bind = |source| Error::Bind {
        address: path.display().to_string(),
        source,
    };
    let directory = private_directory(path).map_err(bind)?;
    let socket = directory.join("s");
    let listener = UnixListener::bind(&socket).and_then(|listener| {
        fs::set_permissions(&socket, Permissions::from_mode(0o600))?;
        fs::rename(&socket, path)?;
        Ok(listener)
    });
    let _ = fs::remove_file(&socket);
    let _ = fs::remove_dir(&directory);
    listener.map_err(bind)
}

fn private_directory(path: &Path) -> io::Result<PathBuf> {
    let name = getrandom::u32().map_err(|_| io::Error::other("the system has no randomness"))?;
    let directory = path.with_file_name(format!(".{name:08x}"));
    DirBuilder::new().mode(0o700).create(&directory)?;
    Ok(directory)
}

/// Removes an old socket at `path`. Refuses what is not a socket, and a socket on which somebody listens.
fn remove_stale(path: &Path) -> Result<(), Error> {
    let bind = |source| Error::Bind {
        address: path.display().to_string(),
        source,
    };
    match fs::symlink_metadata(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(bind(error)),
        Ok(metadata) if !metadata.file_type().is_socket() => return Err(Error::NotASocket(path.to_owned())),
        Ok(_) => {}
    }
    match UnixStream::connect(path) {
        Err(error) if error.kind() == ErrorKind::ConnectionRefused => fs::remove_file(path).map_err(bind),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        Err(error) => Err(bind(error)),
        Ok(_) => Err(Error::InUse(path.to_owned())),
    }
}

/// Gives the key the reports of one host until it goes.
fn attend(key: &SoftKey, stream: &Arc<UnixStream>) {
    // Another user finds the connection closed.
    if !is_allowed(stream) {
        return;
    }
    let id = HostId::unique();
    let host: Arc<dyn Host> = Arc::new(UnixHost {
        id,
        stream: Arc::clone(stream),
    });
    let mut from = stream.as_ref();
    let mut report: Report = [0; _];
    while from.read_exact(&mut report).is_ok() {
        key.receive(&host, &report);
    }
    key.disconnect(id);
}

/// Whether the other end is a user who may use the key.
pub(in crate::soft) fn is_allowed(stream: &UnixStream) -> bool {
    peer_uid(stream).is_ok_and(may_connect)
}

/// The key's own user, and root, from whom nothing is hidden anyway.
fn may_connect(uid: u32) -> bool {
    uid == geteuid().as_raw() || uid == 0
}

#[cfg(any(target_os = "linux", target_os = "android"))]
fn peer_uid(stream: &UnixStream) -> nix::Result<u32> {
    use nix::sys::socket::{getsockopt, sockopt::PeerCredentials};
    getsockopt(stream, PeerCredentials).map(|credentials| credentials.uid())
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
fn peer_uid(stream: &UnixStream) -> nix::Result<u32> {
    nix::unistd::getpeereid(stream).map(|(uid, _)| uid.as_raw())
}

#[cfg(test)]
mod tests;
