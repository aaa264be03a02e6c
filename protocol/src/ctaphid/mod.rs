//! CTAPHID (CTAP 2.3 §11.2): messages over 64-byte HID reports, both ends, without I/O.
//!
//! [`Device`] is the key's end, [`Host`] the other. Reports and the time go in; reports and [`Event`]s come out.

mod device;
mod host;
mod packet;

pub use crate::request::{KeepaliveStatus, Request, RequestKind};
pub use device::{Device, DeviceInfo, Event};
pub use host::{Host, Progress};
pub use packet::{Fragments, Report, TooLong, fragment};

use core::fmt;

use crate::bytes::concat;
use packet::Packet;

/// The HID report descriptor of a FIDO device (CTAP 2.3 §11.2.8.2): one [`Report`] each way.
#[rustfmt::skip]
pub const REPORT_DESCRIPTOR: [u8; 34] = [
    0x06, 0xD0, 0xF1, // Usage page: FIDO alliance
    0x09, 0x01, //       Usage: U2F authenticator device
    0xA1, 0x01, //       Collection: application
    0x09, 0x20, //         Usage: input report data
    0x15, 0x00, //         Logical minimum: 0
    0x26, 0xFF, 0x00, //   Logical maximum: 255
    0x75, 0x08, //         Report size: 8 bits
    0x95, 0x40, //         Report count: 64
    0x81, 0x02, //         Input: data, variable, absolute
    0x09, 0x21, //         Usage: output report data
    0x15, 0x00, //         Logical minimum: 0
    0x26, 0xFF, 0x00, //   Logical maximum: 255
    0x75, 0x08, //         Report size: 8 bits
    0x95, 0x40, //         Report count: 64
    0x91, 0x02, //         Output: data, variable, absolute
    0xC0, //             End of collection
];

/// The channel on which hosts ask for one of their own (CTAP 2.3 §11.2.3).
pub const BROADCAST: u32 = 0xFFFF_FFFF;

/// The version of CTAPHID that an INIT reply names (CTAP 2.3 §11.2.9.1.3).
pub const PROTOCOL_VERSION: u8 = 2;

/// Commands (CTAP 2.3 §11.2.9), without bit 7, which on the wire marks an initialization packet.
pub mod command {
    /// CTAPHID_PING: sends the message back.
    pub const PING: u8 = 0x01;
    /// CTAPHID_MSG: a U2F raw message.
    pub const MSG: u8 = 0x03;
    /// CTAPHID_LOCK: keeps other channels away for some seconds.
    pub const LOCK: u8 = 0x04;
    /// CTAPHID_INIT: allocates a channel, or resynchronizes one.
    pub const INIT: u8 = 0x06;
    /// CTAPHID_WINK: draws the user's attention.
    pub const WINK: u8 = 0x08;
    /// CTAPHID_CBOR: a CTAP2 command.
    pub const CBOR: u8 = 0x10;
    /// CTAPHID_CANCEL: ends the outstanding CTAP2 command. Never answered.
    pub const CANCEL: u8 = 0x11;
    /// CTAPHID_KEEPALIVE: the key is at work.
    pub const KEEPALIVE: u8 = 0x3B;
    /// CTAPHID_ERROR: the key refuses a packet.
    pub const ERROR: u8 = 0x3F;
    /// A vendor's command (CTAP 2.3 §11.2.9.3), of this key: an APDU of the OATH applet, and its answer as data ‖
    /// status word. The key sends keepalives and heeds CTAPHID_CANCEL as for CTAPHID_CBOR. The applet needs no SELECT
    /// here, but has a session for each channel that sent one. Where the status word is `61xx` the host asks for the
    /// rest by SEND REMAINING. INIT replies do not tell of it: hosts stumble over capability bits that they do not
    /// know.
    pub const OATH: u8 = 0x70;
}

/// Capability bits in an INIT reply (CTAP 2.3 §11.2.9.1.3).
pub mod capability {
    /// The key answers CTAPHID_WINK.
    pub const WINK: u8 = 0x01;
    /// The key answers CTAPHID_CBOR.
    pub const CBOR: u8 = 0x04;
    /// The key does **not** answer CTAPHID_MSG.
    pub const NMSG: u8 = 0x08;
}

