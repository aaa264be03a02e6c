//! A key that is another one: what hosts send goes to it, and what it answers comes back.

mod udp;
#[cfg(all(unix, feature = "servers"))]
mod unix;

use std::io::{self, Write};
use std::net::SocketAddr;
#[cfg(all(unix, feature = "servers"))]
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use brasskey_protocol::ctaphid::Report;
use thiserror::Error;

use super::Tap;
use crate::decode::ctaphid::Side;
use crate::transport::{Address, Transport, TransportError};

/// How long the relay waits for the key before it looks for hosts again.
const PATIENCE: Duration = Duration::from_millis(2);
/// How many hosts may be there at once; then the one that came first is forgotten.
const HOSTS_MAX: usize = 16;

/// All hosts of a relay. As on USB, each gets every report, and passes over those of other channels.
trait Hosts: Send {
    /// A report of one of them, if one is there.
    fn receive(&mut self) -> Option<Report>;
    /// Sends a report to each. A host that is gone, or does not read, loses it.
    fn send(&mut self, report: &Report);
}

/// Where hosts find the key.
pub struct Relay {
    hosts: Box<dyn Hosts>,
    address: Address,
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
    /// Listens on a UDP port of this computer, which every user of it can reach; port 0 takes any that is free.
    ///
    /// # Errors
    /// Those of the socket; [`io::ErrorKind::InvalidInput`] where other computers could reach the address.
    pub fn udp(address: SocketAddr) -> io::Result<Self> {
        let (hosts, address) = udp::Hosts::bind(address)?;
        Ok(Self {
            hosts: Box::new(hosts),
            address: Address::Udp(address),
        })
    }

    /// Listens on a Unix socket that only this user can reach.
    ///
    /// # Errors
    /// [`Error`](crate::soft::Error) where something else is at the path, or the socket cannot be made.
    #[cfg(all(unix, feature = "servers"))]
    pub fn unix(path: &Path) -> Result<Self, crate::soft::Error> {
        Ok(Self {
            hosts: Box::new(unix::Hosts::bind(path)?),
            address: Address::Unix(path.to_owned()),
        })
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> &Address {
        &self.address
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
        while let Some(report) = relay.hosts.receive() {
            listen(Side::Host, &report)?;
            key.send(&report)?;
        }
        let mut patience = PATIENCE;
        while let Some(report) = key.receive(patience)? {
            listen(Side::Key, &report)?;
            relay.hosts.send(&report);
            patience = Duration::ZERO;
        }
    }
    Ok(())
}
