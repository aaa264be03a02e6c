//! What goes to an attached host: reports and packets, each in a transfer that the host has asked for, and how
//! transfers ended.

use std::collections::VecDeque;

use brasskey_protocol::ccid::PACKET;
use brasskey_protocol::ctaphid::Report;
use brasskey_protocol::limits::REPORT_SIZE;

use super::wire;
use crate::soft::cards::CardHost;
use crate::soft::host::{Host, HostId, QUEUE_MAX};
use crate::soft::sync::{Condvar, Mutex, MutexGuard};
use crate::soft::{lock, unpoison};

/// Transfers of an endpoint that may wait. Hosts have one or two.
const TRANSFERS_MAX: usize = 256;
/// Bytes that may wait for a host that does not read. Until it reads them, the server does not read from it.
const UNSENT_MAX: usize = 64 * 1024;

/// An endpoint to the host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum EndpointIn {
    /// Interrupt transfers: a report in each.
    Reports,
    /// Bulk transfers of the smart card reader, each as many packets as have room, or up to one that is not full.
    Packets,
}

/// One host's end of the IN endpoints, and all that is written to its connection.
#[derive(Debug)]
pub(super) struct Pipe {
    id: HostId,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    reports: Endpoint,
    packets: Endpoint,
    unsent: Vec<u8>,
    is_closed: bool,
}

#[derive(Debug, Default)]
struct Endpoint {
    /// What waits for packets.
    transfers: VecDeque<Transfer>,
    /// What waits for a transfer.
    packets: VecDeque<Vec<u8>>,
}

#[derive(Debug)]
struct Transfer {
    sequence: u32,
    /// How much it takes, in bytes.
    room: usize,
    data: Vec<u8>,
}

impl Host for Pipe {
    fn id(&self) -> HostId {
        self.id
    }

    fn send(&self, report: &Report) {
        self.push(EndpointIn::Reports, report);
    }

    /// The host may take transfers back while a request runs.
    fn may_take_time(&self) -> bool {
        false
    }
}

impl CardHost for Pipe {
    fn id(&self) -> HostId {
        self.id
    }

    fn send(&self, packet: &[u8]) {
        self.push(EndpointIn::Packets, packet);
    }
}

impl Pipe {
    pub(super) fn new() -> Self {
        Self {
            id: HostId::unique(),
            state: Mutex::default(),
            changed: Condvar::new(),
        }
    }

    /// Sends one packet when the host asks for it. A host that does not ask loses the oldest ones.
    fn push(&self, endpoint: EndpointIn, packet: &[u8]) {
        let mut state = lock(&self.state);
        let packets = &mut state.endpoint(endpoint).packets;
        if packets.len() == QUEUE_MAX {
            packets.pop_front();
        }
        packets.push_back(packet.to_vec());
        self.match_up(state, endpoint);
    }

    /// Adds a transfer that waits for data, with `room` bytes for it. `None` where there are too many.
    pub(super) fn ask(&self, endpoint: EndpointIn, sequence: u32, room: usize) -> Option<()> {
        if endpoint == EndpointIn::Reports && room < REPORT_SIZE {
            self.reply(&wire::submitted(sequence, wire::OVERFLOW, 0, &[]));
            return Some(());
        }
        let mut state = self.with_room();
        let transfers = &mut state.endpoint(endpoint).transfers;
        if transfers.len() == TRANSFERS_MAX {
            return None;
        }
        transfers.push_back(Transfer {
            sequence,
            room,
            data: Vec::new(),
        });
        self.match_up(state, endpoint);
        Some(())
    }

    /// Removes the transfer `target` where it still waits, and tells the host whether it did. What a bulk transfer has
    /// got so far is lost with it, as on the bus.
    pub(super) fn unlink(&self, sequence: u32, target: u32) {
        let mut state = self.with_room();
        let is_removed = [EndpointIn::Reports, EndpointIn::Packets].map(|endpoint| {
            let transfers = &mut state.endpoint(endpoint).transfers;
            let waiting = transfers.len();
            transfers.retain(|transfer| transfer.sequence != target);
            transfers.len() < waiting
        });
        let status = match is_removed.contains(&true) {
            true => wire::UNLINKED,
            false => 0,
        };
        state.unsent.extend(wire::unlinked(sequence, status));
        self.changed.notify_all();
    }

    /// Says how a transfer ended.
    pub(super) fn reply(&self, reply: &[u8]) {
        self.with_room().unsent.extend(reply);
        self.changed.notify_all();
    }

    /// Drops the reports and packets that nobody asked for.
    pub(super) fn clear(&self) {
        let mut state = lock(&self.state);
        state.reports.packets.clear();
        state.packets.packets.clear();
    }

    /// Waits for what is to be written next. `None` when the pipe is closed.
    pub(super) fn next(&self) -> Option<Vec<u8>> {
        let is_idle = |state: &mut State| state.unsent.is_empty() && !state.is_closed;
        let mut state = unpoison(self.changed.wait_while(lock(&self.state), is_idle));
        self.changed.notify_all();
        (!state.is_closed).then(|| std::mem::take(&mut state.unsent))
    }

    /// Nothing more is written.
    pub(super) fn close(&self) {
        lock(&self.state).is_closed = true;
        self.changed.notify_all();
    }

    /// Waits until the host has taken what there was.
    fn with_room(&self) -> MutexGuard<'_, State> {
        let is_full = |state: &mut State| state.unsent.len() > UNSENT_MAX && !state.is_closed;
        unpoison(self.changed.wait_while(lock(&self.state), is_full))
    }

    /// Sends packets in the transfers that wait for them.
    fn match_up(&self, mut guard: MutexGuard<'_, State>, endpoint: EndpointIn) {
        let state = &mut *guard;
        while let Some(done) = state.endpoint(endpoint).next(endpoint == EndpointIn::Packets) {
            state.unsent.extend(done);
        }
        self.changed.notify_all();
    }
}

impl State {
    const fn endpoint(&mut self, endpoint: EndpointIn) -> &mut Endpoint {
        match endpoint {
            EndpointIn::Reports => &mut self.reports,
            EndpointIn::Packets => &mut self.packets,
        }
    }
}

impl Endpoint {
    /// The reply to the first transfer, once it has all that it gets.
    fn next(&mut self, is_bulk: bool) -> Option<Vec<u8>> {
        let transfer = self.transfers.front_mut()?;
        let status = loop {
            let packet = self.packets.pop_front()?;
            if packet.len() > transfer.room - transfer.data.len() {
                break wire::OVERFLOW;
            }
            transfer.data.extend_from_slice(&packet);
            // USB 2.0 §5.8.3: a bulk transfer ends with a packet that is not full, or when it has no more room.
            if !is_bulk || packet.len() < PACKET || transfer.data.len() == transfer.room {
                break 0;
            }
        };
        let Transfer { sequence, data, .. } = self.transfers.pop_front()?;
        let length = u32::try_from(data.len()).unwrap_or(u32::MAX);
        Some(wire::submitted(sequence, status, length, &data))
    }
}
