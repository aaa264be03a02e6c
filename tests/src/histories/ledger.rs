//! What anyone may know of a key from what it has acknowledged and refused.

use std::hash::{Hash, Hasher};

use brasskey_conformance::host::client_pin::Protocol;
use brasskey_protocol::limits::{PIN_MISMATCHES, PIN_RETRIES, RESET_WINDOW, SEQUENCE_TIMEOUT};

pub use super::event::{Credential, End, Event, Pin, Proof, Rp, Token, Walk};

/// All of it.
#[derive(Clone, Debug, Default)]
pub struct Ledger {
    /// The PIN.
    pub pin: Option<Pin>,
    /// The right PIN was given since the last reset.
    pub pin_was_given: bool,
    /// Wrong PINs since the last right one.
    pub guesses: u8,
    /// The same since power-up.
    pub guesses_of_power_up: u8,
    /// The token that was given last.
    pub token: Option<Token>,
    /// The persistent token.
    pub persistent: Option<Token>,
    /// The token, and the persistent token, that ended last, and why.
    pub dead: [Option<(Token, End)>; 2],
    /// The credentials that are there, the newest last.
    pub credentials: Vec<Credential>,
    /// The credential that went last, and why.
    pub gone: Option<(Credential, End)>,
    /// The walk.
    pub walk: Option<Walk>,
    /// The setting for a long touch.
    pub long_touch: bool,
    /// Milliseconds since power-up.
    pub now: u64,
    /// Records were damaged: what was acknowledged may be gone, and what is known of the PIN is what the key tells.
    pub is_damaged: bool,
}

impl Ledger {
    /// Whether the key may compare a PIN.
    #[must_use]
    pub fn takes_pins(&self) -> bool {
        self.pin.is_some() && self.guesses < PIN_RETRIES && self.guesses_of_power_up < PIN_MISMATCHES
    }

    /// The account of a user.
    #[must_use]
    pub fn find(&self, rp: Rp, user: Option<u8>) -> Option<&Credential> {
        let mut found = self.credentials.iter();
        found.find(|credential| (credential.rp, credential.user) == (rp, user))
    }

    /// The newest account.
    #[must_use]
    pub fn newest(&self) -> Option<&Credential> {
        self.credentials.iter().rfind(|credential| credential.user.is_some())
    }

    /// What the owner proves with: the token, or else the one that ended last.
    #[must_use]
    pub fn proof(&self) -> Option<Proof> {
        let alive = self.token.clone().map(|token| Proof { token, dead: None });
        alive.or_else(|| self.dead_proof(0))
    }

    /// A token that ended: the usual one (0) or the persistent one (1).
    #[must_use]
    pub fn dead_proof(&self, which: usize) -> Option<Proof> {
        let (token, end) = self.dead[which].clone()?;
        Some(Proof { token, dead: Some(end) })
    }

    fn end_token(&mut self, end: End) {
        if let Some(token) = self.token.take() {
            self.dead[0] = Some((token, end));
        }
    }

    fn end_persistent(&mut self, end: End) {
        if let Some(token) = self.persistent.take() {
            self.dead[1] = Some((token, end));
        }
    }

    fn lose(&mut self, end: End, is_lost: impl Fn(&Credential) -> bool) {
        if let Some(place) = self.credentials.iter().rposition(is_lost) {
            self.gone = Some((self.credentials.remove(place), end));
        }
    }

    /// A wrong PIN.
    pub fn count_guess(&mut self) {
        if self.takes_pins() {
            self.guesses += 1;
            self.guesses_of_power_up += 1;
        }
    }

    fn use_token(&mut self, proof: Option<&Proof>, touched: bool) {
        if let (Some(token), Some(_)) = (&mut self.token, proof) {
            token.used = true;
        }
        if let (Some(token), true) = (&mut self.token, touched) {
            token.spent = true;
        }
    }

    fn counted(&mut self, id: &[u8], count: u32, touched: bool) {
        for credential in &mut self.credentials {
            if credential.id == id {
                credential.count = count;
                credential.has_signed |= touched;
            }
        }
    }

