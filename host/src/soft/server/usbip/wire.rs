//! USB/IP on the wire, version 1.1.1 (the Linux kernel's `Documentation/usb/usbip_protocol.rst`): big-endian.

use std::io::{self, ErrorKind, Read};

use brasskey_protocol::usb::{PRODUCT_ID, VENDOR_ID, bcd_version};

use super::BUS_ID;
use super::device::{CLASSES, CONFIGURATION_VALUE};
use crate::soft::about::VERSION;

const USBIP_VERSION: u16 = 0x0111;

const OP_REQ_DEVLIST: u16 = 0x8005;
const OP_REP_DEVLIST: u16 = 0x0005;
const OP_REQ_IMPORT: u16 = 0x8003;
const OP_REP_IMPORT: u16 = 0x0003;

const USBIP_CMD_SUBMIT: u32 = 1;
const USBIP_CMD_UNLINK: u32 = 2;
const USBIP_RET_SUBMIT: u32 = 3;
const USBIP_RET_UNLINK: u32 = 4;

/// The size of a bus ID, in bytes, filled up with zeros.
const BUS_ID_SIZE: usize = 32;
/// The size of a device's path, in bytes, filled up with zeros.
const PATH_SIZE: usize = 256;
/// Where the server's computer would have the device. Only shown to people.
const PATH: &str = "/sys/devices/brasskey/usb1/1-1";
/// `USB_SPEED_FULL` of `linux/usb/ch9.h`.
const SPEED_FULL: u32 = 2;
/// How many bytes a host may send in one transfer: far more than a key takes.
const TRANSFER_MAX: u32 = 64 * 1024;

// USB/IP uses the error numbers of Linux.
/// A transfer was refused: `EPIPE`.
pub(super) const STALL: i32 = -32;
/// The host has less room than a report needs: `EOVERFLOW`.
pub(super) const OVERFLOW: i32 = -75;
/// A transfer was unlinked before it took place: `ECONNRESET`.
pub(super) const UNLINKED: i32 = -104;

/// What a host asks for when it connects.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Request {
    /// OP_REQ_DEVLIST.
    DeviceList,
    /// OP_REQ_IMPORT: the bus ID.
    Import(Vec<u8>),
}

/// The status of an import.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ImportStatus {
    Ok = 0,
    /// `ST_DEV_BUSY`: another host has the device.
    Busy = 2,
    /// `ST_NODEV`.
    NoDevice = 4,
}

/// What an attached host sends.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Command {
    /// USBIP_CMD_SUBMIT.
    Submit(Urb),
    /// USBIP_CMD_UNLINK: the host takes back the transfer `target`.
    Unlink { sequence: u32, target: u32 },
}

/// A USB request block.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Urb {
    pub(super) sequence: u32,
    pub(super) endpoint: u32,
    /// Whether the data goes to the host.
    pub(super) is_in: bool,
    /// The room for data to the host, or the length of data from it.
    pub(super) length: usize,
    /// The setup packet of a control transfer.
    pub(super) setup: [u8; 8],
    /// The data that the host sends.
    pub(super) data: Vec<u8>,
}

/// Reads what a host asks for when it connects.
pub(super) fn read_request(from: &mut impl Read) -> io::Result<Request> {
    let [version, code] = [read_u16(from)?, read_u16(from)?];
    let _status = read_u32(from)?;
    match code {
        _ if version != USBIP_VERSION => Err(malformed()),
        OP_REQ_DEVLIST => Ok(Request::DeviceList),
        OP_REQ_IMPORT => {
            let field: [u8; BUS_ID_SIZE] = read(from)?;
            let id = field.split(|byte| *byte == 0).next().unwrap_or_default();
            Ok(Request::Import(id.to_vec()))
        }
        _ => Err(malformed()),
    }
}

/// OP_REP_DEVLIST.
pub(super) fn device_list(is_there: bool) -> Vec<u8> {
    let mut reply = reply_header(OP_REP_DEVLIST, ImportStatus::Ok);
    reply.extend(u32::from(is_there).to_be_bytes());
    if is_there {
        reply.extend(device());
        // The interfaces: no subclass, no protocol, one byte of padding.
        reply.extend(CLASSES.iter().flat_map(|class| [*class, 0, 0, 0]));
    }
    reply
}

