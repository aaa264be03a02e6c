//! What the applet remembers of a channel: whether it proved the access code, and what it goes on with.

use super::code::Form;
use crate::limits::{OATH_CHALLENGE, OATH_SESSIONS};
use crate::store::oath::AccountKey;

/// A list that did not fit into one message.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Walk {
    /// LIST.
    List,
    /// CALCULATE ALL.
    Codes {
        /// The time step.
        challenge: [u8; OATH_CHALLENGE],
        /// What becomes of each HMAC.
        form: Form,
    },
}

/// A channel's session with the applet.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Session {
    /// `None`: of no channel so far.
    channel: Option<u32>,
    /// What the host has to answer to prove the access code; `None` where there was none at SELECT.
    pub(crate) challenge: Option<[u8; OATH_CHALLENGE]>,
    /// The host proved the access code.
    pub(crate) is_validated: bool,
    /// What SEND REMAINING goes on with, and the account that was the last.
    pub(crate) walk: Option<(Walk, AccountKey)>,
}

impl Session {
    const fn of(channel: Option<u32>) -> Self {
        Self {
            channel,
            challenge: None,
            is_validated: false,
            walk: None,
        }
    }
}

/// The sessions, the one that was used last first.
#[derive(Clone, Debug)]
pub(crate) struct Sessions([Session; OATH_SESSIONS]);

impl Sessions {
    /// At power-up there is none.
    pub(crate) const NONE: Self = Self([Session::of(None); OATH_SESSIONS]);

    /// Begins a channel's session anew: nothing is proven.
    pub(crate) fn open(&mut self, channel: u32, challenge: Option<[u8; OATH_CHALLENGE]>) {
        *self.of(channel) = Session {
            challenge,
            ..Session::of(Some(channel))
        };
    }

    /// The channel's session. A new one takes the place of the one that was idle longest.
    pub(crate) fn of(&mut self, channel: u32) -> &mut Session {
        let found = self.0.iter().position(|session| session.channel == Some(channel));
        let place = found.unwrap_or(OATH_SESSIONS - 1);
        if let Some(sessions) = self.0.get_mut(..=place) {
            sessions.rotate_right(1);
        }
        let [session, ..] = &mut self.0;
        if found.is_none() {
            *session = Session::of(Some(channel));
        }
        session
    }

    /// Ends all sessions but the channel's: they proved another access code.
    pub(crate) fn end_others(&mut self, channel: u32) {
        let others = self.0.iter_mut().filter(|session| session.channel != Some(channel));
        others.for_each(|session| *session = Session::of(None));
    }
}
