//! The card: power, one applet at a time, chains of commands, and responses in pieces.

mod command;
mod work;

use zeroize::Zeroize as _;

use super::{Apdu, StatusWord};
use crate::limits::MAX_MESSAGE;
use crate::platform::Indication;
use crate::request::{CARD, Request, RequestKind};
use work::{Header, Wait, Work};

/// The answer to reset (ISO/IEC 7816-3 §8): direct convention, TD1 and no historical bytes, T=1 alone, and the check
/// character.
///
/// It is not a YubiKey's: clients that know one by its answer to reset would ask for more than this key has.
pub const ATR: [u8; 4] = [0x3B, 0x80, 0x01, 0x81];

/// Room before a response, into which each of its pieces moves to make place for a status word.
const GAP: usize = 2;

/// What a command or the power demands besides an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Event {
    /// Nothing.
    None,
    /// A whole request waits for [`Card::take_request`].
    Request,
    /// The running request must end: set [`Abort`](crate::platform::Abort). Another may wait for
    /// [`Card::take_request`] already.
    Abort,
}

/// A smart card with two applets, FIDO (CTAP 2.3 §11.3) and OATH. It owns the one message buffer, and is little larger
/// than that.
///
/// Pass it the power and every command APDU from the reader, run what [`take_request`](Self::take_request) hands out,
/// and after each call send what [`response`](Self::response) has. The time is in milliseconds and never goes back.
///
/// A card answers one command after the other: a reader sends none before it has the answer to the last. A command
/// that comes nevertheless takes the place of the last, which then has no answer.
pub struct Card {
    is_on: bool,
    selected: Option<Applet>,
    state: State,
    /// A request that nobody waits for any more still runs. Its response will be discarded.
    abandoned: bool,
    /// How many bytes of data the response to the last command may have.
    limit: usize,
    reply: Option<Reply>,
    /// The response where it is no piece of the message.
    short: [u8; 8],
    /// The message: first the data of the request, then the response, [`GAP`] bytes later.
    message: [u8; MAX_MESSAGE + GAP],
    /// How much of the message must be wiped.
    used: usize,
}

/// What can be selected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Applet {
    Fido,
    Oath,
}

/// What the message is.
#[derive(Clone, Copy)]
enum State {
    /// Nothing.
    Idle,
    /// The data of a chain that goes on (ISO/IEC 7816-4 §5.3.3).
    Chaining { header: Header, length: usize },
    /// A request, which waits or runs.
    Requested(Work),
    /// A response, of which `next..end` was not yet sent, and its status word.
    Responding { next: usize, end: usize, word: u16 },
    /// Nothing; but OATH has more to say.
    OathHasMore,
}

/// A response APDU that waits to be sent.
#[derive(Clone, Copy)]
enum Reply {
    /// So many bytes of `short`.
    Short(usize),
    /// A piece of the message, from one place to another.
    Piece(usize, usize),
}

