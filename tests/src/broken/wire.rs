//! A host's end of a broken key: messages are put together, changed, and cut into packets again.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use brasskey_conformance::host::ctap2::{GET_INFO, RESET, status};
use brasskey_conformance::host::oath::refusal::NOT_ALLOWED;
use brasskey_conformance::host::{BROADCAST, Message, command, packets};
use brasskey_conformance::key::{Link, Report};

use super::defect::{Act, bare};
use super::ear::channel_of;
use super::hand::{PATIENCE, World};

/// The keepalive of a key that waits for its user.
const UP_NEEDED: [u8; 1] = [2];

/// More than a cable and a computer add, so that whoever measures sees it.
const DAWDLES: Duration = Duration::from_millis(30);

/// More than any check hears. A key that talks for ever has failed.
const REPORTS: u32 = 100_000;

/// Packets of a message of which more are to come.
struct Part {
    reports: Vec<Report>,
    message: Message,
    length: usize,
}

impl Part {
    /// A message that begins with this report, where it is of the standard's form (CTAP 2.3 §11.2.4).
    fn begin(report: &Report) -> Option<Self> {
        let length = usize::from(u16::from_be_bytes([report[5], report[6]]));
        let message = Message {
            channel: channel_of(report),
            command: report[4],
            payload: report[7..].to_vec(),
        };
        (report[4] & 0x80 != 0 && length <= 7609).then(|| Self {
            reports: vec![*report],
            message,
            length,
        })
    }

    fn goes_on_with(&self, report: &Report) -> bool {
        usize::from(report[4]) + 1 == self.reports.len()
    }

    fn push(&mut self, report: &Report) {
        self.reports.push(*report);
        self.message.payload.extend(&report[5..]);
    }

    fn whole(&mut self) -> Option<Message> {
        (self.message.payload.len() >= self.length).then(|| {
            let mut message = self.message.clone();
            message.payload.truncate(self.length);
            message
        })
    }
}

/// A request that has no answer yet.
struct Asked {
    /// As the host sent it.
    request: Message,
    /// Whether the defect is in it.
    is_meant: bool,
    /// Whether it was touched for.
    is_touched: bool,
    /// Since when its answer takes twice as long as it would.
    dawdles_since: Option<Instant>,
}

pub(super) struct Wire {
    world: Arc<World>,
    link: Box<dyn Link>,
    /// How often the key had lost its power when this was plugged in.
    power: u32,
    /// The channels that the key gave to this host.
    channels: Vec<u32>,
    /// What the host, and what the key has sent of a message.
    parts: [HashMap<u32, Part>; 2],
    asked: HashMap<u32, Asked>,
    /// What the host is to hear.
    said: VecDeque<Report>,
    reports: u32,
}

impl Wire {
    pub(super) fn new(world: Arc<World>) -> Self {
        let power = world.memory().power;
        Self {
            link: world.hand.connect(),
            power,
            world,
            channels: Vec::new(),
            parts: [HashMap::new(), HashMap::new()],
            asked: HashMap::new(),
            said: VecDeque::new(),
            reports: 0,
        }
    }

    /// A key that began anew does not know this host.
    fn connect_anew(&mut self) {
        let power = self.world.memory().power;
        if self.power == power {
            return;
        }
        self.power = power;
        self.link = self.world.hand.connect();
        for channel in self.channels.clone() {
            self.link.send(&packets(channel, command::INIT, &[0; 8])[0]);
            let _ = self.link.receive(PATIENCE);
        }
    }

    /// A report for the key.
    fn hear(&mut self, report: &Report) {
        let channel = channel_of(report);
        if let Some(mut part) = self.parts[0].remove(&channel) {
            if part.goes_on_with(report) {
                part.push(report);
                self.hold(part);
                return;
            }
            part.reports.iter().for_each(|report| self.link.send(report));
        }
        match Part::begin(report).filter(|part| self.world.listens_to(part.message.command)) {
            Some(part) => self.hold(part),
            None => self.link.send(report),
        }
    }

    fn hold(&mut self, mut part: Part) {
        match part.whole() {
            Some(message) => self.request(message),
            None => drop(self.parts[0].insert(part.message.channel, part)),
        }
    }

