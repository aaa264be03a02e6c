//! The cable between client and key: a plug that a test pulls, and a clock that it moves.

use std::thread;
use std::time::Duration;

use brasskey::client::{Channel, Error, Key, Time, Timeouts};
use brasskey::soft::{Connection, SoftKey};
use brasskey::transport::{Transport, TransportError};
use brasskey_protocol::ctaphid::Report;

/// Longer than any test: a key in the same process always answers, and where a test moves the clock, that alone ends a
/// ceremony.
const ENDLESS: Duration = Duration::from_secs(u32::MAX as u64);
/// How long to wait before looking at plug and clock again.
const PAUSE: Duration = Duration::from_millis(100);

/// Whether the key was unplugged since this was made.
pub(crate) struct Plug {
    soft: SoftKey,
    power_cuts: u64,
}

impl Plug {
    pub(crate) fn new(soft: &SoftKey) -> Self {
        Self {
            soft: soft.clone(),
            power_cuts: soft.power_cuts(),
        }
    }

    pub(crate) fn is_pulled(&self) -> bool {
        self.soft.power_cuts() != self.power_cuts || !self.soft.state().powered
    }
}

/// Plugs `soft` in, and asks it what it is.
pub(crate) fn open(soft: &SoftKey, scripted_clock: bool) -> Result<Key, Error> {
    let cable = Box::new(Cable {
        plug: Plug::new(soft),
        connection: soft.connect(),
    });
    match scripted_clock {
        false => Key::open(cable),
        true => {
            let time = Box::new(Scripted(soft.clone()));
            Key::over(Channel::open_with(cable, time, endless())?)
        }
    }
}

fn endless() -> Timeouts {
    Timeouts {
        init: ENDLESS,
        silence: ENDLESS,
        whole: ENDLESS,
        work: ENDLESS,
        cancel: ENDLESS,
        busy: ENDLESS,
        touch: ENDLESS,
        ..Timeouts::default()
    }
}

struct Cable {
    plug: Plug,
    connection: Connection,
}

impl Transport for Cable {
    fn send(&mut self, report: &Report) -> Result<(), TransportError> {
        if self.plug.is_pulled() {
            return Err(TransportError::Unplugged);
        }
        self.connection.send(report);
        Ok(())
    }

    fn receive(&mut self, timeout: Duration) -> Result<Option<Report>, TransportError> {
        match self.connection.receive(timeout.min(PAUSE)) {
            None if self.plug.is_pulled() => Err(TransportError::Unplugged),
            report => Ok(report),
        }
    }
}

/// The key's own clock.
struct Scripted(SoftKey);

impl Time for Scripted {
    fn now(&self) -> Duration {
        self.0.uptime()
    }

    fn sleep(&self, duration: Duration) {
        thread::sleep(duration.min(PAUSE));
    }
}
