//! Keys for tests, with a clock that only they move, so that no test waits.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use brasskey_protocol::ctaphid::{Device, DeviceInfo, Event, Report, RequestKind};
use brasskey_protocol::limits::MAX_MESSAGE;
use brasskey_protocol::platform::Indication;

use super::channel::Channel;
use super::error::Error;
use super::key::Key;
use super::time::{Time, Timeouts};
use crate::transport::{Transport, TransportError};

/// A clock of milliseconds that runs only when somebody waits.
#[derive(Clone, Default)]
pub(crate) struct FakeTime(Arc<AtomicU64>);

impl FakeTime {
    fn milliseconds(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

impl Time for FakeTime {
    fn now(&self) -> Duration {
        Duration::from_millis(self.milliseconds())
    }

    fn sleep(&self, duration: Duration) {
        let milliseconds = u64::try_from(duration.as_millis()).unwrap();
        self.0.fetch_add(milliseconds.max(1), Ordering::Relaxed);
    }
}

/// How the authenticator of a [`FakeKey`] answers a request.
pub(crate) enum Reply {
    /// Answers at once.
    Now(Vec<u8>),
    /// Waits for a touch, which comes after this many milliseconds, and answers then.
    AfterTouch(u64, Vec<u8>),
}

/// A key with a real CTAPHID engine and a closure as its authenticator.
pub(crate) struct FakeKey<A> {
    device: Device,
    time: FakeTime,
    authenticator: A,
    touch: Option<(u64, Vec<u8>)>,
}

impl<A: FnMut(RequestKind, &[u8]) -> Reply + Send + 'static> FakeKey<A> {
    pub(crate) fn channel(authenticator: A) -> Channel {
        let device = Device::new(DeviceInfo {
            version: [1, 2, 3],
            wink: true,
        });
        let time = FakeTime::default();
        let key = Self {
            device,
            time: time.clone(),
            authenticator,
            touch: None,
        };
        Channel::open_with(Box::new(key), Box::new(time), Timeouts::default()).unwrap()
    }

    pub(crate) fn key(authenticator: A) -> Key {
        Key::over(Self::channel(authenticator)).unwrap()
    }

    fn work(&mut self) {
        let now = self.time.milliseconds();
        let mut message = [0; MAX_MESSAGE];
        if let Some(request) = self.device.take_request(&mut message, now) {
            match (self.authenticator)(request.kind, &message[..request.length]) {
                Reply::Now(answer) => self.device.respond(&answer, now),
                Reply::AfterTouch(wait, answer) => {
                    self.device.show(Indication::WaitingForTouch, now);
                    self.touch = Some((now + wait, answer));
                }
            }
        }
    }
}

impl<A: FnMut(RequestKind, &[u8]) -> Reply + Send + 'static> Transport for FakeKey<A> {
    fn send(&mut self, report: &Report) -> Result<(), TransportError> {
        let now = self.time.milliseconds();
        match self.device.receive(report, now) {
            Event::Request => self.work(),
            Event::Abort if self.touch.take().is_some() => self.device.respond(&[0x2D], now),
            Event::Abort | Event::None | Event::Wink => {}
        }
        Ok(())
    }

    fn receive(&mut self, timeout: Duration) -> Result<Option<Report>, TransportError> {
        let end = self.time.milliseconds() + u64::try_from(timeout.as_millis()).unwrap();
        loop {
            if let Some(report) = self.device.transmit() {
                return Ok(Some(report));
            }
            let now = self.time.milliseconds();
            if now >= end {
                return Ok(None);
            }
            self.time.sleep(Duration::from_millis(1));
            self.device.tick(now);
            if let Some((_, answer)) = self.touch.take_if(|(at, _)| *at <= now) {
                self.device.respond(&answer, now);
            }
        }
    }
}

/// A key that answers each report with the reports of a closure, whatever they are.
pub(super) struct Script<F> {
    time: FakeTime,
    answer: F,
    queue: VecDeque<Report>,
}

impl<F: FnMut(&Report) -> Vec<Report> + Send + 'static> Script<F> {
    pub(super) fn open(answer: F) -> Result<Channel, Error> {
        let time = FakeTime::default();
        let script = Self {
            time: time.clone(),
            answer,
            queue: VecDeque::new(),
        };
        Channel::open_with(Box::new(script), Box::new(time), Timeouts::default())
    }
}

impl<F: FnMut(&Report) -> Vec<Report> + Send + 'static> Transport for Script<F> {
    fn send(&mut self, report: &Report) -> Result<(), TransportError> {
        self.queue.extend((self.answer)(report));
        Ok(())
    }

    fn receive(&mut self, timeout: Duration) -> Result<Option<Report>, TransportError> {
        // Each report takes a while, so that a flood of them comes to an end.
        self.time.sleep(if self.queue.is_empty() {
            timeout
        } else {
            Duration::from_millis(1)
        });
        Ok(self.queue.pop_front())
    }
}
