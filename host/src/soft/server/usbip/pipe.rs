//! What goes to an attached host: reports, each in a transfer that the host has asked for, and how transfers ended.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard};

use brasskey_protocol::ctaphid::Report;
use brasskey_protocol::limits::REPORT_SIZE;

use super::wire;
use crate::soft::host::{Host, HostId, QUEUE_MAX};
use crate::soft::{lock, unpoison};

/// Transfers that may wait for a report. Hosts have one or two.
const TRANSFERS_MAX: usize = 256;
/// Bytes that may wait for a host that does not read. Until it reads them, the server does not read from it.
const UNSENT_MAX: usize = 64 * 1024;

/// One host's end of the interrupt IN endpoint, and all that is written to its connection.
#[derive(Debug)]
pub(super) struct Pipe {
    id: HostId,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    /// Transfers that wait for a report, by sequence number.
    transfers: VecDeque<u32>,
    /// Reports that wait for a transfer.
    reports: VecDeque<Report>,
    unsent: Vec<u8>,
    is_closed: bool,
}

impl Host for Pipe {
    fn id(&self) -> HostId {
        self.id
    }

    /// Sends one report when the host asks for it. A host that does not ask loses the oldest reports.
    fn send(&self, report: &Report) {
        let mut state = lock(&self.state);
        if state.reports.len() == QUEUE_MAX {
            state.reports.pop_front();
        }
        state.reports.push_back(*report);
        self.match_up(state);
    }

    /// The host may take transfers back while a request runs.
    fn may_take_time(&self) -> bool {
        false
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

    /// Adds a transfer that waits for a report, with room for `length` bytes. `None` where there are too many.
    pub(super) fn ask(&self, sequence: u32, length: usize) -> Option<()> {
        if length < REPORT_SIZE {
            self.reply(&wire::submitted(sequence, wire::OVERFLOW, 0, &[]));
            return Some(());
        }
        let mut state = self.with_room();
        if state.transfers.len() == TRANSFERS_MAX {
            return None;
        }
        state.transfers.push_back(sequence);
        self.match_up(state);
        Some(())
    }

    /// Removes the transfer `target` where it still waits, and tells the host whether it did.
    pub(super) fn unlink(&self, sequence: u32, target: u32) {
        let mut state = self.with_room();
        let waiting = state.transfers.len();
        state.transfers.retain(|transfer| *transfer != target);
        let status = match state.transfers.len() < waiting {
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

    /// Drops the reports that nobody asked for.
    pub(super) fn clear(&self) {
        lock(&self.state).reports.clear();
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

    /// Sends reports in the transfers that wait for them.
    fn match_up(&self, mut state: MutexGuard<'_, State>) {
        while !state.reports.is_empty()
            && let Some(sequence) = state.transfers.pop_front()
        {
            if let Some(report) = state.reports.pop_front() {
                #[expect(clippy::cast_possible_truncation, reason = "64")]
                let reply = wire::submitted(sequence, 0, REPORT_SIZE as u32, &report);
                state.unsent.extend(reply);
            }
        }
        self.changed.notify_all();
    }
}
