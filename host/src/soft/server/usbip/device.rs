//! The USB device: descriptors and requests (USB 2.0 §9, HID 1.11 §7, CCID 1.1 §5). They are the same bytes as those of
//! the key on a chip, except for the name and number.

use brasskey_protocol::ccid;
use brasskey_protocol::ctaphid::{REPORT_DESCRIPTOR, Report};
use brasskey_protocol::usb::{
    CCID_ENDPOINT, CCID_INTERFACE, HID_ENDPOINT, HID_INTERFACE, INTERVAL, MANUFACTURER, POWER, PRODUCT_ID, VENDOR_ID,
    bcd_version,
};

use crate::soft::Identity;
use crate::soft::about::VERSION;

/// The classes of the interfaces, by their numbers: HID, and smart card readers.
pub(super) const CLASSES: [u8; 2] = [0x03, ccid::INTERFACE_CLASS];
/// The one configuration.
pub(super) const CONFIGURATION_VALUE: u8 = 1;

// Descriptor types.
const DEVICE: u8 = 0x01;
const CONFIGURATION: u8 = 0x02;
const STRING: u8 = 0x03;
const INTERFACE: u8 = 0x04;
const ENDPOINT: u8 = 0x05;
const BOS: u8 = 0x0F;
const HID: u8 = 0x21;
const REPORT: u8 = 0x22;

/// The bit of an endpoint's address that says that its data goes to the host.
const IN: u8 = 0x80;

/// The language of the strings: English (United States).
const LANGUAGE: u16 = 0x0409;
/// The longest data that a host may send with a request, in bytes.
const DATA_MAX: usize = 128;

/// The device of one attachment.
pub(super) struct Device {
    /// Manufacturer, product, serial number.
    strings: [String; 3],
    pub(super) is_configured: bool,
}

/// A setup packet (USB 2.0 §9.3).
#[derive(Clone, Copy, Debug)]
pub(super) struct Setup {
    kind: u8,
    request: u8,
    value: u16,
    index: u16,
    length: u16,
}

/// How a control transfer ends.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// With data for the host.
    Data(Vec<u8>),
    /// Done.
    Done,
    /// Done, with a report for the key.
    Report(Report),
    /// Done, with an ABORT for the smart card.
    Abort { slot: u8, sequence: u8 },
    /// Refused.
    Stall,
}

impl From<[u8; 8]> for Setup {
    fn from([kind, request, a, b, c, d, e, f]: [u8; 8]) -> Self {
        Self {
            kind,
            request,
            value: u16::from_le_bytes([a, b]),
            index: u16::from_le_bytes([c, d]),
            length: u16::from_le_bytes([e, f]),
        }
    }
}

impl Device {
    /// A device that was just plugged in.
    pub(super) fn new(identity: &Identity) -> Self {
        Self {
            strings: [MANUFACTURER.to_owned(), identity.product(), identity.serial.to_string()],
            is_configured: false,
        }
    }

    /// Does a control transfer. `data` is what the host sends with it.
    pub(super) fn control(&mut self, setup: Setup, data: &[u8]) -> Answer {
        if setup.kind & 0x80 == 0 {
            return self.write(setup, data);
        }
        match self.read(setup) {
            Some(mut data) => {
                data.truncate(setup.length.into());
                Answer::Data(data)
            }
            None => Answer::Stall,
        }
    }

    /// Requests for data. Bits 5 and 6 of their kind are 0 for the requests of the standard; bits 0 to 4 name the
    /// recipient: device, interface or endpoint.
    fn read(&self, setup: Setup) -> Option<Vec<u8>> {
        match (setup.kind, setup.request) {
            // GET_STATUS: powered by the bus; nothing is halted.
            (0x80..=0x82, 0x00) => Some(vec![0, 0]),
            // GET_DESCRIPTOR.
            (0x80, 0x06) => self.descriptor(setup.value, setup.index),
            (0x81, 0x06) => class_descriptor(setup.index, setup.value),
            // GET_CONFIGURATION.
            (0x80, 0x08) => Some(vec![u8::from(self.is_configured)]),
            // GET_INTERFACE.
            (0x81, 0x0A) => Some(vec![0]),
            _ => None,
        }
    }

    fn descriptor(&self, value: u16, language: u16) -> Option<Vec<u8>> {
        let [kind, index] = value.to_be_bytes();
        match kind {
            DEVICE => Some(device_descriptor()),
            CONFIGURATION => Some(configuration_descriptor()),
            STRING if index == 0 => Some(descriptor(STRING, &LANGUAGE.to_le_bytes())),
            STRING if language == LANGUAGE => {
                let string = self.strings.get(usize::from(index).checked_sub(1)?)?;
                let units: Vec<u8> = string.encode_utf16().flat_map(u16::to_le_bytes).collect();
                Some(descriptor(STRING, &units))
            }
            // One capability, the USB 2.0 extension, with nothing in it.
            BOS => Some([descriptor(BOS, &[12, 0, 1]), descriptor(0x10, &[0x02, 0, 0, 0, 0])].concat()),
            _ => None,
        }
    }

