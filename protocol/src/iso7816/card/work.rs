//! A request of the card, until its response.

use crate::iso7816::apdu::{Apdu, StatusWord};
use crate::limits::{KEEPALIVE_INTERVAL, MAX_MESSAGE};
use crate::request::{KeepaliveStatus, RequestKind};

/// The bytes before the data of an extended APDU.
pub(super) const EXTENDED_HEADER: usize = 7;

/// The first four bytes of a command, without the class' bit for chaining.
#[derive(Clone, Copy)]
pub(super) struct Header {
    pub(super) class: u8,
    pub(super) instruction: u8,
    pub(super) p1: u8,
    pub(super) p2: u8,
}

/// How the host waits.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Wait {
    /// For the response.
    Response,
    /// For the response, or until this time.
    Until(u64),
    /// Not now: it will ask again.
    Polled,
}

/// A whole request.
#[derive(Clone, Copy)]
pub(super) struct Work {
    pub(super) header: Header,
    pub(super) kind: RequestKind,
    /// How much data the command has.
    pub(super) length: usize,
    /// It was handed over, and runs.
    pub(super) taken: bool,
    /// The host cancelled it.
    pub(super) aborted: bool,
    pub(super) wait: Wait,
    pub(super) status: KeepaliveStatus,
}

impl Work {
    pub(super) const fn new(header: Header, kind: RequestKind, length: usize, wait: Wait) -> Self {
        Self {
            header,
            kind,
            length,
            taken: false,
            aborted: false,
            wait,
            status: KeepaliveStatus::Processing,
        }
    }

    /// Until when a host that polls waits for an answer. A quick command has its response by then, and needs no poll.
    pub(super) const fn patience(now: u64) -> Wait {
        Wait::Until(now.saturating_add(KEEPALIVE_INTERVAL))
    }

    /// Whether it is SELECT of the OATH applet: that of FIDO takes no work. CALCULATE ALL has the same instruction.
    pub(super) fn selects(&self) -> bool {
        self.header.is_select()
    }

    /// Writes the message of the request, whose data is at the start of `from`: what NFCCTAP_MSG carries, or the APDU
    /// as if it had come in one piece.
    pub(super) fn write(&self, from: &[u8], to: &mut [u8; MAX_MESSAGE]) -> Option<usize> {
        let data = from.get(..self.length)?;
        let Header {
            class,
            instruction,
            p1,
            p2,
        } = self.header;
        let [high, low] = u16::try_from(self.length).ok()?.to_be_bytes();
        let header = [class, instruction, p1, p2, 0, high, low];
        let header = match self.kind {
            RequestKind::Cbor => &[][..],
            // The last three bytes are an extended Le where there is no data.
            _ => &header[..],
        };
        let (front, rest) = to.split_at_mut_checked(header.len())?;
        front.copy_from_slice(header);
        rest.get_mut(..self.length)?.copy_from_slice(data);
        Some(header.len() + self.length)
    }

    /// The data and the status word of the response.
    pub(super) fn read<'a>(&self, response: &'a [u8]) -> (&'a [u8], u16) {
        const FAILED: (&[u8], u16) = (&[], StatusWord::Unknown.code());
        match self.kind {
            RequestKind::Cbor if response.is_empty() => FAILED,
            // The carrier has done its part, whatever the status of CTAP2 is.
            RequestKind::Cbor => (response, StatusWord::NoError.code()),
            RequestKind::Msg | RequestKind::Oath => response
                .split_last_chunk()
                .map_or(FAILED, |(data, word)| (data, u16::from_be_bytes(*word))),
        }
    }
}

impl Header {
    /// The class' bit that says that the chain goes on (ISO/IEC 7816-4 §5.3.3).
    pub(super) const CHAINING: u8 = 0x10;

    pub(super) const fn of(apdu: &Apdu<'_>) -> Self {
        Self {
            class: apdu.class & !Self::CHAINING,
            instruction: apdu.instruction,
            p1: apdu.p1,
            p2: apdu.p2,
        }
    }

    /// SELECT by name (ISO/IEC 7816-4 §11.2.2).
    pub(super) fn is_select(&self) -> bool {
        (self.class, self.instruction, self.p1) == (0, 0xA4, 0x04)
    }

    /// Whether a block with the header `next` goes on with the chain. P1 and P2 are those of the last block.
    pub(super) fn is_of_chain(&self, next: &Self) -> bool {
        (self.class, self.instruction) == (next.class, next.instruction)
    }
}