/// OP_REP_IMPORT.
pub(super) fn import(status: ImportStatus) -> Vec<u8> {
    let mut reply = reply_header(OP_REP_IMPORT, status);
    if status == ImportStatus::Ok {
        reply.extend(device());
    }
    reply
}

fn reply_header(code: u16, status: ImportStatus) -> Vec<u8> {
    let mut header = [USBIP_VERSION, code].map(u16::to_be_bytes).concat();
    header.extend((status as u32).to_be_bytes());
    header
}

/// `struct usbip_usb_device`.
fn device() -> Vec<u8> {
    let mut device = PATH.as_bytes().to_vec();
    device.resize(PATH_SIZE, 0);
    device.extend(BUS_ID.as_bytes());
    device.resize(PATH_SIZE + BUS_ID_SIZE, 0);
    // Bus and device number, speed.
    device.extend([1, 1, SPEED_FULL].map(u32::to_be_bytes).concat());
    device.extend(
        [VENDOR_ID, PRODUCT_ID, bcd_version(VERSION)]
            .map(u16::to_be_bytes)
            .concat(),
    );
    // The interfaces have class, subclass and protocol. There is one configuration.
    #[expect(clippy::cast_possible_truncation, reason = "2")]
    device.extend([0, 0, 0, CONFIGURATION_VALUE, 1, CLASSES.len() as u8]);
    device
}

/// Reads what an attached host sends.
pub(super) fn read_command(from: &mut impl Read) -> io::Result<Command> {
    let [command, sequence, _device, direction, endpoint] = read_u32s(from)?;
    match command {
        USBIP_CMD_SUBMIT => {
            let [_flags, length, _start_frame, packets, _interval] = read_u32s(from)?;
            let setup = read(from)?;
            // The packets of an isochronous transfer would follow, but the key has no endpoint for that.
            let is_in = direction == 1;
            if direction > 1 || !is_in && length > TRANSFER_MAX || !matches!(packets, 0 | u32::MAX) {
                return Err(malformed());
            }
            let mut data = Vec::new();
            if !is_in && from.take(length.into()).read_to_end(&mut data)? != length as usize {
                return Err(ErrorKind::UnexpectedEof.into());
            }
            Ok(Command::Submit(Urb {
                sequence,
                endpoint,
                is_in,
                length: length as usize,
                setup,
                data,
            }))
        }
        USBIP_CMD_UNLINK => {
            let [target, ..] = read_u32s::<7>(from)?;
            Ok(Command::Unlink { sequence, target })
        }
        _ => Err(malformed()),
    }
}

/// USBIP_RET_SUBMIT: how a transfer ended. It moved `length` bytes; `data` holds them where they go to the host.
pub(super) fn submitted(sequence: u32, status: i32, length: u32, data: &[u8]) -> Vec<u8> {
    let mut reply = header(USBIP_RET_SUBMIT, sequence, status);
    reply.extend(length.to_be_bytes());
    // Start frame, packets, errors, and 8 bytes of padding.
    reply.extend([0; 20]);
    reply.extend(data);
    reply
}

/// USBIP_RET_UNLINK.
pub(super) fn unlinked(sequence: u32, status: i32) -> Vec<u8> {
    let mut reply = header(USBIP_RET_UNLINK, sequence, status);
    reply.extend([0; 24]);
    reply
}

fn header(command: u32, sequence: u32, status: i32) -> Vec<u8> {
    // A reply names neither device, direction nor endpoint.
    let mut header = [command, sequence, 0, 0, 0].map(u32::to_be_bytes).concat();
    header.extend(status.to_be_bytes());
    header
}

fn read<const N: usize>(from: &mut impl Read) -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    from.read_exact(&mut bytes)?;
    Ok(bytes)
}

fn read_u16(from: &mut impl Read) -> io::Result<u16> {
    read(from).map(u16::from_be_bytes)
}

fn read_u32(from: &mut impl Read) -> io::Result<u32> {
    read(from).map(u32::from_be_bytes)
}

fn read_u32s<const N: usize>(from: &mut impl Read) -> io::Result<[u32; N]> {
    let mut numbers = [0; N];
    for number in &mut numbers {
        *number = read_u32(from)?;
    }
    Ok(numbers)
}

fn malformed() -> io::Error {
    ErrorKind::InvalidData.into()
}
