//! The reader: one command after the other, and packets of both directions.

mod command;

use heapless::Deque;
use zeroize::Zeroize as _;

use super::message::{Command, Data, Error, HEADER, Message, PARAMETERS, chain};
use super::{Event, MAX_MESSAGE_LENGTH, PACKET, concat};
use crate::iso7816::{ATR, Card};
use crate::limits::{MAX_MESSAGE, PACKET_TIMEOUT};
use crate::platform::Indication;
use crate::request::Request;

/// The longest APDU: an extended header, a whole message and Le.
const APDU: usize = 7 + MAX_MESSAGE + 2;

/// Responses that may wait to be sent. A host that sends without reading loses what does not fit.
const RESPONSES: usize = 4;

/// How often the host is asked for more time while a request runs. Drivers wait for as long as a card may take by
/// default, 2⁴ × 960 × 372 cycles of the clock (ISO/IEC 7816-3 §11.4.3): 1.4 s here. libccid waits 3 s.
const TIME_EXTENSION_INTERVAL: u64 = 1_000;

/// A reader with the key's card in it, which never leaves. It owns the card and a buffer for an APDU.
///
/// Pass it every packet of the bulk OUT endpoint and the time, run what [`take_request`](Self::take_request) hands out,
/// and after each call send what [`transmit`](Self::transmit) has to the bulk IN endpoint. The time is in milliseconds
/// and never goes back.
pub struct Reader {
    card: Card,
    /// The header of the message that comes in.
    header: [u8; HEADER],
    /// How much of the message that comes in is there.
    received: usize,
    /// When the last packet came.
    last_packet: u64,
    /// The APDU that comes in.
    apdu: [u8; APDU],
    /// How much of the APDU earlier messages of its chain brought.
    chained: usize,
    running: Option<Running>,
    /// How much of the card's response earlier messages of its chain took, where the host is to ask for the rest.
    fetched: Option<usize>,
    aborting: Aborting,
    responses: Deque<Message, RESPONSES>,
    /// How much of the first response was sent.
    sent: usize,
}

/// A PC_to_RDR_XfrBlock that waits for the card's response.
#[derive(Clone, Copy)]
struct Running {
    sequence: u8,
    /// When the host is asked for more time.
    due: u64,
}

/// Which half of an abort came (§5.3.1), with its sequence number.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Aborting {
    No,
    /// The class request. Commands fail until the other half comes.
    Control(u8),
    /// PC_to_RDR_Abort, as the last command.
    Bulk(u8),
}

