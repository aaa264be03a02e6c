//! The key's end: channels, one transaction at a time, and every rule about who is answered how.

use heapless::Deque;

use super::packet::{self, Assembly, Packet};
use super::{
    BROADCAST, Error, InitResponse, KeepaliveStatus, PROTOCOL_VERSION, Report, capability, channel,
    command, error_report,
};
use crate::limits::{
    CONT_PAYLOAD, INIT_PAYLOAD, KEEPALIVE_INTERVAL, LOCK_MAX_SECONDS, MAX_MESSAGE, PACKET_TIMEOUT,
};
use crate::platform::Indication;

/// Answers of one packet that may wait to be sent. A host that sends on without reading loses what does not fit.
const REPLIES: usize = 4;

/// What the key says about itself in an INIT reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DeviceInfo {
    /// The key's version: major, minor, build.
    pub version: [u8; 3],
    /// Whether the key can wink.
    pub wink: bool,
}

/// What a report asks of the key beyond an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Event {
    /// Nothing.
    None,
    /// A whole message waits for [`Device::take_request`].
    Request,
    /// The running request shall end: set [`Abort`](crate::platform::Abort).
    Abort,
    /// Draw the user's eye. The answer is on its way.
    Wink,
}

/// Which protocol a request speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RequestKind {
    /// CTAPHID_MSG: a U2F raw message.
    Msg,
    /// CTAPHID_CBOR: a CTAP2 command byte and its parameters.
    Cbor,
}

/// A request that the key now runs, and answers with [`Device::respond`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Request {
    /// Where it came from.
    pub channel: u32,
    /// Which protocol it speaks.
    pub kind: RequestKind,
    /// How long the message is, in bytes: 1 to [`MAX_MESSAGE`].
    pub length: usize,
    /// The host cancelled it before it was taken: set [`Abort`](crate::platform::Abort) before it runs.
    pub aborted: bool,
}

/// The CTAPHID engine of a key. It owns the one message buffer, and is little larger than that.
///
/// Pass it every report from the host and the time, run what [`take_request`](Self::take_request) hands out, and
/// after each call send what [`transmit`](Self::transmit) has. The time is in milliseconds and never goes back; each
/// call that is told the time does first what is due by then, as [`tick`](Self::tick) does.
pub struct Device {
    info: DeviceInfo,
    /// The channel allocated last. They are numbered from 1, so that every number up to this one was handed out, and
    /// nothing needs to be kept for each. After 2³² − 2 of them the numbers begin again, and those not yet handed out
    /// anew are unknown.
    last_channel: u32,
    lock: Option<Lock>,
    transaction: Option<Transaction>,
    /// The worker is still at a request that CTAPHID_INIT aborted; its response goes nowhere.
    abandoned: bool,
    replies: Deque<Report, REPLIES>,
    /// The message of the transaction: first the request, then the response.
    message: [u8; MAX_MESSAGE],
}

/// Other channels are kept away (CTAP 2.3 §11.2.9.2.2).
struct Lock {
    channel: u32,
    until: u64,
}

/// A request and its response (CTAP 2.3 §11.2.5.1). There is one at a time.
struct Transaction {
    channel: u32,
    command: u8,
    phase: Phase,
}

enum Phase {
    /// More packets of the request are to come, the next before `deadline`.
    Assembling { assembly: Assembly, deadline: u64 },
    /// The request is whole, and waits for the worker or is with it.
    Requested(Work),
    /// The response goes out; `index` is the number of its next packet.
    Responding { length: usize, index: u8 },
}

struct Work {
    kind: RequestKind,
    length: usize,
    taken: bool,
    cancelled: bool,
    status: KeepaliveStatus,
    /// A keepalive waits to be sent.
    keepalive: bool,
    next_keepalive: u64,
}

