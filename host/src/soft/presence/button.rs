//! The key's one button, and the request that waits for it.

use std::time::Duration;

use brasskey_protocol::limits::{LONG_TOUCH, U2F_POLL_GAP, U2F_TOUCH_LIFETIME};
use brasskey_protocol::platform::{Abort, Clock, Gesture, Operation, Presence, PresenceRequest, RelyingParty};

use super::waiting::Waiting;
use crate::soft::clock::SoftClock;
use crate::soft::sync::{Condvar, Mutex};
use crate::soft::{lock, unpoison};

/// What the user answers to a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Touches the key.
    Touch,
    /// Refuses, as by "no" at a prompt. With one button nobody could say so.
    Decline,
}

/// What an answer for U2F is valid for: one channel, operation and application.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Binding {
    /// The channel of a host that polls.
    channel: Option<u32>,
    operation: Operation,
    party: Party,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Party {
    None,
    Id(String),
    Application([u8; 32]),
}

impl Binding {
    fn of(channel: Option<u32>, request: &PresenceRequest<'_>) -> Self {
        Self {
            channel,
            operation: request.operation,
            party: match request.relying_party {
                RelyingParty::None => Party::None,
                RelyingParty::Id(id) => Party::Id(id.to_owned()),
                RelyingParty::Application(hash) => Party::Application(*hash),
            },
        }
    }
}

/// Names one open request, so that its answer cannot reach the next one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Ticket(u64);

/// What a poll found.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Polled {
    /// The touch; it is now spent.
    Touched,
    /// The refusal; it is now spent too, so that the host may ask again.
    Declined,
    /// The request is open, and not answered yet; or another host's request is open.
    Waiting,
    /// This call opened the request.
    Opened(Ticket),
}

/// The button. It is pressed and released; it answers the request that is open when a press begins.
#[derive(Debug)]
pub(crate) struct Button {
    state: Mutex<State>,
    changed: Condvar,
    clock: SoftClock,
}

#[derive(Debug, Default)]
struct State {
    held: bool,
    tickets: u64,
    open: Option<Open>,
    /// An answer given for a U2F request, until the host's next poll.
    given: Option<Given>,
    /// How long the key has waited for its user since [`Button::take_waited`].
    waited: Duration,
}

#[derive(Debug)]
struct Open {
    ticket: Ticket,
    binding: Binding,
    waiting: Waiting,
    gesture: Gesture,
    /// Since when the button is held for a long touch.
    held_since: Option<u64>,
    answer: Option<Answer>,
    /// When the request ends if its host does not poll again, where the host polls.
    lapses: Option<u64>,
}

#[derive(Debug)]
struct Given {
    binding: Binding,
    answer: Answer,
    until: u64,
}

impl Button {
    pub(crate) fn new(clock: SoftClock) -> Self {
        Self {
            state: Mutex::default(),
            changed: Condvar::new(),
            clock,
        }
    }

    /// Presses the button. Pressing a button already held does nothing.
    pub(crate) fn press(&self) {
        let mut state = lock(&self.state);
        if std::mem::replace(&mut state.held, true) {
            return;
        }
        match &mut state.open {
            Some(open) if open.gesture == Gesture::LongTouch => {
                open.held_since = Some(self.clock.now());
                self.changed.notify_all();
            }
            _ => self.answer_open(&mut state, None, Answer::Touch),
        }
    }

    /// Releases the button. Where a long touch is asked for, a shorter one does not count.
    pub(crate) fn release(&self) {
        let mut state = lock(&self.state);
        state.held = false;
        if let Some(open) = &mut state.open {
            let was_long = open.is_long_touch(self.clock.now());
            open.held_since = None;
            if was_long {
                self.answer_open(&mut state, None, Answer::Touch);
            }
        }
    }

    /// Refuses the request that is open, if there is one.
    pub(crate) fn decline(&self) {
        self.answer_open(&mut lock(&self.state), None, Answer::Decline);
    }

    /// Answers the request of `ticket`, if it is still open.
    pub(super) fn answer(&self, ticket: Ticket, answer: Answer) {
        self.answer_open(&mut lock(&self.state), Some(ticket), answer);
    }

    fn answer_open(&self, state: &mut State, ticket: Option<Ticket>, answer: Answer) {
        let now = self.clock.now();
        let Some(open) = state.open.as_mut().filter(|open| open.is_live(now)) else {
            return;
        };
        if open.answer.is_some() || ticket.is_some_and(|ticket| ticket != open.ticket) {
            return;
        }
        open.answer = Some(answer);
        if open.lapses.is_some() {
            state.given = Some(Given {
                binding: open.binding.clone(),
                answer,
                until: now.saturating_add(U2F_TOUCH_LIFETIME),
            });
        }
        self.changed.notify_all();
    }

    /// The time since power-up, in milliseconds.
    pub(super) fn now(&self) -> u64 {
        self.clock.now()
    }

    /// Opens a request whose thread waits for the answer. Drops an answer left over from U2F.
    pub(super) fn open(&self, request: &PresenceRequest<'_>) -> Ticket {
        let mut state = lock(&self.state);
        state.given = None;
        self.open_request(&mut state, Binding::of(None, request), request, None)
    }

    fn open_request(
        &self,
        state: &mut State,
        binding: Binding,
        request: &PresenceRequest<'_>,
        lapses: Option<u64>,
    ) -> Ticket {
        state.tickets = state.tickets.wrapping_add(1);
        let ticket = Ticket(state.tickets);
        state.open = Some(Open {
            ticket,
            binding,
            waiting: Waiting::new(request, self.clock.now()),
            gesture: request.gesture,
            held_since: None,
            answer: None,
            lapses,
        });
        self.changed.notify_all();
        ticket
    }

