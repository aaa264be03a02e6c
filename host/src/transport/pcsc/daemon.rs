//! One connection to pcscd.

use std::io::{self, Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::super::error::is_timeout;
use super::wire::{Command, MAJOR, MINORS, READER, READERS, Record, SCOPE_SYSTEM, code, readers, word};
use super::{PcscError, Reader};

/// Where pcscd listens, unless the variable that libpcsclite obeys, too, says otherwise.
const SOCKET: &str = "/run/pcscd/pcscd.comm";
const SOCKET_VARIABLE: &str = "PCSCLITE_CSOCK_NAME";
/// How long pcscd may take for what asks no card, and for switching one on.
pub(super) const PATIENCE: Duration = Duration::from_secs(10);
/// How often the caller is asked whether it still wants the answer.
const GLANCE: Duration = Duration::from_millis(50);

/// A connection, with a context of its own.
pub(super) struct Daemon {
    stream: UnixStream,
    pub(super) context: u32,
}

/// The socket of this computer's pcscd.
pub(super) fn socket() -> PathBuf {
    std::env::var_os(SOCKET_VARIABLE).map_or_else(|| SOCKET.into(), PathBuf::from)
}

impl Daemon {
    /// Connects, in the newest version of the protocol that both ends know.
    pub(super) fn open(socket: &Path) -> Result<Self, PcscError> {
        let mut spoken = None;
        for minor in MINORS {
            // After a refusal its version is known, and no other needs to be tried.
            if spoken.is_some_and(|spoken| spoken != minor) {
                continue;
            }
            match Self::open_version(socket, minor)? {
                Ok(daemon) => return Ok(daemon),
                Err((MAJOR, theirs)) if spoken.is_none() && MINORS.contains(&theirs) => spoken = Some(theirs),
                Err((major, minor)) => return Err(PcscError::Version { major, minor }),
            }
        }
        Err(PcscError::Malformed)
    }

    /// The connection, or the version that pcscd speaks instead.
    fn open_version(socket: &Path, minor: u32) -> Result<Result<Self, (u32, u32)>, PcscError> {
        let stream = UnixStream::connect(socket).map_err(|error| match error.kind() {
            io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused => PcscError::NoService {
                socket: socket.to_owned(),
            },
            io::ErrorKind::PermissionDenied => PcscError::Refused,
            _ => error.into(),
        })?;
        stream.set_read_timeout(Some(GLANCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        let mut daemon = Self { stream, context: 0 };
        let greeting = daemon.call(Command::Version, &Record::of(&[MAJOR, minor, 0]).0);
        let greeting = greeting.map_err(|error| match error {
            // Who may not use readers is not answered at all.
            PcscError::Io(error) if error.kind() == io::ErrorKind::UnexpectedEof => PcscError::Refused,
            error => error,
        })?;
        if word(&greeting, 8) != Some(code::SUCCESS) {
            let theirs = word(&greeting, 0).zip(word(&greeting, 4));
            return Ok(Err(theirs.ok_or(PcscError::Malformed)?));
        }
        let established = daemon.call(Command::EstablishContext, &Record::of(&[SCOPE_SYSTEM, 0, 0]).0)?;
        match word(&established, 8) {
            Some(code::SUCCESS) => {}
            Some(code::SECURITY_VIOLATION) => return Err(PcscError::Refused),
            code => return Err(code.map_or(PcscError::Malformed, PcscError::Code)),
        }
        daemon.context = word(&established, 4).ok_or(PcscError::Malformed)?;
        Ok(Ok(daemon))
    }

    /// The readers, with and without a card.
    pub(super) fn readers(&mut self) -> Result<Vec<Reader>, PcscError> {
        self.send(&Record(Vec::new()).request(Command::GetReadersState))?;
        let records = self.receive(READER * READERS, PATIENCE, &|| false)?;
        readers(&records).ok_or(PcscError::Malformed)
    }

    /// Sends a record, and returns it as pcscd filled it in.
    pub(super) fn call(&mut self, command: Command, record: &[u8]) -> Result<Vec<u8>, PcscError> {
        self.send(&Record(record.to_vec()).request(command))?;
        self.receive(record.len(), PATIENCE, &|| false)
    }

    pub(super) fn send(&mut self, bytes: &[u8]) -> Result<(), PcscError> {
        Ok(self.stream.write_all(bytes)?)
    }

    /// The next `length` bytes, unless they take longer than `patience` or the caller gives up.
    pub(super) fn receive(
        &mut self,
        length: usize,
        patience: Duration,
        is_cancelled: &dyn Fn() -> bool,
    ) -> Result<Vec<u8>, PcscError> {
        let deadline = Instant::now() + patience;
        let mut bytes = vec![0; length];
        let mut filled = 0;
        while let Some(space) = bytes.get_mut(filled..).filter(|space| !space.is_empty()) {
            match self.stream.read(space) {
                Ok(0) => return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into()),
                Ok(read) => filled += read,
                Err(error) if is_timeout(&error) => {}
                Err(error) => return Err(error.into()),
            }
            if is_cancelled() {
                return Err(PcscError::Cancelled);
            }
            if filled < length && Instant::now() >= deadline {
                return Err(io::Error::from(io::ErrorKind::TimedOut).into());
            }
        }
        Ok(bytes)
    }
}
