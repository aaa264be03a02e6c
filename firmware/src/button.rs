//! The touch: a press of the one button, after the request that it answers.

use brasskey_protocol::crypto::sha256;
use brasskey_protocol::limits::{U2F_POLL_GAP, U2F_TOUCH_LIFETIME};
use brasskey_protocol::platform::{Operation, PresenceRequest, RelyingParty};

/// How long a contact must keep its state before that counts, in milliseconds. Switches bounce for some 5 ms.
const SETTLED: u64 = 15;

/// What a touch is good for: one operation, for one relying party, and over U2F for one channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Binding {
    channel: Option<u32>,
    operation: Operation,
    party: Party,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Party {
    None,
    IdHash([u8; 32]),
    Application([u8; 32]),
}

impl Binding {
    fn of(channel: Option<u32>, request: &PresenceRequest<'_>) -> Self {
        Self {
            channel,
            operation: request.operation,
            party: match request.relying_party {
                RelyingParty::None => Party::None,
                RelyingParty::Id(id) => Party::IdHash(sha256(&[id.as_bytes()])),
                RelyingParty::Application(hash) => Party::Application(*hash),
            },
        }
    }
}

/// A request for a touch.
#[derive(Debug)]
struct Open {
    binding: Binding,
    /// How many samples were taken before. A press that began with one of them is not consent.
    opened: u64,
    /// How long the button must be held, in milliseconds.
    hold: u64,
    /// When a U2F request expires because its host has stopped polling. `None` for a request that somebody waits for.
    lapses: Option<u64>,
    touched: bool,
}

impl Open {
    fn is_live(&self, now: u64) -> bool {
        self.lapses.is_none_or(|lapses| now < lapses)
    }

    /// Whether a host on another channel is polling for it.
    fn is_awaited_elsewhere(&self, binding: &Binding, now: u64) -> bool {
        let polled = self.lapses.map(|lapses| lapses.saturating_sub(U2F_TOUCH_LIFETIME));
        let is_polled = polled.is_some_and(|polled| now.saturating_sub(polled) < U2F_POLL_GAP);
        !self.touched && is_polled && self.binding.channel != binding.channel
    }
}

/// A touch for a U2F request, kept until its host polls again.
#[derive(Debug)]
struct Touch {
    binding: Binding,
    until: u64,
}

/// The debounced contact.
#[derive(Debug)]
struct Contact {
    pressed: bool,
    /// Since when all samples differ from `pressed`.
    differs_since: Option<Moment>,
}

/// A sample: its number, from 1, and its time.
#[derive(Clone, Copy, Debug)]
struct Moment {
    number: u64,
    time: u64,
}

impl Contact {
    /// Adds a sample. Returns the moment at which a press began, once that press counts.
    fn sample(&mut self, pressed: bool, now: Moment) -> Option<Moment> {
        if pressed == self.pressed {
            self.differs_since = None;
            return None;
        }
        let since = *self.differs_since.get_or_insert(now);
        if now.time.saturating_sub(since.time) < SETTLED {
            return None;
        }
        self.differs_since = None;
        self.pressed = pressed;
        pressed.then_some(since)
    }
}

/// The button, and the request that a press is for. Times are in milliseconds and never go back.
#[derive(Debug)]
pub struct Button {
    contact: Contact,
    samples: u64,
    /// When the current press began.
    held_since: Option<Moment>,
    open: Option<Open>,
    touch: Option<Touch>,
}

impl Button {
    /// A button without a request. If it is already held, it counts as not pressed until it was released.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            contact: Contact {
                pressed: true,
                differs_since: None,
            },
            samples: 0,
            held_since: None,
            open: None,
            touch: None,
        }
    }

    /// Adds a sample of the contact. Call this every 10 ms or more often.
    pub fn sample(&mut self, pressed: bool, now: u64) {
        self.samples = self.samples.saturating_add(1);
        let moment = Moment {
            number: self.samples,
            time: now,
        };
        if let Some(began) = self.contact.sample(pressed, moment) {
            self.held_since = Some(began);
        }
        if !self.contact.pressed {
            self.held_since = None;
        }
        let (Some(open), Some(began)) = (&mut self.open, self.held_since) else {
            return;
        };
        let is_fresh = began.number > open.opened && now.saturating_sub(began.time) >= open.hold;
        if open.touched || !is_fresh || !open.is_live(now) {
            return;
        }
        open.touched = true;
        if open.lapses.is_some() {
            self.touch = Some(Touch {
                binding: open.binding,
                until: now.saturating_add(U2F_TOUCH_LIFETIME),
            });
        }
    }

    /// Opens a request that somebody waits for until [`close`](Self::close). The user must hold the button for `hold`
    /// milliseconds; with 0 a touch is enough. A touch that is left over from U2F is dropped.
    pub fn open(&mut self, request: &PresenceRequest<'_>, hold: u64) {
        self.touch = None;
        self.open_request(Binding::of(None, request), hold, None);
    }

    fn open_request(&mut self, binding: Binding, hold: u64, lapses: Option<u64>) {
        self.open = Some(Open {
            binding,
            opened: self.samples,
            hold,
            lapses,
            touched: false,
        });
    }

    /// Whether the open request has its touch.
    #[must_use]
    pub fn is_touched(&self) -> bool {
        self.open.as_ref().is_some_and(|open| open.touched)
    }

    /// Whether the key waits for a touch.
    #[must_use]
    pub fn is_awaited(&self, now: u64) -> bool {
        self.open
            .as_ref()
            .is_some_and(|open| !open.touched && open.is_live(now))
    }

    /// Whether the user has touched the key for `request`:
    /// [`UserPresence::poll`](brasskey_protocol::platform::UserPresence::poll).
    pub fn poll(&mut self, channel: u32, request: &PresenceRequest<'_>, now: u64) -> bool {
        let binding = Binding::of(Some(channel), request);
        let lapses = now.saturating_add(U2F_TOUCH_LIFETIME);
        self.touch.take_if(|touch| touch.until <= now);
        if self.touch.take_if(|touch| touch.binding == binding).is_some() {
            self.open.take_if(|open| open.binding == binding);
            return true;
        }
        match &mut self.open {
            Some(open) if open.binding == binding && open.is_live(now) && !open.touched => {
                open.lapses = Some(lapses);
            }
            Some(open) if open.is_awaited_elsewhere(&binding, now) => {}
            _ => self.open_request(binding, 0, Some(lapses)),
        }
        false
    }

    /// Closes the open request and drops a touch that was not used. A button that is held stays held.
    pub fn close(&mut self) {
        self.open = None;
        self.touch = None;
    }
}

impl Default for Button {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests;
