//! A state of the search: a key, and the ledger of what it has acknowledged. How each action is done.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use brasskey_conformance::host::client_pin::{Agreement, Protocol, permission};

use super::action::Action;
use super::fault::Fault;
use super::hosts::{OWNER, STRANGER, SignIn};
use super::invariants::{Invariant, check};
use super::key::Key;
use super::ledger::{Event, Ledger, Proof, Rp};
use super::world::{Bench, Hand};

type Broken = &'static Invariant;

/// What would be known of a key, had the power gone at this moment of an action.
#[derive(Clone)]
pub(super) struct Moment {
    ledger: Ledger,
    /// Changes of the storage until then.
    changes: usize,
    /// A PIN is being tried: the retry is gone, and nobody has learned yet whether it was right.
    is_guess: bool,
}

/// A key and its ledger.
#[derive(Clone)]
pub struct State {
    /// The key.
    pub key: Key,
    /// What is known of it.
    pub ledger: Ledger,
    /// The moments of the action that was done last, the first before it.
    pub(super) moments: Vec<Moment>,
    /// What the hosts and the key agreed on last, with the key's public key.
    pub(super) agreement: Option<([u8; 65], Agreement)>,
    /// Nobody looks: the power goes, and the next power-up shows what became of it.
    pub(super) unseen: bool,
}

impl State {
    /// A new key.
    #[must_use]
    pub fn new(bench: &Bench, fault: Option<Fault>) -> Self {
        Self {
            key: Key::new(bench, fault),
            ledger: Ledger::default(),
            moments: Vec::new(),
            agreement: None,
            unseen: false,
        }
    }

    /// Holds the key to the invariants, and writes down what happened.
    pub(super) fn happens(&mut self, event: Event) -> Result<(), Broken> {
        if !self.unseen {
            check(&self.ledger, &event)?;
        }
        self.ledger.take(&event);
        self.remember(self.ledger.clone(), false);
        Ok(())
    }

    fn remember(&mut self, ledger: Ledger, is_guess: bool) {
        self.moments.push(Moment {
            ledger,
            changes: self.key.world.changes,
            is_guess,
        });
    }

    /// A PIN is tried: a power cut may take the retry before anybody learns whether it was right.
    pub(super) fn may_be_cut_as_a_guess(&mut self) {
        let mut guessed = self.ledger.clone();
        guessed.count_guess();
        self.remember(guessed, true);
    }

    /// Whether an action can be done at all.
    #[must_use]
    pub fn can(&self, action: Action) -> bool {
        match action {
            Action::SignInPlain | Action::SignInByU2f => self.plain().is_some(),
            Action::Delete => self.ledger.newest().is_some() && self.ledger.proof().is_some(),
            Action::Count => self.managing_proof().is_some(),
            _ => true,
        }
    }

    /// Does an action.
    ///
    /// # Errors
    /// The invariant that does not hold.
    pub fn take(&mut self, action: Action) -> Result<(), Broken> {
        self.moments.clear();
        self.remember(self.ledger.clone(), false);
        let proof = self.ledger.proof();
        match action {
            Action::SetPin(protocol) => self.set_pin(protocol),
            Action::ChangePin => self.change_pin(true),
            Action::ChangePinWrongly => self.change_pin(false),
            Action::Guess(protocol) => self.guess(OWNER, protocol),
            Action::GuessThrice => (0..3).try_for_each(|_| self.guess(OWNER, Protocol::Two)),
            Action::Token(grant) => self.token(grant),
            Action::Register(user) => self.register(Rp::Example, Some(user), proof),
            Action::RegisterElsewhere => self.register(Rp::Other, Some(0), proof),
            Action::RegisterPlain => self.register(Rp::Example, None, None),
            Action::RegisterRefused => {
                self.key.world.hand = Hand::Declines;
                let refused = self.register(Rp::Example, Some(2), proof);
                self.key.world.hand = Hand::Holds;
                refused
            }
            Action::SignIn => self.sign_in_as(|ask| ask.proof = proof),
            Action::SignInElsewhere => self.sign_in_as(|ask| (ask.proof, ask.rp) = (proof, Rp::Other)),
            Action::SignInSilently => self.sign_in_as(|ask| (ask.proof, ask.up) = (proof, false)),
            Action::SignInPlain => {
                let id = self.plain();
                self.sign_in_as(|ask| ask.id = id)
            }
            Action::SignInByU2f => match self.plain() {
                Some(id) => self.sign_in_by_u2f(&id),
                None => Ok(()),
            },
            Action::AskForUv => self.sign_in_as(|ask| ask.uv = true),
            Action::GoOn => self.go_on(OWNER),
            Action::Count => match self.managing_proof() {
                Some(proof) => self
                    .manage(proof, permission::CM | permission::PCMR, |token| token.metadata())
                    .map(drop),
                None => Ok(()),
            },
            Action::Delete => self.delete(proof),
            Action::WantLongTouch => self.want_long_touch(),
            Action::Reset => self.reset(Hand::Holds),
            Action::ResetByTap => self.reset(Hand::Taps),
            Action::PowerCycle => self.power_cycle(0),
            Action::Wait(time) => {
                self.key.world.now += time;
                self.happens(Event::Waited(time))
            }
            Action::StrangerGuesses => self.guess(STRANGER, Protocol::One),
            Action::StrangerSignsIn => self.sign_in_as(|ask| ask.host = STRANGER),
            Action::StrangerGoesOn => self.go_on(STRANGER),
        }
    }

