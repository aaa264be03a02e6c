//! A key at a UDP port that is another one: what hosts send goes to it, and what it answers comes back.

use std::io::{self, ErrorKind, Write};
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use brasskey_protocol::ctaphid::Report;
use brasskey_protocol::limits::REPORT_SIZE;
use thiserror::Error;

use super::Tap;
use crate::decode::ctaphid::Side;
use crate::transport::{Transport, TransportError};

/// How long the relay waits for the key before it looks for hosts again.
const PATIENCE: Duration = Duration::from_millis(2);
/// How many hosts may be there at once; then the one that came first is forgotten.
const HOSTS_MAX: usize = 16;

/// Where hosts find the key.
#[derive(Debug)]
pub struct Relay {
    socket: UdpSocket,
    /// As on USB, each host gets every report, and passes over those of other channels.
    hosts: Vec<SocketAddr>,
}

/// Why a relay ended.
#[derive(Debug, Error)]
pub enum RelayError {
    /// The key.
    #[error(transparent)]
    Key(#[from] TransportError),
    /// The socket, or the recording.
    #[error(transparent)]
    System(#[from] io::Error),
}

impl Relay {
    /// Listens on a loopback address; port 0 takes any that is free.
    ///
    /// # Errors
    /// Those of the socket; [`ErrorKind::InvalidInput`] where other computers could reach the address.
    pub fn bind(address: Option<SocketAddr>) -> io::Result<Self> {
        let address = address.unwrap_or_else(|| (Ipv4Addr::LOCALHOST, 0).into());
        if !address.ip().is_loopback() {
            return Err(io::Error::new(
                ErrorKind::InvalidInput,
                "other computers could reach this address",
            ));
        }
        let socket = UdpSocket::bind(address)?;
        socket.set_nonblocking(true)?;
        Ok(Self {
            socket,
            hosts: Vec::new(),
        })
    }

    /// Where it listens.
    ///
    /// # Errors
    /// Those of the socket.
    pub fn address(&self) -> io::Result<SocketAddr> {
        self.socket.local_addr()
    }

    fn receive(&mut self) -> Option<Report> {
        // One byte more than a report, so that a longer datagram is not mistaken for one.
        let mut datagram = [0; REPORT_SIZE + 1];
        // An error concerns another host: on Windows, that it has closed its socket.
        let (length, host) = self.socket.recv_from(&mut datagram).ok()?;
        let report = datagram.get(..length)?.try_into().ok()?;
        if !self.hosts.contains(&host) {
            if self.hosts.len() == HOSTS_MAX {
                self.hosts.remove(0);
            }
            self.hosts.push(host);
        }
        Some(report)
    }

    fn send(&self, report: &Report) {
        for host in &self.hosts {
            let _ = self.socket.send_to(report, host);
        }
    }
}

/// Carries reports between hosts and `key` until `end` says so, and has `tap` listen.
///
/// # Errors
/// [`RelayError`], after which the key is of no more use.
pub fn serve<W: Write>(
    relay: &mut Relay,
    key: &mut dyn Transport,
    mut tap: Option<&mut Tap<W>>,
    end: &AtomicBool,
) -> Result<(), RelayError> {
    let mut listen = |side, report: &Report| match &mut tap {
        Some(tap) => tap.receive(side, report),
        None => Ok(()),
    };
    while !end.load(Ordering::Acquire) {
        while let Some(report) = relay.receive() {
            listen(Side::Host, &report)?;
            key.send(&report)?;
        }
        let mut patience = PATIENCE;
        while let Some(report) = key.receive(patience)? {
            listen(Side::Key, &report)?;
            relay.send(&report);
            patience = Duration::ZERO;
        }
    }
    Ok(())
}
