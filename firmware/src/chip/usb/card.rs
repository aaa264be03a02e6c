//! The interface of the smart card reader, and the reader behind it.

use brasskey_protocol::ccid::{Event, PACKET, Reader};
use usb_device::bus::UsbBusAllocator;

use super::ccid::{CcidClass, SLOT};
use crate::board::Bus;

pub(super) struct Card {
    pub(super) class: CcidClass<Bus>,
    pub(super) reader: &'static mut Reader,
    /// A packet for which the controller had no room yet, and its length.
    unsent: Option<([u8; PACKET], usize)>,
}

impl Card {
    pub(super) fn new(bus: &'static UsbBusAllocator<Bus>, reader: &'static mut Reader) -> Self {
        Self {
            class: CcidClass::new(bus),
            reader,
            unsent: None,
        }
    }

    /// Takes in what the host has sent. Returns whether the running request must end.
    pub(super) fn receive(&mut self, now: u64) -> bool {
        let mut packet = [0; PACKET];
        let mut aborts = false;
        while let Some(length) = self.class.receive(&mut packet) {
            let packet = packet.get(..length).unwrap_or_default();
            aborts |= self.reader.receive(packet, now) == Event::Abort;
        }
        if let Some(sequence) = self.class.take_abort() {
            aborts |= self.reader.abort(SLOT, sequence) == Event::Abort;
        }
        aborts
    }

    pub(super) fn send(&mut self) {
        while let Some((packet, length)) = self.unsent.take().or_else(|| self.next()) {
            if !self.class.send(packet.get(..length).unwrap_or_default()) {
                self.unsent = Some((packet, length));
                return;
            }
        }
    }

    fn next(&mut self) -> Option<([u8; PACKET], usize)> {
        let mut packet = [0; PACKET];
        let length = self.reader.transmit(&mut packet)?;
        Some((packet, length))
    }

    /// The link to the host was cut.
    pub(super) fn restart(&mut self) {
        let _ = self.reader.restart();
        self.unsent = None;
    }
}
