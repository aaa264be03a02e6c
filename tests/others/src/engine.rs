//! Our CTAPHID, for keys that know messages and no reports.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, Sender, TryRecvError, channel};
use std::thread;
use std::time::{Duration, Instant};

use brasskey_protocol::ctaphid::{Device, DeviceInfo, Event};
use brasskey_protocol::limits::MAX_MESSAGE;
use brasskey_protocol::platform::Indication;
use brasskey_protocol::request::RequestKind;

use crate::finger::Finger;
use crate::wire::{Arrived, Bell, Hand, Wire};

/// CTAP1_ERR_OTHER: the answer of a key that panicked.
const OTHER: u8 = 0x7F;

enum Job {
    Call(RequestKind, Vec<u8>),
    Power(Power),
}

enum Said {
    Answer(Vec<u8>),
    /// The power is off.
    Off,
}

/// Why a key has to start anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Power {
    /// It was unplugged, and keeps what it stored.
    Replugged,
    /// It is as it left the factory.
    Renewed,
}

/// Where a key takes in messages.
pub struct Desk {
    jobs: Receiver<Job>,
    said: Sender<Said>,
    bell: Bell,
    /// Who touches it.
    pub finger: Finger,
}

impl Desk {
    /// Runs messages until the power goes off; `None` at the end of everything.
    pub fn serve(&self, mut call: impl FnMut(RequestKind, &[u8]) -> Vec<u8>) -> Option<Power> {
        loop {
            let said = match self.jobs.recv().ok()? {
                Job::Call(kind, message) => Said::Answer(
                    // A key that panics has failed this check, and not the ones after the next power cycle.
                    catch_unwind(AssertUnwindSafe(|| call(kind, &message))).unwrap_or_else(|_| vec![OTHER]),
                ),
                Job::Power(power) => {
                    self.tell(Said::Off);
                    return Some(power);
                }
            };
            self.tell(said);
        }
    }

    fn tell(&self, said: Said) {
        // Without the other thread the process ends.
        let _ = self.said.send(said);
        self.bell.ring();
    }
}

/// Serves a key at a UDP address, for ever. `key` runs in a thread of its own.
///
/// # Errors
/// Of the operating system, and where the key's thread has ended.
pub fn serve(address: &str, info: DeviceInfo, key: impl FnOnce(Desk) + Send + 'static) -> io::Result<()> {
    let mut wire = Wire::listen(address)?;
    let (jobs, take_jobs) = channel();
    let (say, said) = channel();
    let finger = Finger::new(wire.bell()?);
    let desk = Desk {
        jobs: take_jobs,
        said: say,
        bell: wire.bell()?,
        finger: finger.clone(),
    };
    // A debug build of cryptography is fond of its stack.
    thread::Builder::new().stack_size(64 << 20).spawn(move || key(desk))?;
    let gone = || io::Error::other("the key's thread has ended");
    let begun = Instant::now();
    let now = || u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
    let mut device = Box::new(Device::new(info));
    let mut message = Box::new([0; MAX_MESSAGE]);
    loop {
        let due = device
            .deadline()
            .map(|due| Duration::from_millis(due.saturating_sub(now())));
        match wire.receive(due)? {
            Arrived::Report(report) => {
                if device.receive(&report, now()) == Event::Abort {
                    finger.cancel();
                }
            }
            Arrived::Hand(Hand::Touch, hand) => {
                finger.touch();
                wire.done(hand)?;
            }
            Arrived::Hand(what, hand) => {
                finger.cancel();
                let power = if what == Hand::Renew {
                    Power::Renewed
                } else {
                    Power::Replugged
                };
                jobs.send(Job::Power(power)).map_err(|_| gone())?;
                while !matches!(said.recv().map_err(|_| gone())?, Said::Off) {}
                finger.begin(false, false);
                device.restart();
                // Nobody gets the answer that was discarded above.
                *device = Device::new(info);
                wire.forget();
                wire.done(hand)?;
            }
            Arrived::Nothing => {}
        }
        match said.try_recv() {
            Ok(Said::Answer(answer)) => device.respond(&answer, now()),
            Ok(Said::Off) | Err(TryRecvError::Empty) => {}
            Err(TryRecvError::Disconnected) => return Err(gone()),
        }
        if finger.is_waiting() {
            device.show(Indication::WaitingForTouch, now());
        }
        if let Some(request) = device.take_request(&mut message, now()) {
            finger.begin(request.kind == RequestKind::Msg, request.aborted);
            let message = message.get(..request.length).unwrap_or_default().to_vec();
            jobs.send(Job::Call(request.kind, message)).map_err(|_| gone())?;
        }
        device.tick(now());
        while let Some(report) = device.transmit() {
            wire.send(&report)?;
        }
    }
}
