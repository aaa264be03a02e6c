//! Hosts: who sends reports to the key, and who gets its answers. And plugs: the devices in which hosts see it.

use std::collections::VecDeque;
use std::fmt::Debug;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Weak};
use std::time::Duration;

use brasskey_protocol::ctaphid::Report;

use super::sync::{Condvar, Mutex};
use super::{Error, lock, unpoison};

/// Reports kept for a host that does not read: eight of the longest messages. After that the oldest is lost, as in the
/// kernel's buffer of a USB key.
pub(super) const QUEUE_MAX: usize = 8 * 129;

/// One host that talks to the key.
pub(super) trait Host: Debug + Send + Sync {
    /// Which host this is.
    fn id(&self) -> HostId;

    /// Sends one report. A host that is gone, or that does not read, loses it: a key never waits for a host.
    fn send(&self, report: &Report);

    /// Whether the thread that brings this host's reports may also run what they ask for.
    fn may_take_time(&self) -> bool {
        true
    }
}

/// What tells one host from another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct HostId {
    connection: u64,
    /// The host's address on a socket that several hosts share.
    address: Option<SocketAddr>,
}

impl HostId {
    /// The only host of a new connection.
    pub(super) fn unique() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        Self {
            connection: NEXT.fetch_add(1, Ordering::Relaxed),
            address: None,
        }
    }

    /// The host at `address`, one of those that share this connection.
    pub(super) fn at(self, address: SocketAddr) -> Self {
        Self {
            address: Some(address),
            ..self
        }
    }

    /// Whether the host has a connection of its own, so that the key learns when it goes.
    pub(super) fn is_connected(self) -> bool {
        self.address.is_none()
    }
}

/// A device that hosts see while the key is on.
pub(super) trait Plug: Send + Sync {
    /// The key is on: hosts may find it.
    fn plug_in(&self) -> Result<(), Error>;

    /// The key is switched off: hosts lose it.
    fn unplug(&self);
}

/// The plugs of one key. A server that has ended leaves a dead one behind.
#[derive(Default)]
pub(super) struct Plugs(Vec<Weak<dyn Plug>>);

impl Plugs {
    pub(super) fn add(&mut self, plug: &Arc<impl Plug + 'static>) {
        let plug: Weak<dyn Plug> = Arc::downgrade(plug) as _;
        self.0.retain(|other| other.strong_count() > 0);
        self.0.push(plug);
    }

    pub(super) fn plug_in(&self) -> Result<(), Error> {
        self.living().try_for_each(|plug| plug.plug_in())
    }

    pub(super) fn unplug(&self) {
        self.living().for_each(|plug| plug.unplug());
    }

    fn living(&self) -> impl Iterator<Item = Arc<dyn Plug>> {
        self.0.iter().filter_map(Weak::upgrade)
    }
}

/// A host of the same process: reports wait here until it takes them.
#[derive(Debug)]
pub(super) struct Queue {
    id: HostId,
    state: Mutex<QueueState>,
    arrived: Condvar,
}

#[derive(Debug, Default)]
struct QueueState {
    reports: VecDeque<Report>,
    /// Threads that wait for a report. Waking nobody costs a system call too, for every report.
    readers: usize,
}

impl Queue {
    pub(super) fn new() -> Arc<Self> {
        Arc::new(Self {
            id: HostId::unique(),
            state: Mutex::default(),
            arrived: Condvar::new(),
        })
    }

    /// The next report, or `None` when `timeout` has passed.
    pub(super) fn pop(&self, timeout: Duration) -> Option<Report> {
        let mut state = lock(&self.state);
        if let Some(report) = state.reports.pop_front() {
            return Some(report);
        }
        // Who does not wait needs no clock and no other thread: in WebAssembly there is neither.
        if timeout.is_zero() {
            return None;
        }
        state.readers += 1;
        let is_empty = |state: &mut QueueState| state.reports.is_empty();
        let (mut state, _) = unpoison(self.arrived.wait_timeout_while(state, timeout, is_empty));
        state.readers -= 1;
        state.reports.pop_front()
    }
}

impl Host for Queue {
    fn id(&self) -> HostId {
        self.id
    }

    fn send(&self, report: &Report) {
        let mut state = lock(&self.state);
        if state.reports.len() == QUEUE_MAX {
            state.reports.pop_front();
        }
        state.reports.push_back(*report);
        if state.readers > 0 {
            self.arrived.notify_one();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_that_does_not_read_loses_the_oldest_reports() {
        let queue = Queue::new();
        for _ in 0..QUEUE_MAX {
            queue.send(&[1; 64]);
        }
        queue.send(&[2; 64]);
        let mut kept = Vec::new();
        while let Some(report) = queue.pop(Duration::ZERO) {
            kept.push(report[0]);
        }
        assert_eq!(kept.len(), QUEUE_MAX);
        assert_eq!(kept.last(), Some(&2));
    }

    #[test]
    fn a_host_is_itself_and_no_other() {
        let (one, other) = (Queue::new(), Queue::new());
        assert_eq!(one.id(), Arc::clone(&one).id());
        assert_ne!(one.id(), other.id());
        let [first, second] = [1, 2].map(|port| SocketAddr::from(([127, 0, 0, 1], port)));
        assert_eq!(one.id().at(first), one.id().at(first));
        assert_ne!(one.id().at(first), one.id().at(second));
        assert_ne!(one.id().at(first), other.id().at(first));
        assert!(one.id().is_connected() && !one.id().at(first).is_connected());
    }
}