impl Card {
    /// A card without power.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            is_on: false,
            selected: None,
            state: State::Idle,
            abandoned: false,
            limit: 0,
            reply: None,
            short: [0; 8],
            message: [0; MAX_MESSAGE + GAP],
            used: 0,
        }
    }

    /// Switches the card on, and returns its answer to reset. For a reset call [`power_off`](Self::power_off) first.
    pub fn power_on(&mut self) -> &'static [u8] {
        let _ = self.power_off();
        self.is_on = true;
        &ATR
    }

    /// Switches the card off. It forgets what was selected, sent and asked. The key behind it keeps its own power: PIN
    /// retries and tokens are as they were.
    pub fn power_off(&mut self) -> Event {
        let event = self.forget();
        self.is_on = false;
        self.selected = None;
        event
    }

    /// Whether the card has power.
    #[must_use]
    pub const fn is_on(&self) -> bool {
        self.is_on
    }

    /// Takes in a command APDU. A card without power does nothing.
    pub fn receive(&mut self, apdu: &[u8], now: u64) -> Event {
        if !self.is_on {
            return Event::None;
        }
        self.reply = None;
        match Apdu::parse(apdu) {
            Ok(apdu) => {
                // Without Le, or with the greatest one, all that the encoding can carry. Some clients never send one.
                self.limit = apdu.le.unwrap_or(if apdu.is_extended { 65_536 } else { 256 });
                self.command(&apdu, now)
            }
            Err(word) => {
                let event = self.forget();
                self.refuse(word);
                event
            }
        }
    }

    /// Does what is due: tells a host that polls that its request is still at work.
    pub fn tick(&mut self, now: u64) {
        if let State::Requested(work) = &mut self.state
            && matches!(work.wait, Wait::Until(due) if due <= now)
        {
            self.tell_pending();
        }
    }

    /// When [`tick`](Self::tick) must next be called, if no other call comes before; `None` while nothing can become
    /// due.
    #[must_use]
    pub const fn deadline(&self) -> Option<u64> {
        match &self.state {
            State::Requested(Work {
                wait: Wait::Until(due), ..
            }) => Some(*due),
            _ => None,
        }
    }

    /// Hands over the waiting request: copies it to the start of `message`. There is one at a time: while a request
    /// runs this is `None`, so ask again after [`respond`](Self::respond).
    pub fn take_request(&mut self, message: &mut [u8; MAX_MESSAGE], now: u64) -> Option<Request> {
        self.tick(now);
        let State::Requested(work) = &mut self.state else {
            return None;
        };
        if work.taken || self.abandoned {
            return None;
        }
        work.taken = true;
        let (kind, aborted) = (work.kind, work.aborted);
        let length = work.write(&self.message, message)?;
        self.wipe();
        Some(Request {
            channel: CARD,
            kind,
            length,
            aborted,
        })
    }

    /// Ends the running request with the answer of [`answer`](crate::authenticator::Authenticator::answer). It is
    /// discarded where the card lost its power meanwhile, or the host gave the request up.
    pub fn respond(&mut self, response: &[u8], now: u64) {
        self.tick(now);
        if core::mem::take(&mut self.abandoned) {
            return;
        }
        let State::Requested(work) = self.state else {
            return;
        };
        if !work.taken {
            return;
        }
        let (data, word) = work.read(response);
        let Some(place) = self.message.get_mut(GAP..GAP + data.len()) else {
            self.state = State::Idle;
            self.refuse(StatusWord::Unknown);
            return;
        };
        place.copy_from_slice(data);
        self.used = GAP + data.len();
        if work.selects() && word == StatusWord::NoError.code() {
            self.selected = Some(Applet::Oath);
        }
        self.state = State::Responding {
            next: GAP,
            end: self.used,
            word,
        };
        if work.wait != Wait::Polled {
            self.send_piece();
        }
    }

    /// Takes over what the running request shows. A host that polls hears at once that a wait for the user begins.
    pub fn show(&mut self, indication: Indication, now: u64) {
        self.tick(now);
        if let State::Requested(work) = &mut self.state
            && work.taken
            && !self.abandoned
            && work.status.show(indication)
            && matches!(work.wait, Wait::Until(_))
        {
            self.tell_pending();
        }
    }

    /// Whether a command waits for its answer, which takes time: a reader then asks its host for more.
    #[must_use]
    pub const fn is_at_work(&self) -> bool {
        matches!(&self.state, State::Requested(work) if !matches!(work.wait, Wait::Polled))
    }

    /// The response APDU that waits to be sent: data, then the status word. Each is there once.
    pub fn response(&mut self) -> Option<&[u8]> {
        match self.reply.take()? {
            Reply::Short(length) => self.short.get(..length),
            Reply::Piece(from, to) => self.message.get(from..to),
        }
    }

    /// The response that waits, and may be looked at more than once.
    pub(crate) fn waiting(&self) -> Option<&[u8]> {
        match self.reply? {
            Reply::Short(length) => self.short.get(..length),
            Reply::Piece(from, to) => self.message.get(from..to),
        }
    }

    /// The response was sent: leaves nothing of it, but what GET RESPONSE may ask for.
    pub(crate) fn sent(&mut self) {
        self.reply = None;
        if matches!(self.state, State::Idle | State::OathHasMore) {
            self.wipe();
        }
    }

    /// The reader gives the running command up. What was selected stays.
    pub(crate) fn abort(&mut self) -> Event {
        self.forget()
    }

    /// Ends whatever went on, and leaves nothing of it.
    fn forget(&mut self) -> Event {
        let is_running = matches!(self.state, State::Requested(Work { taken: true, .. }));
        self.state = State::Idle;
        self.reply = None;
        self.wipe();
        if is_running {
            self.abandoned = true;
            Event::Abort
        } else {
            Event::None
        }
    }

    /// Leaves nothing of the message.
    fn wipe(&mut self) {
        if let Some(used) = self.message.get_mut(..self.used) {
            used.zeroize();
        }
        self.used = 0;
    }

    /// Answers with little data, and leaves the message alone.
    fn say(&mut self, data: &[u8], word: u16) {
        let bytes = data.iter().copied().chain(word.to_be_bytes());
        self.short.iter_mut().zip(bytes).for_each(|(to, from)| *to = from);
        self.reply = Some(Reply::Short(data.len() + 2));
    }

    fn refuse(&mut self, word: StatusWord) {
        self.say(&[], word.code());
    }

    /// 9100 and a keepalive's status byte: the host is to poll (CTAP 2.3 §11.3.7.2).
    fn tell_pending(&mut self) {
        if let State::Requested(work) = &mut self.state {
            work.wait = Wait::Polled;
            let status = work.status.code();
            self.say(&[status], StatusWord::Pending.code());
        }
    }

    /// Sends as much of the response as the last command has room for (ISO/IEC 7816-4 §5.3.4).
    fn send_piece(&mut self) {
        let State::Responding { next, end, word } = self.state else {
            return;
        };
        let stop = end.min(next.saturating_add(self.limit));
        let word = if stop < end {
            self.state = State::Responding { next: stop, end, word };
            let count = u8::try_from(end - stop).unwrap_or(0);
            StatusWord::MoreData(count).code()
        } else {
            self.state = if word >> 8 == 0x61 && self.selected == Some(Applet::Oath) {
                State::OathHasMore
            } else {
                State::Idle
            };
            word
        };
        let from = next.saturating_sub(GAP);
        if let Some(piece) = self.message.get_mut(from..stop) {
            // What was there before is sent.
            piece.copy_within(GAP.min(piece.len()).., 0);
            let trailer = piece.iter_mut().rev().zip(word.to_le_bytes());
            trailer.for_each(|(to, from)| *to = from);
            self.reply = Some(Reply::Piece(from, stop));
        }
    }
}

impl Default for Card {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests;
