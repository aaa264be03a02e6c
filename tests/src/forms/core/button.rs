//! The button of the core, by the letter of `brasskey_protocol::platform::UserPresence`.

use brasskey_protocol::limits::{LONG_TOUCH, U2F_POLL_GAP, U2F_TOUCH_LIFETIME};
use brasskey_protocol::platform::{Gesture, Operation, Presence, PresenceRequest, RelyingParty};

/// What an answer for U2F is bound to: the channel, the operation and the application.
type Binding = (u32, Operation, Option<[u8; 32]>);

/// A button, what it is asked for, and an answer that a U2F host has not yet come for.
#[derive(Default)]
pub(super) struct Button {
    held: bool,
    asked: Option<Asked>,
    /// With the time at which it is good for nothing any more.
    given: Option<(Binding, Presence, u64)>,
}

struct Asked {
    gesture: Gesture,
    /// Since when the button is held, for a long touch.
    held_since: Option<u64>,
    answer: Option<Presence>,
    /// Who polls, and when it did so last; `None` where the key waits.
    polled: Option<(Binding, u64)>,
}

impl Button {
    /// The key waits for this gesture. What was given for U2F is gone.
    pub(super) fn ask(&mut self, gesture: Gesture) {
        self.given = None;
        self.asked = Some(Asked {
            gesture,
            held_since: None,
            answer: None,
            polled: None,
        });
    }

    /// How the wait ended, if it has.
    pub(super) fn answered(&self, now: u64, deadline: u64) -> Option<Presence> {
        let asked = self.asked.as_ref()?;
        asked
            .answer
            .or_else(|| asked.is_long_touch(now).then_some(Presence::Confirmed))
            .or_else(|| (now >= deadline).then_some(Presence::TimedOut))
    }

    /// What the user has said to a host that polls.
    pub(super) fn poll(&mut self, channel: u32, request: &PresenceRequest<'_>, now: u64) -> Option<Presence> {
        let application = match request.relying_party {
            RelyingParty::Application(hash) => Some(*hash),
            RelyingParty::None | RelyingParty::Id(_) => None,
        };
        let binding = (channel, request.operation, application);
        self.given.take_if(|(_, _, until)| *until <= now);
        if let Some((_, presence, _)) = self.given.take_if(|(given, _, _)| *given == binding) {
            return Some(presence);
        }
        let others = self.asked.as_ref().and_then(|asked| asked.polled);
        if others.is_none_or(|(other, at)| other.0 == channel || now - at >= U2F_POLL_GAP) {
            self.asked = Some(Asked {
                gesture: request.gesture,
                held_since: None,
                answer: None,
                polled: Some((binding, now)),
            });
        }
        None
    }

    /// Drops what is asked and what was given. A button that is held stays held.
    pub(super) fn forget(&mut self) {
        (self.asked, self.given) = (None, None);
    }

    /// Whether the key wants an answer.
    pub(super) fn is_asked(&self, now: u64) -> bool {
        self.asked.as_ref().is_some_and(|asked| {
            let lapsed = asked.polled.is_some_and(|(_, at)| now - at >= U2F_TOUCH_LIFETIME);
            asked.answer.is_none() && !lapsed
        })
    }

    /// A touch counts only where it begins while it is asked for.
    pub(super) fn press(&mut self, now: u64) {
        if std::mem::replace(&mut self.held, true) {
            return;
        }
        match &mut self.asked {
            Some(asked) if asked.gesture == Gesture::LongTouch => asked.held_since = Some(now),
            _ => self.answer(Presence::Confirmed, now),
        }
    }

    /// A long touch that ends early is none.
    pub(super) fn release(&mut self, now: u64) {
        self.held = false;
        if let Some(asked) = &mut self.asked {
            if asked.is_long_touch(now) {
                asked.answer = Some(Presence::Confirmed);
            }
            asked.held_since = None;
        }
    }

    /// The user's answer, for whoever asks.
    pub(super) fn answer(&mut self, answer: Presence, now: u64) {
        if !self.is_asked(now) {
            return;
        }
        match &mut self.asked {
            Some(Asked {
                polled: Some((binding, _)),
                ..
            }) => {
                self.given = Some((*binding, answer, now + U2F_TOUCH_LIFETIME));
                self.asked = None;
            }
            Some(asked) => asked.answer = Some(answer),
            None => {}
        }
    }
}

impl Asked {
    fn is_long_touch(&self, now: u64) -> bool {
        self.held_since.is_some_and(|since| now - since >= LONG_TOUCH)
    }
}
