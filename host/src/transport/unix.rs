//! A Unix stream socket: reports of 64 bytes follow each other, with nothing between them.

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use brasskey_protocol::ctaphid::Report;

use super::error::is_timeout;
use super::{Address, Transport, TransportError};

/// How long a report may wait for a token that does not read.
const SEND_TIMEOUT: Duration = Duration::from_secs(2);

/// A key behind a Unix socket.
#[derive(Debug)]
pub struct UnixTransport {
    stream: UnixStream,
    path: PathBuf,
    /// The report that is arriving, and how much of it has arrived.
    partial: Report,
    filled: usize,
}

impl UnixTransport {
    /// Connects.
    ///
    /// # Errors
    /// [`TransportError`] where no one listens at `path`, or this user may not connect.
    pub fn open(path: &Path) -> Result<Self, TransportError> {
        UnixStream::connect(path)
            .and_then(|stream| Self::over(stream, path.to_owned()))
            .map_err(|error| TransportError::opening(Address::Unix(path.to_owned()), error))
    }

    fn over(stream: UnixStream, path: PathBuf) -> std::io::Result<Self> {
        stream.set_write_timeout(Some(SEND_TIMEOUT))?;
        Ok(Self {
            stream,
            path,
            partial: [0; size_of::<Report>()],
            filled: 0,
        })
    }

    fn error(&self, error: std::io::Error) -> TransportError {
        TransportError::talking(Address::Unix(self.path.clone()), error)
    }
}

impl Transport for UnixTransport {
    fn send(&mut self, report: &Report) -> Result<(), TransportError> {
        self.stream.write_all(report).map_err(|error| self.error(error))
    }

    fn receive(&mut self, timeout: Duration) -> Result<Option<Report>, TransportError> {
        let deadline = Instant::now() + timeout;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            // The operating system does not accept a timeout of zero.
            let space = self.partial.get_mut(self.filled..).unwrap_or_default();
            let read = self
                .stream
                .set_read_timeout(Some(left.max(Duration::from_millis(1))))
                .and_then(|()| self.stream.read(space));
            match read {
                Ok(0) => return Err(self.error(std::io::ErrorKind::UnexpectedEof.into())),
                Ok(length) => self.filled += length,
                Err(error) if is_timeout(&error) => {}
                Err(error) => return Err(self.error(error)),
            }
            if self.filled == self.partial.len() {
                self.filled = 0;
                return Ok(Some(self.partial));
            }
            if Instant::now() >= deadline {
                return Ok(None);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pair() -> (UnixTransport, UnixStream) {
        let (host, key) = UnixStream::pair().unwrap();
        (UnixTransport::over(host, "test".into()).unwrap(), key)
    }

    #[test]
    fn reports_follow_each_other() {
        let (mut transport, mut key) = pair();
        transport.send(&[1; 64]).unwrap();
        transport.send(&[2; 64]).unwrap();
        let mut both = [0; 128];
        key.read_exact(&mut both).unwrap();
        assert_eq!((&both[..64], &both[64..]), (&[1; 64][..], &[2; 64][..]));
    }

    #[test]
    fn a_report_may_come_in_pieces() {
        let (mut transport, mut key) = pair();
        key.write_all(&[5; 40]).unwrap();
        assert_eq!(transport.receive(Duration::ZERO).unwrap(), None);
        key.write_all(&[5; 24 + 64]).unwrap();
        assert_eq!(transport.receive(Duration::from_secs(5)).unwrap(), Some([5; 64]));
        assert_eq!(transport.receive(Duration::from_secs(5)).unwrap(), Some([5; 64]));
        assert_eq!(transport.receive(Duration::ZERO).unwrap(), None);
    }

    #[test]
    fn a_closed_socket_is_gone() {
        let (mut transport, mut key) = pair();
        key.write_all(&[5; 10]).unwrap();
        drop(key);
        assert!(matches!(
            transport.receive(Duration::from_secs(5)),
            Err(TransportError::Gone { .. })
        ));
        assert!(matches!(transport.send(&[1; 64]), Err(TransportError::Gone { .. })));
    }

    #[test]
    fn nobody_there_is_not_found() {
        let path = std::env::temp_dir().join("brasskey-no-such-socket");
        assert!(matches!(
            UnixTransport::open(&path),
            Err(TransportError::NotFound { .. })
        ));
    }
}
