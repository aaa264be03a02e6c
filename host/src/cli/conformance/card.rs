//! FIDO and OATH as a smart card, for checks that speak CTAPHID.
//!
//! A check says messages to a key. Here each message goes to the card as APDUs (CTAP 2.3 §11.3 for CTAP2 and U2F,
//! YKOATH for one-time codes), and the answer comes back in the packets of CTAPHID. INIT is answered at once, as a card
//! has no channels. Whatever else CTAPHID has is refused: checks that need it are not for cards.

mod talk;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use brasskey_conformance::host::{command, error, packets};
use brasskey_conformance::key::{Link, Report};

pub(super) use talk::Card;
#[cfg(test)]
use talk::Reader;

/// How long a card that nobody waits for any more may take to end its request.
const GRACE: Duration = Duration::from_secs(1);
/// How long the OATH applet may be at work. It says nothing while it waits for a touch, so one that takes longer is
/// taken to wait for one.
const AT_WORK: Duration = Duration::from_secs(1);
/// The status of a keepalive of a key that waits for its user (CTAP 2.3 §11.2.9.1.7).
const UP_NEEDED: u8 = 2;
/// What an answer to INIT says behind the channel (CTAP 2.3 §11.2.9.1.3): CTAPHID 2, no version, CTAPHID_CBOR.
const ABOUT: [u8; 5] = [2, 0, 0, 0, 0x04];

/// A card in a reader. All hosts of a check share it, as they would share a reader.
#[derive(Clone)]
pub(super) struct SharedCard {
    card: Arc<Mutex<Card>>,
    /// It answers no more.
    is_gone: Arc<AtomicBool>,
}

impl SharedCard {
    pub(super) fn new(card: Card) -> Self {
        Self {
            card: Arc::new(Mutex::new(card)),
            is_gone: Arc::default(),
        }
    }

    pub(super) fn is_gone(&self) -> bool {
        self.is_gone.load(Ordering::Acquire)
    }
}

/// A message to the card.
struct Message {
    channel: u32,
    command: u8,
    payload: Vec<u8>,
    /// Its length by its first packet.
    length: usize,
}

/// What a host has told about the request that runs.
#[derive(Default)]
struct Wishes {
    /// It shall end.
    cancel: AtomicBool,
    /// Nobody waits for it any more.
    gone: AtomicBool,
}

/// One host's end.
pub(super) struct CardLink {
    /// Messages of which packets are still to come, by channel.
    partial: HashMap<u32, Message>,
    wishes: Arc<Wishes>,
    to_card: Option<Sender<Message>>,
    to_host: Sender<Result<Report, String>>,
    from_card: Receiver<Result<Report, String>>,
    worker: Option<JoinHandle<()>>,
    /// The channel of the OATH request that runs, and when it is taken to wait for a touch.
    oath: Option<(u32, Instant)>,
}

impl CardLink {
    pub(super) fn new(card: SharedCard) -> Self {
        let ((to_card, messages), (to_host, from_card)) = (channel::<Message>(), channel());
        let (wishes, answers) = (Arc::<Wishes>::default(), to_host.clone());
        let told = Arc::clone(&wishes);
        let worker = thread::spawn(move || {
            for message in messages {
                answer(&card, &message, &told, &answers);
            }
        });
        Self {
            partial: HashMap::new(),
            wishes,
            to_card: Some(to_card),
            to_host,
            from_card,
            worker: Some(worker),
            oath: None,
        }
    }

    fn say(&self, channel: u32, command: u8, payload: &[u8]) {
        say(&self.to_host, channel, command, payload);
    }

    fn whole(&mut self, mut message: Message) {
        message.payload.truncate(message.length);
        let channel = message.channel;
        match message.command {
            command::INIT => {
                static CHANNEL: AtomicU32 = AtomicU32::new(1);
                let new = CHANNEL.fetch_add(1, Ordering::Relaxed).to_be_bytes();
                let answer = [&message.payload[..], &new, &ABOUT].concat();
                self.say(channel, command::INIT, &answer);
            }
            command::CANCEL => self.wishes.cancel.store(true, Ordering::Release),
            command::CBOR | command::MSG | command::OATH | command::APDU => {
                self.wishes.cancel.store(false, Ordering::Release);
                self.oath = (message.command == command::OATH).then(|| (channel, Instant::now() + AT_WORK));
                if let Some(to_card) = &self.to_card {
                    // The worker ends after this.
                    let _ = to_card.send(message);
                }
            }
            _ => self.say(channel, command::ERROR, &[error::INVALID_CMD]),
        }
    }
}

/// Sends what a key would. A host that is gone hears nothing.
fn say(to: &Sender<Result<Report, String>>, channel: u32, command: u8, payload: &[u8]) {
    for report in packets(channel, command, payload) {
        let _ = to.send(Ok(report));
    }
}

/// Has the card answer a message.
fn answer(shared: &SharedCard, message: &Message, wishes: &Wishes, to: &Sender<Result<Report, String>>) {
    let mut card = shared.card.lock().unwrap_or_else(PoisonError::into_inner);
    let begun = Instant::now();
    let gives_up = || wishes.gone.load(Ordering::Acquire) && begun.elapsed() > GRACE;
    let answered = match message.command {
        command::CBOR => card.ctap2(&message.payload, &gives_up, &mut |status| {
            say(to, message.channel, command::KEEPALIVE, &[status]);
            wishes.cancel.load(Ordering::Acquire)
        }),
        command::APDU => card.apdu(&message.payload, &gives_up),
        command::MSG => card.u2f(&message.payload, &gives_up),
        _ => card.oath(&message.payload, &gives_up),
    };
    match answered {
        Ok(payload) => say(to, message.channel, message.command, &payload),
        Err(why) => {
            shared.is_gone.fetch_or(card.is_gone(), Ordering::AcqRel);
            let _ = to.send(Err(why));
        }
    }
}

impl Link for CardLink {
    fn send(&mut self, report: &Report) {
        let channel = u32::from_be_bytes([report[0], report[1], report[2], report[3]]);
        let message = if report[4] & 0x80 != 0 {
            Message {
                channel,
                command: report[4],
                payload: report[7..].to_vec(),
                length: u16::from_be_bytes([report[5], report[6]]).into(),
            }
        } else if let Some(mut message) = self.partial.remove(&channel) {
            message.payload.extend(&report[5..]);
            message
        } else {
            return;
        };
        if message.payload.len() < message.length {
            self.partial.insert(channel, message);
        } else {
            self.whole(message);
        }
    }

    fn receive(&mut self, timeout: Duration) -> Option<Report> {
        let deadline = Instant::now() + timeout;
        let until = self.oath.map_or(deadline, |(_, waits)| waits.min(deadline));
        let left = until.saturating_duration_since(Instant::now());
        match self.from_card.recv_timeout(left) {
            Ok(Ok(report)) => {
                self.oath = None;
                return Some(report);
            }
            Ok(Err(why)) => panic!("{why}"),
            Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {}
        }
        let (channel, _) = self.oath.take_if(|(_, waits)| *waits <= Instant::now())?;
        self.say(channel, command::KEEPALIVE, &[UP_NEEDED]);
        self.receive(deadline.saturating_duration_since(Instant::now()))
    }
}

impl Drop for CardLink {
    /// A request that still runs is given up, so that the card is free for the next host.
    fn drop(&mut self) {
        self.wishes.cancel.store(true, Ordering::Release);
        self.wishes.gone.store(true, Ordering::Release);
        self.to_card = None;
        if let Some(worker) = self.worker.take() {
            let _ = worker.join();
        }
    }
}
