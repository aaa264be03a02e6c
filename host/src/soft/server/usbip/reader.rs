//! The smart card reader of the device: CCID, with the key's card in it.

use brasskey_protocol::ccid::{PACKET, Reader};
use brasskey_protocol::limits::MAX_MESSAGE;
use brasskey_protocol::platform::Indication;
use brasskey_protocol::request::Request;
use zeroize::{Zeroize as _, Zeroizing};

use crate::soft::cards::{Carrier, Demand, Incoming};

/// The reader of one attachment.
#[derive(Default)]
pub(super) struct UsbReader(Box<Reader>);

impl Carrier for UsbReader {
    fn receive(&mut self, incoming: Incoming<'_>, now: u64) -> Demand {
        Demand::of_card(match incoming {
            Incoming::Bytes(packet) => self.0.receive(packet, now),
            Incoming::Abort { slot, sequence } => self.0.abort(slot, sequence),
        })
    }

    fn transmit(&mut self) -> Option<Zeroizing<Vec<u8>>> {
        let mut packet = [0; PACKET];
        let length = self.0.transmit(&mut packet)?;
        let sent = packet.get(..length).map(|sent| Zeroizing::new(sent.to_vec()));
        packet.zeroize();
        sent
    }

    fn take_request(&mut self, message: &mut [u8; MAX_MESSAGE], now: u64) -> Option<Request> {
        self.0.take_request(message, now)
    }

    fn respond(&mut self, response: &[u8], now: u64) {
        self.0.respond(response, now);
    }

    fn show(&mut self, indication: Indication, now: u64) {
        self.0.show(indication, now);
    }

    fn tick(&mut self, now: u64) {
        self.0.tick(now);
    }

    fn deadline(&self) -> Option<u64> {
        self.0.deadline()
    }
}
