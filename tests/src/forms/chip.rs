//! The firmware on an emulated chip, with the reports over UDP. Its time stands still while it waits.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

use super::Socket;
use crate::chip::{Emulator, Time};
use brasskey_conformance::key::{Hand, Link, Report};

pub(super) struct Chip(Emulator);

impl Chip {
    pub(super) fn new() -> Self {
        Self(Emulator::new(Time::Stepped))
    }
}

impl Hand for Chip {
    fn connect(&self) -> Box<dyn Link> {
        Box::new(Reader::new(Socket::to(self.0.reports())))
    }

    fn wait_until_asked(&self) {
        self.0.ask("GET", "/v1/asked", &Value::Null);
    }

    fn press(&self) {
        self.0.act("/v1/button", "press");
    }

    fn release(&self) {
        self.0.act("/v1/button", "release");
    }

    fn touch(&self) {
        self.wait_until_asked();
        self.0.act("/v1/button", "pulse");
    }

    fn decline(&self) {
        unreachable!("a button cannot say no")
    }

    fn power_cycle(&self) {
        self.0.act("/v1/power", "cycle");
    }

    fn advance(&self, milliseconds: u64) -> bool {
        self.0.ask("POST", "/v1/clock", &json!({ "advance": milliseconds }));
        true
    }
}

/// A host's socket that is read all the time: while a test moves the clock, more comes than the system would keep.
struct Reader {
    socket: Socket,
    reports: Receiver<Report>,
    /// The thread ends when this does.
    _open: Arc<()>,
}

impl Reader {
    fn new(socket: Socket) -> Self {
        let (sender, reports) = channel();
        let open = Arc::new(());
        let (is_open, mut incoming) = (Arc::downgrade(&open), socket.clone());
        thread::spawn(move || {
            while is_open.strong_count() > 0 {
                if let Some(report) = incoming.receive(Duration::from_millis(100)) {
                    // Nobody listens any more where the host is gone.
                    let _ = sender.send(report);
                }
            }
        });
        Self {
            socket,
            reports,
            _open: open,
        }
    }
}

impl Link for Reader {
    fn send(&mut self, report: &Report) {
        self.socket.send(report);
    }

    fn receive(&mut self, timeout: Duration) -> Option<Report> {
        self.reports.recv_timeout(timeout).ok()
    }
}
