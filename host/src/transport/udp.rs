//! UDP on loopback: one report in each datagram, as the emulators of several keys do it.

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::time::{Duration, Instant};

use brasskey_protocol::ctaphid::Report;

use super::error::is_timeout;
use super::{Address, Transport, TransportError};

/// A key behind a UDP port of this computer.
#[derive(Debug)]
pub struct UdpTransport {
    socket: UdpSocket,
    peer: SocketAddr,
    /// Whether the key has ever answered.
    heard: bool,
}

impl UdpTransport {
    /// Opens a socket to the key. It is connected, so that only the key's datagrams arrive. Nothing is sent: the first
    /// report shows whether anyone listens.
    ///
    /// # Errors
    /// [`TransportError::Open`] where the operating system gives no socket.
    pub fn open(peer: SocketAddr) -> Result<Self, TransportError> {
        let local: SocketAddr = match peer {
            SocketAddr::V4(_) => (Ipv4Addr::LOCALHOST, 0).into(),
            SocketAddr::V6(_) => (Ipv6Addr::LOCALHOST, 0).into(),
        };
        UdpSocket::bind(local)
            .and_then(|socket| {
                socket.connect(peer).map(|()| Self {
                    socket,
                    peer,
                    heard: false,
                })
            })
            .map_err(|error| TransportError::opening(Address::Udp(peer), error))
    }

    /// If nobody listens on the port, sending shows it: then there never was a key.
    fn failed(&self, error: io::Error) -> TransportError {
        let address = Address::Udp(self.peer);
        match error.kind() {
            io::ErrorKind::ConnectionRefused if !self.heard => TransportError::NotFound { address },
            _ => TransportError::talking(address, error),
        }
    }
}

impl Transport for UdpTransport {
    fn send(&mut self, report: &Report) -> Result<(), TransportError> {
        match self.socket.send(report) {
            Ok(_) => Ok(()),
            Err(error) => Err(self.failed(error)),
        }
    }

    fn receive(&mut self, timeout: Duration) -> Result<Option<Report>, TransportError> {
        let deadline = Instant::now() + timeout;
        // One byte more than a report, so that a longer datagram is noticed.
        let mut datagram = [0; size_of::<Report>() + 1];
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            // The operating system does not accept a timeout of zero.
            let received = self
                .socket
                .set_read_timeout(Some(left.max(Duration::from_millis(1))))
                .and_then(|()| self.socket.recv(&mut datagram));
            match received {
                Ok(length) => {
                    self.heard = true;
                    if let Some(report) = datagram.get(..length).and_then(|bytes| Report::try_from(bytes).ok()) {
                        return Ok(Some(report));
                    }
                }
                Err(error) if is_timeout(&error) => {}
                Err(error) => return Err(self.failed(error)),
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

    fn pair() -> (UdpTransport, UdpSocket) {
        let key = UdpSocket::bind("127.0.0.1:0").unwrap();
        let transport = UdpTransport::open(key.local_addr().unwrap()).unwrap();
        (transport, key)
    }

    #[test]
    fn a_datagram_is_a_report() {
        let (mut transport, key) = pair();
        transport.send(&[7; 64]).unwrap();
        let mut datagram = [0; 100];
        let (length, host) = key.recv_from(&mut datagram).unwrap();
        assert_eq!(datagram[..length], [7; 64]);

        key.send_to(&[1; 63], host).unwrap();
        key.send_to(&[2; 65], host).unwrap();
        key.send_to(&[], host).unwrap();
        key.send_to(&[3; 64], host).unwrap();
        assert_eq!(
            transport.receive(Duration::from_secs(5)).unwrap(),
            Some([3; 64]),
            "other sizes are skipped"
        );
    }

    #[test]
    fn another_sender_is_not_the_key() {
        let (mut transport, key) = pair();
        transport.send(&[7; 64]).unwrap();
        let (_, host) = key.recv_from(&mut [0; 64]).unwrap();
        UdpSocket::bind("127.0.0.1:0").unwrap().send_to(&[9; 64], host).unwrap();
        assert_eq!(transport.receive(Duration::from_millis(5)).unwrap(), None);
    }

    fn ask(transport: &mut UdpTransport) -> Result<Option<Report>, TransportError> {
        transport.send(&[7; 64])?;
        transport.receive(Duration::from_secs(5))
    }

    #[test]
    fn nobody_there_is_not_found() {
        let (mut transport, key) = pair();
        drop(key);
        let result = ask(&mut transport);
        assert!(matches!(result, Err(TransportError::NotFound { .. })), "{result:?}");
    }

    #[test]
    fn who_was_there_is_gone() {
        let (mut transport, key) = pair();
        transport.send(&[7; 64]).unwrap();
        let (_, host) = key.recv_from(&mut [0; 64]).unwrap();
        key.send_to(&[1; 64], host).unwrap();
        transport.receive(Duration::from_secs(5)).unwrap();
        drop(key);
        let result = ask(&mut transport);
        assert!(matches!(result, Err(TransportError::Gone { .. })), "{result:?}");
    }
}
