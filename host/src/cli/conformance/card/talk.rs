//! Messages as APDUs, and answers from them.

use std::thread;
use std::time::Duration;

use brasskey_conformance::host::oath;

use crate::transport::pcsc::{PcscCard, PcscError};

/// The applet of FIDO (CTAP 2.3 §11.3.3).
const FIDO: [u8; 8] = [0xA0, 0x00, 0x00, 0x06, 0x47, 0x2F, 0x00, 0x01];
/// How long until a card that is at work is asked again.
const PAUSE: Duration = Duration::from_millis(10);

/// The instructions of a smart card (ISO/IEC 7816-4 §11) and of FIDO on it (CTAP 2.3 §11.3.7).
mod instruction {
    pub(super) const SELECT: u8 = 0xA4;
    pub(super) const GET_RESPONSE: u8 = 0xC0;
    pub(super) const NFCCTAP_MSG: u8 = 0x10;
    pub(super) const NFCCTAP_GETRESPONSE: u8 = 0x11;
}

/// The least that an APDU has: class, instruction, P1 and P2.
const HEADER: usize = 4;
/// P1 of SELECT: by the applet's name.
const BY_NAME: u8 = 0x04;
/// P1 of NFCCTAP_MSG: this host knows NFCCTAP_GETRESPONSE.
const POLLS: u8 = 0x80;
/// P1 of NFCCTAP_GETRESPONSE: the request shall end.
const CANCEL: u8 = 0x11;
/// The class of FIDO's own commands, and the bit of one that another part follows (ISO/IEC 7816-4 §5.4.1).
const CLASS: u8 = 0x80;
const CHAINING: u8 = 0x10;

mod word {
    pub(super) const OK: u16 = 0x9000;
    pub(super) const PENDING: u16 = 0x9100;
    pub(super) const INCORRECT_P1P2: u16 = 0x6A86;
}

/// What carries APDUs.
pub(in super::super) trait Reader: Send {
    /// The answer to an APDU: data, then the status word.
    fn transmit(&mut self, apdu: &[u8], is_cancelled: &dyn Fn() -> bool) -> Result<Vec<u8>, PcscError>;
}

