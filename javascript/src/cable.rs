//! The cable between client and key. Where nothing comes out of it nobody waits: time is moved instead.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use brasskey::client::{Channel, Error, Key, Time, Timeouts};
use brasskey::soft::{Connection, SoftKey};
use brasskey::transport::{Transport, TransportError};
use brasskey_protocol::ctaphid::Report;

/// Plugs `soft` in, and asks it what it is.
pub(crate) fn open(soft: &SoftKey) -> Result<Key, Error> {
    let time = Moved {
        soft: soft.clone(),
        milliseconds: Arc::default(),
    };
    let cable = Cable {
        connection: soft.connect(),
        time: time.clone(),
    };
    Key::over(Channel::open_with(
        Box::new(cable),
        Box::new(time),
        Timeouts::default(),
    )?)
}

struct Cable {
    connection: Connection,
    time: Moved,
}

impl Transport for Cable {
    fn send(&mut self, report: &Report) -> Result<(), TransportError> {
        self.connection.send(report);
        Ok(())
    }

    fn receive(&mut self, timeout: Duration) -> Result<Option<Report>, TransportError> {
        let report = self.connection.receive(Duration::ZERO);
        if report.is_none() {
            self.time.sleep(timeout);
        }
        Ok(report)
    }
}

/// A clock that only waiting moves, and the key's clock with it.
#[derive(Clone)]
struct Moved {
    soft: SoftKey,
    milliseconds: Arc<AtomicU64>,
}

impl Time for Moved {
    fn now(&self) -> Duration {
        Duration::from_millis(self.milliseconds.load(Ordering::Relaxed))
    }

    fn sleep(&self, duration: Duration) {
        // Less than a millisecond must not take forever.
        let passed = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX).max(1);
        self.milliseconds.fetch_add(passed, Ordering::Relaxed);
        self.soft.advance(passed);
    }
}
