//! TCP on loopback: each report after its length, two bytes with the higher one first.
//!
//! So emulators that are both a smart card and a security key frame what they say: vpcd's APDUs are framed in this way,
//! and reports beside them. A frame is a report and no message, because a host must also be able to send reports that
//! are part of none. Frames of other lengths are skipped, as datagrams are.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use brasskey_protocol::ctaphid::Report;

use super::error::is_timeout;
use super::{Address, Transport, TransportError};

/// How long an emulator may take to accept a connection, and to read a report.
const PATIENCE: Duration = Duration::from_secs(2);
/// The length of a report.
const LENGTH: [u8; 2] = [0, 64];
/// A frame of one report.
const FRAME: usize = 2 + size_of::<Report>();

/// A key behind a TCP port of this computer.
#[derive(Debug)]
pub struct TcpTransport {
    stream: TcpStream,
    peer: SocketAddr,
    /// What has arrived and was not taken: at most a frame of each length, and what follows it.
    arrived: Vec<u8>,
}

impl TcpTransport {
    /// Connects.
    ///
    /// # Errors
    /// [`TransportError`] where no one listens at `peer`.
    pub fn open(peer: SocketAddr) -> Result<Self, TransportError> {
        TcpStream::connect_timeout(&peer, PATIENCE)
            .and_then(|stream| {
                stream.set_nodelay(true)?;
                stream.set_write_timeout(Some(PATIENCE))?;
                Ok(Self {
                    stream,
                    peer,
                    arrived: Vec::new(),
                })
            })
            .map_err(|error| TransportError::opening(Address::Tcp(peer), error))
    }

    fn error(&self, error: std::io::Error) -> TransportError {
        TransportError::talking(Address::Tcp(self.peer), error)
    }

    /// The first frame that arrived whole and is a report.
    fn take(&mut self) -> Option<Report> {
        loop {
            let (length, rest) = self.arrived.split_first_chunk()?;
            let length = usize::from(u16::from_be_bytes(*length));
            let report = rest.get(..length)?.try_into().ok();
            self.arrived.drain(..2 + length);
            if report.is_some() {
                return report;
            }
        }
    }
}

impl Transport for TcpTransport {
    fn send(&mut self, report: &Report) -> Result<(), TransportError> {
        let mut frame = [0; FRAME];
        let (length, place) = frame.split_at_mut(2);
        length.copy_from_slice(&LENGTH);
        place.copy_from_slice(report);
        self.stream.write_all(&frame).map_err(|error| self.error(error))
    }

    fn receive(&mut self, timeout: Duration) -> Result<Option<Report>, TransportError> {
        let deadline = Instant::now() + timeout;
        let mut chunk = [0; 4096];
        loop {
            if let Some(report) = self.take() {
                return Ok(Some(report));
            }
            let left = deadline.saturating_duration_since(Instant::now());
            // The operating system does not accept a timeout of zero.
            let read = self
                .stream
                .set_read_timeout(Some(left.max(Duration::from_millis(1))))
                .and_then(|()| self.stream.read(&mut chunk));
            match read {
                Ok(0) => return Err(self.error(ErrorKind::UnexpectedEof.into())),
                Ok(length) => {
                    self.arrived.extend(chunk.get(..length).unwrap_or_default());
                    continue;
                }
                Err(error) if is_timeout(&error) => {}
                Err(error) => return Err(self.error(error)),
            }
            if Instant::now() >= deadline {
                return Ok(None);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;

    const LONG: Duration = Duration::from_secs(5);

    fn pair() -> (TcpTransport, TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let transport = TcpTransport::open(listener.local_addr().unwrap()).unwrap();
        (transport, listener.accept().unwrap().0)
    }

    #[test]
    fn a_report_follows_its_length() {
        let (mut transport, mut key) = pair();
        transport.send(&[7; 64]).unwrap();
        let mut frame = [0; FRAME];
        key.read_exact(&mut frame).unwrap();
        assert_eq!(frame.split_at(2), (&[0, 64][..], &[7; 64][..]));
    }

    #[test]
    fn frames_come_in_pieces_and_those_of_other_lengths_are_skipped() {
        let (mut transport, mut key) = pair();
        key.write_all(&[0]).unwrap();
        assert_eq!(transport.receive(Duration::ZERO).unwrap(), None);
        key.write_all(&[&[3, 1, 2, 3, 0, 0, 0, 64][..], &[5; 64], &[0, 64], &[6; 63]].concat())
            .unwrap();
        assert_eq!(transport.receive(LONG).unwrap(), Some([5; 64]));
        assert_eq!(transport.receive(Duration::ZERO).unwrap(), None);
        key.write_all(&[6]).unwrap();
        assert_eq!(transport.receive(LONG).unwrap(), Some([6; 64]));
    }

    #[test]
    fn a_closed_connection_is_gone_and_a_closed_port_has_no_key() {
        let (mut transport, key) = pair();
        drop(key);
        assert!(matches!(transport.receive(LONG), Err(TransportError::Gone { .. })));
        let nobody = transport.peer;
        assert!(matches!(
            TcpTransport::open(nobody),
            Err(TransportError::NotFound { .. })
        ));
    }
}
