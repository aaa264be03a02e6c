//! The key's end: channels, one transaction at a time, and the rules about answers.

mod incoming;
mod transaction;

use heapless::{Deque, Vec};
use zeroize::Zeroize as _;

use super::packet::{self, Packet};
use super::{BROADCAST, Error, Report, channel, command, error_report};
use crate::limits::MAX_MESSAGE;
use crate::platform::Indication;
use crate::request::{Request, RequestKind};
use transaction::{Lock, Phase, Transaction, Work};

/// Answers of one packet that may wait to be sent. A host that sends without reading loses what does not fit.
const REPLIES: usize = 4;

/// Channels that hosts may name themselves, see [`Device::may_claim`]: more than hosts that live through a replug.
const CLAIMS: usize = 16;

/// What the key says about itself in an INIT reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DeviceInfo {
    /// The key's version: major, minor, build.
    pub version: [u8; 3],
    /// Whether the key can wink.
    pub wink: bool,
}

/// What a report demands besides an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Event {
    /// Nothing.
    None,
    /// A whole message waits for [`Device::take_request`].
    Request,
    /// The running request must end: set [`Abort`](crate::platform::Abort).
    Abort,
    /// Draw the user's attention. The answer is on its way.
    Wink,
}

/// The CTAPHID engine of a key. It owns the one message buffer, and is little larger than that.
///
/// Pass it every report from the host and the time, run what [`take_request`](Self::take_request) hands out, and after
/// each call send what [`transmit`](Self::transmit) has. The time is in milliseconds and never goes back. Each call
/// with the time first does what is due by then, as [`tick`](Self::tick) does.
pub struct Device {
    info: DeviceInfo,
    /// The channel allocated last. Channels are numbered from 1: every number up to this one was allocated, and nothing
    /// is kept for each. After 2³² − 2 channels the numbers begin again at 1, and the higher ones count as not
    /// allocated.
    last_channel: u32,
    /// The channels that hosts allocated by naming them.
    claimed: Vec<u32, CLAIMS>,
    lock: Option<Lock>,
    transaction: Option<Transaction>,
    /// CTAPHID_INIT aborted a request that still runs. Its response will be discarded.
    abandoned: bool,
    replies: Deque<Report, REPLIES>,
    /// The message of the transaction: first the request, then the response.
    message: [u8; MAX_MESSAGE],
}

impl Device {
    /// The engine at power-up: no channel is allocated.
    #[must_use]
    pub const fn new(info: DeviceInfo) -> Self {
        Self {
            info,
            last_channel: 0,
            claimed: Vec::new(),
            lock: None,
            transaction: None,
            abandoned: false,
            replies: Deque::new(),
            message: [0; MAX_MESSAGE],
        }
    }

    /// Takes in a report from the host.
    pub fn receive(&mut self, report: &Report, now: u64) -> Event {
        self.tick(now);
        let (channel, packet) = Packet::parse(report);
        let outcome = match packet {
            Packet::Initialization { command, length, data } => {
                self.initialization(channel, command, length, data, now)
            }
            Packet::Continuation { sequence, data } => self.continuation(channel, sequence, data, now),
        };
        outcome.unwrap_or_else(|error| {
            self.reply(error_report(channel, error));
            Event::None
        })
    }

    /// Does what is due: timeouts, keepalives, the end of a lock.
    pub fn tick(&mut self, now: u64) {
        self.lock.take_if(|lock| lock.until <= now);
        let Some(Transaction { channel, phase, .. }) = &mut self.transaction else {
            return;
        };
        match phase {
            Phase::Assembling { deadline, .. } if *deadline <= now => {
                let report = error_report(*channel, Error::MsgTimeout);
                self.drop_transaction();
                self.reply(report);
            }
            Phase::Requested(work) => work.tick(now),
            _ => {}
        }
    }

    /// When [`tick`](Self::tick) must next be called, if no other call comes before; `None` while nothing can become
    /// due. The end of a lock needs no call.
    #[must_use]
    pub fn deadline(&self) -> Option<u64> {
        match &self.transaction.as_ref()?.phase {
            Phase::Assembling { deadline, .. } => Some(*deadline),
            Phase::Requested(work) => work.deadline(),
            Phase::Responding { .. } => None,
        }
    }

    /// The next report to send. Call it until it returns `None`.
    pub fn transmit(&mut self) -> Option<Report> {
        let begun = self.begun_response();
        if self.replies.front().is_some_and(|reply| Some(channel(reply)) != begun) {
            return self.replies.pop_front();
        }
        let Transaction {
            channel,
            command,
            phase,
        } = self.transaction.as_mut()?;
        match phase {
            Phase::Assembling { .. } => None,
            Phase::Requested(work) => {
                let status = work.take_keepalive()?;
                Some(packet::initialization(*channel, command::KEEPALIVE, &[status.code()]))
            }
            Phase::Responding { length, index } => {
                let report = packet::packet(*channel, *command, self.message.get(..*length)?, *index);
                *index += 1;
                if packet::is_whole(*index, *length) {
                    // Codes.
                    if *command == command::OATH {
                        self.message.iter_mut().take(*length).for_each(|byte| byte.zeroize());
                    }
                    self.transaction = None;
                }
                report
            }
        }
    }