    fn sign_in_as(&mut self, how: impl FnOnce(&mut SignIn)) -> Result<(), Broken> {
        let mut ask = SignIn {
            host: OWNER,
            rp: Rp::Example,
            id: None,
            up: true,
            uv: false,
            proof: None,
        };
        how(&mut ask);
        self.sign_in(ask).map(drop)
    }

    fn delete(&mut self, proof: Option<Proof>) -> Result<(), Broken> {
        let newest = self.ledger.newest().map(|newest| newest.id.clone());
        let (Some(proof), Some(id)) = (proof, newest) else {
            return Ok(());
        };
        if self.manage(proof, permission::CM, |token| token.delete(&id))? {
            self.happens(Event::Deleted(id))?;
        }
        Ok(())
    }

    fn managing_proof(&self) -> Option<Proof> {
        let persistent = self.ledger.persistent.clone();
        let persistent = persistent.map(|token| Proof { token, dead: None });
        persistent.or_else(|| self.ledger.proof())
    }

    fn plain(&self) -> Option<Vec<u8>> {
        self.ledger.find(Rp::Example, None).map(|plain| plain.id.clone())
    }

    /// The power off and on; and once more before, where it went after so many changes of the power-up.
    pub(super) fn power_cycle(&mut self, again_after: usize) -> Result<(), Broken> {
        let started = match again_after {
            0 => self.key.power_cycle(),
            after => self.key.power_cycle_twice(after),
        };
        let started = started.is_ok();
        self.happens(Event::PowerUp { started })
    }

    /// What an action comes to where the power goes after its first so many changes of the storage, and in the power-up
    /// that follows again after so many (0: it stays). What is left must be what one moment of the action left: the
    /// last one before that change, or a later one.
    ///
    /// # Errors
    /// The invariant that the first of these moments breaks, where none fits.
    pub(super) fn cut(&self, action: Action, after: usize, again: usize, moments: &[Moment]) -> Result<Self, Broken> {
        let last_change = self.key.world.changes + after;
        let mut cut = self.clone();
        cut.unseen = true;
        cut.key.world.power_goes_after = Some(last_change);
        if action == Action::PowerCycle {
            cut.power_cycle(after)?;
        } else {
            // Its answers do not matter: nobody gets them.
            let _ = cut.take(action);
            cut.power_cycle(again)?;
        }
        cut.key.world.hand = Hand::Holds;
        cut.unseen = false;
        let started = cut.key.running.is_some();
        let mut broken = None;
        for moment in moments.iter().rev() {
            cut.ledger = moment.ledger.clone();
            match cut.happens(Event::PowerUp { started }).and_then(|()| cut.probe()) {
                Ok(()) => return Ok(cut),
                Err(invariant) => broken = Some(invariant),
            }
            if moment.changes <= last_change && !moment.is_guess {
                break;
            }
        }
        Err(broken.expect("an action has a moment before it"))
    }

    /// A hash of all that may influence the future: see the module's documentation.
    #[must_use]
    pub fn fingerprint(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        self.ledger.hash_state(&mut hasher);
        for (key, value) in &self.key.world.records {
            // A record's kind, its relying party, and what is neither secret nor random in it.
            let kind = key.get(5).copied().unwrap_or_default();
            let rp = if kind == b'C' { key.get(6..22) } else { None };
            let plain = match (key.first(), kind) {
                (Some(b'E'), b'P') => value.get(..3),
                (Some(b'E'), b'S') => Some(&value[..]),
                (Some(b'E' | b'N'), _) => None,
                _ => value.get(..2),
            };
            (key.first(), kind, rp, plain, value.len()).hash(&mut hasher);
        }
        hasher.finish()
    }
}
