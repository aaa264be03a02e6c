//! What was said on the wire, and what the hand did: what a report shows of a failure, and what a check costs.

mod diagnostic;
mod traces;
mod user;
mod wire;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use crate::host::{command, error};
use crate::key::{Hand, Link};
pub use traces::{Left, Touched};
use user::User;
use wire::{Partial, Wire};

/// How many messages of one check are kept. The first and the last say most.
const KEPT: usize = 200;

/// A message, as it went over the wire.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Exchanged {
    /// Milliseconds since the check began.
    pub at: u64,
    /// Whether the key said it.
    pub from_key: bool,
    /// The channel.
    pub channel: u32,
    /// The command with its highest bit set; less than 0x80 for a packet that continues nothing.
    pub command: u8,
    /// The payload, in hexadecimal.
    pub payload: String,
    /// What the payload says, where it can be read.
    pub decoded: Option<String>,
}

/// How long a silent key is waited for.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// As long as a key may take that works: it has to say so ten times a second (CTAP 2.3 §11.2.9.1.7).
    pub silent: Duration,
    /// After somebody was asked to touch it.
    pub touched: Duration,
}

impl Patience {
    /// Where a program touches the key.
    pub const AUTOMATIC: Self = Self {
        silent: Duration::from_secs(5),
        touched: Duration::from_secs(5),
    };
    /// Where a person does.
    pub const PERSON: Self = Self {
        silent: Duration::from_secs(5),
        touched: Duration::from_secs(60),
    };
}

/// What a check cost so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Spent {
    /// How often the button was pressed.
    pub touches: u32,
    /// How often the key said that it waits for its user.
    pub asks: u32,
    /// How often the key was unplugged.
    pub power_cycles: u32,
    /// How often authenticatorReset, or the reset of the one-time codes, was sent.
    pub resets: u32,
    /// Milliseconds that pass only because the check waits.
    pub waited: u64,
    /// What the check changed on the key, whether or not it undid it.
    pub touched: Touched,
}

struct Recording {
    begun: Instant,
    messages: Vec<Exchanged>,
    dropped: usize,
    spent: Spent,
    left: Left,
    pressed: bool,
    may_reset: bool,
    user: User,
    was_busy: bool,
    is_silent: bool,
}

/// The recording of one key. Clones are the same.
#[derive(Clone)]
pub struct Tape {
    recording: Arc<Mutex<Recording>>,
    patience: Patience,
    /// Whether the run is to end.
    stop: Arc<dyn Fn() -> bool + Send + Sync>,
}

impl Tape {
    /// An empty tape. A check ends with a panic once `stop` says so.
    #[must_use]
    pub fn new(patience: Patience, stop: Arc<dyn Fn() -> bool + Send + Sync>) -> Self {
        let recording = Recording {
            begun: Instant::now(),
            messages: Vec::new(),
            dropped: 0,
            spent: Spent::default(),
            left: Left::default(),
            pressed: false,
            may_reset: true,
            user: User::default(),
            was_busy: false,
            is_silent: false,
        };
        Self {
            recording: Arc::new(Mutex::new(recording)),
            patience,
            stop,
        }
    }

    /// A check that failed may have panicked anywhere.
    fn lock(&self) -> MutexGuard<'_, Recording> {
        self.recording.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// From now on no reset gets as far as the key: who asks for one panics.
    pub fn forbid_resets(&self) {
        self.lock().may_reset = false;
    }

    /// Begins another check. What was left on the key is still known.
    pub fn rewind(&self) {
        let mut recording = self.lock();
        recording.begun = Instant::now();
        recording.messages.clear();
        recording.dropped = 0;
        recording.spent = Spent::default();
        recording.pressed = false;
        recording.user = User::default();
        recording.was_busy = false;
        recording.is_silent = false;
    }

    /// What was said since.
    #[must_use]
    pub fn messages(&self) -> Vec<Exchanged> {
        self.lock().messages.clone()
    }

    /// What it cost since.
    #[must_use]
    pub fn spent(&self) -> Spent {
        self.lock().spent
    }

    /// What the checks so far left on the key.
    #[must_use]
    pub fn left(&self) -> Left {
        self.lock().left
    }

    /// Says what is on the key, where that is known otherwise.
    pub fn set_left(&self, left: Left) {
        self.lock().left = left;
    }

    /// Whether the run is to end.
    #[must_use]
    pub fn is_stopped(&self) -> bool {
        (self.stop)()
    }

    /// Whether the key told a host that it was busy.
    #[must_use]
    pub fn was_busy(&self) -> bool {
        self.lock().was_busy
    }

