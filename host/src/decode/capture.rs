//! Captures of USB: pcap and pcapng, from Linux's usbmon and from USBPcap on Windows.

use brasskey_protocol::ctaphid::Report;

use super::ctaphid::{Side, is_report};
use super::tree::Fault;

/// A report in a capture.
pub(super) struct Captured<'a> {
    /// Where it begins in the file.
    pub(super) at: usize,
    pub(super) side: Side,
    pub(super) report: &'a Report,
    /// The bus and the device.
    device: (u16, u16),
}

/// Types of link (tcpdump.org's registry): how a packet's header is laid out.
const USB_LINUX: u32 = 189;
const USB_LINUX_MMAPPED: u32 = 220;
const USBPCAP: u32 = 249;

/// An interrupt transfer, by both headers.
const INTERRUPT: u8 = 1;

/// Whether this is a capture.
pub(super) fn is_capture(bytes: &[u8]) -> bool {
    matches!(
        bytes,
        [0xA1, 0xB2, 0xC3, 0xD4, ..]
            | [0xD4, 0xC3, 0xB2, 0xA1, ..]
            | [0xA1, 0xB2, 0x3C, 0x4D, ..]
            | [0x4D, 0x3C, 0xB2, 0xA1, ..]
            | [0x0A, 0x0D, 0x0D, 0x0A, ..]
    )
}

/// The reports of security keys in a capture.
pub(super) fn reports<'a>(bytes: &'a [u8], faults: &mut Vec<Fault>) -> Vec<Captured<'a>> {
    let packets = match bytes {
        [0x0A, 0x0D, 0x0D, 0x0A, ..] => next_generation(bytes, faults),
        _ => classic(bytes, faults),
    };
    let mut found: Vec<Captured<'_>> = packets.into_iter().filter_map(Packet::report).collect();
    // A keyboard's reports are shorter, but some other device may have reports of this size.
    let mut keys = Vec::new();
    for captured in &found {
        if is_report(captured.report) && !keys.contains(&captured.device) {
            keys.push(captured.device);
        }
    }
    found.retain(|captured| keys.contains(&captured.device));
    found
}

/// Numbers in the byte order of the computer that captured.
#[derive(Clone, Copy)]
struct Order {
    is_big: bool,
}

impl Order {
    fn u32(self, bytes: &[u8], at: usize) -> Option<u32> {
        let four: [u8; 4] = bytes.get(at..at.checked_add(4)?)?.try_into().ok()?;
        Some(if self.is_big {
            u32::from_be_bytes(four)
        } else {
            u32::from_le_bytes(four)
        })
    }

    fn u16(self, bytes: &[u8], at: usize) -> Option<u16> {
        let two: [u8; 2] = bytes.get(at..at.checked_add(2)?)?.try_into().ok()?;
        Some(if self.is_big {
            u16::from_be_bytes(two)
        } else {
            u16::from_le_bytes(two)
        })
    }

    fn size(self, bytes: &[u8], at: usize) -> Option<usize> {
        self.u32(bytes, at).and_then(|size| size.try_into().ok())
    }
}

struct Packet<'a> {
    order: Order,
    link: u32,
    at: usize,
    bytes: &'a [u8],
}

impl<'a> Packet<'a> {
    fn report(self) -> Option<Captured<'a>> {
        let (header, side, device) = match self.link {
            USB_LINUX => (
                48,
                self.usbmon()?,
                (self.order.u16(self.bytes, 12)?, u16::from(*self.bytes.get(11)?)),
            ),
            USB_LINUX_MMAPPED => (
                64,
                self.usbmon()?,
                (self.order.u16(self.bytes, 12)?, u16::from(*self.bytes.get(11)?)),
            ),
            USBPCAP => self.usbpcap()?,
            _ => return None,
        };
        let report = self.bytes.get(header..)?.try_into().ok()?;
        Some(Captured {
            at: self.at + header,
            side,
            report,
            device,
        })
    }

    /// Linux's `struct usbmon_packet` (Documentation/usb/usbmon.rst): data goes out with the submission, and comes in
    /// with the completion.
    fn usbmon(&self) -> Option<Side> {
        let (event, transfer, endpoint) = (self.bytes.get(8)?, self.bytes.get(9)?, self.bytes.get(10)?);
        match (event, endpoint & 0x80) {
            _ if *transfer != INTERRUPT => None,
            (b'S', 0) => Some(Side::Host),
            (b'C', 0x80) => Some(Side::Key),
            _ => None,
        }
    }

    /// USBPcap's header, always with the low byte first.
    fn usbpcap(&self) -> Option<(usize, Side, (u16, u16))> {
        let order = Order { is_big: false };
        let header = usize::from(order.u16(self.bytes, 0)?);
        let (info, endpoint, transfer) = (self.bytes.get(16)?, self.bytes.get(21)?, self.bytes.get(22)?);
        let device = (order.u16(self.bytes, 17)?, order.u16(self.bytes, 19)?);
        let comes_back = info & 1 == 1;
        match (comes_back, endpoint & 0x80) {
            _ if *transfer != INTERRUPT => None,
            (false, 0) => Some((header, Side::Host, device)),
            (true, 0x80) => Some((header, Side::Key, device)),
            _ => None,
        }
    }
}

fn early(bytes: &[u8], faults: &mut Vec<Fault>) {
    faults.push(Fault::fatal(bytes.len(), "the capture ends within a packet"));
}

fn classic<'a>(bytes: &'a [u8], faults: &mut Vec<Fault>) -> Vec<Packet<'a>> {
    let order = Order {
        is_big: bytes.first() == Some(&0xA1),
    };
    let mut packets = Vec::new();
    let Some(link) = order.u32(bytes, 20) else {
        early(bytes, faults);
        return packets;
    };
    // The upper bits say how long a checksum follows each packet of other links.
    let link = link & 0xFFFF;
    let mut at = 24;
    while at < bytes.len() {
        let length = order.size(bytes, at + 8);
        let Some(packet) = length.and_then(|length| bytes.get(at + 16..)?.get(..length)) else {
            early(bytes, faults);
            break;
        };
        at += 16;
        packets.push(Packet {
            order,
            link,
            at,
            bytes: packet,
        });
        at += packet.len();
    }
    packets
}

/// draft-ietf-opsawg-pcapng: blocks with their length before and after them.
fn next_generation<'a>(bytes: &'a [u8], faults: &mut Vec<Fault>) -> Vec<Packet<'a>> {
    let (mut packets, mut links) = (Vec::new(), Vec::new());
    let (mut order, mut at) = (Order { is_big: false }, 0);
    while at < bytes.len() {
        if bytes.get(at..at + 4) == Some(&[0x0A, 0x0D, 0x0D, 0x0A]) {
            order.is_big = bytes.get(at + 8) == Some(&0x1A);
            links.clear();
        }
        let length = order.size(bytes, at + 4).filter(|length| *length >= 12);
        let Some(block) = length.and_then(|length| bytes.get(at..)?.get(..length)) else {
            early(bytes, faults);
            break;
        };
        match order.u32(block, 0) {
            Some(1) => links.push(order.u16(block, 8).map_or(0, u32::from)),
            Some(6) => {
                let link = order.size(block, 8).and_then(|interface| links.get(interface));
                let data = order.size(block, 20).and_then(|length| block.get(28..)?.get(..length));
                if let (Some(link), Some(data)) = (link, data) {
                    packets.push(Packet {
                        order,
                        link: *link,
                        at: at + 28,
                        bytes: data,
                    });
                }
            }
            _ => {}
        }
        at += block.len();
    }
    packets
}
