//! One CTAPHID channel of one key: messages out, answers in (CTAP 2.3 §11.2).

mod link;

use std::time::Duration;

use brasskey_protocol::ctaphid::{
    BROADCAST, Host, InitResponse, KeepaliveStatus, Progress, cancel_report, capability, command, fragment,
};
use brasskey_protocol::limits::{LOCK_MAX_SECONDS, MAX_MESSAGE};

use super::error::{CtaphidError, Error, Malformed};
use super::fault::{self, Faults};
use super::time::{SystemTime, Time, Timeouts};
use super::watch::{Unwatched, Watch};
use crate::transport::Transport;
use crate::webauthn::Fault;
use link::{FIRST_PAUSE, Link};

/// How many reports may come that are no part of the answer: keepalives, and answers for other programs. A key that
/// follows the standard sends some 1,200 keepalives before its time is up.
const MAX_STRAYS: u32 = 50_000;
/// `maxMsgSize` where a key does not say (CTAP 2.3 §6.4).
const DEFAULT_MAX_MESSAGE: usize = 1024;

/// A key, and a channel of it that is ours. Answers for other channels are ignored.
pub struct Channel {
    link: Link,
    host: Box<Host>,
    init: InitResponse,
    max_message: usize,
    /// An answer was given up and may still come: CTAPHID_INIT goes before the next request.
    out_of_step: bool,
    /// The last request was cancelled because its time was up.
    gave_up: bool,
    /// When all requests have to be over, by the clock of the link.
    deadline: Option<Duration>,
    faults: Faults,
}

impl Channel {
    /// Allocates a channel.
    ///
    /// # Errors
    /// [`Error::NoAnswer`] where nothing there speaks CTAPHID; [`Error::Ctaphid`] where another program locked the
    /// key; [`Error::Malformed`] and [`Error::Transport`].
    pub fn open(transport: Box<dyn Transport>) -> Result<Self, Error> {
        Self::open_with(transport, Box::new(SystemTime::start()), Timeouts::default())
    }