    /// Requests without data, or with data from the host.
    fn write(&mut self, setup: Setup, data: &[u8]) -> Answer {
        match (setup.kind, setup.request) {
            // SET_CONFIGURATION.
            (0x00, 0x09) if setup.value <= CONFIGURATION_VALUE.into() => {
                self.is_configured = setup.value != 0;
                Answer::Done
            }
            // SET_INTERFACE: the one setting of either interface.
            (0x01, 0x0B) if setup.value == 0 && usize::from(setup.index) < CLASSES.len() => Answer::Done,
            // CLEAR_FEATURE of an endpoint: ENDPOINT_HALT.
            (0x02, 0x01) if setup.value == 0 => Answer::Done,
            // SET_IDLE: changes nothing, since the key sends reports only when it has some.
            (0x21, 0x0A) if setup.index == 0 => Answer::Done,
            // SET_REPORT, for hosts that do not use the OUT endpoint. Every report is of 64 bytes (CTAP 2.3 §11.2.4).
            (0x21, 0x09) if setup.index == 0 && data.len() <= DATA_MAX => {
                data.try_into().map_or(Answer::Done, Answer::Report)
            }
            // ABORT of the smart card reader. There is one slot.
            (0x21, ccid::ABORT) if setup.index == u16::from(CCID_INTERFACE) && setup.value & 0xFF == 0 => {
                let [slot, sequence] = setup.value.to_le_bytes();
                Answer::Abort { slot, sequence }
            }
            _ => Answer::Stall,
        }
    }
}

/// A descriptor with its length and kind in front. The longest string, with a name of 32 characters, has 108 bytes.
fn descriptor(kind: u8, body: &[u8]) -> Vec<u8> {
    let length = u8::try_from(body.len() + 2).unwrap_or(u8::MAX);
    [&[length, kind], body].concat()
}

fn device_descriptor() -> Vec<u8> {
    let [vendor, product, version] = [VENDOR_ID, PRODUCT_ID, bcd_version(VERSION)].map(u16::to_le_bytes);
    // USB 2.1; the interface has the class; 8 bytes a packet on endpoint 0.
    let mut body = vec![0x10, 0x02, 0, 0, 0, 8];
    body.extend([vendor, product, version].concat());
    // Where the strings are; one configuration.
    body.extend([1, 2, 3, 1]);
    descriptor(DEVICE, &body)
}

fn configuration_descriptor() -> Vec<u8> {
    let [hid, reader] = CLASSES;
    let parts = [
        // Two endpoints, no subclass, no protocol, no string.
        descriptor(INTERFACE, &[HID_INTERFACE, 0, 2, hid, 0, 0, 0]),
        hid_descriptor(),
        // Interrupt endpoints for 64 bytes, OUT and IN.
        descriptor(ENDPOINT, &[HID_ENDPOINT, 0x03, 64, 0, INTERVAL]),
        descriptor(ENDPOINT, &[IN | HID_ENDPOINT, 0x03, 64, 0, INTERVAL]),
        descriptor(INTERFACE, &[CCID_INTERFACE, 0, 2, reader, 0, 0, 0]),
        ccid::DESCRIPTOR.to_vec(),
        // Bulk endpoints for 64 bytes, OUT and IN.
        descriptor(ENDPOINT, &[CCID_ENDPOINT, 0x02, 64, 0, 0]),
        descriptor(ENDPOINT, &[IN | CCID_ENDPOINT, 0x02, 64, 0, 0]),
    ]
    .concat();
    let [low, high] = u16::try_from(parts.len() + 9).unwrap_or(u16::MAX).to_le_bytes();
    // Two interfaces; powered by the bus, in units of 2 mA.
    let head = descriptor(CONFIGURATION, &[low, high, 2, CONFIGURATION_VALUE, 0, 0x80, POWER / 2]);
    [head, parts].concat()
}

/// The descriptors of an interface's class.
fn class_descriptor(interface: u16, value: u16) -> Option<Vec<u8>> {
    let [kind, _] = value.to_be_bytes();
    match (u8::try_from(interface).ok()?, kind) {
        (HID_INTERFACE, HID) => Some(hid_descriptor()),
        (HID_INTERFACE, REPORT) => Some(REPORT_DESCRIPTOR.to_vec()),
        (CCID_INTERFACE, ccid::DESCRIPTOR_TYPE) => Some(ccid::DESCRIPTOR.to_vec()),
        _ => None,
    }
}

/// HID 1.10, no country, one descriptor: that of the reports.
fn hid_descriptor() -> Vec<u8> {
    let length = u8::try_from(REPORT_DESCRIPTOR.len()).unwrap_or(u8::MAX);
    descriptor(HID, &[0x10, 0x01, 0, 1, REPORT, length, 0])
}
