//! Command APDUs in short and extended encoding (ISO 7816-4 §5.1; FIDO U2F Raw Message Formats v1.2 §3).

/// The status words of this key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StatusWord {
    /// 9000: done.
    NoError,
    /// 6700: the length is not one that the instruction can have.
    WrongLength,
    /// 6982: the user refused.
    SecurityStatusNotSatisfied,
    /// 6985: a touch is needed; or, to a check-only request, "that handle is mine".
    ConditionsNotSatisfied,
    /// 6986: the key demands user verification, which U2F does not have.
    CommandNotAllowed,
    /// 6A80: the key handle is not one of this key for that application.
    WrongData,
    /// 6A86: U2F_AUTHENTICATE has no such P1.
    IncorrectP1P2,
    /// 6D00: U2F has no such instruction.
    InsNotSupported,
    /// 6E00: the class is not 0.
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
            Self::WrongLength => 0x6700,
            Self::SecurityStatusNotSatisfied => 0x6982,
            Self::ConditionsNotSatisfied => 0x6985,
            Self::CommandNotAllowed => 0x6986,
            Self::WrongData => 0x6a80,
            Self::IncorrectP1P2 => 0x6a86,
            Self::InsNotSupported => 0x6d00,
            Self::ClaNotSupported => 0x6e00,
            Self::Unknown => 0x6f00,
        }
    }
}

/// A command in either encoding. Le is ignored: over USB a response is never split.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Apdu<'a> {
    /// INS.
    pub instruction: u8,
    /// P1.
    pub p1: u8,
    /// P2.
    pub p2: u8,
    /// The data field.
    pub data: &'a [u8],
}

impl<'a> Apdu<'a> {
    /// Reads `CLA ‖ INS ‖ P1 ‖ P2 ‖ [Lc ‖ data] ‖ [Le]`.
    ///
    /// # Errors
    /// [`StatusWord::ClaNotSupported`], or [`StatusWord::WrongLength`] where Lc and the length disagree.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, StatusWord> {
        let (&[class, instruction, p1, p2], body) = bytes.split_first_chunk().ok_or(StatusWord::WrongLength)?;
        if class != 0 {
            return Err(StatusWord::ClaNotSupported);
        }
        let data = match *body {
            // Nothing, or only a short or extended Le. Some hosts put an empty extended Lc before the Le.
            [] | [_] | [0, _, _] | [0, 0, 0, _, _] => &[],
            [0, high, low, ref rest @ ..] => field(rest, usize::from(u16::from_be_bytes([high, low])), 2)?,
            [length, ref rest @ ..] => field(rest, usize::from(length), 1)?,
        };
        Ok(Self {
            instruction,
            p1,
            p2,
            data,
        })
    }
}

/// `length` bytes of data, followed by nothing or by an Le of `le` bytes.
fn field(rest: &[u8], length: usize, le: usize) -> Result<&[u8], StatusWord> {
    let (data, rest) = rest.split_at_checked(length).ok_or(StatusWord::WrongLength)?;
    if data.is_empty() || !(rest.is_empty() || rest.len() == le) {
        return Err(StatusWord::WrongLength);
    }
    Ok(data)
}