impl Reader for PcscCard {
    fn transmit(&mut self, apdu: &[u8], is_cancelled: &dyn Fn() -> bool) -> Result<Vec<u8>, PcscError> {
        Self::transmit(self, apdu, is_cancelled)
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Applet {
    Fido,
    Oath,
}

/// A card.
pub(in super::super) struct Card {
    reader: Box<dyn Reader>,
    selected: Option<Applet>,
    /// P1 of NFCCTAP_MSG, as this card takes it.
    p1: u8,
    is_gone: bool,
}

type GivesUp<'a> = &'a dyn Fn() -> bool;

impl Card {
    pub(in super::super) fn new(reader: Box<dyn Reader>) -> Self {
        Self {
            reader,
            selected: None,
            p1: POLLS,
            is_gone: false,
        }
    }

    /// Whether the reader said that the card answers no more.
    pub(super) fn is_gone(&self) -> bool {
        self.is_gone
    }

    /// Whether it answers: it is asked for FIDO, which it need not have.
    pub(in super::super) fn answers(&mut self) -> bool {
        let _ = self.select(Applet::Fido, &|| false);
        !self.is_gone
    }

    /// One APDU: data and status word.
    fn exchange(&mut self, apdu: &[u8], gives_up: GivesUp<'_>) -> Result<(Vec<u8>, u16), String> {
        if apdu.len() < HEADER {
            return Err(format!("a reader sends no APDU of {} bytes", apdu.len()));
        }
        let answer = self.reader.transmit(apdu, gives_up).map_err(|error| {
            self.is_gone = true;
            format!("the connection to the card failed: {error}")
        })?;
        match answer.split_last_chunk() {
            Some((data, word)) => Ok((data.to_vec(), u16::from_be_bytes(*word))),
            None => Err(format!("expected a status word, the card answered {answer:02x?}")),
        }
    }

    /// One APDU, and with GET RESPONSE what its answer has more (ISO/IEC 7816-4 §5.3.4).
    fn whole(&mut self, apdu: &[u8], gives_up: GivesUp<'_>) -> Result<(Vec<u8>, u16), String> {
        let class = apdu.first().copied().unwrap_or_default() & !CHAINING;
        let (mut data, mut status) = self.exchange(apdu, gives_up)?;
        while let [0x61, more] = status.to_be_bytes() {
            let (part, next) = self.exchange(&[class, instruction::GET_RESPONSE, 0, 0, more], gives_up)?;
            if part.is_empty() && next == status {
                return Err("the card has more to say, and does not say it".to_owned());
            }
            data.extend(part);
            status = next;
        }
        Ok((data, status))
    }

    fn select(&mut self, applet: Applet, gives_up: GivesUp<'_>) -> Result<(), String> {
        if self.selected == Some(applet) {
            return Ok(());
        }
        let name = match applet {
            Applet::Fido => &FIDO[..],
            Applet::Oath => &oath::AID[..],
        };
        let length = u8::try_from(name.len()).unwrap_or_default();
        let apdu = [&[0, instruction::SELECT, BY_NAME, 0, length], name, &[0]].concat();
        self.selected = None;
        match self.whole(&apdu, gives_up)? {
            (_, word::OK) => self.selected = Some(applet),
            (_, status) => return Err(format!("SELECT of the applet was refused: status word {status:04X}")),
        }
        Ok(())
    }

    /// A CTAP2 request, in parts that any card takes. `pending` hears the status of a card that is at work, and says
    /// whether it shall end.
    pub(super) fn ctap2(
        &mut self,
        request: &[u8],
        gives_up: GivesUp<'_>,
        pending: &mut dyn FnMut(u8) -> bool,
    ) -> Result<Vec<u8>, String> {
        self.select(Applet::Fido, gives_up)?;
        let (mut data, mut status) = self.send(request, gives_up)?;
        if status == word::INCORRECT_P1P2 && self.p1 == POLLS {
            // It knows no polling, and waits for its user within its answer.
            self.p1 = 0;
            (data, status) = self.send(request, gives_up)?;
        }
        let mut is_told = false;
        while status == word::PENDING {
            let is_to_end = pending(data.first().copied().unwrap_or(1)) && !is_told;
            is_told |= is_to_end;
            if !is_to_end {
                thread::sleep(PAUSE);
            }
            let p1 = if is_to_end { CANCEL } else { 0 };
            (data, status) = self.whole(&[CLASS, instruction::NFCCTAP_GETRESPONSE, p1, 0, 0], gives_up)?;
        }
        match status {
            word::OK => Ok(data),
            status => Err(format!(
                "expected status word 9000 for a CTAP2 request, the card answered {status:04X}"
            )),
        }
    }

    fn send(&mut self, request: &[u8], gives_up: GivesUp<'_>) -> Result<(Vec<u8>, u16), String> {
        let mut parts = request.chunks(255).peekable();
        while let Some(part) = parts.next() {
            let is_last = parts.peek().is_none();
            let class = if is_last { CLASS } else { CLASS | CHAINING };
            let length = u8::try_from(part.len()).unwrap_or(u8::MAX);
            let mut apdu = [&[class, instruction::NFCCTAP_MSG, self.p1, 0, length], part].concat();
            if is_last {
                apdu.push(0);
                return self.whole(&apdu, gives_up);
            }
            let (_, status) = self.exchange(&apdu, gives_up)?;
            if status != word::OK {
                return Ok((Vec::new(), status));
            }
        }
        Err("a CTAP2 request of no bytes cannot be sent to a card".to_owned())
    }

    /// An APDU as it is. What it selects is the check's business.
    pub(super) fn apdu(&mut self, apdu: &[u8], gives_up: GivesUp<'_>) -> Result<Vec<u8>, String> {
        self.selected = None;
        let (data, status) = self.exchange(apdu, gives_up)?;
        Ok([&data[..], &status.to_be_bytes()].concat())
    }

    /// A U2F message, as it is.
    pub(super) fn u2f(&mut self, apdu: &[u8], gives_up: GivesUp<'_>) -> Result<Vec<u8>, String> {
        self.select(Applet::Fido, gives_up)?;
        let (data, status) = self.whole(apdu, gives_up)?;
        Ok([&data[..], &status.to_be_bytes()].concat())
    }

    /// An APDU of the OATH applet, as it is. What its answer has more is asked for in OATH's own way.
    pub(super) fn oath(&mut self, apdu: &[u8], gives_up: GivesUp<'_>) -> Result<Vec<u8>, String> {
        // CALCULATE ALL has the same instruction.
        let selects = apdu.get(1..3) == Some(&[instruction::SELECT, BY_NAME]);
        if !selects {
            self.select(Applet::Oath, gives_up)?;
        }
        let (data, status) = self.exchange(apdu, gives_up)?;
        if selects {
            self.selected = (status == word::OK).then_some(Applet::Oath);
        }
        Ok([&data[..], &status.to_be_bytes()].concat())
    }
}