    /// Allocates a channel, with time and patience of the caller's choice.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn open_with(transport: Box<dyn Transport>, time: Box<dyn Time>, timeouts: Timeouts) -> Result<Self, Error> {
        let mut link = Link {
            transport,
            time,
            timeouts,
        };
        let mut host = Box::new(Host::new(BROADCAST));
        let (init, faults) = link.allocate(&mut host)?;
        Ok(Self {
            link,
            host,
            init,
            max_message: DEFAULT_MAX_MESSAGE,
            out_of_step: false,
            gave_up: false,
            deadline: None,
            faults,
        })
    }

    /// Allocates a channel again: at the other end of the transport, another key was plugged in.
    pub(super) fn reopen(&mut self) -> Result<(), Error> {
        (self.init, self.faults) = self.link.allocate(&mut self.host)?;
        self.max_message = DEFAULT_MAX_MESSAGE;
        self.out_of_step = false;
        self.gave_up = false;
        Ok(())
    }

    /// What the key said about itself when it gave the channel.
    #[must_use]
    pub fn init(&self) -> &InitResponse {
        &self.init
    }

    /// Where the key's answers on this channel depart from the standard: each fault once, oldest first.
    #[must_use]
    pub fn faults(&self) -> &[Fault] {
        self.faults.all()
    }

    /// Records a fault.
    pub(super) fn note(&mut self, fault: Fault) {
        self.faults.note(fault);
    }

    pub(super) fn faults_mut(&mut self) -> &mut Faults {
        &mut self.faults
    }

    /// The timeouts that this channel was opened with.
    #[must_use]
    pub fn timeouts(&self) -> &Timeouts {
        &self.link.timeouts
    }

    /// The time by this channel's clock.
    #[must_use]
    pub fn time(&self) -> &dyn Time {
        self.link.time.as_ref()
    }

    /// Gives up at `deadline`, by the clock of [`time`](Self::time): from then on no request begins, and one that waits
    /// for its user is cancelled. With `None` the timeouts alone count.
    pub fn give_up_at(&mut self, deadline: Option<Duration>) {
        self.deadline = deadline;
    }

    fn is_out_of_time(&self) -> bool {
        self.deadline.is_some_and(|deadline| self.link.time.now() >= deadline)
    }

    /// Refuses CTAP2 requests longer than the key's `maxMsgSize`, in bytes. CTAPHID carries no more than 7609.
    pub fn limit_messages(&mut self, size: usize) {
        self.max_message = size.min(MAX_MESSAGE);
    }

    /// CTAPHID_CBOR: a CTAP2 command and its answer, status byte first.
    ///
    /// When `watch` cancels, the key is told to. What it then says is its answer.
    ///
    /// # Errors
    /// [`Error::Unsupported`] where the key is U2F only; [`Error::TooLong`]; [`Error::Cancelled`] where the key was
    /// not asked yet, or did not answer the cancellation; the errors of CTAPHID and of the transport.
    pub fn cbor(&mut self, request: &[u8], watch: &mut dyn Watch) -> Result<Vec<u8>, Error> {
        self.cbor_within(self.link.timeouts.whole, request, watch)
    }

    /// As [`cbor`](Self::cbor), but waits no longer than `patience`, keepalives or not.
    pub(super) fn cbor_within(
        &mut self,
        patience: Duration,
        request: &[u8],
        watch: &mut dyn Watch,
    ) -> Result<Vec<u8>, Error> {
        if self.init.capabilities & capability::CBOR == 0 {
            return Err(Error::Unsupported { what: "CTAP2" });
        }
        if request.len() > self.max_message {
            return Err(Error::TooLong {
                length: request.len(),
                limit: self.max_message,
            });
        }
        self.exchange(command::CBOR, "CTAPHID_CBOR", request, patience, watch)
    }

    /// Whether the last request was cancelled because its time was up, and not by its caller.
    pub(super) fn gave_up(&self) -> bool {
        self.gave_up
    }

    /// CTAPHID_MSG: a U2F raw message and its answer, status word last. The key does not wait for the user.
    ///
    /// # Errors
    /// [`Error::Unsupported`] where the key is CTAP2 only; the errors of CTAPHID and of the transport.
    pub fn message(&mut self, request: &[u8]) -> Result<Vec<u8>, Error> {
        if self.init.capabilities & capability::NMSG != 0 {
            return Err(Error::Unsupported { what: "U2F" });
        }
        self.work(command::MSG, "CTAPHID_MSG", request)
    }

    /// CTAPHID_PING: how long the key takes to send `payload` back.
    ///
    /// # Errors
    /// [`Error::Malformed`] where something else came back; [`Error::TooLong`] for more than 7609 bytes; the errors of
    /// CTAPHID and of the transport.
    pub fn ping(&mut self, payload: &[u8]) -> Result<Duration, Error> {
        const NAME: &str = "CTAPHID_PING";
        let begun = self.link.time.now();
        let echo = self.work(command::PING, NAME, payload)?;
        let taken = self.link.time.now().saturating_sub(begun);
        if echo == payload {
            Ok(taken)
        } else {
            Err(Error::Malformed {
                command: NAME,
                why: Malformed::Value("the payload"),
            })
        }
    }

    /// CTAPHID_WINK: the key shows its user which one it is, with a light for example.
    ///
    /// # Errors
    /// [`Error::Unsupported`] where the key says that it cannot; the errors of CTAPHID and of the transport.
    pub fn wink(&mut self) -> Result<(), Error> {
        if self.init.capabilities & capability::WINK == 0 {
            return Err(Error::Unsupported { what: "CTAPHID_WINK" });
        }
        self.work(command::WINK, "CTAPHID_WINK", &[]).map(drop)
    }

    /// CTAPHID_LOCK: keeps other channels away for `seconds`, at most 10; 0 lets them in again.
    ///
    /// # Errors
    /// [`Error::Unsupported`] where the key does not know the command; the errors of CTAPHID and of the transport.
    pub fn lock(&mut self, seconds: u8) -> Result<(), Error> {
        let seconds = seconds.min(LOCK_MAX_SECONDS);
        match self.work(command::LOCK, "CTAPHID_LOCK", &[seconds]) {
            Err(Error::Ctaphid(CtaphidError::INVALID_COMMAND)) => Err(Error::Unsupported { what: "CTAPHID_LOCK" }),
            result => result.map(drop),
        }
    }

    /// A message that waits for no user, and its answer.
    fn work(&mut self, command: u8, name: &'static str, payload: &[u8]) -> Result<Vec<u8>, Error> {
        self.exchange(command, name, payload, self.link.timeouts.work, &mut Unwatched)
    }

    /// Sends a message and returns the answer. While another program uses the key, it tries again, after longer and
    /// longer pauses.
    pub(super) fn exchange(
        &mut self,
        command: u8,
        name: &'static str,
        payload: &[u8],
        patience: Duration,
        watch: &mut dyn Watch,
    ) -> Result<Vec<u8>, Error> {
        let busy = self.link.time.now() + self.link.timeouts.busy;
        let mut pause = FIRST_PAUSE;
        loop {
            if watch.is_cancelled() {
                return Err(Error::Cancelled);
            }
            if self.is_out_of_time() {
                return Err(Error::TimedOut);
            }
            if self.out_of_step {
                self.link.initialize(&mut self.host, self.init.channel)?;
                self.out_of_step = false;
            }
            match self.attempt(command, name, payload, patience, watch) {
                Err(Error::Ctaphid(CtaphidError::BUSY)) if self.link.time.now() + pause <= busy => {
                    self.link.time.sleep(pause);
                    pause *= 2;
                }
                result => return result,
            }
        }
    }

    fn attempt(
        &mut self,
        command: u8,
        name: &'static str,
        payload: &[u8],
        patience: Duration,
        watch: &mut dyn Watch,
    ) -> Result<Vec<u8>, Error> {
        let reports = fragment(self.init.channel, command, payload).map_err(|_| Error::TooLong {
            length: payload.len(),
            limit: MAX_MESSAGE,
        })?;
        self.host.expect(command);
        self.out_of_step = true;
        self.gave_up = false;
        for report in reports {
            self.link.transport.send(&report)?;
        }
        let begun = self.link.time.now();
        let mut deadline = begun + self.link.timeouts.silence;
        let mut strays = 0;
        let mut cancelled = false;
        loop {
            let now = self.link.time.now();
            let is_over = now >= begun + patience || strays > MAX_STRAYS;
            // Nothing else waits for the user.
            let can_be_cancelled = matches!(command, command::CBOR | command::OATH);
            if is_over && !can_be_cancelled {
                return Err(Error::NoAnswer);
            }
            let is_over = is_over || self.is_out_of_time();
            if !cancelled && can_be_cancelled && (is_over || watch.is_cancelled()) {
                // The answer is due soon after, and tells whether the key had finished before (§11.2.9.1.5).
                self.cancel()?;
                cancelled = true;
                self.gave_up = !watch.is_cancelled();
                deadline = now + self.link.timeouts.cancel;
            }
            let left = deadline.saturating_sub(now);
            if left.is_zero() {
                return Err(if watch.is_cancelled() {
                    Error::Cancelled
                } else {
                    Error::NoAnswer
                });
            }
            let Some(report) = self
                .link
                .transport
                .receive(left.min(self.link.timeouts.cancel_interval))?
            else {
                continue;
            };
            strays += 1;
            match self.host.receive(&report) {
                Progress::Nothing => {}
                Progress::Keepalive(status) => {
                    watch.keepalive(if status == KeepaliveStatus::UpNeeded.code() {
                        KeepaliveStatus::UpNeeded
                    } else {
                        KeepaliveStatus::Processing
                    });
                    if !cancelled {
                        deadline = self.link.time.now() + self.link.timeouts.silence;
                    }
                }
                Progress::Complete(answer) => {
                    self.out_of_step = false;
                    return Ok(answer.to_vec());
                }
                Progress::Error(code) => {
                    self.out_of_step = false;
                    return Err(Error::Ctaphid(code.into()));
                }
                Progress::Broken => {
                    return Err(Error::Malformed {
                        command: name,
                        why: Malformed::Packets,
                    });
                }
            }
        }
    }

    fn cancel(&mut self) -> Result<(), Error> {
        self.link.transport.send(&cancel_report(self.init.channel))?;
        Ok(())
    }
}

#[cfg(test)]
mod tests;
