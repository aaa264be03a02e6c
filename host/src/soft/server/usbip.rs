//! The key as a USB device over USB/IP, for a computer whose kernel attaches to it (`usbip attach`): Linux, or Windows
//! with usbip-win2.
//!
//! Written by hand, since the crate `usbip` (0.9) links libusb.

mod attachment;
mod device;
mod pipe;
mod reader;
mod wire;

use std::io::{self, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use self::attachment::attend;
use self::wire::{ImportStatus, Request};
use super::accept::{Acceptor, Connection as _, bind_loopback};
use crate::soft::host::Plug;
use crate::soft::sync::Mutex;
use crate::soft::{Error, SoftKey, lock};

/// Connections at once.
const CONNECTIONS_MAX: usize = 16;
/// How long a host may take to say what it wants, and to take an answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// The bus ID by which a host asks for the key: the server has one bus with one port, and one device.
pub const BUS_ID: &str = "1-1";

/// A USB/IP server on a loopback address, with one device. Any local user can reach it there.
#[derive(Debug)]
pub struct UsbIpServer {
    address: SocketAddr,
    _acceptor: Acceptor<TcpStream>,
}

impl UsbIpServer {
    /// Listens on `address`; port 0 takes any port that is free.
    ///
    /// # Errors
    /// [`Error::NotLoopback`] where other computers could reach `address`; [`Error::Bind`]; [`Error::Thread`].
    pub fn start(key: &SoftKey, address: SocketAddr) -> Result<Self, Error> {
        let (listener, address) = bind_loopback(address, TcpListener::bind, TcpListener::local_addr)?;
        let port = Arc::new(Port::default());
        key.attach(&port)?;
        let key = key.clone();
        let attend = move |stream: &Arc<TcpStream>| {
            // A host that breaks the protocol or goes loses the connection. There is no more to do.
            let _ = greet(&key, &port, stream);
        };
        Ok(Self {
            address,
            _acceptor: Acceptor::start("brasskey-usbip", listener, CONNECTIONS_MAX, attend)?,
        })
    }

    /// Where the key listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

/// The port with the device, for one host at a time.
#[derive(Debug, Default)]
struct Port {
    occupancy: Mutex<Occupancy>,
}

#[derive(Debug, Default)]
enum Occupancy {
    /// The key is off.
    #[default]
    Empty,
    /// A host may attach.
    Free,
    /// A host is attached.
    Attached(Arc<TcpStream>),
}

impl Port {
    fn attach(&self, stream: &Arc<TcpStream>) -> ImportStatus {
        let mut occupancy = lock(&self.occupancy);
        match *occupancy {
            Occupancy::Empty => ImportStatus::NoDevice,
            Occupancy::Attached(_) => ImportStatus::Busy,
            Occupancy::Free => {
                *occupancy = Occupancy::Attached(Arc::clone(stream));
                ImportStatus::Ok
            }
        }
    }

    fn detach(&self, stream: &Arc<TcpStream>) {
        let mut occupancy = lock(&self.occupancy);
        // In the meantime the key may have been plugged in again, and another host have attached.
        if matches!(&*occupancy, Occupancy::Attached(attached) if Arc::ptr_eq(attached, stream)) {
            *occupancy = Occupancy::Free;
        }
    }

    fn is_free(&self) -> bool {
        matches!(*lock(&self.occupancy), Occupancy::Free)
    }
}

impl Plug for Port {
    fn plug_in(&self) -> Result<(), Error> {
        *lock(&self.occupancy) = Occupancy::Free;
        Ok(())
    }

    /// A host whose connection ends sees that the device was unplugged.
    fn unplug(&self) {
        if let Occupancy::Attached(stream) = std::mem::take(&mut *lock(&self.occupancy)) {
            stream.close();
        }
    }
}

/// Does what the host asks for: lists the device, or attaches it until the connection ends.
fn greet(key: &SoftKey, port: &Port, stream: &Arc<TcpStream>) -> io::Result<()> {
    let mut to = stream.as_ref();
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    match wire::read_request(&mut to)? {
        Request::DeviceList => to.write_all(&wire::device_list(port.is_free())),
        Request::Import(bus_id) => {
            let status = match bus_id == BUS_ID.as_bytes() {
                true => port.attach(stream),
                false => ImportStatus::NoDevice,
            };
            let replied = to.write_all(&wire::import(status));
            let ended = match status {
                ImportStatus::Ok => replied.and_then(|()| attend(key, stream)),
                ImportStatus::NoDevice | ImportStatus::Busy => replied,
            };
            port.detach(stream);
            ended
        }
    }
}

#[cfg(test)]
mod tests;
