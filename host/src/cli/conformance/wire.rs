//! What the checks send and receive goes by the transports of the client.

use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use brasskey_conformance::key::{Link, Report};

use crate::transport::{Transport, TransportError};

const BROADCAST: [u8; 4] = [0xFF; 4];
const INIT: u8 = 0x86;

/// A key outside this process, as all of its hosts in here have it.
#[derive(Default)]
pub(super) struct Line {
    /// Whether reports for other programs come here, too: the computer gives each program that has a key on USB open
    /// all of its reports.
    pub(super) is_shared: bool,
    /// Whether a connection broke, and none was made since.
    pub(super) is_broken: AtomicBool,
    /// Whether the key has answered another program.
    has_others: AtomicBool,
    ours: Mutex<Ours>,
}

/// What hosts in this process have sent.
#[derive(Default)]
struct Ours {
    channels: HashSet<[u8; 4]>,
    nonces: HashSet<[u8; 8]>,
}

impl Line {
    pub(super) fn new(is_shared: bool) -> Self {
        Self {
            is_shared,
            ..Self::default()
        }
    }

    /// Whether the key has answered another program since this was asked last.
    pub(super) fn had_others(&self) -> bool {
        self.has_others.swap(false, Ordering::AcqRel)
    }

    fn ours(&self) -> MutexGuard<'_, Ours> {
        self.ours.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Looks at a report that is not for the host that got it.
    fn passed_over(&self, report: &Report) {
        let ours = self.ours();
        let is_ours = match channel(report) {
            // Whose an error is, it does not say.
            BROADCAST => report[4] != INIT || ours.nonces.contains(&nonce(report)),
            channel => ours.channels.contains(&channel),
        };
        drop(ours);
        self.has_others.fetch_or(!is_ours, Ordering::AcqRel);
    }
}

/// One host's end.
pub(super) struct Wire {
    transport: Box<dyn Transport>,
    line: Arc<Line>,
    /// The channels that this host sent on.
    channels: HashSet<[u8; 4]>,
    /// Of its last INIT.
    nonce: [u8; 8],
    /// Whether it has asked for a channel, and has not got one yet.
    asks: bool,
}

fn channel(report: &Report) -> [u8; 4] {
    [report[0], report[1], report[2], report[3]]
}

/// Of an INIT, or of the answer to one (CTAP 2.3 §11.2.9.1.3).
fn nonce(report: &Report) -> [u8; 8] {
    std::array::from_fn(|place| report[7 + place])
}

impl Wire {
    pub(super) fn new(transport: Box<dyn Transport>, line: Arc<Line>) -> Self {
        Self {
            transport,
            line,
            channels: HashSet::new(),
            nonce: [0; 8],
            asks: false,
        }
    }

    fn is_for_us(&mut self, report: &Report) -> bool {
        match channel(report) {
            BROADCAST if report[4] == INIT && nonce(report) != self.nonce => false,
            // An error, or the channel.
            BROADCAST => std::mem::take(&mut self.asks),
            channel => self.channels.contains(&channel),
        }
    }

    /// Ends the check where the connection has broken.
    fn said<T>(&self, result: Result<T, TransportError>) -> T {
        result.unwrap_or_else(|error| {
            self.line.is_broken.store(true, Ordering::Release);
            panic!("the connection to the key failed: {error}")
        })
    }
}

impl Link for Wire {
    fn send(&mut self, report: &Report) {
        let mut ours = self.line.ours();
        match channel(report) {
            BROADCAST => self.asks = true,
            channel => {
                self.channels.insert(channel);
                ours.channels.insert(channel);
            }
        }
        if report[4] == INIT {
            self.nonce = nonce(report);
            ours.nonces.insert(self.nonce);
        }
        drop(ours);
        let sent = self.transport.send(report);
        self.said(sent);
    }

    fn receive(&mut self, timeout: Duration) -> Option<Report> {
        let deadline = Instant::now() + timeout;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let received = self.transport.receive(left);
            match self.said(received) {
                Some(report) if self.line.is_shared && !self.is_for_us(&report) => self.line.passed_over(&report),
                received => return received,
            }
        }
    }
}

impl Drop for Wire {
    /// What came and nobody waited for may be for other programs.
    fn drop(&mut self) {
        while self.line.is_shared
            && let Ok(Some(report)) = self.transport.receive(Duration::ZERO)
        {
            if !self.is_for_us(&report) {
                self.line.passed_over(&report);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use super::*;

    /// What comes, whoever it is for.
    #[derive(Clone, Default)]
    struct Fake(Arc<Mutex<VecDeque<Report>>>);

    impl Transport for Fake {
        fn send(&mut self, _: &Report) -> Result<(), TransportError> {
            Ok(())
        }

        fn receive(&mut self, _: Duration) -> Result<Option<Report>, TransportError> {
            Ok(self.0.lock().unwrap().pop_front())
        }
    }

    fn report(channel: [u8; 4], command: u8, body: &[u8]) -> Report {
        let mut report = [0; 64];
        report[..4].copy_from_slice(&channel);
        report[4] = command;
        report[7..7 + body.len()].copy_from_slice(body);
        report
    }

    #[test]
    fn two_hosts_get_their_own_and_other_programs_are_noticed() {
        let (line, fake) = (Arc::new(Line::new(true)), Fake::default());
        let host = || Wire::new(Box::new(fake.clone()), Arc::clone(&line));
        let (mut one, mut other) = (host(), host());
        one.send(&report(BROADCAST, INIT, &[1; 8]));
        other.send(&report(BROADCAST, INIT, &[2; 8]));
        let comes = |host: &mut Wire, report: Report| {
            fake.0.lock().unwrap().push_back(report);
            host.receive(Duration::ZERO).is_some()
        };
        assert!(!comes(&mut one, report(BROADCAST, INIT, &[2; 8])));
        assert!(comes(&mut one, report(BROADCAST, INIT, &[1; 8])));
        assert!(comes(&mut other, report(BROADCAST, 0xBF, &[6])));
        assert!(!comes(&mut one, report(BROADCAST, 0xBF, &[6])), "it has its channel");
        one.send(&report([0, 0, 0, 1], 0x81, &[]));
        assert!(comes(&mut one, report([0, 0, 0, 1], 0x81, &[])));
        assert!(!comes(&mut other, report([0, 0, 0, 1], 0x81, &[])));
        assert!(!line.had_others(), "all of that was for this process");

        assert!(!comes(&mut one, report(BROADCAST, INIT, &[3; 8])));
        assert!(line.had_others() && !line.had_others());
        fake.0.lock().unwrap().push_back(report([0, 0, 0, 9], 0x90, &[0]));
        drop(one);
        assert!(line.had_others(), "what nobody waited for");
    }
}
