//! A key that says again what a recorded one said.

use std::collections::VecDeque;
use std::fmt;
use std::thread;
use std::time::{Duration, Instant};

use brasskey_protocol::ctaphid::{
    Device, DeviceInfo, Event, InitResponse, Report, RequestKind, allocated_channel, capability, command, error_report,
};
use brasskey_protocol::limits::MAX_MESSAGE;

use super::compare::{Difference, difference};
use super::{Entry, Recording};
use crate::decode::ctaphid::{Message, Side};
use crate::text::escape;
use crate::transport::{Transport, TransportError};

/// What a key answers that cannot: CTAP1_ERR_OTHER, and ISO 7816-4's "no precise diagnosis".
const OTHER: &[u8] = &[0x7F];
const NO_DIAGNOSIS: &[u8] = &[0x6F, 0x00];
/// How long a receiver waits between two looks.
const PAUSE: Duration = Duration::from_millis(1);

/// A request and what was answered.
#[derive(Debug)]
struct Exchange {
    request: Entry,
    answer: Option<Entry>,
}

/// A request that was not answered as it was recorded. `Display` is for people, and escaped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Complaint {
    /// Which request was due, from 1; `None` after the last.
    pub due: Option<usize>,
    /// What came, as the standard names it.
    pub came: String,
    /// How it differs from what was due, where both are of one command.
    pub difference: Option<Difference>,
    /// What was due.
    pub recorded: Option<String>,
}

impl fmt::Display for Complaint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let came = escape(&self.came);
        match (self.due, &self.difference, &self.recorded) {
            (Some(due), Some(difference), _) => write!(f, "request {due}, {came}: {difference}"),
            (Some(due), None, Some(recorded)) => write!(f, "request {due} was {recorded}, and {came} came"),
            _ => write!(f, "{came} came after the last request of the recording"),
        }
    }
}

/// A key that answers requests as a recording has them.
pub struct Player {
    exchanges: Vec<Exchange>,
    /// The first that was not played yet.
    next: usize,
    played: usize,
    complaints: Vec<Complaint>,
    device: Device,
    /// What the key said of itself.
    init: Option<InitResponse>,
    out: VecDeque<Report>,
    begun: Instant,
}

impl Player {
    /// A key that plays this.
    #[must_use]
    pub fn new(recording: Recording) -> Self {
        let (mut exchanges, mut init): (Vec<Exchange>, _) = (Vec::new(), None);
        for entry in recording.entries {
            let Message {
                side,
                channel,
                command,
                payload,
            } = &entry.message;
            match (side, *command) {
                (Side::Key, command::INIT) => init = init.or(InitResponse::parse(payload)),
                (Side::Host, command::INIT | command::CANCEL | command::PING | command::LOCK | command::WINK)
                | (Side::Key, command::KEEPALIVE | command::PING | command::LOCK | command::WINK) => {}
                (Side::Host, _) => exchanges.push(Exchange {
                    request: entry,
                    answer: None,
                }),
                (Side::Key, command) => {
                    let asked = exchanges.iter_mut().rev().find(|exchange| {
                        let request = &exchange.request.message;
                        let fits = command == request.command || command == command::ERROR;
                        request.channel == *channel && fits && exchange.answer.is_none()
                    });
                    if let Some(exchange) = asked {
                        exchange.answer = Some(entry);
                    }
                }
            }
        }
        let (version, capabilities) = init.map_or(([0; 3], 0), |init| (init.version, init.capabilities));
        let wink = capabilities & capability::WINK != 0;
        Self {
            exchanges,
            next: 0,
            played: 0,
            complaints: Vec::new(),
            device: Device::new(DeviceInfo { version, wink }),
            init,
            out: VecDeque::new(),
            begun: Instant::now(),
        }
    }

    /// How many requests the recording has.
    #[must_use]
    pub fn requests(&self) -> usize {
        self.exchanges.len()
    }

    /// How many were played, and how many are left.
    #[must_use]
    pub fn progress(&self) -> (usize, usize) {
        (self.played, self.exchanges.len() - self.next)
    }

    /// What came that was not recorded so.
    #[must_use]
    pub fn complaints(&self) -> &[Complaint] {
        &self.complaints
    }

