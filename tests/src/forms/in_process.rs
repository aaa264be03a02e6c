//! The soft key in this process, with a clock that the test moves.

use std::time::Duration;

use brasskey::soft::storage::MemoryStorage;
use brasskey::soft::{Connection, SoftKey, Touch, UserVerification};

use brasskey_conformance::key::{Hand, LONG, Link, Report};

pub(super) struct InProcess(SoftKey);

impl InProcess {
    pub(super) fn new(storage: MemoryStorage) -> Self {
        Self::with(storage, UserVerification::Pin)
    }

    /// A key that verifies its user by itself.
    pub(super) fn verifying() -> Self {
        Self::with(MemoryStorage::new(), UserVerification::Always)
    }

    fn with(storage: MemoryStorage, verification: UserVerification) -> Self {
        let key = SoftKey::builder()
            .touch(Touch::Control)
            .user_verification(verification)
            .storage(storage)
            .scripted_clock()
            .build();
        Self(key.expect("a soft key"))
    }
}

impl Hand for InProcess {
    fn connect(&self) -> Box<dyn Link> {
        Box::new(Wire(self.0.connect()))
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

struct Wire(Connection);

impl Link for Wire {
    fn send(&mut self, report: &Report) {
        self.0.send(report);
    }

    fn receive(&mut self, timeout: Duration) -> Option<Report> {
        self.0.receive(timeout)
    }
}