    /// Whether the key told a host that it was busy, since this was asked last.
    pub(crate) fn take_busy(&self) -> bool {
        std::mem::take(&mut self.lock().was_busy)
    }

    /// Whether a host waited for the key in vain, and nothing came since.
    #[must_use]
    pub fn is_silent(&self) -> bool {
        self.lock().is_silent
    }

    /// What its user did not do, as the key answered last.
    #[must_use]
    pub fn unmet(&self) -> Option<&'static str> {
        self.lock().user.unmet()
    }

    /// How long to wait for what may take `timeout`.
    fn patience(&self, timeout: Duration) -> Duration {
        match self.lock().pressed {
            true => timeout.min(self.patience.touched),
            false => timeout.min(self.patience.silent),
        }
    }
}

impl Recording {
    /// Milliseconds since the check began.
    fn now(&self) -> u64 {
        u64::try_from(self.begun.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    /// A message of which the rest is still to come, or never comes.
    fn push_half(&mut self, from_key: bool, half: &Partial) {
        let (there, length) = (half.payload.len(), half.length);
        self.keep(Exchanged {
            at: half.at,
            from_key,
            channel: half.channel,
            command: half.command,
            payload: hex(&half.payload),
            decoded: Some(format!("the first {there} of {length} bytes; the rest is not sent yet")),
        });
    }

    fn push(&mut self, from_key: bool, message: Partial, asked: Option<&[u8]>) {
        let at = self.now();
        let decoded = diagnostic::of(message.command, from_key, &message.payload);
        if from_key {
            self.is_silent = false;
            self.was_busy |= (message.command, &message.payload[..]) == (command::ERROR, &[error::CHANNEL_BUSY][..]);
            self.user.answered(message.command, &message.payload, self.pressed);
            if message.command != command::KEEPALIVE {
                self.pressed = false;
            }
            if let Some(asked) = asked {
                traces::answered(
                    message.command,
                    asked,
                    &message.payload,
                    &mut self.left,
                    &mut self.spent.touched,
                );
            }
        } else if traces::resets(message.command, &message.payload) {
            self.spent.resets += 1;
        }
        let payload = hex(&message.payload);
        if from_key
            && traces::asks(message.command, &message.payload, asked)
            && !self.is_again(message.command, &payload)
        {
            self.spent.asks += 1;
        }
        self.keep(Exchanged {
            at,
            from_key,
            channel: message.channel,
            command: message.command,
            payload,
            decoded,
        });
    }

    fn keep(&mut self, message: Exchanged) {
        if self.is_again(message.command, &message.payload) {
            return;
        }
        if self.messages.len() == KEPT {
            self.messages.remove(KEPT / 2);
            self.dropped += 1;
        }
        self.messages.push(message);
    }

    /// A keepalive like the one before: they come ten times a second.
    fn is_again(&self, command: u8, payload: &str) -> bool {
        let last = self.messages.last();
        last.is_some_and(|last| {
            last.command == command::KEEPALIVE && last.command == command && last.payload == payload
        })
    }
}

/// Bytes in hexadecimal.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The hand, watched.
pub struct Watched {
    hand: Arc<dyn Hand>,
    tape: Tape,
}

impl Watched {
    /// Writes what `hand` does to `tape`.
    #[must_use]
    pub fn new(hand: Arc<dyn Hand>, tape: Tape) -> Self {
        Self { hand, tape }
    }
}

impl Hand for Watched {
    fn connect(&self) -> Box<dyn Link> {
        Box::new(Wire::new(self.hand.connect(), self.tape.clone()))
    }

    fn wait_until_asked(&self) {
        self.hand.wait_until_asked();
    }

    fn can_touch(&self) -> bool {
        self.hand.can_touch()
    }

    fn is_sure(&self) -> bool {
        self.hand.is_sure()
    }

    fn press(&self) {
        let mut recording = self.tape.lock();
        recording.spent.touches += 1;
        recording.pressed = true;
        drop(recording);
        self.hand.press();
    }

    fn release(&self) {
        self.hand.release();
    }

    fn touch(&self) {
        let mut recording = self.tape.lock();
        recording.spent.touches += 1;
        recording.pressed = true;
        drop(recording);
        self.hand.touch();
    }

    fn decline(&self) {
        self.hand.decline();
    }

    fn power_cycle(&self) {
        self.tape.lock().spent.power_cycles += 1;
        self.hand.power_cycle();
    }

    fn advance(&self, milliseconds: u64) -> bool {
        self.tape.lock().spent.waited += milliseconds;
        self.hand.advance(milliseconds)
    }
}