    /// What answers this request, by its number: the next that was recorded, or a later one where that was left out, or
    /// an earlier one that is asked once more.
    fn find(&mut self, came: &Message) -> Option<usize> {
        let is_it = |exchange: &Exchange| {
            let recorded = &exchange.request.message;
            recorded.command == came.command && difference(recorded, came).is_none()
        };
        let later = self.exchanges.iter().skip(self.next).position(is_it);
        let Some(later) = later.map(|index| index + self.next) else {
            let earlier = self.exchanges.get(..self.next)?;
            return earlier.iter().rposition(is_it);
        };
        self.next = later + 1;
        self.played += 1;
        Some(later)
    }

    fn complain(&mut self, came: &Message) {
        let due = self.exchanges.get(self.next).map(|exchange| &exchange.request.message);
        let (came_name, due_name) = (name(came), due.map(name));
        let difference = due
            .filter(|_| due_name.as_ref() == Some(&came_name))
            .and_then(|due| difference(due, came));
        self.complaints.push(Complaint {
            due: due.map(|_| self.next + 1),
            came: came_name,
            difference,
            recorded: due_name,
        });
        // The next request is compared with the one after this, so that one difference is told once.
        if self
            .complaints
            .last()
            .is_some_and(|complaint| complaint.difference.is_some())
        {
            self.next += 1;
        }
    }

    fn answer(&mut self, came: &Message, now: u64) {
        let found = self.find(came);
        if found.is_none() {
            self.complain(came);
        }
        let recorded = found.and_then(|index| self.exchanges.get(index)?.answer.as_ref());
        let refusal = if came.command == command::CBOR {
            OTHER
        } else {
            NO_DIAGNOSIS
        };
        match recorded.map(|entry| &entry.message) {
            Some(answer) if answer.command == command::ERROR => {
                let code = answer.payload.first().copied().unwrap_or(0x7F);
                let error = code.try_into().unwrap_or(brasskey_protocol::ctaphid::Error::Other);
                // The device has to end the request, too, and what it sends is not what was recorded.
                self.device.respond(refusal, now);
                while self.device.transmit().is_some() {}
                self.out.push_back(error_report(came.channel, error));
            }
            Some(answer) => self.device.respond(&answer.payload, now),
            None => self.device.respond(refusal, now),
        }
    }

    fn now(&self) -> u64 {
        u64::try_from(self.begun.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    fn collect(&mut self) {
        while let Some(mut report) = self.device.transmit() {
            if let (Some(init), Some(_)) = (self.init, allocated_channel(&report)) {
                // Its versions and capabilities follow nonce and channel: those of the recorded key.
                let [major, minor, build] = init.version;
                let said = [init.protocol_version, major, minor, build, init.capabilities];
                if let Some(place) = report.get_mut(19..24) {
                    place.copy_from_slice(&said);
                }
            }
            self.out.push_back(report);
        }
    }
}

/// What a request is called.
fn name(message: &Message) -> String {
    let payload = &message.payload;
    match message.command {
        command::CBOR => crate::decode::command_name(payload.first().copied().unwrap_or(0)),
        command::MSG => {
            let instruction = payload.get(1).copied().unwrap_or(0);
            brasskey_protocol::u2f::instruction::name(instruction)
                .map_or_else(|| format!("U2F 0x{instruction:02x}"), str::to_owned)
        }
        command => format!("the vendor's command 0x{command:02x}"),
    }
}

impl Transport for Player {
    fn send(&mut self, report: &Report) -> Result<(), TransportError> {
        let now = self.now();
        if let Event::Request = self.device.receive(report, now) {
            let mut buffer = Box::new([0; MAX_MESSAGE]);
            if let Some(request) = self.device.take_request(&mut buffer, now) {
                let came = Message {
                    side: Side::Host,
                    channel: request.channel,
                    command: match request.kind {
                        RequestKind::Cbor => command::CBOR,
                        RequestKind::Msg => command::MSG,
                        RequestKind::Oath => command::OATH,
                    },
                    payload: buffer.get(..request.length).unwrap_or_default().to_vec(),
                };
                self.answer(&came, now);
            }
        }
        self.collect();
        Ok(())
    }

    fn receive(&mut self, timeout: Duration) -> Result<Option<Report>, TransportError> {
        let until = Instant::now() + timeout;
        loop {
            let now = self.now();
            self.device.tick(now);
            self.collect();
            if self.out.front().is_some() || Instant::now() >= until {
                return Ok(self.out.pop_front());
            }
            thread::sleep(PAUSE.min(timeout));
        }
    }
}
