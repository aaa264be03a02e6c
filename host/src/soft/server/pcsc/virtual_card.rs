//! What vpcd and its card tell each other: a length of two bytes, big-endian, and then that many bytes.

use brasskey_protocol::iso7816::{ATR, Card, Event};
use brasskey_protocol::limits::MAX_MESSAGE;
use brasskey_protocol::platform::Indication;
use brasskey_protocol::request::Request;
use zeroize::{Zeroize as _, Zeroizing};

use crate::soft::cards::{Carrier, Demand, Incoming};

// A message of one byte is no APDU, but one of these. Only the last is answered.
const POWER_OFF: u8 = 0;
const POWER_ON: u8 = 1;
const RESET: u8 = 2;
const GET_ATR: u8 = 4;

/// The longest message, in bytes, with its length.
const FRAME_MAX: usize = 2 + 0xFFFF;

/// The card of a connection to vpcd.
#[derive(Default)]
pub(super) struct VirtualCard {
    card: Box<Card>,
    /// vpcd has asked for the ATR.
    tells_atr: bool,
}

impl Carrier for VirtualCard {
    fn receive(&mut self, incoming: Incoming<'_>, now: u64) -> Demand {
        let Incoming::Bytes(message) = incoming else {
            return Demand::Nothing;
        };
        let event = match message {
            [POWER_OFF] => self.card.power_off(),
            [POWER_ON | RESET] => {
                let event = self.card.power_off();
                self.card.power_on();
                event
            }
            [GET_ATR] => {
                self.tells_atr = true;
                Event::None
            }
            [] | [_] => Event::None,
            apdu => self.card.receive(apdu, now),
        };
        Demand::of_card(event)
    }

    fn transmit(&mut self) -> Option<Zeroizing<Vec<u8>>> {
        if std::mem::take(&mut self.tells_atr) {
            return frame(&ATR);
        }
        frame(self.card.response()?)
    }

    fn take_request(&mut self, message: &mut [u8; MAX_MESSAGE], now: u64) -> Option<Request> {
        self.card.take_request(message, now)
    }

    fn respond(&mut self, response: &[u8], now: u64) {
        self.card.respond(response, now);
    }

    fn show(&mut self, indication: Indication, now: u64) {
        self.card.show(indication, now);
    }

    fn tick(&mut self, now: u64) {
        self.card.tick(now);
    }

    fn deadline(&self) -> Option<u64> {
        self.card.deadline()
    }
}

/// What was received and is not a whole message yet. APDUs carry secrets, so nothing of them is left behind.
pub(super) struct Inbox(Zeroizing<Vec<u8>>);

impl Inbox {
    pub(super) fn new() -> Self {
        // It never grows, which would leave a copy of what it holds.
        Self(Zeroizing::new(Vec::with_capacity(2 * FRAME_MAX)))
    }

    /// Adds what was received, and wipes it there. Whole messages were taken before: there is room for another.
    pub(super) fn put(&mut self, received: &mut [u8]) {
        self.0.extend_from_slice(received);
        received.zeroize();
    }

    /// The first whole message.
    pub(super) fn take(&mut self) -> Option<Zeroizing<Vec<u8>>> {
        let (length, rest) = self.0.split_first_chunk()?;
        let message = rest.get(..u16::from_be_bytes(*length).into())?;
        let message = Zeroizing::new(message.to_vec());
        let rest = self.0.len() - message.len() - 2;
        self.0.copy_within(message.len() + 2.., 0);
        if let Some(moved) = self.0.get_mut(rest..) {
            moved.zeroize();
        }
        self.0.truncate(rest);
        Some(message)
    }
}

/// A message with its length. `None` for one that is too long, which no response is.
fn frame(message: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let length = u16::try_from(message.len()).ok()?;
    Some(Zeroizing::new([&length.to_be_bytes(), message].concat()))
}
