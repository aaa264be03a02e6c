//! The events that `/dev/uhid` exchanges, as `linux/uhid.h` lays them out: packed, in the computer's byte order.

use brasskey_protocol::ctaphid::{REPORT_DESCRIPTOR, Report};
use brasskey_protocol::limits::REPORT_SIZE;
use brasskey_protocol::usb::{PRODUCT_ID, VENDOR_ID};

use crate::soft::Identity;
use crate::soft::about::VERSION;

/// `struct uhid_event`, in bytes.
pub(super) const EVENT_SIZE: usize = 4380;

/// `UHID_DATA_MAX`: the room for a report, in bytes.
const DATA_MAX: usize = 4096;

// `enum uhid_event_type`.
pub(super) const DESTROY: u32 = 1;
pub(super) const CLOSE: u32 = 5;
pub(super) const OUTPUT: u32 = 6;
pub(super) const GET_REPORT: u32 = 9;
pub(super) const GET_REPORT_REPLY: u32 = 10;
pub(super) const CREATE2: u32 = 11;
pub(super) const INPUT2: u32 = 12;
pub(super) const SET_REPORT: u32 = 13;
pub(super) const SET_REPORT_REPLY: u32 = 14;

/// `UHID_OUTPUT_REPORT` of `enum uhid_report_type`.
pub(super) const OUTPUT_REPORT: u8 = 1;

/// The error that a host gets, of `asm-generic/errno-base.h`.
const EIO: u16 = 5;

/// `BUS_USB` of `linux/input.h`: clients do not look for USB keys on any other bus.
const BUS_USB: u16 = 0x03;

/// What the kernel says or asks.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Event {
    /// `UHID_OUTPUT`: a host sent a report.
    Output(Report),
    /// `UHID_GET_REPORT`: a host asks for a report instead of waiting for one.
    GetReport { id: u32 },
    /// `UHID_SET_REPORT`: a host sent a report by the control pipe. `None` where a key does not take such a report.
    SetReport { id: u32, report: Option<Report> },
    /// `UHID_CLOSE`: no host has the device open any more.
    Close,
    /// Nothing that a key must act on, such as `UHID_OPEN`, or a report of another size.
    Other,
}

impl Event {
    /// Reads an event.
    pub(super) fn parse(event: &[u8; EVENT_SIZE]) -> Self {
        let mut fields = Fields(event);
        match fields.u32() {
            CLOSE => Self::Close,
            OUTPUT => {
                let data = fields.take(DATA_MAX);
                let (size, kind) = (fields.u16(), fields.u8());
                report(data, size, kind).map_or(Self::Other, Self::Output)
            }
            GET_REPORT => Self::GetReport { id: fields.u32() },
            SET_REPORT => {
                let (id, _number, kind, size) = (fields.u32(), fields.u8(), fields.u8(), fields.u16());
                let report = report(fields.take(DATA_MAX), size, kind);
                Self::SetReport { id, report }
            }
            _ => Self::Other,
        }
    }
}

/// The report in `data`. Through hidraw it comes after a report number, which is 0 as the key has no numbers.
fn report(data: &[u8], size: u16, kind: u8) -> Option<Report> {
    let data = data.get(..size.into()).filter(|_| kind == OUTPUT_REPORT)?;
    match (data.len(), data) {
        (REPORT_SIZE, report) | (_, [0, report @ ..]) => report.try_into().ok(),
        _ => None,
    }
}

/// The fields of an event, one after the other. After its end they are zero.
struct Fields<'a>(&'a [u8]);

impl<'a> Fields<'a> {
    fn take(&mut self, length: usize) -> &'a [u8] {
        let (field, rest) = self.0.split_at(length.min(self.0.len()));
        self.0 = rest;
        field
    }

    fn array<const N: usize>(&mut self) -> [u8; N] {
        self.take(N).try_into().unwrap_or([0; N])
    }

    fn u8(&mut self) -> u8 {
        u8::from_ne_bytes(self.array())
    }

    fn u16(&mut self) -> u16 {
        u16::from_ne_bytes(self.array())
    }

    fn u32(&mut self) -> u32 {
        u32::from_ne_bytes(self.array())
    }
}

/// `UHID_CREATE2`: makes the device, at `place`.
pub(super) fn create(identity: &Identity, place: &str) -> Vec<u8> {
    let version = brasskey_protocol::usb::bcd_version(VERSION);
    let mut event = CREATE2.to_ne_bytes().to_vec();
    event.extend(text::<128>(&identity.product()));
    event.extend(text::<64>(place));
    event.extend(text::<64>(&identity.serial.to_string()));
    event.extend(REPORT_DESCRIPTOR_SIZE.to_ne_bytes());
    event.extend(BUS_USB.to_ne_bytes());
    // Vendor, product, version, country.
    for number in [VENDOR_ID.into(), PRODUCT_ID.into(), u32::from(version), 0] {
        event.extend(number.to_ne_bytes());
    }
    event.extend(REPORT_DESCRIPTOR);
    event
}

#[expect(clippy::cast_possible_truncation, reason = "34")]
const REPORT_DESCRIPTOR_SIZE: u16 = REPORT_DESCRIPTOR.len() as u16;

/// A text, filled up with zeros.
fn text<const SIZE: usize>(text: &str) -> [u8; SIZE] {
    let mut field = [0; SIZE];
    for (place, byte) in field.iter_mut().take(SIZE - 1).zip(text.bytes()) {
        *place = byte;
    }
    field
}

/// `UHID_DESTROY`: unplugs the device.
pub(super) fn destroy() -> [u8; 4] {
    DESTROY.to_ne_bytes()
}

/// `UHID_INPUT2`: the key sends a report.
pub(super) fn input(report: &Report) -> [u8; 6 + REPORT_SIZE] {
    #[expect(clippy::cast_possible_truncation, reason = "64")]
    const SIZE: u16 = REPORT_SIZE as u16;
    let mut event = [0; 6 + REPORT_SIZE];
    let (kind, rest) = event.split_at_mut(4);
    let (size, data) = rest.split_at_mut(2);
    kind.copy_from_slice(&INPUT2.to_ne_bytes());
    size.copy_from_slice(&SIZE.to_ne_bytes());
    data.copy_from_slice(report);
    event
}

/// `UHID_GET_REPORT_REPLY`: an error, since a key sends its reports by itself.
pub(super) fn get_report_reply(id: u32) -> Vec<u8> {
    reply(GET_REPORT_REPLY, id, false)
}

/// `UHID_SET_REPORT_REPLY`.
pub(super) fn set_report_reply(id: u32, is_taken: bool) -> Vec<u8> {
    reply(SET_REPORT_REPLY, id, is_taken)
}

fn reply(kind: u32, id: u32, is_good: bool) -> Vec<u8> {
    let error = if is_good { 0 } else { EIO };
    let mut event = [kind, id].map(u32::to_ne_bytes).concat();
    event.extend(error.to_ne_bytes());
    event
}
