//! The soft key behind a UDP port, with the system's clock; each host has a socket of its own.

use std::io::ErrorKind;
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::sync::Arc;
use std::time::Duration;

use brasskey::soft::storage::MemoryStorage;
use brasskey::soft::{Listen, Servers, SoftKey, Touch};

use brasskey_conformance::key::{Hand, LONG, Link, Report};

pub(super) struct Udp {
    key: SoftKey,
    address: SocketAddr,
    _servers: Servers,
}

impl Udp {
    pub(super) fn new(storage: MemoryStorage) -> Self {
        let key = SoftKey::builder().touch(Touch::Control).storage(storage).build();
        let key = key.expect("a soft key");
        let listen = Listen {
            udp: Some((Ipv4Addr::LOCALHOST, 0).into()),
            ..Listen::default()
        };
        let servers = key.serve(&listen).expect("a server");
        let address = servers.addresses().udp.expect("an address");
        Self {
            key,
            address,
            _servers: servers,
        }
    }
}

impl Hand for Udp {
    fn connect(&self) -> Box<dyn Link> {
        Box::new(Socket::to(self.address))
    }

    fn wait_until_asked(&self) {
        self.key.wait_until_asked(LONG).expect("the key asks for a touch");
    }

    fn press(&self) {
        self.key.press();
    }

    fn release(&self) {
        self.key.release();
    }

    fn decline(&self) {
        self.key.decline();
    }

    fn power_cycle(&self) {
        self.key.power_cycle().expect("power");
    }

    fn advance(&self, _: u64) -> bool {
        false
    }
}

/// A host's socket. Clones are the same socket.
#[derive(Clone)]
pub struct Socket(Arc<UdpSocket>);

impl Socket {
    /// A socket that talks to the key at `address`.
    #[must_use]
    pub fn to(address: SocketAddr) -> Self {
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).expect("a socket");
        socket.connect(address).expect("the key's address");
        Self(Arc::new(socket))
    }
}

impl Link for Socket {
    fn send(&mut self, report: &Report) {
        self.0.send(report).expect("a datagram sent");
    }

    fn receive(&mut self, timeout: Duration) -> Option<Report> {
        // A timeout of zero would mean to wait for ever.
        let timeout = timeout.max(Duration::from_millis(1));
        self.0.set_read_timeout(Some(timeout)).expect("a timeout");
        let mut datagram = [0; 65];
        match self.0.recv(&mut datagram) {
            Ok(length) => Some(datagram[..length].try_into().expect("a datagram of 64 bytes")),
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => None,
            Err(error) => panic!("the socket failed: {error}"),
        }
    }
}
