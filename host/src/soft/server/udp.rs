//! Reports over UDP: one 64-byte report in each datagram, without a report number.

use std::net::{SocketAddr, UdpSocket};
use std::sync::Arc;

use brasskey_protocol::ctaphid::Report;
use brasskey_protocol::limits::REPORT_SIZE;

use super::accept::bind_loopback;
use super::thread::{ServerThread, Sleep};
use crate::soft::host::{Host, HostId};
use crate::soft::{Error, SoftKey};

/// A key that listens on a loopback address. Any local user can reach it there.
#[derive(Debug)]
pub struct UdpServer {
    address: SocketAddr,
    _thread: ServerThread,
}

impl UdpServer {
    /// Listens on `address`; port 0 takes any port that is free.
    ///
    /// # Errors
    /// [`Error::NotLoopback`] where other computers could reach `address`; [`Error::Bind`]; [`Error::Thread`].
    pub fn start(key: &SoftKey, address: SocketAddr) -> Result<Self, Error> {
        let (socket, address) = bind_loopback(address, UdpSocket::bind, UdpSocket::local_addr)?;
        socket.set_nonblocking(true).map_err(Error::Thread)?;
        let mut socket = mio::net::UdpSocket::from_std(socket);
        let sleep = Sleep::on(&mut socket).map_err(Error::Thread)?;
        let (key, socket) = (key.clone(), Arc::new(socket));
        let thread = ServerThread::start("brasskey-udp", sleep, move |sleep| serve(&key, &socket, sleep));
        Ok(Self {
            address,
            _thread: thread.map_err(Error::Thread)?,
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
    socket: Arc<mio::net::UdpSocket>,
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

fn serve(key: &SoftKey, socket: &Arc<mio::net::UdpSocket>, sleep: &mut Sleep) {
    let server = HostId::unique();
    // One byte more than a report, so that a longer datagram is not mistaken for one.
    let mut datagram = [0; REPORT_SIZE + 1];
    while let Some(received) = sleep.next(|| socket.recv_from(&mut datagram)) {
        // An error concerns another host: on Windows, it says that a host to which an answer went has closed its
        // socket.
        let Ok((length, address)) = received else {
            continue;
        };
        // Ignore anything but a report, also a report after the number that a USB driver would remove.
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

#[cfg(test)]
mod tests;
