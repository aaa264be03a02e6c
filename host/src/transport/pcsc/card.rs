//! A card in a reader, and APDUs to it.

use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use zeroize::Zeroize as _;

use super::daemon::{Daemon, PATIENCE, socket};
use super::wire::{
    Command, LEAVE_CARD, LONGEST, PROTOCOL_T0, PROTOCOL_T1, RESET_CARD, Record, SHARE_EXCLUSIVE, SHARE_SHARED, code,
    word,
};
use super::{PcscError, Reader, Sharing, find};

/// How long a card may take, touch included.
const CARD_PATIENCE: Duration = Duration::from_secs(60);
/// How long another program may keep the card for one piece of work.
const TURN_PATIENCE: Duration = Duration::from_secs(3);
/// How long until it is asked again whether it still does.
const TURN_PAUSE: Duration = Duration::from_millis(25);
/// The length of the record with which a card is used.
const TRANSMIT: usize = 32;

/// The readers of this computer, with and without a card. Switches no card on.
///
/// # Errors
/// [`PcscError`] where pcscd does not run, or does not let this user in.
pub fn readers() -> Result<Vec<Reader>, PcscError> {
    Daemon::open(&socket())?.readers()
}

/// A card, which is this program's alone until the value is dropped.
pub struct PcscCard {
    daemon: Daemon,
    reader: String,
    handle: u32,
    protocol: u32,
    at_end: u32,
    /// An answer is outstanding, so that nothing can be sent any more.
    is_broken: bool,
}

impl PcscCard {
    /// Switches the card on in the reader that `part` names: all of its name, or a part that no other has.
    ///
    /// # Errors
    /// [`PcscError`]: all but [`PcscError::Unsupported`] and [`PcscError::Cancelled`] can happen.
    pub fn connect(part: &str, sharing: Sharing) -> Result<Self, PcscError> {
        Self::connect_at(&socket(), part, sharing)
    }

    pub(super) fn connect_at(socket: &Path, part: &str, sharing: Sharing) -> Result<Self, PcscError> {
        let mut daemon = Daemon::open(socket)?;
        let readers = daemon.readers()?;
        let reader = find(&readers, part)?;
        if !reader.has_card {
            return Err(PcscError::NoCard {
                reader: reader.name.clone(),
            });
        }
        let mut card = Self {
            daemon,
            reader: reader.name.clone(),
            handle: 0,
            protocol: PROTOCOL_T1,
            at_end: LEAVE_CARD,
            is_broken: false,
        };
        // T=1 carries APDUs as they are, so it is the one to have where a card knows both.
        match card.open(sharing, PROTOCOL_T1) {
            Err(PcscError::Code(code::PROTO_MISMATCH)) => card.open(sharing, PROTOCOL_T0)?,
            result => result?,
        }
        card.take_turn()?;
        Ok(card)
    }

    fn open(&mut self, sharing: Sharing, protocol: u32) -> Result<(), PcscError> {
        let share = match sharing {
            Sharing::Shared => SHARE_SHARED,
            Sharing::Exclusive => SHARE_EXCLUSIVE,
        };
        let request = Record::of(&[self.daemon.context])
            .name(&self.reader)
            .words(&[share, protocol, 0, 0, 0]);
        let answer = self.daemon.call(Command::Connect, &request.0)?;
        let [handle, protocol, code] = [140, 144, 148].map(|at| word(&answer, at));
        self.judge(code)?;
        self.handle = handle.ok_or(PcscError::Malformed)?;
        self.protocol = protocol.ok_or(PcscError::Malformed)?;
        Ok(())
    }

    /// Keeps other programs' APDUs away: between them the applet that is selected would be another.
    fn take_turn(&mut self) -> Result<(), PcscError> {
        let deadline = Instant::now() + TURN_PATIENCE;
        loop {
            let answer = self
                .daemon
                .call(Command::BeginTransaction, &Record::of(&[self.handle, 0]).0)?;
            match word(&answer, 4) {
                Some(code::SHARING_VIOLATION) if Instant::now() < deadline => thread::sleep(TURN_PAUSE),
                code => return self.judge(code),
            }
        }
    }

    /// The name of the reader.
    #[must_use]
    pub fn reader(&self) -> &str {
        &self.reader
    }

    /// Has the card forget, when this ends, what it was told: an access code, for example.
    pub fn reset_at_end(&mut self) {
        self.at_end = RESET_CARD;
    }

    /// Sends an APDU, and returns the answer: data, then the status word. Asks `is_cancelled` several times a second;
    /// a card that was given up cannot be used any more.
    ///
    /// # Errors
    /// [`PcscError::Cancelled`]; otherwise where the card or pcscd is gone, or silent.
    pub fn transmit(&mut self, apdu: &[u8], is_cancelled: &dyn Fn() -> bool) -> Result<Vec<u8>, PcscError> {
        if self.is_broken {
            return Err(PcscError::Gone {
                reader: self.reader.clone(),
            });
        }
        let length = u32::try_from(apdu.len()).map_err(|_| PcscError::Malformed)?;
        // As large as SCARD_IO_REQUEST in C. No driver reads it.
        let pci = 2 * u32::try_from(size_of::<usize>()).unwrap_or(8);
        let record = Record::of(&[self.handle, self.protocol, pci, length, self.protocol, pci, LONGEST, 0]);
        let mut request = record.request(Command::Transmit);
        request.extend(apdu);
        self.is_broken = true;
        let sent = self.daemon.send(&request);
        request.zeroize();
        sent?;
        let answer = self.daemon.receive(TRANSMIT, CARD_PATIENCE, is_cancelled)?;
        let [received, code] = [24, 28].map(|at| word(&answer, at));
        if code != Some(code::SUCCESS) {
            self.is_broken = false;
            return self.judge(code).and(Err(PcscError::Malformed));
        }
        let received = received
            .filter(|length| *length <= LONGEST)
            .ok_or(PcscError::Malformed)?;
        let received = usize::try_from(received).map_err(|_| PcscError::Malformed)?;
        let response = self.daemon.receive(received, PATIENCE, &|| false)?;
        self.is_broken = false;
        Ok(response)
    }

    fn judge(&self, code: Option<u32>) -> Result<(), PcscError> {
        let reader = self.reader.clone();
        Err(match code.ok_or(PcscError::Malformed)? {
            code::SUCCESS => return Ok(()),
            code::SHARING_VIOLATION => PcscError::InUse { reader },
            code::NO_SMARTCARD => PcscError::NoCard { reader },
            code::REMOVED_CARD | code::RESET_CARD | code::UNKNOWN_READER | code::READER_UNAVAILABLE => {
                PcscError::Gone { reader }
            }
            code::TIMEOUT
            | code::COMM_ERROR
            | code::NOT_TRANSACTED
            | code::UNRESPONSIVE_CARD
            | code::UNPOWERED_CARD => PcscError::NoAnswer { reader },
            code::SECURITY_VIOLATION => PcscError::Refused,
            code => PcscError::Code(code),
        })
    }
}

impl Drop for PcscCard {
    fn drop(&mut self) {
        // Where an answer is outstanding the end of the connection says the same, and resets the card.
        if self.handle != 0 && !self.is_broken {
            let end = Record::of(&[self.handle, LEAVE_CARD, 0]);
            let disconnect = Record::of(&[self.handle, self.at_end, 0]);
            let _ = self.daemon.call(Command::EndTransaction, &end.0);
            let _ = self.daemon.call(Command::Disconnect, &disconnect.0);
        }
    }
}

impl std::fmt::Debug for PcscCard {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PcscCard")
            .field("reader", &self.reader)
            .finish_non_exhaustive()
    }
}
