//! What each command does.

use super::work::{EXTENDED_HEADER, Header, Wait, Work};
use super::{Apdu, Applet, Card, Event, RequestKind, State, StatusWord};
use crate::limits::MAX_MESSAGE;

/// The applet of FIDO (CTAP 2.3 §11.3.3): the FIDO Alliance's 0xA000000647 and 0x2F0001.
pub(super) const FIDO: [u8; 8] = [0xA0, 0x00, 0x00, 0x06, 0x47, 0x2F, 0x00, 0x01];

/// The applet of OATH, as YKOATH names it.
pub(super) const OATH: [u8; 7] = [0xA0, 0x00, 0x00, 0x05, 0x27, 0x21, 0x01];

/// A registered application provider's identifier has this length (ISO/IEC 7816-4 §12.2.3.2): the least of an AID.
const RID: usize = 5;

/// The instructions of U2F (FIDO U2F Raw Message Formats v1.2 §3), which have class 0.
const U2F: core::ops::RangeInclusive<u8> = 0x01..=0x03;

/// The answer to SELECT of the FIDO applet of a key that speaks U2F and CTAP2 (CTAP 2.3 §11.3.3).
const VERSION: &[u8] = b"U2F_V2";

mod instruction {
    pub(super) const GET_RESPONSE: u8 = 0xC0;
    /// OATH's own GET RESPONSE.
    pub(super) const SEND_REMAINING: u8 = 0xA5;
    pub(super) const NFCCTAP_MSG: u8 = 0x10;
    pub(super) const NFCCTAP_GETRESPONSE: u8 = 0x11;
    pub(super) const NFCCTAP_CONTROL: u8 = 0x12;
}

/// P1 (CTAP 2.3 §11.3.7).
mod p1 {
    /// NFCCTAP_MSG: the host knows NFCCTAP_GETRESPONSE.
    pub(super) const SUPPORTS_GETRESPONSE: u8 = 0x80;
    /// NFCCTAP_GETRESPONSE: how far is it?
    pub(super) const POLL: u8 = 0x00;
    /// NFCCTAP_GETRESPONSE: end the request.
    pub(super) const CANCEL: u8 = 0x11;
    /// NFCCTAP_CONTROL: no more messages.
    pub(super) const END: u8 = 0x01;
}

/// What a whole command leads to.
enum Outcome {
    Answer(&'static [u8]),
    Run(RequestKind),
}

impl Card {
    pub(super) fn command(&mut self, apdu: &Apdu<'_>, now: u64) -> Event {
        match (apdu.class, apdu.instruction, self.selected) {
            (0x00 | 0x80, instruction::GET_RESPONSE, _) => self.get_response(apdu, now),
            (0x00, instruction::SEND_REMAINING, Some(Applet::Oath))
                if matches!(self.state, State::Responding { .. }) =>
            {
                self.get_response(apdu, now)
            }
            (0x80, instruction::NFCCTAP_GETRESPONSE, Some(Applet::Fido)) => self.poll(apdu, now),
            _ => self.block(apdu, now),
        }
    }

    /// A command, or a part of one.
    fn block(&mut self, apdu: &Apdu<'_>, now: u64) -> Event {
        let header = Header::of(apdu);
        let (begun, event) = match self.state {
            State::Chaining { header: first, length } if first.is_of_chain(&header) => (length, Event::None),
            // Everything else is over: a new command drops a chain and a response (CTAP 2.3 §11.3.5).
            _ => (0, self.forget()),
        };
        let length = begun + apdu.data.len();
        // A request has at most this length, whatever the room for responses.
        let place = self.message.get_mut(begun..length).filter(|_| length <= MAX_MESSAGE);
        match (place, self.selected, header.class) {
            (_, Some(Applet::Oath), 0x80) | (_, _, 0x01..=0x7F | 0x81..) => {
                return self.end(StatusWord::ClaNotSupported, event);
            }
            (None, ..) => return self.end(StatusWord::WrongLength, event),
            (Some(place), ..) => place.copy_from_slice(apdu.data),
        }
        self.used = length;
        if apdu.class & Header::CHAINING != 0 {
            self.state = State::Chaining { header, length };
            self.refuse(StatusWord::NoError);
            return event;
        }
        self.state = State::Idle;
        match self.dispatch(header, length) {
            Ok(Outcome::Run(kind)) => {
                self.request(header, kind, self.used, now);
                if event == Event::None { Event::Request } else { event }
            }
            Ok(Outcome::Answer(data)) => {
                self.wipe();
                self.say(data, StatusWord::NoError.code());
                event
            }
            Err(word) => self.end(word, event),
        }
    }

    /// Refuses a command, and leaves nothing of it.
    fn end(&mut self, word: StatusWord, event: Event) -> Event {
        let _ = self.forget();
        self.refuse(word);
        event
    }