    fn request(&mut self, request: Message) {
        if request.command == command::CANCEL {
            if !self.world.does_it_anyway(status::KEEPALIVE_CANCEL) {
                self.pass(&request);
            }
            return;
        }
        let is_meant = self.world.defect.when.asks(&request);
        let mut seen = request.clone();
        if is_meant {
            match self.world.defect.act {
                Act::Ignores(path) => change_body(&mut seen, |body| path.take(body)),
                Act::Misreads(path) => change_body(&mut seen, |body| path.alter(body)),
                Act::Sees(path, value) => change_body(&mut seen, |body| path.put(body, value)),
                Act::SeesInstead(_, other) => seen.payload = other.to_vec(),
                Act::Takes(_, change) => change(&mut seen.payload),
                Act::DoesNothing(answer) => {
                    self.world.memory().has_differed = true;
                    self.say(&bare(&request, answer));
                    return;
                }
                Act::IsSilent => return,
                Act::AsksForATouch => self.say(&Message {
                    command: command::KEEPALIVE,
                    payload: UP_NEEDED.to_vec(),
                    ..request.clone()
                }),
                Act::DoesItAnyway | Act::Murmurs | Act::Tears(_) => self.world.memory().is_running = true,
                _ => {}
            }
        }
        let dawdles_since = match self.world.defect.act {
            Act::Dawdles(secret) if self.world.memory().secrets.meets(secret, &mut seen) => Some(Instant::now()),
            _ => None,
        };
        self.world.memory().has_differed |= seen != request;
        self.asked.insert(
            request.channel,
            Asked {
                request,
                is_meant,
                is_touched: false,
                dawdles_since,
            },
        );
        self.pass(&seen);
    }

    fn pass(&mut self, message: &Message) {
        for report in packets(message.channel, message.command, &message.payload) {
            self.link.send(&report);
        }
    }

    fn say(&mut self, message: &Message) {
        self.said
            .extend(packets(message.channel, message.command, &message.payload));
    }

    /// A report from the key.
    fn saw(&mut self, report: &Report) {
        let channel = channel_of(report);
        if report[4] == command::INIT && channel == BROADCAST {
            self.channels
                .push(u32::from_be_bytes([report[15], report[16], report[17], report[18]]));
        }
        if !self.asked.contains_key(&channel) {
            self.said.push_back(*report);
            return;
        }
        let part = match self.parts[1].remove(&channel) {
            Some(mut part) => {
                part.push(report);
                Some(part)
            }
            None => Part::begin(report),
        };
        let Some(mut part) = part else {
            self.said.push_back(*report);
            return;
        };
        match part.whole() {
            Some(message) if message.command == command::KEEPALIVE => self.keepalive(&message),
            Some(message) => self.answer(message),
            None => drop(self.parts[1].insert(channel, part)),
        }
    }

    fn keepalive(&mut self, message: &Message) {
        let Some(asked) = self.asked.get_mut(&message.channel) else {
            return;
        };
        let is_first = message.payload == UP_NEEDED && !asked.is_touched;
        match self.world.defect.act {
            Act::TouchesItself if asked.is_meant => {
                if is_first {
                    asked.is_touched = true;
                    self.world.hand.touch();
                }
                return;
            }
            Act::CountsAHeldButton if asked.is_meant && is_first && self.world.memory().is_held => {
                asked.is_touched = true;
                self.world.hand.release();
                self.world.hand.touch();
            }
            _ => {}
        }
        self.say(message);
    }

    fn answer(&mut self, mut answer: Message) {
        let Some(asked) = self.asked.remove(&answer.channel) else {
            return;
        };
        if ![asked.request.command, command::ERROR].contains(&answer.command) {
            // INIT ended the request.
            self.say(&answer);
            return;
        }
        let world = Arc::clone(&self.world);
        world.note(&asked.request, &answer);
        let conforming = answer.clone();
        world.forge(&asked.request, &mut answer, asked.is_meant);
        self.delay_or_tear(&asked, &mut answer);
        if asked.is_meant && world.defect.when.is_answered(&answer) {
            self.change(&asked.request, &mut answer);
        }
        if asked.is_meant && answer != conforming {
            world.memory().has_differed = true;
        }
        self.say(&answer);
    }

