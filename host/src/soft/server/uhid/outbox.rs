//! What goes to the programs that have the device open. The kernel keeps 63 reports for each of them
//! (`HIDRAW_BUFFER_SIZE` of Linux's `include/linux/hidraw.h`), and loses what comes when a program has not read those
//! yet. The longest message takes 129. On USB the bus gives programs time, so here the outbox does.

use std::collections::VecDeque;
use std::io::{self, ErrorKind};
use std::time::Duration;

use brasskey_protocol::ctaphid::Report;
use brasskey_protocol::usb::INTERVAL;

use crate::soft::host::QUEUE_MAX;
use crate::soft::lock;
use crate::soft::server::thread::{Bell, Sleep};
use crate::soft::sync::Mutex;

/// Reports that go out at once after a program has sent something: most answers, as fast as can be. A program that
/// asks has read the last answer.
pub(super) const AT_ONCE: usize = 32;
/// How long each report waits after that, as on the bus.
pub(super) const PAUSE: Duration = Duration::from_millis(INTERVAL as u64);

/// The reports that wait, and how many went out at once.
#[derive(Debug)]
pub(super) struct Outbox {
    state: Mutex<State>,
    bell: Bell,
}

#[derive(Debug, Default)]
struct State {
    waiting: VecDeque<Report>,
    sent: usize,
}

impl Outbox {
    /// An outbox whose `bell` wakes the thread that [paces](Self::pace) it.
    pub(super) fn new(bell: Bell) -> Self {
        Self {
            state: Mutex::default(),
            bell,
        }
    }

    /// Writes the report by `write`, now or when its time comes. Where nobody takes them, the oldest are lost.
    pub(super) fn send(&self, report: &Report, write: impl FnOnce(&Report)) {
        let mut state = lock(&self.state);
        if state.waiting.is_empty() && state.sent < AT_ONCE {
            state.sent += 1;
            return write(report);
        }
        if state.waiting.len() == QUEUE_MAX {
            state.waiting.pop_front();
        }
        state.waiting.push_back(*report);
        if state.waiting.len() == 1 {
            self.bell.ring();
        }
    }

    /// A program has sent something.
    pub(super) fn hear(&self) {
        let mut state = lock(&self.state);
        if state.waiting.is_empty() {
            state.sent = 0;
        }
    }

    /// Nobody wants what waits any more.
    pub(super) fn clear(&self) {
        *lock(&self.state) = State::default();
    }

    /// The thread that writes what waits, each report after a pause.
    pub(super) fn pace(&self, sleep: &mut Sleep, write: impl Fn(&Report)) {
        while sleep.next(|| self.something_waits()).is_some() && sleep.rest(PAUSE) {
            let mut state = lock(&self.state);
            // Written under the lock: a report that is sent now comes after it.
            if let Some(report) = state.waiting.pop_front() {
                write(&report);
            }
        }
    }

    fn something_waits(&self) -> io::Result<()> {
        match lock(&self.state).waiting.is_empty() {
            true => Err(ErrorKind::WouldBlock.into()),
            false => Ok(()),
        }
    }
}
