//! The key as a smart card: what carries its APDUs, one carrier for each reader that the card is in.

use std::fmt::Debug;
use std::sync::Arc;

use brasskey_protocol::ctaphid::BROADCAST;
use brasskey_protocol::iso7816::Event;
use brasskey_protocol::limits::MAX_MESSAGE;
use brasskey_protocol::platform::Indication;
use brasskey_protocol::request::{CARD, Request};
use zeroize::Zeroizing;

use super::host::HostId;

/// A reader with the key's card in it.
pub(super) trait CardHost: Debug + Send + Sync {
    /// Which reader this is.
    fn id(&self) -> HostId;

    /// Sends one message or packet. A reader that is gone loses it: a key never waits for a host.
    fn send(&self, bytes: &[u8]);
}

/// What comes from a reader.
#[derive(Clone, Copy, Debug)]
pub(super) enum Incoming<'a> {
    /// One message or packet.
    Bytes(&'a [u8]),
    /// ABORT on the control pipe (CCID 1.1 §5.3.1).
    Abort { slot: u8, sequence: u8 },
}

/// What an incoming message demands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Demand {
    Nothing,
    /// A request waits to be taken.
    Run,
    /// The request that runs has to end.
    Abort,
}

impl Demand {
    /// Where a request waits behind the one that has to end, it is taken when that has ended.
    pub(super) const fn of_card(event: Event) -> Self {
        match event {
            Event::None => Self::Nothing,
            Event::Request => Self::Run,
            Event::Abort => Self::Abort,
        }
    }
}

/// What the reader's messages mean to the card.
pub(super) trait Carrier: Send {
    fn receive(&mut self, incoming: Incoming<'_>, now: u64) -> Demand;

    /// What is to be sent next, until there is nothing.
    fn transmit(&mut self) -> Option<Zeroizing<Vec<u8>>>;

    fn take_request(&mut self, message: &mut [u8; MAX_MESSAGE], now: u64) -> Option<Request>;

    fn respond(&mut self, response: &[u8], now: u64);

    fn show(&mut self, indication: Indication, now: u64);

    fn tick(&mut self, now: u64);

    fn deadline(&self) -> Option<u64>;
}

/// By which kind of reader a card is reached. There may be one of each at a time, and what the host of one has begun is
/// no other's: each has a number that no CTAPHID channel has as its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// pcscd's driver of virtual cards.
    Virtual,
    /// A reader on USB.
    Usb,
}

impl Kind {
    /// The channel of its requests.
    pub(super) const fn channel(self) -> u32 {
        match self {
            Self::Virtual => CARD,
            Self::Usb => BROADCAST,
        }
    }

    /// Whether requests on `channel` come by a reader of any kind.
    pub(super) const fn is_channel(channel: u32) -> bool {
        channel == CARD || channel == BROADCAST
    }
}

/// A reader with a card in it.
struct Slot {
    kind: Kind,
    host: Arc<dyn CardHost>,
    carrier: Box<dyn Carrier>,
}

/// All readers with a card in them. The one that was served last comes last.
#[derive(Default)]
pub(super) struct Cards(Vec<Slot>);

impl Cards {
    pub(super) fn insert(&mut self, kind: Kind, host: Arc<dyn CardHost>, carrier: Box<dyn Carrier>) {
        self.0.push(Slot { kind, host, carrier });
    }

    /// Takes the card out of a reader.
    pub(super) fn remove(&mut self, reader: HostId) {
        self.0.retain(|slot| slot.host.id() != reader);
    }

    /// Takes it out of all.
    pub(super) fn clear(&mut self) {
        self.0.clear();
    }

    /// Takes in what a reader sent. One without a card has nothing to say.
    pub(super) fn receive(&mut self, reader: HostId, incoming: Incoming<'_>, now: u64) -> Demand {
        self.with(reader, |carrier| carrier.receive(incoming, now))
            .unwrap_or(Demand::Nothing)
    }

    /// Hands over a request that waits, and says which reader it came from.
    pub(super) fn take_request(&mut self, message: &mut [u8; MAX_MESSAGE], now: u64) -> Option<(HostId, Request)> {
        let (index, request) = self
            .0
            .iter_mut()
            .enumerate()
            .find_map(|(index, slot)| Some((index, slot.carrier.take_request(message, now)?)))?;
        let slot = self.0.remove(index);
        let (reader, channel) = (slot.host.id(), slot.kind.channel());
        self.0.push(slot);
        Some((reader, Request { channel, ..request }))
    }

    pub(super) fn respond(&mut self, reader: HostId, response: &[u8], now: u64) {
        self.with(reader, |carrier| carrier.respond(response, now));
    }

    pub(super) fn show(&mut self, reader: HostId, indication: Indication, now: u64) {
        self.with(reader, |carrier| carrier.show(indication, now));
    }

    /// Does what has fallen due.
    pub(super) fn tick(&mut self, now: u64) {
        for slot in &mut self.0 {
            slot.carrier.tick(now);
            slot.transmit();
        }
    }

    pub(super) fn deadline(&self) -> Option<u64> {
        self.0.iter().filter_map(|slot| slot.carrier.deadline()).min()
    }

    /// Has a carrier do something, and sends what it then has to say.
    fn with<T>(&mut self, reader: HostId, act: impl FnOnce(&mut dyn Carrier) -> T) -> Option<T> {
        let slot = self.0.iter_mut().find(|slot| slot.host.id() == reader)?;
        let done = act(slot.carrier.as_mut());
        slot.transmit();
        Some(done)
    }
}

impl Slot {
    fn transmit(&mut self) {
        while let Some(bytes) = self.carrier.transmit() {
            self.host.send(&bytes);
        }
    }
}