    /// Takes in what happened.
    pub fn take(&mut self, event: &Event) {
        match event {
            Event::Refused { .. }
            | Event::Retries(_)
            | Event::LongTouchTold(_)
            | Event::PinFromNowhere
            | Event::Missing
            | Event::Haunted(_)
            | Event::Tried {
                right: true,
                accepted: false,
            } => {}
            Event::Tried { right: false, .. } => self.count_guess(),
            Event::Tried { .. } => {
                (self.guesses, self.guesses_of_power_up) = (0, 0);
                self.pin_was_given = true;
            }
            Event::PinSet(pin) => {
                self.end_token(End::PinChange);
                self.end_persistent(End::PinChange);
                self.pin = Some(*pin);
                self.guesses = 0;
            }
            Event::Granted(token) if token.is_persistent() => self.persistent = Some(token.clone()),
            Event::Granted(token) => {
                self.end_token(End::Replaced);
                self.token = Some(token.clone());
            }
            Event::Proved { proof, .. } => self.use_token(Some(proof), false),
            Event::Registered { credential, proof, .. } => {
                self.use_token(proof.as_ref(), true);
                if credential.user.is_some() {
                    self.lose(End::Replaced, |old| {
                        (old.rp, old.user) == (credential.rp, credential.user)
                    });
                } else {
                    // The older one is still good. It leaves nothing in the storage, and nobody asks for it again.
                    self.credentials
                        .retain(|old| old.user.is_some() || old.rp != credential.rp);
                }
                self.credentials.push(credential.clone());
            }
            Event::SignedIn {
                host,
                id,
                rp,
                count,
                touched,
                verified,
                proof,
                left,
            } => {
                self.use_token(proof.as_ref(), *touched);
                if let (Some(token), Some(_), true) = (&mut self.token, proof, *verified) {
                    token.rp = Some(*rp);
                }
                self.counted(id, *count, *touched);
                self.walk = (*left > 0).then_some(Walk {
                    host: *host,
                    verified: *verified,
                    touched: *touched,
                    left: *left,
                    since: self.now,
                });
            }
            Event::WentOn { id, count, .. } => {
                self.counted(id, *count, self.walk.is_none_or(|walk| walk.touched));
                if let Some(walk) = &mut self.walk {
                    (walk.left, walk.since) = (walk.left.saturating_sub(1), self.now);
                }
            }
            Event::Deleted(id) => self.lose(End::Deleted, |credential| credential.id == *id),
            Event::LongTouchSet => self.long_touch = true,
            Event::Reset { .. } => {
                self.end_token(End::Reset);
                self.end_persistent(End::Reset);
                let gone = self.credentials.pop().map(|last| (last, End::Reset));
                *self = Self {
                    dead: self.dead.clone(),
                    gone: gone.or(self.gone.take()),
                    now: self.now,
                    is_damaged: self.is_damaged,
                    ..Self::default()
                };
            }
            Event::PowerUp { .. } => {
                self.end_token(End::Power);
                (self.guesses_of_power_up, self.now, self.walk) = (0, 0, None);
                for credential in &mut self.credentials {
                    credential.has_signed = false;
                }
            }
            Event::Waited(time) => self.now += time,
        }
    }

    /// Puts into a hash what may influence the future: see the module's documentation.
    pub fn hash_state(&self, hasher: &mut impl Hasher) {
        let now = self.now;
        (self.pin, self.pin_was_given, self.guesses, self.guesses_of_power_up).hash(hasher);
        (self.long_touch, now.min(RESET_WINDOW + 1)).hash(hasher);
        for token in [&self.token, &self.persistent] {
            token.is_some().hash(hasher);
            if let Some(token) = token {
                token.hash_at(if token.is_persistent() { token.since } else { now }, hasher);
            }
        }
        for (token, end) in self.dead.iter().flatten() {
            (token.token.protocol == Protocol::One, token.permissions, end).hash(hasher);
        }
        for credential in &self.credentials {
            (credential.rp, credential.user, credential.has_signed).hash(hasher);
        }
        let gone = self.gone.as_ref();
        gone.map(|(gone, end)| (gone.rp, gone.user, end)).hash(hasher);
        if let Some(walk) = self.walk {
            let age = now.saturating_sub(walk.since).min(SEQUENCE_TIMEOUT + 1);
            (walk.host, walk.verified, walk.touched, walk.left, age).hash(hasher);
        }
    }
}
