//! The soft key in this process, with a clock that the test moves.

use std::time::Duration;

use brasskey::soft::storage::MemoryStorage;
use brasskey::soft::{Connection, SoftKey, Touch};

use crate::key::{Form, LONG, Report, Wire};

pub(super) struct InProcess(SoftKey);

impl InProcess {
    pub(super) fn new(storage: MemoryStorage) -> Self {
        let key = SoftKey::builder()
            .touch(Touch::Control)
            .storage(storage)
            .scripted_clock()
            .build();
        Self(key.expect("a soft key"))
    }
}

impl Form for InProcess {
    fn connect(&self) -> Box<dyn Wire> {
        Box::new(self.0.connect())
    }

    fn wait_until_asked(&self) {
        self.0.wait_until_asked(LONG).expect("the key asks for a touch");
    }

    fn press(&self) {
        self.0.press();
    }

    fn release(&self) {
        self.0.release();
    }

    fn decline(&self) {
        self.0.decline();
    }

    fn power_cycle(&self) {
        self.0.power_cycle().expect("power");
    }

    fn advance(&self, milliseconds: u64) -> bool {
        self.0.advance(milliseconds);
        true
    }
}

impl Wire for Connection {
    fn send(&mut self, report: &Report) {
        Connection::send(self, report);
    }

    fn receive(&mut self, timeout: Duration) -> Option<Report> {
        Connection::receive(self, timeout)
    }
}