impl Device {
    /// A key just powered up: no channel is allocated.
    #[must_use]
    pub const fn new(info: DeviceInfo) -> Self {
        Self {
            info,
            last_channel: 0,
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
            Packet::Initialization {
                command,
                length,
                data,
            } => self.initialization(channel, command, length, data, now),
            Packet::Continuation { sequence, data } => {
                self.continuation(channel, sequence, data, now)
            }
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
                self.transaction = None;
                self.reply(report);
            }
            Phase::Requested(work) if work.keeps_alive() && work.next_keepalive <= now => {
                work.schedule_keepalive(now);
                work.keepalive = true;
            }
            _ => {}
        }
    }

    /// When [`tick`](Self::tick) must next be called, if no other call comes before; `None` while nothing can fall
    /// due. A lock that ends unseen needs no call.
    #[must_use]
    pub fn deadline(&self) -> Option<u64> {
        match &self.transaction.as_ref()?.phase {
            Phase::Assembling { deadline, .. } => Some(*deadline),
            Phase::Requested(work) => work.keeps_alive().then_some(work.next_keepalive),
            Phase::Responding { .. } => None,
        }
    }

    /// The next report to send. Call it until it returns `None`.
    pub fn transmit(&mut self) -> Option<Report> {
        let begun = self.begun_response();
        if self
            .replies
            .front()
            .is_some_and(|reply| Some(channel(reply)) != begun)
        {
            return self.replies.pop_front();
        }
        let Some(transaction) = &mut self.transaction else {
            return self.replies.pop_front();
        };
        let Transaction {
            channel,
            command,
            phase,
        } = transaction;
        match phase {
            Phase::Assembling { .. } => None,
            Phase::Requested(work) => core::mem::take(&mut work.keepalive).then(|| {
                packet::initialization(*channel, command::KEEPALIVE, &[work.status.code()])
            }),
            Phase::Responding { length, index } => {
                let report =
                    packet::packet(*channel, *command, self.message.get(..*length)?, *index);
                *index += 1;
                if packet::is_whole(*index, *length) {
                    self.transaction = None;
                }
                report
            }
        }
    }

    /// Hands the waiting request over: copies it to the start of `message`. One at a time: `None` also until
    /// [`respond`](Self::respond) has ended the one before, so ask again then.
    pub fn take_request(&mut self, message: &mut [u8; MAX_MESSAGE], now: u64) -> Option<Request> {
        self.tick(now);
        let Transaction { channel, phase, .. } = self.transaction.as_mut()?;
        match phase {
            Phase::Requested(work) if !work.taken && !self.abandoned => {
                work.taken = true;
                packet::copy(self.message.get(..work.length)?, message);
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

    /// Tells the host what the running request does: keepalives carry it, and [`Indication::WaitingForTouch`] is told
    /// at once.
    pub fn show(&mut self, indication: Indication, now: u64) {
        self.tick(now);
        let Some(Transaction {
            phase: Phase::Requested(work),
            ..
        }) = &mut self.transaction
        else {
            return;
        };
        if !work.taken || !work.keeps_alive() {
            return;
        }
        match indication {
            Indication::WaitingForTouch if work.status != KeepaliveStatus::UpNeeded => {
                work.status = KeepaliveStatus::UpNeeded;
                work.schedule_keepalive(now);
                work.keepalive = true;
            }
            Indication::Idle | Indication::Processing => work.status = KeepaliveStatus::Processing,
            Indication::WaitingForTouch | Indication::Wink => {}
        }
    }

    /// An initialization packet.
    fn initialization(
        &mut self,
        channel: u32,
        command: u8,
        length: usize,
        data: &[u8; INIT_PAYLOAD],
        now: u64,
    ) -> Result<Event, Error> {
        if !self.carries(channel, command) {
            return Err(Error::InvalidChannel);
        }
        if command == command::CANCEL {
            return Ok(self.cancel(channel));
        }
        if self
            .lock
            .as_ref()
            .is_some_and(|lock| lock.channel != channel)
        {
            return Err(Error::ChannelBusy);
        }
        if command == command::INIT {
            return self.init(channel, length, data);
        }
        match &self.transaction {
            Some(Transaction {
                channel: active,
                phase: Phase::Assembling { .. },
                ..
            }) if *active == channel => {
                self.transaction = None;
                return Err(Error::InvalidSeq);
            }
            Some(_) => return Err(Error::ChannelBusy),
            None => {}
        }
        match (command, length) {
            (command::MSG | command::CBOR, 0) => Err(Error::InvalidLen),
            (command::PING | command::MSG | command::CBOR, _) => {
                let assembly =
                    Assembly::begin(length, data, &mut self.message).ok_or(Error::InvalidLen)?;
                Ok(self.advance(channel, command, assembly, now))
            }
            (command::LOCK, 1) => {
                let [seconds, ..] = data;
                self.lock(channel, *seconds, now)
            }
            (command::WINK, 0) if self.info.wink => {
                self.reply(packet::initialization(channel, command, &[]));
                Ok(Event::Wink)
            }
            (command::LOCK, _) => Err(Error::InvalidLen),
            (command::WINK, _) if self.info.wink => Err(Error::InvalidLen),
            (_, length) if length > MAX_MESSAGE => Err(Error::InvalidLen),
            _ => Err(Error::InvalidCmd),
        }
    }

    /// A continuation packet. One that belongs to no message is ignored (CTAP 2.3 §11.2.5.4).
    fn continuation(
        &mut self,
        channel: u32,
        sequence: u8,
        data: &[u8; CONT_PAYLOAD],
        now: u64,
    ) -> Result<Event, Error> {
        let Some(Transaction {
            channel: active,
            command,
            phase: Phase::Assembling { assembly, .. },
        }) = &mut self.transaction
        else {
            return Ok(Event::None);
        };
        if *active != channel {
            return Ok(Event::None);
        }
        if assembly.proceed(sequence, data, &mut self.message).is_err() {
            self.transaction = None;
            return Err(Error::InvalidSeq);
        }
        let (command, assembly) = (*command, *assembly);
        Ok(self.advance(channel, command, assembly, now))
    }

    /// Waits for more of a request, or acts on one that is whole.
    fn advance(&mut self, channel: u32, command: u8, assembly: Assembly, now: u64) -> Event {
        let length = assembly.length();
        let kind = if command == command::CBOR {
            RequestKind::Cbor
        } else {
            RequestKind::Msg
        };
        let (phase, event) = if !assembly.is_whole() {
            let deadline = now.saturating_add(PACKET_TIMEOUT);
            (Phase::Assembling { assembly, deadline }, Event::None)
        } else if command == command::PING {
            (Phase::Responding { length, index: 0 }, Event::None)
        } else {
            (
                Phase::Requested(Work::new(kind, length, now)),
                Event::Request,
            )
        };
        self.transaction = Some(Transaction {
            channel,
            command,
            phase,
        });
        event
    }

    /// CTAPHID_INIT (CTAP 2.3 §11.2.9.1.3). It is answered whatever other channels do, and does not disturb them.
    fn init(
        &mut self,
        channel: u32,
        length: usize,
        data: &[u8; INIT_PAYLOAD],
    ) -> Result<Event, Error> {
        let (nonce, _) = data
            .split_first_chunk()
            .filter(|_| length == 8)
            .ok_or(Error::InvalidLen)?;
        let (allocated, event) = if channel == BROADCAST {
            (self.allocate(), Event::None)
        } else {
            (channel, self.resynchronize(channel))
        };
        let wink = if self.info.wink { capability::WINK } else { 0 };
        let response = InitResponse {
            nonce: *nonce,
            channel: allocated,
            protocol_version: PROTOCOL_VERSION,
            version: self.info.version,
            capabilities: capability::CBOR | wink,
        };
        self.reply(packet::initialization(
            channel,
            command::INIT,
            &response.to_bytes(),
        ));
        Ok(event)
    }

    /// Drops the transaction of `channel`, in whatever phase it is.
    fn resynchronize(&mut self, channel: u32) -> Event {
        match self
            .transaction
            .take_if(|transaction| transaction.channel == channel)
        {
            Some(Transaction {
                phase: Phase::Requested(Work { taken: true, .. }),
                ..
            }) => {
                self.abandoned = true;
                Event::Abort
            }
            _ => Event::None,
        }
    }

    /// CTAPHID_CANCEL (CTAP 2.3 §11.2.9.1.5): is for an outstanding CTAP2 command, and never answered.
    fn cancel(&mut self, channel: u32) -> Event {
        match &mut self.transaction {
            Some(Transaction {
                channel: active,
                phase: Phase::Requested(work),
                ..
            }) if *active == channel && work.kind == RequestKind::Cbor && !work.cancelled => {
                work.cancelled = true;
                if work.taken {
                    Event::Abort
                } else {
                    Event::None
                }
            }
            _ => Event::None,
        }
    }

    /// CTAPHID_LOCK (CTAP 2.3 §11.2.9.2.2).
    fn lock(&mut self, channel: u32, seconds: u8, now: u64) -> Result<Event, Error> {
        if seconds > LOCK_MAX_SECONDS {
            return Err(Error::InvalidPar);
        }
        let until = now.saturating_add(u64::from(seconds) * 1000);
        self.lock = (seconds > 0).then_some(Lock { channel, until });
        self.reply(packet::initialization(channel, command::LOCK, &[]));
        Ok(Event::None)
    }

    /// Whether `channel` is one that `command` may come on (CTAP 2.3 §11.2.3).
    fn carries(&self, channel: u32, command: u8) -> bool {
        if channel == BROADCAST {
            command == command::INIT
        } else {
            (1..=self.last_channel).contains(&channel)
        }
    }

    /// A channel number that was not handed out before: neither 0, which is reserved, nor [`BROADCAST`].
    fn allocate(&mut self) -> u32 {
        self.last_channel = match self.last_channel.wrapping_add(1) {
            BROADCAST => 1,
            next => next,
        };
        self.last_channel
    }

    /// The channel whose response is partly sent. Nothing else may go out on it until the rest has.
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

    /// Queues an answer of one packet.
    fn reply(&mut self, report: Report) {
        // A full queue means that the host does not read: the loss is its own.
        let _ = self.replies.push_back(report);
    }
}

impl Work {
    const fn new(kind: RequestKind, length: usize, now: u64) -> Self {
        Self {
            kind,
            length,
            taken: false,
            cancelled: false,
            status: KeepaliveStatus::Processing,
            keepalive: false,
            next_keepalive: now.saturating_add(KEEPALIVE_INTERVAL),
        }
    }

    /// Keepalives are for CTAP2 commands only (CTAP 2.3 §11.2.9.1.7); U2F hosts poll.
    fn keeps_alive(&self) -> bool {
        self.kind == RequestKind::Cbor
    }

    const fn schedule_keepalive(&mut self, now: u64) {
        self.next_keepalive = now.saturating_add(KEEPALIVE_INTERVAL);
    }
}
