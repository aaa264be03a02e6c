//! What each packet from the host does.

use super::super::packet::{self, Assembly};
use super::super::{BROADCAST, Error, InitResponse, PROTOCOL_VERSION, capability, channel, command};
use super::transaction::{Lock, Phase, Transaction, Work};
use super::{Device, Event};
use crate::limits::{CONT_PAYLOAD, INIT_PAYLOAD, LOCK_MAX_SECONDS, MAX_MESSAGE, PACKET_TIMEOUT};
use crate::request::RequestKind;

impl Device {
    /// An initialization packet.
    pub(super) fn initialization(
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
        if self.lock.as_ref().is_some_and(|lock| lock.channel != channel) {
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
                self.drop_transaction();
                return Err(Error::InvalidSeq);
            }
            Some(_) => return Err(Error::ChannelBusy),
            None => {}
        }
        match command {
            _ if length > MAX_MESSAGE => Err(Error::InvalidLen),
            command::MSG | command::CBOR | command::OATH if length == 0 => Err(Error::InvalidLen),
            command::PING | command::MSG | command::CBOR | command::OATH => {
                let assembly = Assembly::begin(length, data, &mut self.message).ok_or(Error::InvalidLen)?;
                Ok(self.advance(channel, command, assembly, now))
            }
            command::LOCK => self.lock(channel, length, data, now),
            command::WINK if self.info.wink => self.wink(channel, length),
            _ => Err(Error::InvalidCmd),
        }
    }

    /// A continuation packet. One that belongs to no message is ignored (CTAP 2.3 §11.2.5.4).
    pub(super) fn continuation(
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
            self.drop_transaction();
            return Err(Error::InvalidSeq);
        }
        let (command, assembly) = (*command, *assembly);
        Ok(self.advance(channel, command, assembly, now))
    }

    /// Waits for more of a request, or acts on one that is whole.
    fn advance(&mut self, channel: u32, command: u8, assembly: Assembly, now: u64) -> Event {
        let length = assembly.length();
        let request = |kind| (Phase::Requested(Work::new(kind, length, now)), Event::Request);
        let (phase, event) = if assembly.is_whole() {
            match command {
                command::PING => (Phase::Responding { length, index: 0 }, Event::None),
                command::CBOR => request(RequestKind::Cbor),
                command::OATH => request(RequestKind::Oath),
                _ => request(RequestKind::Msg),
            }
        } else {
            let deadline = now.saturating_add(PACKET_TIMEOUT);
            (Phase::Assembling { assembly, deadline }, Event::None)
        };
        self.transaction = Some(Transaction {
            channel,
            command,
            phase,
        });
        event
    }

    /// CTAPHID_INIT (CTAP 2.3 §11.2.9.1.3). It is answered whatever other channels do, and does not disturb them.
    fn init(&mut self, channel: u32, length: usize, data: &[u8; INIT_PAYLOAD]) -> Result<Event, Error> {
        let (nonce, _) = data
            .split_first_chunk()
            .filter(|_| length == 8)
            .ok_or(Error::InvalidLen)?;
        let (allocated, event) = if channel == BROADCAST {
            (self.allocate(), Event::None)
        } else {
            self.claim(channel)?;
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
        self.reply(packet::initialization(channel, command::INIT, &response.to_bytes()));
        Ok(event)
    }

    /// Drops the transaction of `channel` in any phase, and the answers not yet sent: the next report there is the INIT
    /// reply (CTAP 2.3 §11.2.5.3).
    fn resynchronize(&mut self, active: u32) -> Event {
        self.replies.retain(|reply| channel(reply) != active);
        let Some(Transaction { phase, .. }) = self.transaction.take_if(|transaction| transaction.channel == active)
        else {
            return Event::None;
        };
        self.drop_transaction();
        if matches!(phase, Phase::Requested(Work { taken: true, .. })) {
            self.abandoned = true;
            Event::Abort
        } else {
            Event::None
        }
    }

    /// CTAPHID_CANCEL (CTAP 2.3 §11.2.9.1.5). It is for an outstanding request that can wait for its user, and never
    /// answered.
    fn cancel(&mut self, channel: u32) -> Event {
        match &mut self.transaction {
            Some(Transaction {
                channel: active,
                phase: Phase::Requested(work),
                ..
            }) if *active == channel && work.kind.waits() && !work.cancelled => {
                work.cancelled = true;
                if work.taken { Event::Abort } else { Event::None }
            }
            _ => Event::None,
        }
    }

    /// CTAPHID_WINK (CTAP 2.3 §11.2.9.2.1).
    fn wink(&mut self, channel: u32, length: usize) -> Result<Event, Error> {
        if length != 0 {
            return Err(Error::InvalidLen);
        }
        self.reply(packet::initialization(channel, command::WINK, &[]));
        Ok(Event::Wink)
    }

    /// CTAPHID_LOCK (CTAP 2.3 §11.2.9.2.2), for a number of seconds; 0 releases the lock.
    fn lock(&mut self, channel: u32, length: usize, data: &[u8; INIT_PAYLOAD], now: u64) -> Result<Event, Error> {
        let [seconds, ..] = *data;
        if length != 1 {
            return Err(Error::InvalidLen);
        }
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
        match command {
            command::INIT if channel == BROADCAST || self.may_claim(channel) => true,
            _ => self.is_allocated(channel),
        }
    }

    /// Allocates the channel that a host names, unless it was allocated before.
    fn claim(&mut self, channel: u32) -> Result<(), Error> {
        if self.is_allocated(channel) {
            return Ok(());
        }
        self.claimed.push(channel).map_err(|_| Error::InvalidChannel)
    }

    /// A channel number that nobody has. It is neither 0, which is reserved, nor [`BROADCAST`], nor a claimed one.
    fn allocate(&mut self) -> u32 {
        loop {
            self.last_channel = match self.last_channel.wrapping_add(1) {
                BROADCAST => 1,
                next => next,
            };
            if !self.claimed.contains(&self.last_channel) {
                return self.last_channel;
            }
        }
    }
}
