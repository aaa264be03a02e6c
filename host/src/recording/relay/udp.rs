//! Hosts at a UDP port.

use std::io::{self, ErrorKind};
use std::net::{SocketAddr, UdpSocket};

use brasskey_protocol::ctaphid::Report;
use brasskey_protocol::limits::REPORT_SIZE;

use super::HOSTS_MAX;

pub(super) struct Hosts {
    socket: UdpSocket,
    hosts: Vec<SocketAddr>,
}

impl Hosts {
    /// Listens, and says where.
    pub(super) fn bind(address: SocketAddr) -> io::Result<(Self, SocketAddr)> {
        if !address.ip().is_loopback() {
            return Err(io::Error::new(
                ErrorKind::InvalidInput,
                "other computers could reach this address",
            ));
        }
        let socket = UdpSocket::bind(address)?;
        socket.set_nonblocking(true)?;
        let address = socket.local_addr()?;
        let hosts = Vec::new();
        Ok((Self { socket, hosts }, address))
    }
}

impl super::Hosts for Hosts {
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

    fn send(&mut self, report: &Report) {
        for host in &self.hosts {
            let _ = self.socket.send_to(report, host);
        }
    }
}
