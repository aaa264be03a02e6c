//! What the checks send and receive goes by the transports of the client.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use brasskey_conformance::key::{Link, Report};

use crate::transport::{Transport, TransportError};

const BROADCAST: [u8; 4] = [0xFF; 4];
const INIT: u8 = 0x86;

/// One host's end of a key outside this process.
pub(super) struct Wire {
    transport: Box<dyn Transport>,
    /// Whether reports for other programs come here, too.
    is_shared: bool,
    /// The channels that this host sent on.
    channels: HashSet<[u8; 4]>,
    /// Of its last INIT.
    nonce: [u8; 8],
}

impl Wire {
    pub(super) fn new(transport: Box<dyn Transport>, is_shared: bool) -> Self {
        Self {
            transport,
            is_shared,
            channels: HashSet::new(),
            nonce: [0; 8],
        }
    }

    fn is_for_us(&self, report: &Report) -> bool {
        let channel = [report[0], report[1], report[2], report[3]];
        match channel {
            BROADCAST if report[4] == INIT => report[7..15] == self.nonce,
            channel => self.channels.contains(&channel),
        }
    }
}

fn said<T>(result: Result<T, TransportError>) -> T {
    result.unwrap_or_else(|error| panic!("the connection to the key failed: {error}"))
}

impl Link for Wire {
    fn send(&mut self, report: &Report) {
        self.channels.insert([report[0], report[1], report[2], report[3]]);
        if report[4] == INIT {
            self.nonce.copy_from_slice(&report[7..15]);
        }
        said(self.transport.send(report));
    }

    fn receive(&mut self, timeout: Duration) -> Option<Report> {
        let deadline = Instant::now() + timeout;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            match said(self.transport.receive(left)) {
                Some(report) if self.is_shared && !self.is_for_us(&report) => {}
                received => return received,
            }
        }
    }
}