    /// Waits for the answer to the request of `ticket`, and closes it.
    pub(super) fn wait(&self, ticket: Ticket, deadline: u64, abort: &Abort) -> Presence {
        let mut state = lock(&self.state);
        let presence = loop {
            if abort.is_set() {
                break Presence::Aborted;
            }
            let Some(open) = state.open.as_ref().filter(|open| open.ticket == ticket) else {
                // Only a power cut closes a request that is waited for.
                break Presence::Aborted;
            };
            let now = self.clock.now();
            match open.answer {
                Some(Answer::Touch) => break Presence::Confirmed,
                Some(Answer::Decline) => break Presence::Declined,
                None if open.is_long_touch(now) => break Presence::Confirmed,
                None if now >= deadline => break Presence::TimedOut,
                None => {}
            }
            let next = open
                .held_since
                .map_or(deadline, |since| deadline.min(since + LONG_TOUCH));
            state = match self.clock.sleep_until(next) {
                Some(timeout) => unpoison(self.changed.wait_timeout(state, timeout)).0,
                None => unpoison(self.changed.wait(state)),
            };
        };
        state.open.take_if(|open| open.ticket == ticket);
        self.changed.notify_all();
        presence
    }

    /// Looks what the user did about `request` of `channel`. Opens the request where it is not open yet and no other
    /// host waits for its own.
    pub(super) fn poll(&self, channel: u32, request: &PresenceRequest<'_>) -> Polled {
        let mut state = lock(&self.state);
        let now = self.clock.now();
        let binding = Binding::of(Some(channel), request);
        let lapses = now.saturating_add(U2F_TOUCH_LIFETIME);
        let is_same = |open: &Open| open.binding == binding && open.is_live(now);
        state.given.take_if(|given| given.until <= now);
        if let Some(given) = state.given.take_if(|given| given.binding == binding) {
            state.open.take_if(|open| is_same(open));
            self.changed.notify_all();
            return match given.answer {
                Answer::Touch => Polled::Touched,
                Answer::Decline => Polled::Declined,
            };
        }
        match &mut state.open {
            Some(open) if is_same(open) && open.answer.is_none() => {
                open.lapses = Some(lapses);
                Polled::Waiting
            }
            Some(open) if open.is_awaited_elsewhere(&binding, now) => Polled::Waiting,
            _ => Polled::Opened(self.open_request(&mut state, binding, request, Some(lapses))),
        }
    }

    /// Closes the open request, and drops an answer that nobody took yet. A button that is held stays held.
    pub(crate) fn clear(&self) {
        let mut state = lock(&self.state);
        state.given = None;
        // Waking nobody costs a system call too.
        if state.open.take().is_some() {
            self.changed.notify_all();
        }
    }

    /// Notes that the key waited for its user.
    pub(super) fn add_waited(&self, waited: Duration) {
        lock(&self.state).waited += waited;
    }

    /// How long the key has waited for its user since this was last asked.
    pub(crate) fn take_waited(&self) -> Duration {
        std::mem::take(&mut lock(&self.state).waited)
    }

    /// Makes the threads that wait look again at the abort flag and the clock.
    pub(crate) fn wake(&self) {
        let _state = lock(&self.state);
        self.changed.notify_all();
    }

    /// What the key waits for.
    pub(crate) fn waiting(&self) -> Option<Waiting> {
        self.waiting_in(&lock(&self.state))
    }

    fn waiting_in(&self, state: &State) -> Option<Waiting> {
        let now = self.clock.now();
        state
            .open
            .as_ref()
            .filter(|open| open.answer.is_none() && open.is_live(now))
            .map(|open| open.waiting.clone())
    }

    /// Whether the button is held.
    pub(crate) fn is_held(&self) -> bool {
        lock(&self.state).held
    }

    /// Waits until the key waits for the user, at most for `timeout`.
    pub(crate) fn wait_until_asked(&self, timeout: Duration) -> Option<Waiting> {
        let state = lock(&self.state);
        let (state, _) = unpoison(
            self.changed
                .wait_timeout_while(state, timeout, |state| self.waiting_in(state).is_none()),
        );
        self.waiting_in(&state)
    }

    /// How long the request of `ticket` still waits for an answer if its host does not poll again, or `None` where
    /// it does not wait any more.
    #[cfg(unix)]
    pub(super) fn waits_for(&self, ticket: Ticket) -> Option<Duration> {
        let state = lock(&self.state);
        let now = self.clock.now();
        let open = state
            .open
            .as_ref()
            .filter(|open| open.ticket == ticket && open.answer.is_none() && open.is_live(now))?;
        Some(Duration::from_millis(
            open.lapses
                .map_or(U2F_TOUCH_LIFETIME, |lapses| lapses.saturating_sub(now)),
        ))
    }
}

impl Open {
    fn is_long_touch(&self, now: u64) -> bool {
        self.held_since
            .is_some_and(|since| now.saturating_sub(since) >= LONG_TOUCH)
    }

    fn is_live(&self, now: u64) -> bool {
        self.lapses.is_none_or(|lapses| now < lapses)
    }

    /// Whether a host on another channel polls for it now, and has no answer yet.
    fn is_awaited_elsewhere(&self, binding: &Binding, now: u64) -> bool {
        let polled = self.lapses.map(|lapses| lapses.saturating_sub(U2F_TOUCH_LIFETIME));
        let is_polled = polled.is_some_and(|polled| now.saturating_sub(polled) < U2F_POLL_GAP);
        self.answer.is_none() && is_polled && self.binding.channel != binding.channel
    }
}
