//! CCID (USB Device Class: Smart Card CCID 1.1): a smart card reader on USB with the key's card in it, without I/O.
//!
//! [`Reader`] takes in the packets of the bulk endpoints and the time; packets and [`Event`]s come out.

mod message;
mod reader;

pub use crate::iso7816::Event;
pub use reader::Reader;

use crate::bytes::concat;

/// bInterfaceClass (§4.1.1). Subclass and protocol are 0: bulk transfer, with an optional interrupt endpoint.
pub const INTERFACE_CLASS: u8 = 0x0B;

/// The type of [`DESCRIPTOR`], for functions that write descriptors without their first two bytes.
pub const DESCRIPTOR_TYPE: u8 = 0x21;

/// The packets of the bulk endpoints at full speed.
pub const PACKET: usize = 64;

/// The longest message of either pipe: dwMaxCCIDMessageLength. Longer APDUs go in chains of messages, which drivers do
/// by themselves. Hosts wait for a whole message at once, so one that is as long as the longest APDU would hold the
/// others of the bus up; this length is one that drivers have long met, and every answer about 64 accounts fits.
pub const MAX_MESSAGE_LENGTH: usize = 3072;

/// The class request ABORT on the control pipe (§5.3.1): wValue has the slot in its low byte and the sequence number in
/// its high byte. The other two, of clock frequencies and data rates, are not supported: there is but one of each.
pub const ABORT: u8 = 0x01;

/// bmFeatures of a reader that does everything by itself (§5.1).
mod feature {
    pub(super) const PARAMETERS_BY_ATR: u32 = 0x02;
    pub(super) const VOLTAGE: u32 = 0x08;
    pub(super) const CLOCK_FREQUENCY: u32 = 0x10;
    pub(super) const BAUD_RATE: u32 = 0x20;
    pub(super) const PARAMETERS_BY_NEGOTIATION: u32 = 0x40;
    pub(super) const IFSD: u32 = 0x400;
    pub(super) const EXTENDED_APDU: u32 = 0x4_0000;
}

/// What the reader can do. The card has no contacts: clock and rates are what a card has by default.
const FEATURES: u32 = feature::PARAMETERS_BY_ATR
    | feature::VOLTAGE
    | feature::CLOCK_FREQUENCY
    | feature::BAUD_RATE
    | feature::PARAMETERS_BY_NEGOTIATION
    | feature::IFSD
    | feature::EXTENDED_APDU;

/// The class descriptor (§5.1), which follows the interface descriptor.
#[rustfmt::skip]
pub const DESCRIPTOR: [u8; 54] = {
    let f = FEATURES.to_le_bytes();
    let m = MAX_MESSAGE_LENGTH.to_le_bytes();
    [
        54, DESCRIPTOR_TYPE,
        0x10, 0x01, //             bcdCCID: 1.10
        0, //                      bMaxSlotIndex: one slot
        0x07, //                   bVoltageSupport: any
        0x02, 0, 0, 0, //          dwProtocols: T=1
        0xA0, 0x0F, 0, 0, //       dwDefaultClock: 4 MHz
        0xA0, 0x0F, 0, 0, //       dwMaximumClock
        0, //                      bNumClockSupported: these
        0x00, 0x2A, 0, 0, //       dwDataRate: 10,752 bit/s, a 372nd of the clock
        0x00, 0x2A, 0, 0, //       dwMaxDataRate
        0, //                      bNumDataRatesSupported: these
        0xFE, 0, 0, 0, //          dwMaxIFSD: 254
        0, 0, 0, 0, //             dwSynchProtocols: none
        0, 0, 0, 0, //             dwMechanical: nothing that moves
        f[0], f[1], f[2], f[3], // dwFeatures
        m[0], m[1], m[2], m[3], // dwMaxCCIDMessageLength
        0xFF, 0xFF, //             bClassGetResponse, bClassEnvelope: as the command's
        0, 0, //                   wLcdLayout: no display
        0, //                      bPINSupport: no keypad
        1, //                      bMaxCCIDBusySlots
    ]
};
