//! The one transaction, and the lock around it.

use super::super::packet::Assembly;
use crate::limits::KEEPALIVE_INTERVAL;
use crate::platform::Indication;
use crate::request::{KeepaliveStatus, RequestKind};

/// Keeps other channels away (CTAP 2.3 §11.2.9.2.2).
pub(super) struct Lock {
    pub(super) channel: u32,
    pub(super) until: u64,
}

/// A request and its response (CTAP 2.3 §11.2.5.1). There is one at a time.
pub(super) struct Transaction {
    pub(super) channel: u32,
    pub(super) command: u8,
    pub(super) phase: Phase,
}

/// The progress of a transaction.
pub(super) enum Phase {
    /// More packets of the request will come, the next before `deadline`.
    Assembling { assembly: Assembly, deadline: u64 },
    /// The request is complete, and waits or runs.
    Requested(Work),
    /// The response is being sent; `index` is the number of its next packet.
    Responding { length: usize, index: u8 },
}

/// A complete request, until its response.
pub(super) struct Work {
    pub(super) kind: RequestKind,
    pub(super) length: usize,
    /// It was handed over, and runs.
    pub(super) taken: bool,
    /// CTAPHID_CANCEL came.
    pub(super) cancelled: bool,
    status: KeepaliveStatus,
    /// A keepalive waits to be sent.
    unsent: bool,
    /// When the next keepalive is due. `None` for U2F, whose hosts poll (CTAP 2.3 §11.2.9.1.7).
    next_keepalive: Option<u64>,
}

impl Work {
    pub(super) fn new(kind: RequestKind, length: usize, now: u64) -> Self {
        Self {
            kind,
            length,
            taken: false,
            cancelled: false,
            status: KeepaliveStatus::Processing,
            unsent: false,
            next_keepalive: kind.waits().then_some(now.saturating_add(KEEPALIVE_INTERVAL)),
        }
    }

    /// When [`tick`](Self::tick) has something to do.
    pub(super) const fn deadline(&self) -> Option<u64> {
        self.next_keepalive
    }

    /// Makes a keepalive where one is due.
    pub(super) fn tick(&mut self, now: u64) {
        if self.next_keepalive.is_some_and(|due| due <= now) {
            self.keep_alive(now);
        }
    }

    /// Takes over what the running request shows. Only when a wait for the user begins does a keepalive follow at once.
    pub(super) fn show(&mut self, indication: Indication, now: u64) {
        if self.status.show(indication) {
            self.keep_alive(now);
        }
    }

    /// The keepalive to send now, if there is one.
    pub(super) fn take_keepalive(&mut self) -> Option<KeepaliveStatus> {
        core::mem::take(&mut self.unsent).then_some(self.status)
    }

    /// Makes a keepalive, unless the command is one of U2F.
    pub(super) const fn keep_alive(&mut self, now: u64) {
        if self.next_keepalive.is_some() {
            self.unsent = true;
            self.next_keepalive = Some(now.saturating_add(KEEPALIVE_INTERVAL));
        }
    }
}