    /// Begins a request.
    fn request(&mut self, header: Header, kind: RequestKind, length: usize, now: u64) {
        let wait = if kind == RequestKind::Cbor && header.p1 & p1::SUPPORTS_GETRESPONSE != 0 {
            Work::patience(now)
        } else {
            Wait::Response
        };
        self.state = State::Requested(Work::new(header, kind, length, wait));
    }

    /// What a whole command with data of this length leads to.
    fn dispatch(&mut self, header: Header, length: usize) -> Result<Outcome, StatusWord> {
        if header.is_select() {
            return self.select(header.p2, length);
        }
        match self.selected {
            None => Err(StatusWord::ConditionsNotSatisfied),
            Some(Applet::Oath) => whole_apdu(RequestKind::Oath, length),
            Some(Applet::Fido) if header.class == 0 => whole_apdu(RequestKind::Msg, length),
            Some(Applet::Fido) => match header.instruction {
                instruction::NFCCTAP_MSG if length == 0 => Err(StatusWord::WrongLength),
                instruction::NFCCTAP_MSG => Ok(Outcome::Run(RequestKind::Cbor)),
                instruction::NFCCTAP_CONTROL if header.p1 == p1::END => {
                    self.selected = None;
                    Ok(Outcome::Answer(&[]))
                }
                instruction::NFCCTAP_CONTROL => Err(StatusWord::IncorrectP1P2),
                instruction if U2F.contains(&instruction) => Err(StatusWord::ClaNotSupported),
                _ => Err(StatusWord::InsNotSupported),
            },
        }
    }

    /// SELECT by name (ISO/IEC 7816-4 §11.2.2). A name may be cut short, but not the provider's part of it; no two
    /// applets have the same. After a SELECT that fails the applet before it stays selected, as a command that is
    /// refused changes nothing.
    fn select(&mut self, p2: u8, length: usize) -> Result<Outcome, StatusWord> {
        let name = self.message.get(..length).unwrap_or_default();
        if name.is_empty() {
            return Err(StatusWord::WrongLength);
        }
        // The first or only applet of this name. What P2 says about the answer has no meaning here: the applets have
        // answers of their own.
        if name.len() < RID || p2 & 0b1111_0011 != 0 {
            return Err(StatusWord::NotFound);
        }
        if FIDO.starts_with(name) {
            self.selected = Some(Applet::Fido);
            Ok(Outcome::Answer(VERSION))
        } else if OATH.starts_with(name) {
            let place = self.message.get_mut(..OATH.len()).ok_or(StatusWord::Unknown)?;
            place.copy_from_slice(&OATH);
            self.used = OATH.len();
            Ok(Outcome::Run(RequestKind::Oath))
        } else {
            Err(StatusWord::NotFound)
        }
    }

    /// GET RESPONSE (ISO/IEC 7816-4 §11.7.1), or OATH's SEND REMAINING: the next piece.
    fn get_response(&mut self, apdu: &Apdu<'_>, now: u64) -> Event {
        let refusal = match self.state {
            State::Responding { .. } if !apdu.data.is_empty() => StatusWord::WrongLength,
            State::Responding { .. } if (apdu.p1, apdu.p2) != (0, 0) => StatusWord::IncorrectP1P2,
            State::Responding { .. } => {
                self.send_piece();
                return Event::None;
            }
            State::OathHasMore if apdu.data.is_empty() => {
                self.wipe();
                let header = Header {
                    class: 0,
                    instruction: instruction::SEND_REMAINING,
                    p1: 0,
                    p2: 0,
                };
                self.request(header, RequestKind::Oath, 0, now);
                return Event::Request;
            }
            _ => StatusWord::ConditionsNotSatisfied,
        };
        let event = self.forget();
        self.refuse(refusal);
        event
    }

    /// NFCCTAP_GETRESPONSE (CTAP 2.3 §11.3.7.2).
    fn poll(&mut self, apdu: &Apdu<'_>, now: u64) -> Event {
        let is_known = [p1::POLL, p1::CANCEL].contains(&apdu.p1);
        match &mut self.state {
            State::Requested(work) if work.wait != Wait::Response => match apdu.p1 {
                p1::POLL => work.wait = Work::patience(now),
                p1::CANCEL => {
                    // It ends soon, with an answer of its own.
                    work.wait = Wait::Response;
                    work.aborted = true;
                    return if work.taken { Event::Abort } else { Event::None };
                }
                _ => {
                    work.wait = Wait::Polled;
                    self.refuse(StatusWord::IncorrectP1P2);
                }
            },
            State::Responding { .. } if is_known => self.send_piece(),
            State::Responding { .. } => self.refuse(StatusWord::IncorrectP1P2),
            _ => {
                let event = self.forget();
                return self.end(StatusWord::ConditionsNotSatisfied, event);
            }
        }
        Event::None
    }
}

/// A request that is an APDU, and has to fit in a message as that.
fn whole_apdu(kind: RequestKind, length: usize) -> Result<Outcome, StatusWord> {
    if length > MAX_MESSAGE - EXTENDED_HEADER {
        return Err(StatusWord::WrongLength);
    }
    Ok(Outcome::Run(kind))
}
