//! Which request a touch is waited for.

use std::sync::Mutex;
use std::time::{Duration, Instant};

use brasskey_conformance::key::Report;

use super::{USER_ACTION_TIMEOUT, lock};

/// A host, by its number, and the packets of its U2F request.
pub(super) type Question = (u64, Vec<Report>);

/// Whoever touches a key for which its hosts [wait](super::patient::Patient).
pub(super) trait Toucher: Send + Sync {
    /// What a touch is waited for.
    fn awaiting(&self) -> &Awaiting;
    /// A touch need not come any more.
    fn is_done(&self) {}
    /// Looks whether a touch still can come; ends the check where it cannot.
    fn glance(&self) {}
    /// Another request is about to be sent: the touch before it has to be over.
    fn settle(&self) {}
    /// The key was asked again, and wants a touch still.
    fn is_wanted_still(&self) {}
}

#[derive(Default)]
pub(super) struct Awaiting {
    /// The U2F request that the key wanted a touch for last, where it has not said since that it waits by itself.
    wanted: Mutex<Option<Question>>,
    /// Until when a touch is waited for, and which U2F request it is for.
    awaited: Mutex<Option<(Instant, Option<Question>)>>,
}

impl Awaiting {
    /// Somebody touches the key now, for what it wanted a touch for last.
    pub(super) fn begin(&self) {
        let until = Instant::now() + Duration::from_millis(USER_ACTION_TIMEOUT);
        *lock(&self.awaited) = Some((until, lock(&self.wanted).clone()));
    }

    /// Nobody touches the key any more.
    pub(super) fn end(&self) {
        *lock(&self.awaited) = None;
    }

    /// The key wants a touch for this U2F request. Whether somebody was told so already, and may still come.
    pub(super) fn is_for(&self, question: &Question) -> bool {
        let awaited = lock(&self.awaited);
        let is_it =
            |(until, of): &(Instant, Option<Question>)| of.as_ref() == Some(question) && Instant::now() < *until;
        let is_for = awaited.as_ref().is_some_and(is_it);
        if !is_for {
            *lock(&self.wanted) = Some(question.clone());
        }
        is_for
    }

    /// Whether a touch is waited for, for a U2F request of this host that begins with this packet.
    pub(super) fn begins_with(&self, host: u64, packet: &Report) -> bool {
        let awaited = lock(&self.awaited);
        let of = awaited.as_ref().and_then(|(_, of)| of.as_ref());
        of.is_some_and(|(number, packets)| *number == host && packets.first() == Some(packet))
    }

    /// The key waits for its user by itself.
    pub(super) fn waits_by_itself(&self) {
        *lock(&self.wanted) = None;
    }

    /// The key has answered a request, by U2F where it is given. Whether a touch was waited for because of that.
    pub(super) fn answered(&self, question: Option<&Question>) -> bool {
        let mut awaited = lock(&self.awaited);
        awaited.take_if(|(_, of)| of.as_ref() == question).is_some()
    }
}