impl Reader {
    /// A reader whose card has no power.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            card: Card::new(),
            header: [0; HEADER],
            received: 0,
            last_packet: 0,
            apdu: [0; APDU],
            chained: 0,
            running: None,
            fetched: None,
            aborting: Aborting::No,
            responses: Deque::new(),
            sent: 0,
        }
    }

    /// Takes in a packet of the bulk OUT endpoint, of any size.
    pub fn receive(&mut self, packet: &[u8], now: u64) -> Event {
        self.tick(now);
        // The host gave up a message that stopped in the middle.
        if now.saturating_sub(self.last_packet) >= PACKET_TIMEOUT {
            self.received = 0;
        }
        self.last_packet = now;
        let mut event = Event::None;
        let mut rest = packet;
        while !rest.is_empty() {
            rest = self.take_in(rest);
            if self.is_complete() {
                self.received = 0;
                // A packet has one command in it, unless the host breaks the rules.
                event = match (self.command(now), event) {
                    (Event::None, before) => before,
                    (event, _) => event,
                };
                self.collect();
            }
        }
        event
    }

    /// Does what is due: asks the host for more time.
    pub fn tick(&mut self, now: u64) {
        self.card.tick(now);
        self.collect();
        let is_idle = self.responses.is_empty();
        if let Some(running) = &mut self.running
            && running.due <= now
        {
            running.due = now.saturating_add(TIME_EXTENSION_INTERVAL);
            let sequence = running.sequence;
            if is_idle {
                self.ask_for_time(sequence);
            }
        }
    }

    /// When [`tick`](Self::tick) must next be called, if no other call comes before; `None` while nothing can become
    /// due.
    #[must_use]
    pub fn deadline(&self) -> Option<u64> {
        let due = self.running.map(|running| running.due);
        [due, self.card.deadline()].into_iter().flatten().min()
    }

    /// Hands over the waiting request: copies it to the start of `message`. There is one at a time: while a request
    /// runs this is `None`, so ask again after [`respond`](Self::respond).
    pub fn take_request(&mut self, message: &mut [u8; MAX_MESSAGE], now: u64) -> Option<Request> {
        self.tick(now);
        self.card.take_request(message, now)
    }

    /// Ends the running request with the answer of [`answer`](crate::authenticator::Authenticator::answer). It is
    /// discarded where the card lost its power meanwhile, or the host gave the request up.
    pub fn respond(&mut self, response: &[u8], now: u64) {
        self.tick(now);
        self.card.respond(response, now);
        self.collect();
    }

    /// Takes over what the running request shows.
    pub fn show(&mut self, indication: Indication, now: u64) {
        self.tick(now);
        self.card.show(indication, now);
        self.collect();
    }

    /// The class request ABORT. Another slot than 0 does not exist: stall that.
    pub fn abort(&mut self, slot: u8, sequence: u8) -> Event {
        if slot != 0 {
            return Event::None;
        }
        let is_pair = self.aborting == Aborting::Bulk(sequence);
        self.aborting = Aborting::Control(sequence);
        let event = self.give_up();
        if is_pair {
            self.aborting = Aborting::No;
            self.succeed(Command::Abort, 0, sequence);
        }
        event
    }

    /// The link to the host was cut, as by a USB reset: the card loses its power, and nothing of a message is left.
    pub fn restart(&mut self) -> Event {
        let event = self.card.power_off();
        self.received = 0;
        self.drop_chain();
        self.running = None;
        self.fetched = None;
        self.aborting = Aborting::No;
        self.responses.clear();
        self.sent = 0;
        event
    }

    /// The next packet for the bulk IN endpoint, and its length. Call it until it returns `None`. A message ends with a
    /// packet that is not full, so its last packet may be empty.
    pub fn transmit(&mut self, packet: &mut [u8; PACKET]) -> Option<usize> {
        let message = self.responses.front()?;
        let data = match message.data {
            Data::None => &[],
            Data::Atr => &ATR[..],
            Data::Parameters => &PARAMETERS,
            Data::Response(from, to) => {
                let response = self.card.waiting();
                response.and_then(|response| response.get(from..to)).unwrap_or_default()
            }
        };
        let bytes = message.header.iter().chain(data).skip(self.sent);
        let length = packet.iter_mut().zip(bytes).map(|(to, from)| *to = *from).count();
        self.sent += length;
        if length < PACKET {
            let is_last = matches!(message.data, Data::Response(..)) && self.fetched.is_none();
            self.responses.pop_front();
            self.sent = 0;
            if is_last {
                self.card.sent();
            }
        }
        Some(length)
    }

    /// Takes in as much of the message as there is, and returns what follows it.
    fn take_in<'a>(&mut self, packet: &'a [u8]) -> &'a [u8] {
        let (head, rest) = packet.split_at(packet.len().min(HEADER.saturating_sub(self.received)));
        if let Some(place) = self.header.get_mut(self.received..self.received + head.len()) {
            place.copy_from_slice(head);
        }
        self.received += head.len();
        if self.received < HEADER {
            return rest;
        }
        let missing = (HEADER + self.length()).saturating_sub(self.received);
        let (data, rest) = rest.split_at(rest.len().min(missing));
        if self.is_transfer() {
            // What does not fit is lost, and the command fails.
            let begin = self.begun() + self.received - HEADER;
            let place = self.apdu.iter_mut().skip(begin);
            place.zip(data).for_each(|(to, from)| *to = *from);
        }
        self.received = self.received.saturating_add(data.len());
        rest
    }

    fn is_complete(&self) -> bool {
        self.received >= HEADER && self.received - HEADER >= self.length()
    }

    /// dwLength of the message that comes in.
    fn length(&self) -> usize {
        let [_, a, b, c, d, ..] = self.header;
        usize::try_from(u32::from_le_bytes([a, b, c, d]))
            .unwrap_or(usize::MAX - HEADER)
            .min(usize::MAX - HEADER)
    }

    /// Whether the message that comes in has an APDU.
    const fn is_transfer(&self) -> bool {
        let [message_type, ..] = self.header;
        matches!(Command::of(message_type), Command::XfrBlock)
    }

    /// How much of the APDU came before the message that comes in.
    const fn begun(&self) -> usize {
        let [.., level, _] = self.header;
        if matches!(level, chain::MIDDLE | chain::END) {
            self.chained
        } else {
            0
        }
    }

    /// Sends what the card says, if the host waits for that.
    fn collect(&mut self) {
        let Some(running) = self.running else {
            return;
        };
        if self.card.waiting().is_some() {
            self.running = None;
            self.send_response(running.sequence, 0);
        }
    }

    /// Sends as much of the card's response as one message holds.
    fn send_response(&mut self, sequence: u8, from: usize) {
        let end = self.card.waiting().map_or(0, <[u8]>::len);
        let to = end.min(from + MAX_MESSAGE_LENGTH - HEADER);
        let parameter = match (from, to < end) {
            (0, false) => chain::WHOLE,
            (0, true) => chain::BEGIN,
            (_, true) => chain::MIDDLE,
            (_, false) => chain::END,
        };
        self.fetched = (to < end).then_some(to);
        let data = Data::Response(from, to);
        self.push(Command::XfrBlock, 0, sequence, self.icc_status(), 0, parameter, data);
    }

    /// A response with bmCommandStatus 2: bError times as long as before, which is once.
    fn ask_for_time(&mut self, sequence: u8) {
        let status = 0x80 | self.icc_status();
        self.push(Command::XfrBlock, 0, sequence, status, 1, chain::WHOLE, Data::None);
    }

    /// The running command ends without the card's response.
    fn give_up(&mut self) -> Event {
        self.drop_chain();
        self.fetched = None;
        let Some(running) = self.running.take() else {
            return Event::None;
        };
        let event = self.card.abort();
        self.fail(Command::XfrBlock, 0, running.sequence, Error::CmdAborted);
        event
    }

    /// Leaves nothing of an APDU that did not come in whole.
    fn drop_chain(&mut self) {
        self.chained = 0;
        self.apdu.zeroize();
    }

    /// The command did what it should, and has no more to say.
    fn succeed(&mut self, command: Command, slot: u8, sequence: u8) {
        // bClockStatus: a card without power has its clock stopped.
        let is_stopped = self.icc_status();
        self.push(command, slot, sequence, self.icc_status(), 0, is_stopped, Data::None);
    }

    fn fail(&mut self, command: Command, slot: u8, sequence: u8, error: Error) {
        let icc = if error == Error::SlotDoesNotExist {
            2
        } else {
            self.icc_status()
        };
        let last = match command.response() {
            0x81 => icc.min(1),
            0x82 => 1,
            _ => 0,
        };
        self.push(command, slot, sequence, 0x40 | icc, error as u8, last, Data::None);
    }

    /// bmICCStatus: the card is there, with power or without.
    const fn icc_status(&self) -> u8 {
        if self.card.is_on() { 0 } else { 1 }
    }

    #[allow(
        clippy::too_many_arguments,
        reason = "the fields of a response, in their order (§6.2)"
    )]
    fn push(&mut self, command: Command, slot: u8, sequence: u8, status: u8, error: u8, last: u8, data: Data) {
        let length = match data {
            Data::None => 0,
            Data::Atr => ATR.len(),
            Data::Parameters => PARAMETERS.len(),
            Data::Response(from, to) => to - from,
        };
        let length = u32::try_from(length).unwrap_or_default().to_le_bytes();
        let header = concat(&[&[command.response()], &length, &[slot, sequence, status, error, last]]);
        // The last place is for the card's response, which the host waits for.
        if self.responses.len() < RESPONSES - 1 || matches!(data, Data::Response(..)) {
            let _ = self.responses.push_back(Message { header, data });
        }
    }
}

impl Default for Reader {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests;
