//! The messages of both pipes (CCID 1.1 §6).

/// The bytes before the data of each message.
pub(super) const HEADER: usize = 10;

/// What the host asks for (§6.1).
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Command {
    IccPowerOn,
    IccPowerOff,
    GetSlotStatus,
    XfrBlock,
    GetParameters,
    ResetParameters,
    SetParameters,
    Escape,
    IccClock,
    T0Apdu,
    Secure,
    Mechanical,
    Abort,
    SetDataRateAndClockFrequency,
    Unknown,
}

impl Command {
    /// The command with this bMessageType.
    pub(super) const fn of(message_type: u8) -> Self {
        match message_type {
            0x61 => Self::SetParameters,
            0x62 => Self::IccPowerOn,
            0x63 => Self::IccPowerOff,
            0x65 => Self::GetSlotStatus,
            0x69 => Self::Secure,
            0x6A => Self::T0Apdu,
            0x6B => Self::Escape,
            0x6C => Self::GetParameters,
            0x6D => Self::ResetParameters,
            0x6E => Self::IccClock,
            0x6F => Self::XfrBlock,
            0x71 => Self::Mechanical,
            0x72 => Self::Abort,
            0x73 => Self::SetDataRateAndClockFrequency,
            _ => Self::Unknown,
        }
    }

    /// The bMessageType of the response (§6.2).
    pub(super) const fn response(self) -> u8 {
        match self {
            Self::IccPowerOn | Self::XfrBlock | Self::Secure => 0x80,
            Self::GetParameters | Self::ResetParameters | Self::SetParameters => 0x82,
            Self::Escape => 0x83,
            Self::SetDataRateAndClockFrequency => 0x84,
            // RDR_to_PC_SlotStatus, also for what is unknown.
            _ => 0x81,
        }
    }
}

/// bError of a command that failed (§6.2.6).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Error {
    CmdNotSupported = 0,
    /// The place of dwLength in the command: it is wrong. So with the next ones.
    BadLength = 1,
    SlotDoesNotExist = 5,
    /// bPowerSelect, or bProtocolNum.
    BadParameter = 7,
    BadLevelParameter = 8,
    CmdSlotBusy = 0xE0,
    XfrOverrun = 0xFC,
    IccMute = 0xFE,
    CmdAborted = 0xFF,
}

/// Where an APDU is in its chain: wLevelParameter of commands, bChainParameter of responses (§6.1.4, §6.2.1).
pub(super) mod chain {
    /// It begins and ends here.
    pub(in crate::ccid) const WHOLE: u8 = 0x00;
    /// It begins here and goes on.
    pub(in crate::ccid) const BEGIN: u8 = 0x01;
    /// It goes on, and ends here.
    pub(in crate::ccid) const END: u8 = 0x02;
    /// It goes on before and after.
    pub(in crate::ccid) const MIDDLE: u8 = 0x03;
    /// Nothing here: the other end is to go on with its APDU.
    pub(in crate::ccid) const GO_ON: u8 = 0x10;
}

/// The data of a response.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Data {
    None,
    Atr,
    Parameters,
    /// A part of the card's response: from one place to another.
    Response(usize, usize),
}

/// A response that waits to be sent.
#[derive(Clone, Copy)]
pub(super) struct Message {
    pub(super) header: [u8; HEADER],
    pub(super) data: Data,
}

/// abProtocolDataStructure for T=1 (§6.2.3): the values that a card has by default, and IFSC 254.
pub(super) const PARAMETERS: [u8; 7] = [0x11, 0x10, 0x00, 0x4D, 0x00, 0xFE, 0x00];
