//! The records of pcscd's protocol, version 4: whole numbers of 32 bits as this computer has them, and texts of fixed
//! length. A request has a header, an answer has none; both have the same record, in which pcscd fills the rest in.

use super::Reader;

/// The versions of the protocol that have these records, newest first; version 4.4 is that of pcsc-lite 1.8.24 to 2.3.
pub(super) const MAJOR: u32 = 4;
pub(super) const MINORS: [u32; 3] = [4, 5, 3];

/// What is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub(super) enum Command {
    EstablishContext = 0x01,
    Connect = 0x04,
    Disconnect = 0x06,
    BeginTransaction = 0x07,
    EndTransaction = 0x08,
    Transmit = 0x09,
    Version = 0x11,
    GetReadersState = 0x12,
}

/// SCARD_SCOPE_SYSTEM.
pub(super) const SCOPE_SYSTEM: u32 = 2;
/// SCARD_SHARE_EXCLUSIVE.
pub(super) const SHARE_EXCLUSIVE: u32 = 1;
/// SCARD_SHARE_SHARED.
pub(super) const SHARE_SHARED: u32 = 2;
/// SCARD_PROTOCOL_T0.
pub(super) const PROTOCOL_T0: u32 = 1;
/// SCARD_PROTOCOL_T1.
pub(super) const PROTOCOL_T1: u32 = 2;
/// SCARD_LEAVE_CARD.
pub(super) const LEAVE_CARD: u32 = 0;
/// SCARD_RESET_CARD.
pub(super) const RESET_CARD: u32 = 1;

/// What pcscd answers with.
pub(super) mod code {
    pub(in super::super) const SUCCESS: u32 = 0;
    pub(in super::super) const UNKNOWN_READER: u32 = 0x8010_0009;
    pub(in super::super) const TIMEOUT: u32 = 0x8010_000A;
    pub(in super::super) const SHARING_VIOLATION: u32 = 0x8010_000B;
    pub(in super::super) const NO_SMARTCARD: u32 = 0x8010_000C;
    pub(in super::super) const PROTO_MISMATCH: u32 = 0x8010_000F;
    pub(in super::super) const COMM_ERROR: u32 = 0x8010_0013;
    pub(in super::super) const NOT_TRANSACTED: u32 = 0x8010_0016;
    pub(in super::super) const READER_UNAVAILABLE: u32 = 0x8010_0017;
    pub(in super::super) const UNRESPONSIVE_CARD: u32 = 0x8010_0066;
    pub(in super::super) const UNPOWERED_CARD: u32 = 0x8010_0067;
    pub(in super::super) const RESET_CARD: u32 = 0x8010_0068;
    pub(in super::super) const REMOVED_CARD: u32 = 0x8010_0069;
    pub(in super::super) const SECURITY_VIOLATION: u32 = 0x8010_006A;
}

/// The length of a reader's name in a record.
pub(super) const NAME: usize = 128;
/// The length of one reader's record: name, events, state, sharing, ATR with its padding, its length, protocol.
pub(super) const READER: usize = NAME + 12 + 36 + 8;
/// How many records of readers there are, used or not.
pub(super) const READERS: usize = 16;
/// SCARD_PRESENT in the state of a reader.
const PRESENT: u32 = 0x0004;
/// The longest answer of a card that pcscd carries: that to an extended APDU.
pub(super) const LONGEST: u32 = 65_548;

/// A record under construction.
pub(super) struct Record(pub(super) Vec<u8>);

impl Record {
    pub(super) fn of(words: &[u32]) -> Self {
        Self(Vec::new()).words(words)
    }

    pub(super) fn words(mut self, words: &[u32]) -> Self {
        self.0.extend(words.iter().flat_map(|word| word.to_ne_bytes()));
        self
    }

    /// A name, padded with zeros; what is too long for a record is no name of a reader.
    pub(super) fn name(mut self, name: &str) -> Self {
        let end = self.0.len() + NAME;
        self.0.extend(name.bytes().take(NAME - 1));
        self.0.resize(end, 0);
        self
    }

    /// With the header of a request before it.
    pub(super) fn request(self, command: Command) -> Vec<u8> {
        let length = u32::try_from(self.0.len()).unwrap_or(u32::MAX);
        let mut request = Self::of(&[length, command as u32]).0;
        request.extend(self.0);
        request
    }
}

/// The word that begins at byte `at`, where there is one.
pub(super) fn word(record: &[u8], at: usize) -> Option<u32> {
    let bytes = record.get(at..)?.first_chunk()?;
    Some(u32::from_ne_bytes(*bytes))
}

/// The readers among the records of all.
pub(super) fn readers(records: &[u8]) -> Option<Vec<Reader>> {
    let mut readers = Vec::new();
    for record in records.chunks_exact(READER) {
        let name = record.get(..NAME)?.split(|&byte| byte == 0).next()?;
        if name.is_empty() {
            continue;
        }
        readers.push(Reader {
            name: String::from_utf8_lossy(name).into_owned(),
            has_card: word(record, NAME + 4)? & PRESENT != 0,
            // How many share the card; where one has it alone, -1.
            in_use: word(record, NAME + 8)? != 0,
        });
    }
    Some(readers)
}