    /// What defects do that remember more than the request: the answer comes late, or is of what a power cut has torn.
    fn delay_or_tear(&self, asked: &Asked, answer: &mut Message) {
        let mut memory = self.world.memory();
        match self.world.defect.act {
            Act::Dawdles(secret) => memory.secrets.learn(secret, &asked.request, answer),
            Act::Tears(_) if asked.is_meant => memory.is_running = false,
            Act::Tears(path) if memory.is_torn && asked.request.payload == GET_INFO => {
                change_body(answer, |body| path.alter(body));
            }
            _ => {}
        }
        drop(memory);
        if let Some(since) = asked.dawdles_since {
            thread::sleep(since.elapsed() + DAWDLES);
        }
    }

    fn change(&mut self, request: &Message, answer: &mut Message) {
        let world = Arc::clone(&self.world);
        match world.defect.act {
            Act::Answers(other) => *answer = bare(request, other),
            Act::LeavesOut(path) => change_body(answer, |body| path.take(body)),
            Act::Alters(path) => change_body(answer, |body| path.alter(body)),
            Act::Tells(path, value) => change_body(answer, |body| path.put(body, value)),
            Act::Writes(_, change) => change(&request.payload, &mut answer.payload),
            Act::Repeats => {
                let mut memory = world.memory();
                let first = memory.first.get_or_insert_with(|| answer.payload.clone());
                answer.payload.clone_from(first);
            }
            Act::DoesItAnyway => {
                let mut memory = world.memory();
                memory.is_running = false;
                if let Some(pretended) = memory.pretends.take() {
                    let is_oath = request.command == command::OATH;
                    *answer = bare(request, if is_oath { NOT_ALLOWED } else { pretended });
                }
            }
            Act::Murmurs => world.memory().is_running = false,
            Act::BeginsAnew => world.begin_anew(),
            Act::ErasesItself => self.erase(),
            _ => world.memory().has_happened = true,
        }
    }

    fn erase(&mut self) {
        self.world.begin_anew();
        self.connect_anew();
        let Some(channel) = self.channels.last().copied() else {
            return;
        };
        self.link.send(&packets(channel, command::CBOR, RESET)[0]);
        self.world.hand.touch();
        while let Some(report) = self.link.receive(PATIENCE) {
            if report[4] == command::CBOR {
                break;
            }
        }
    }
}

impl Link for Wire {
    fn send(&mut self, report: &Report) {
        self.connect_anew();
        let Act::Hears(_, change) = self.world.defect.act else {
            self.hear(report);
            return;
        };
        let mut memory = self.world.memory();
        let heard = change(report, &mut memory.ear);
        memory.has_differed |= heard[..] != [*report] || !memory.ear.said.is_empty();
        memory.ear.follow(report);
        self.said.extend(memory.ear.said.drain(..));
        drop(memory);
        heard.iter().for_each(|report| self.link.send(report));
    }

    fn receive(&mut self, timeout: Duration) -> Option<Report> {
        loop {
            if let Some(report) = self.said.pop_front() {
                return Some(report);
            }
            if std::mem::take(&mut self.world.memory().murmurs) {
                let channel = self.channels.last().copied().unwrap_or(BROADCAST);
                return packets(channel, command::KEEPALIVE, &[1]).pop();
            }
            let report = self.link.receive(timeout.min(PATIENCE))?;
            self.reports += 1;
            assert!(self.reports < REPORTS, "the key talks for ever");
            if let Act::Says(_, change) = self.world.defect.act {
                self.said.extend(change(&report, &mut self.world.memory().ear));
            } else {
                self.saw(&report);
            }
        }
    }
}

/// Changes what is behind the first byte of a CTAP2 message, where it is a map.
fn change_body(message: &mut Message, change: impl FnOnce(&mut Vec<u8>) -> bool) {
    if message.command == command::CBOR && !message.payload.is_empty() {
        let mut body = message.payload.split_off(1);
        let _ = change(&mut body);
        message.payload.extend(body);
    }
}
