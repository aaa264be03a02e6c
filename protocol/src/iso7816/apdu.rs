//! Command APDUs in short and extended encoding (ISO/IEC 7816-4 §5.2; FIDO U2F Raw Message Formats v1.2 §3).

/// The status words of this key (ISO/IEC 7816-4 §5.6; FIDO U2F Raw Message Formats v1.2 §3.3).
#[cfg_attr(
    feature = "ctap-types",
    doc = "\n\nIn `ctap-types`: [`Error`](ctap_types::ctap1::Error)."
)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StatusWord {
    /// 9000: done.
    NoError,
    /// 61xx: so many more bytes wait for GET RESPONSE; 0 stands for 256 or more.
    MoreData(u8),
    /// 9100: an answer is being made: NFCCTAP_GETRESPONSE asks for it (CTAP 2.3 §11.3).
    Pending,
    /// 6581: the storage failed.
    MemoryFailure,
    /// 6700: the length is not one that the instruction can have.
    WrongLength,
    /// 6883: the last command of a chain was expected.
    LastCommandExpected,
    /// 6982: the user refused; or the access code is needed.
    SecurityStatusNotSatisfied,
    /// 6984: OATH has no such account.
    ReferenceDataNotUsable,
    /// 6985: a touch is needed; to a check-only request, "that handle is mine"; or nothing precedes what this
    /// command goes on with.
    ConditionsNotSatisfied,
    /// 6986: the key demands user verification, which U2F does not have.
    CommandNotAllowed,
    /// 6A80: the data is wrong: for U2F, the key handle is not one of this key for that application.
    WrongData,
    /// 6A82: the card has no such application.
    NotFound,
    /// 6A84: the key is full.
    NotEnoughMemory,
    /// 6A86: the instruction has no such P1 or P2.
    IncorrectP1P2,
    /// 6D00: the applet has no such instruction.
    InsNotSupported,
    /// 6E00: the applet has no such class.
    ClaNotSupported,
    /// 6F00: storage, randomness or cryptography failed.
    Unknown,
}

impl StatusWord {
    /// The two bytes on the wire.
    #[must_use]
    pub const fn code(self) -> u16 {
        match self {
            Self::NoError => 0x9000,
            Self::MoreData(count) => u16::from_be_bytes([0x61, count]),
            Self::Pending => 0x9100,
            Self::MemoryFailure => 0x6581,
            Self::WrongLength => 0x6700,
            Self::LastCommandExpected => 0x6883,
            Self::SecurityStatusNotSatisfied => 0x6982,
            Self::ReferenceDataNotUsable => 0x6984,
            Self::ConditionsNotSatisfied => 0x6985,
            Self::CommandNotAllowed => 0x6986,
            Self::WrongData => 0x6a80,
            Self::NotFound => 0x6a82,
            Self::NotEnoughMemory => 0x6a84,
            Self::IncorrectP1P2 => 0x6a86,
            Self::InsNotSupported => 0x6d00,
            Self::ClaNotSupported => 0x6e00,
            Self::Unknown => 0x6f00,
        }
    }
}

/// A command in either encoding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Apdu<'a> {
    /// CLA.
    pub class: u8,
    /// INS.
    pub instruction: u8,
    /// P1.
    pub p1: u8,
    /// P2.
    pub p2: u8,
    /// The data field.
    pub data: &'a [u8],
    /// How many bytes of data the response may have, where Le is there: 1 to 65,536.
    pub le: Option<usize>,
    /// Whether the encoding is the extended one.
    pub is_extended: bool,
}

impl<'a> Apdu<'a> {
    /// Reads `CLA ‖ INS ‖ P1 ‖ P2 ‖ [Lc ‖ data] ‖ [Le]`.
    ///
    /// # Errors
    /// [`StatusWord::WrongLength`] where Lc and the length disagree.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, StatusWord> {
        let (&[class, instruction, p1, p2], body) = bytes.split_first_chunk().ok_or(StatusWord::WrongLength)?;
        let (data, le, is_extended) = match *body {
            [] => (&[][..], None, false),
            [le] => (&[][..], Some(short(le)), false),
            // Some hosts put an empty extended Lc before the Le.
            [0, high, low] | [0, 0, 0, high, low] => (&[][..], Some(extended(high, low)), true),
            [0, high, low, ref rest @ ..] => match field(rest, usize::from(u16::from_be_bytes([high, low])))? {
                (data, []) => (data, None, true),
                (data, &[high, low]) => (data, Some(extended(high, low)), true),
                _ => return Err(StatusWord::WrongLength),
            },
            [length, ref rest @ ..] => match field(rest, usize::from(length))? {
                (data, []) => (data, None, false),
                (data, &[le]) => (data, Some(short(le)), false),
                _ => return Err(StatusWord::WrongLength),
            },
        };
        Ok(Self {
            class,
            instruction,
            p1,
            p2,
            data,
            le,
            is_extended,
        })
    }
}

/// `length` bytes of data, at least one, and what follows them.
fn field(rest: &[u8], length: usize) -> Result<(&[u8], &[u8]), StatusWord> {
    rest.split_at_checked(length)
        .filter(|(data, _)| !data.is_empty())
        .ok_or(StatusWord::WrongLength)
}

/// A short Le: 0 stands for 256.
fn short(le: u8) -> usize {
    if le == 0 { 256 } else { le.into() }
}

/// An extended Le: 0 stands for 65,536.
fn extended(high: u8, low: u8) -> usize {
    match u16::from_be_bytes([high, low]) {
        0 => 65_536,
        le => le.into(),
    }
}

#[cfg(test)]
mod tests;
