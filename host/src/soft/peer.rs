//! Hosts: where reports come from and where they go.

use std::collections::VecDeque;
use std::hash::{Hash, Hasher};
use std::net::{SocketAddr, UdpSocket};
#[cfg(unix)]
use std::os::unix::net::UnixStream;
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use brasskey_protocol::ctaphid::Report;

use super::lock;
#[cfg(target_os = "linux")]
use super::server::uhid::Uhid;
use super::server::usbip::Pipe;

/// Reports kept for a host of the same process that does not read: eight of the longest messages. Beyond that the
/// oldest is lost, as in the kernel's buffer of a USB key.
pub(super) const QUEUE_MAX: usize = 8 * 129;

/// One host that talks to the token.
#[derive(Clone, Debug)]
pub(super) enum Peer {
    /// In the same process.
    Queue(Arc<Queue>),
    /// Behind a UDP address.
    Udp(Arc<UdpSocket>, SocketAddr),
    /// At the other end of a Unix stream.
    #[cfg(unix)]
    Unix(Arc<UnixStream>),
    /// Whoever has the virtual HID device open. The kernel gives each of them every report of the key, as it does with
    /// one on USB.
    #[cfg(target_os = "linux")]
    Uhid(Arc<Uhid>),
    /// Attached over USB/IP.
    UsbIp(Arc<Pipe>),
}

impl Peer {
    /// Sends one report. A host that is gone, or that does not read, loses it: a key never waits for a host.
    pub(super) fn send(&self, report: &Report) {
        match self {
            Self::Queue(queue) => queue.push(*report),
            Self::Udp(socket, address) => drop(socket.send_to(report, address)),
            #[cfg(unix)]
            Self::Unix(stream) => super::server::unix::send(stream, report),
            #[cfg(target_os = "linux")]
            Self::Uhid(device) => device.send(report),
            Self::UsbIp(pipe) => pipe.send(report),
        }
    }

    /// Whether the thread that brings its reports may also run what they ask for. The one that speaks for a kernel may not:
    /// 32 events wait for it, and more are lost (`UHID_BUFSIZE` of Linux's `drivers/hid/uhid.c`); over USB/IP transfers
    /// are taken back meanwhile.
    pub(super) fn may_take_time(&self) -> bool {
        match self {
            Self::Queue(_) | Self::Udp(..) => true,
            #[cfg(unix)]
            Self::Unix(_) => true,
            #[cfg(target_os = "linux")]
            Self::Uhid(_) => false,
            Self::UsbIp(_) => false,
        }
    }
}

impl Peer {
    /// Whether the host has a connection, so that it is one among few, and its end is seen.
    pub(super) fn is_connected(&self) -> bool {
        !matches!(self, Self::Udp(..))
    }

    /// What tells one host from another: where its end is, and on a socket that many share, its address.
    fn identity(&self) -> (*const (), Option<SocketAddr>) {
        match self {
            Self::Queue(queue) => (Arc::as_ptr(queue).cast(), None),
            Self::Udp(socket, address) => (Arc::as_ptr(socket).cast(), Some(*address)),
            #[cfg(unix)]
            Self::Unix(stream) => (Arc::as_ptr(stream).cast(), None),
            #[cfg(target_os = "linux")]
            Self::Uhid(device) => (Arc::as_ptr(device).cast(), None),
            Self::UsbIp(pipe) => (Arc::as_ptr(pipe).cast(), None),
        }
    }
}

impl PartialEq for Peer {
    fn eq(&self, other: &Self) -> bool {
        self.identity() == other.identity()
    }
}

impl Eq for Peer {}

impl Hash for Peer {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.identity().hash(state);
    }
}

/// Reports on their way to a host of the same process.
#[derive(Debug, Default)]
pub(super) struct Queue {
    state: Mutex<QueueState>,
    arrived: Condvar,
}

#[derive(Debug, Default)]
struct QueueState {
    reports: VecDeque<Report>,
    /// Threads that wait for a report. To wake nobody costs a system call all the same, for every report.
    readers: usize,
}

impl Queue {
    fn push(&self, report: Report) {
        let mut state = lock(&self.state);
        if state.reports.len() == QUEUE_MAX {
            state.reports.pop_front();
        }
        state.reports.push_back(report);
        if state.readers > 0 {
            self.arrived.notify_one();
        }
    }

    /// The next report, or `None` when `timeout` has passed.
    pub(super) fn pop(&self, timeout: Duration) -> Option<Report> {
        let mut state = lock(&self.state);
        if let Some(report) = state.reports.pop_front() {
            return Some(report);
        }
        state.readers += 1;
        let is_empty = |state: &mut QueueState| state.reports.is_empty();
        let (mut state, _) = super::unpoison(self.arrived.wait_timeout_while(state, timeout, is_empty));
        state.readers -= 1;
        state.reports.pop_front()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_that_does_not_read_loses_the_oldest_reports() {
        let queue = Arc::new(Queue::default());
        let peer = Peer::Queue(Arc::clone(&queue));
        for _ in 0..QUEUE_MAX {
            peer.send(&[1; 64]);
        }
        peer.send(&[2; 64]);
        let mut kept = Vec::new();
        while let Some(report) = queue.pop(Duration::ZERO) {
            kept.push(report[0]);
        }
        assert_eq!(kept.len(), QUEUE_MAX);
        assert_eq!(kept.last(), Some(&2));
    }

    #[test]
    fn a_peer_is_itself_and_no_other() {
        let one = Peer::Queue(Arc::default());
        let other = Peer::Queue(Arc::default());
        assert_eq!(one, one.clone());
        assert_ne!(one, other);
    }
}