/// Why a key refused a packet (CTAP 2.3 §11.2.9.1.6).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Error {
    /// ERR_INVALID_CMD: the command is unknown.
    InvalidCmd = 0x01,
    /// ERR_INVALID_PAR: a parameter is out of range.
    InvalidPar = 0x02,
    /// ERR_INVALID_LEN: the message's length does not fit the command.
    InvalidLen = 0x03,
    /// ERR_INVALID_SEQ: a packet is not the one that follows.
    InvalidSeq = 0x04,
    /// ERR_MSG_TIMEOUT: the rest of a message did not come in time.
    MsgTimeout = 0x05,
    /// ERR_CHANNEL_BUSY: the key works for another request.
    ChannelBusy = 0x06,
    /// ERR_LOCK_REQUIRED: the command needs CTAPHID_LOCK first.
    LockRequired = 0x0A,
    /// ERR_INVALID_CHANNEL: the channel was never allocated, or does not carry this command.
    InvalidChannel = 0x0B,
    /// ERR_OTHER: none of the above.
    Other = 0x7F,
}

impl Error {
    /// The error's byte on the wire.
    #[must_use]
    pub const fn code(self) -> u8 {
        self as u8
    }
}

impl TryFrom<u8> for Error {
    /// The byte, where it names no error.
    type Error = u8;

    fn try_from(code: u8) -> Result<Self, u8> {
        Ok(match code {
            0x01 => Self::InvalidCmd,
            0x02 => Self::InvalidPar,
            0x03 => Self::InvalidLen,
            0x04 => Self::InvalidSeq,
            0x05 => Self::MsgTimeout,
            0x06 => Self::ChannelBusy,
            0x0A => Self::LockRequired,
            0x0B => Self::InvalidChannel,
            0x7F => Self::Other,
            _ => return Err(code),
        })
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::InvalidCmd => "the key does not know the command",
            Self::InvalidPar => "the key refuses a parameter",
            Self::InvalidLen => "the key refuses the message's length",
            Self::InvalidSeq => "the key got a packet out of sequence",
            Self::MsgTimeout => "the key waited too long for the rest of the message",
            Self::ChannelBusy => "the key is busy with another request",
            Self::LockRequired => "the key must be locked for this command",
            Self::InvalidChannel => "the key does not know the channel",
            Self::Other => "the key failed",
        })
    }
}

impl core::error::Error for Error {}

/// What a key answers to CTAPHID_INIT (CTAP 2.3 §11.2.9.1.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InitResponse {
    /// The nonce of the INIT that this answers.
    pub nonce: [u8; 8],
    /// The channel: a new one, or the one that was resynchronized.
    pub channel: u32,
    /// The version of CTAPHID: [`PROTOCOL_VERSION`].
    pub protocol_version: u8,
    /// The key's version: major, minor, build.
    pub version: [u8; 3],
    /// Bits of [`capability`].
    pub capabilities: u8,
}

impl InitResponse {
    /// The length on the wire.
    pub const SIZE: usize = 17;

    /// Reads the payload of an INIT reply; `None` where it is too short. Bytes that a later edition may add are
    /// skipped.
    #[must_use]
    pub fn parse(payload: &[u8]) -> Option<Self> {
        let (nonce, rest) = payload.split_first_chunk()?;
        let (channel, rest) = rest.split_first_chunk()?;
        let ([protocol_version, major, minor, build, capabilities], _) = rest.split_first_chunk()?;
        Some(Self {
            nonce: *nonce,
            channel: u32::from_be_bytes(*channel),
            protocol_version: *protocol_version,
            version: [*major, *minor, *build],
            capabilities: *capabilities,
        })
    }

    /// The payload of the INIT reply.
    #[must_use]
    pub fn to_bytes(&self) -> [u8; Self::SIZE] {
        concat(&[
            &self.nonce,
            &self.channel.to_be_bytes(),
            &[self.protocol_version],
            &self.version,
            &[self.capabilities],
        ])
    }
}

/// The channel that a report belongs to.
#[must_use]
pub fn channel(report: &Report) -> u32 {
    Packet::parse(report).0
}

/// The channel that an INIT reply allocates or resynchronizes, for code that remembers which host owns which channel;
/// `None` for every other report.
#[must_use]
pub fn allocated_channel(report: &Report) -> Option<u32> {
    match Packet::parse(report) {
        (
            _,
            Packet::Initialization {
                command: command::INIT,
                length: InitResponse::SIZE,
                data,
            },
        ) => InitResponse::parse(data).map(|response| response.channel),
        _ => None,
    }
}

/// The report by which a key refuses a packet on `channel`.
#[must_use]
pub fn error_report(channel: u32, error: Error) -> Report {
    packet::initialization(channel, command::ERROR, &[error.code()])
}

/// The report by which a host asks for a channel (on [`BROADCAST`]) or resynchronizes its own.
#[must_use]
pub fn init_report(channel: u32, nonce: &[u8; 8]) -> Report {
    packet::initialization(channel, command::INIT, nonce)
}

/// The report by which a host ends its outstanding CTAP2 command. It is never answered.
#[must_use]
pub fn cancel_report(channel: u32) -> Report {
    packet::initialization(channel, command::CANCEL, &[])
}
