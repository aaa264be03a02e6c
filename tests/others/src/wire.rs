//! Reports by UDP, one in each datagram, and what a hand does with the key.

use std::collections::HashMap;
use std::io;
use std::net::{SocketAddr, UdpSocket};
use std::time::Duration;

use brasskey_protocol::ctaphid::{BROADCAST, Report, channel};

/// What a hand does: the text of a datagram, which is answered with [`DONE`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hand {
    /// Touches the key.
    Touch,
    /// Unplugs the key and plugs it in again.
    Replug,
    /// Makes the key as it left the factory, and plugs it in.
    Renew,
}

/// The answer to a hand: it is done.
pub const DONE: &[u8] = b"done";

impl Hand {
    /// From the text of a datagram.
    #[must_use]
    pub fn parse(text: &[u8]) -> Option<Self> {
        match text {
            b"touch" => Some(Self::Touch),
            b"replug" => Some(Self::Replug),
            b"renew" => Some(Self::Renew),
            _ => None,
        }
    }
}

/// What arrived.
#[derive(Debug)]
pub enum Arrived {
    /// A report of a host.
    Report(Report),
    /// A hand, and who is waiting for [`DONE`].
    Hand(Hand, SocketAddr),
    /// Nothing in time, or nothing that means anything.
    Nothing,
}

/// The key's end.
#[derive(Debug)]
pub struct Wire {
    socket: UdpSocket,
    /// Who sent on a channel last. On USB all hosts would hear everything; here each hears what is on its channels.
    hosts: HashMap<u32, SocketAddr>,
}

impl Wire {
    /// Listens, and prints where.
    ///
    /// # Errors
    /// Of the operating system.
    pub fn listen(address: &str) -> io::Result<Self> {
        let socket = UdpSocket::bind(address)?;
        println!("udp:{}", socket.local_addr()?);
        Ok(Self {
            socket,
            hosts: HashMap::new(),
        })
    }

    /// What ends a wait from another thread.
    ///
    /// # Errors
    /// Of the operating system.
    pub fn bell(&self) -> io::Result<Bell> {
        let socket = UdpSocket::bind("127.0.0.1:0")?;
        socket.connect(self.socket.local_addr()?)?;
        Ok(Bell(socket))
    }

    /// Waits for what comes next.
    ///
    /// # Errors
    /// Of the operating system.
    pub fn receive(&mut self, timeout: Option<Duration>) -> io::Result<Arrived> {
        // Zero would mean for ever.
        let timeout = timeout.map(|timeout| timeout.max(Duration::from_millis(1)));
        self.socket.set_read_timeout(timeout)?;
        let mut datagram = [0; size_of::<Report>() + 1];
        let (length, from) = match self.socket.recv_from(&mut datagram) {
            Ok(received) => received,
            // Linux says so of what was sent to a host that is gone.
            Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => return Ok(Arrived::Nothing),
            Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut) => {
                return Ok(Arrived::Nothing);
            }
            Err(error) => return Err(error),
        };
        let datagram = datagram.get(..length).unwrap_or_default();
        if let Ok(report) = Report::try_from(datagram) {
            self.hosts.insert(channel(&report), from);
            return Ok(Arrived::Report(report));
        }
        Ok(Hand::parse(datagram).map_or(Arrived::Nothing, |hand| Arrived::Hand(hand, from)))
    }

    /// Sends a report to the host whose channel it is on.
    ///
    /// # Errors
    /// Of the operating system.
    pub fn send(&self, report: &Report) -> io::Result<()> {
        match self.hosts.get(&channel(report)) {
            Some(host) => self.tell(report, *host),
            None => Ok(()),
        }
    }

    /// Tells a hand that it is done.
    ///
    /// # Errors
    /// Of the operating system.
    pub fn done(&self, hand: SocketAddr) -> io::Result<()> {
        self.tell(DONE, hand)
    }

    fn tell(&self, bytes: &[u8], whom: SocketAddr) -> io::Result<()> {
        match self.socket.send_to(bytes, whom) {
            // Who left hears nothing.
            Err(error) if error.kind() != io::ErrorKind::ConnectionRefused => Err(error),
            _ => Ok(()),
        }
    }

    /// Forgets all channels but that of newcomers, as a key does without power.
    pub fn forget(&mut self) {
        self.hosts.retain(|channel, _| *channel == BROADCAST);
    }
}

/// Ends a wait of [`Wire::receive`].
#[derive(Debug)]
pub struct Bell(UdpSocket);

impl Bell {
    /// Rings.
    pub fn ring(&self) {
        // Where nobody listens any more nobody is waiting.
        let _ = self.0.send(&[]);
    }
}