    /// Hands over the waiting request: copies it to the start of `message`. There is one at a time: while a request
    /// runs this is `None`, so ask again after [`respond`](Self::respond).
    pub fn take_request(&mut self, message: &mut [u8; MAX_MESSAGE], now: u64) -> Option<Request> {
        self.tick(now);
        let Transaction { channel, phase, .. } = self.transaction.as_mut()?;
        match phase {
            Phase::Requested(work) if !work.taken && !self.abandoned => {
                work.taken = true;
                let request = self.message.get_mut(..work.length)?;
                packet::copy(request, message);
                // What CTAP2 must keep is encrypted, but what an account of OATH is made with is not.
                if work.kind == RequestKind::Oath {
                    request.zeroize();
                }
                Some(Request {
                    channel: *channel,
                    kind: work.kind,
                    length: work.length,
                    aborted: work.cancelled,
                })
            }
            _ => None,
        }
    }

    /// Ends the running request. The response is discarded where CTAPHID_INIT has aborted the request, and replaced
    /// by [`Error::Other`] where it is longer than [`MAX_MESSAGE`].
    pub fn respond(&mut self, response: &[u8], now: u64) {
        self.tick(now);
        if self.abandoned {
            self.abandoned = false;
            return;
        }
        let Some(Transaction { channel, phase, .. }) = &mut self.transaction else {
            return;
        };
        if !matches!(phase, Phase::Requested(Work { taken: true, .. })) {
            return;
        }
        if let Some(message) = self.message.get_mut(..response.len()) {
            packet::copy(response, message);
            *phase = Phase::Responding {
                length: response.len(),
                index: 0,
            };
        } else {
            let report = error_report(*channel, Error::Other);
            self.transaction = None;
            self.reply(report);
        }
    }

    /// Tells the host what the running request does. Keepalives carry it; for [`Indication::WaitingForTouch`] one is
    /// sent at once.
    pub fn show(&mut self, indication: Indication, now: u64) {
        self.tick(now);
        if let Some(Transaction {
            phase: Phase::Requested(work),
            ..
        }) = &mut self.transaction
            && work.taken
        {
            work.show(indication, now);
        }
    }

    /// Sends a keepalive now, where a request runs that can wait for its user. This is for a platform that cannot call
    /// the engine for a while, such as a chip that erases the flash memory that it runs from.
    pub fn keep_alive(&mut self, now: u64) {
        self.tick(now);
        if let Some(Transaction {
            phase: Phase::Requested(work),
            ..
        }) = &mut self.transaction
        {
            work.keep_alive(now);
        }
    }

    /// The link to the host was cut, as by a USB reset: channels, the lock and the transaction are gone, and nothing of
    /// a message is left. Nobody gets the answer of a request that still runs: set [`Abort`](crate::platform::Abort).
    pub fn restart(&mut self) {
        self.last_channel = 0;
        self.claimed.clear();
        self.lock = None;
        self.drop_transaction();
        self.abandoned = false;
        self.replies.clear();
    }

    /// Whether CTAPHID_INIT on this channel allocates it: it was not allocated since power-up, and can be.
    ///
    /// The standard's text has such an INIT refused (CTAP 2.3 §11.2.3). But a host that lives through a replug sends it
    /// on the channel that it had, and most keys accept it. Nothing is lost: channels keep the messages of hosts apart
    /// and are no secret, whoever can send this report can also send one on [`BROADCAST`], and until then the channel
    /// carries nothing. An allocated channel is never given to another host: broadcast allocations skip it. When all
    /// places are taken the key refuses, and the host asks for a channel on [`BROADCAST`].
    #[must_use]
    pub fn may_claim(&self, channel: u32) -> bool {
        ![0, BROADCAST].contains(&channel) && !self.is_allocated(channel) && !self.claimed.is_full()
    }

    /// Whether the channel was allocated since power-up.
    fn is_allocated(&self, channel: u32) -> bool {
        (1..=self.last_channel).contains(&channel) || self.claimed.contains(&channel)
    }

    /// The channel whose response is partly sent. Nothing else may be sent on it before the rest.
    fn begun_response(&self) -> Option<u32> {
        match &self.transaction {
            Some(Transaction {
                channel,
                phase: Phase::Responding { index: 1.., .. },
                ..
            }) => Some(*channel),
            _ => None,
        }
    }

    /// Ends the transaction, and leaves nothing of a message that did not come or go in whole.
    fn drop_transaction(&mut self) {
        self.transaction = None;
        self.message.zeroize();
    }

    /// Queues an answer of one packet.
    fn reply(&mut self, report: Report) {
        // A full queue means that the host does not read. It loses this answer.
        let _ = self.replies.push_back(report);
    }
}

#[cfg(test)]
mod tests;
