//! The interface of a smart card reader: a class of `usb-device` that moves packets (USB CCID 1.1).

use brasskey_protocol::ccid::{ABORT, DESCRIPTOR, DESCRIPTOR_TYPE, INTERFACE_CLASS, PACKET};
use usb_device::Result;
use usb_device::class_prelude::*;
use usb_device::control::{Recipient, RequestType};

/// The reader's one slot.
pub(super) const SLOT: u8 = 0;

/// The class. It takes the request to abort (§5.3.1). `usb-device` stalls whatever no class takes, such as the two
/// other requests of this one (§5.3.2, §5.3.3): they list clocks and data rates, of which the reader has one each.
pub(super) struct CcidClass<B: UsbBus + 'static> {
    interface: InterfaceNumber,
    output: EndpointOut<'static, B>,
    input: EndpointIn<'static, B>,
    /// The sequence number of a request to abort.
    abort: Option<u8>,
}

impl<B: UsbBus> CcidClass<B> {
    /// The next interface on the bus, with the next endpoint each way.
    pub(super) fn new(bus: &'static UsbBusAllocator<B>) -> Self {
        Self {
            interface: bus.interface(),
            output: bus.bulk(PACKET as u16),
            input: bus.bulk(PACKET as u16),
            abort: None,
        }
    }

    /// The next packet from the host, if there is one: its length.
    pub(super) fn receive(&self, packet: &mut [u8; PACKET]) -> Option<usize> {
        self.output.read(packet).ok()
    }

    /// Whether the controller has taken a packet for the host. It takes none while it has one.
    pub(super) fn send(&self, packet: &[u8]) -> bool {
        self.input.write(packet).is_ok()
    }

    /// The sequence number of the host's request to abort, once.
    pub(super) fn take_abort(&mut self) -> Option<u8> {
        self.abort.take()
    }
}

impl<B: UsbBus> UsbClass<B> for CcidClass<B> {
    fn get_configuration_descriptors(&self, writer: &mut DescriptorWriter) -> Result<()> {
        writer.interface(self.interface, INTERFACE_CLASS, 0, 0)?;
        let [_, _, content @ ..] = &DESCRIPTOR;
        writer.write(DESCRIPTOR_TYPE, content)?;
        writer.endpoint(&self.output)?;
        writer.endpoint(&self.input)
    }

    fn reset(&mut self) {
        self.abort = None;
    }

    fn control_out(&mut self, transfer: ControlOut<B>) {
        let request = transfer.request();
        let is_ours = request.request_type == RequestType::Class
            && request.recipient == Recipient::Interface
            && request.index == u16::from(u8::from(self.interface));
        let [sequence, slot] = request.value.to_be_bytes();
        if is_ours && request.request == ABORT && slot == SLOT {
            self.abort = Some(sequence);
            // Fails only where the host has begun another transfer meanwhile.
            let _ = transfer.accept();
        }
    }
}
