//! The key as a USB device over USB/IP, for a computer whose kernel attaches to it (`usbip attach`): Linux, or Windows
//! with usbip-win2.
//!
//! Written by hand, since the crate `usbip` (0.9) links libusb.

mod attachment;
mod device;
mod pipe;
mod wire;

use std::io::{self, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use self::attachment::attend;
use self::wire::{ImportStatus, Request};
use super::bind_loopback;
use crate::soft::plug::Plug;
use crate::soft::{Error, SoftKey, lock};

/// Connections at once.
const CONNECTIONS_MAX: usize = 16;
/// How long a host may take to say what it connected for, and to take an answer.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long the server rests when it cannot accept.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// The bus ID by which a host asks for the key: a server has one device, and its one bus one port.
pub const BUS_ID: &str = "1-1";

/// A USB/IP server on a loopback address, with one device. Any local user can reach it there.
#[derive(Debug)]
pub struct UsbIpServer {
    address: SocketAddr,
    port: Arc<Port>,
    thread: Option<JoinHandle<()>>,
}

impl UsbIpServer {
    /// Listens on `address`; port 0 takes any port that is free.
    ///
    /// # Errors
    /// [`Error::NotLoopback`] where other computers could reach `address`; [`Error::Bind`]; [`Error::Thread`].
    pub fn start(key: &SoftKey, address: SocketAddr) -> Result<Self, Error> {
        let (listener, address) = bind_loopback(address, TcpListener::bind, TcpListener::local_addr)?;
        let port = Arc::new(Port::default());
        let (serving, serves) = (key.clone(), Arc::clone(&port));
        let thread = thread::Builder::new()
            .name("brasskey-usbip".into())
            .spawn(move || serve(&serving, &listener, &serves))
            .map_err(Error::Thread)?;
        let server = Self {
            address,
            port,
            thread: Some(thread),
        };
        key.attach(&server.port)?;
        Ok(server)
    }

    /// Where the key listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for UsbIpServer {
    fn drop(&mut self) {
        self.port.closing.store(true, Ordering::Release);
        self.port.unplug();
        // The thread sleeps until somebody connects.
        let woken = TcpStream::connect(self.address);
        if let (Ok(_), Some(thread)) = (woken, self.thread.take()) {
            // A thread that panicked has said so on stderr.
            let _ = thread.join();
        }
    }
}

/// Where the device is plugged in, for one host at a time.
#[derive(Debug, Default)]
struct Port {
    occupancy: Mutex<Occupancy>,
    /// The server ends.
    closing: AtomicBool,
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
        // Since then the key may have been plugged in anew, for another host.
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
        if !self.closing.load(Ordering::Acquire) {
            *lock(&self.occupancy) = Occupancy::Free;
        }
        Ok(())
    }

    /// A host whose connection ends takes the device for unplugged.
    fn unplug(&self) {
        if let Occupancy::Attached(stream) = std::mem::take(&mut *lock(&self.occupancy)) {
            let _ = stream.shutdown(Shutdown::Both);
        }
    }
}

fn serve(key: &SoftKey, listener: &TcpListener, port: &Arc<Port>) {
    let connections = Arc::new(AtomicUsize::new(0));
    for stream in listener.incoming() {
        if port.closing.load(Ordering::Acquire) {
            return;
        }
        let Ok(stream) = stream else {
            // Most likely there are no descriptors left: without a pause this would spin until there are.
            thread::sleep(ACCEPT_PAUSE);
            continue;
        };
        // One host too many finds the connection closed.
        if connections.load(Ordering::Acquire) >= CONNECTIONS_MAX {
            continue;
        }
        connections.fetch_add(1, Ordering::AcqRel);
        let (key, port, left) = (key.clone(), Arc::clone(port), Arc::clone(&connections));
        let started = thread::Builder::new().name("brasskey-host".into()).spawn(move || {
            // Who breaks the protocol, or goes, loses the connection: there is no more to say.
            let _ = greet(&key, &port, stream);
            left.fetch_sub(1, Ordering::AcqRel);
        });
        if started.is_err() {
            connections.fetch_sub(1, Ordering::AcqRel);
        }
    }
}

/// Does what a host connected for: lists the device, or attaches it until the connection ends.
fn greet(key: &SoftKey, port: &Port, mut stream: TcpStream) -> io::Result<()> {
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    match wire::read_request(&mut stream)? {
        Request::DeviceList => stream.write_all(&wire::device_list(port.is_free())),
        Request::Import(bus_id) => {
            let stream = Arc::new(stream);
            let status = match bus_id == BUS_ID.as_bytes() {
                true => port.attach(&stream),
                false => ImportStatus::NoDevice,
            };
            let replied = stream.as_ref().write_all(&wire::import(status));
            let ended = match status {
                ImportStatus::Ok => replied.and_then(|()| attend(key, &stream)),
                ImportStatus::NoDevice | ImportStatus::Busy => replied,
            };
            port.detach(&stream);
            ended
        }
    }
}

#[cfg(test)]
mod tests;
