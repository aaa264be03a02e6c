//! Reports over UDP: one 64-byte report a datagram, without a report number.

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};

use brasskey_protocol::ctaphid::Report;
use brasskey_protocol::limits::REPORT_SIZE;

use super::bind_loopback;
use crate::soft::host::{Host, HostId};
use crate::soft::{Error, SoftKey};

/// A key that listens on a loopback address. Any local user can reach it there.
#[derive(Debug)]
pub struct UdpServer {
    address: SocketAddr,
    closing: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl UdpServer {
    /// Listens on `address`; port 0 takes any port that is free.
    ///
    /// # Errors
    /// [`Error::NotLoopback`] where other computers could reach `address`; [`Error::Bind`]; [`Error::Thread`].
    pub fn start(key: &SoftKey, address: SocketAddr) -> Result<Self, Error> {
        let (socket, address) = bind_loopback(address, UdpSocket::bind, UdpSocket::local_addr)?;
        let socket = Arc::new(socket);
        let closing = Arc::new(AtomicBool::new(false));
        let (key, is_closing) = (key.clone(), Arc::clone(&closing));
        let thread = thread::Builder::new()
            .name("brasskey-udp".into())
            .spawn(move || serve(&key, &socket, &is_closing))
            .map_err(Error::Thread)?;
        Ok(Self {
            address,
            closing,
            thread: Some(thread),
        })
    }

    /// Where the key listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

/// One host on the socket.
#[derive(Debug)]
struct UdpHost {
    id: HostId,
    socket: Arc<UdpSocket>,
    address: SocketAddr,
}

impl Host for UdpHost {
    fn id(&self) -> HostId {
        self.id
    }

    fn send(&self, report: &Report) {
        let _ = self.socket.send_to(report, self.address);
    }
}

fn serve(key: &SoftKey, socket: &Arc<UdpSocket>, closing: &AtomicBool) {
    let server = HostId::unique();
    // One byte more than a report, so that a longer datagram is not mistaken for one.
    let mut datagram = [0; REPORT_SIZE + 1];
    while !closing.load(Ordering::Acquire) {
        // An error is another host's: on Windows, that the address an answer went to is closed.
        let Ok((length, address)) = socket.recv_from(&mut datagram) else {
            continue;
        };
        // Anything but a report is ignored, also one with the report number that a USB driver would strip.
        if let Some(Ok(report)) = datagram.get(..length).map(<&Report>::try_from) {
            let host: Arc<dyn Host> = Arc::new(UdpHost {
                id: server.at(address),
                socket: Arc::clone(socket),
                address,
            });
            key.receive(&host, report);
        }
    }
}

impl Drop for UdpServer {
    fn drop(&mut self) {
        self.closing.store(true, Ordering::Release);
        // The thread sleeps until a datagram comes: send it one.
        let any_port: SocketAddr = match self.address {
            SocketAddr::V4(_) => (Ipv4Addr::LOCALHOST, 0).into(),
            SocketAddr::V6(_) => (Ipv6Addr::LOCALHOST, 0).into(),
        };
        let woken = UdpSocket::bind(any_port).and_then(|socket| socket.send_to(&[], self.address));
        if let (Ok(_), Some(thread)) = (woken, self.thread.take()) {
            // A thread that panicked has said so on stderr.
            let _ = thread.join();
        }
    }
}

#[cfg(test)]
mod tests;
