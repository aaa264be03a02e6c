//! Questions to a copy of the key: what it would answer now, if somebody asked. The key itself does not hear them.

use brasskey_conformance::host::client_pin::permission;

use super::action::Grant;
use super::hosts::{OWNER, SignIn};
use super::invariants::{Invariant, check};
use super::ledger::{Credential, Event, Proof, Rp};
use super::state::State;

impl State {
    /// Asks for everything that the ledger knows.
    ///
    /// # Errors
    /// The invariant that does not hold.
    pub fn probe(&self) -> Result<(), &'static Invariant> {
        let mut copy = self.clone();
        if let Some(retries) = copy.retries() {
            check(&self.ledger, &Event::Retries(retries))?;
        }
        if let Some(wanted) = copy.wants_long_touch() {
            check(&self.ledger, &Event::LongTouchTold(wanted))?;
        }
        for credential in &self.ledger.credentials {
            if !copy.answers(credential)? {
                check(&self.ledger, &Event::Missing)?;
            }
        }
        if let Some((gone, end)) = &self.ledger.gone
            && copy.answers(gone)?
        {
            check(&self.ledger, &Event::Haunted(*end))?;
        }
        let alive = [&self.ledger.token, &self.ledger.persistent].into_iter().flatten();
        let alive = alive.map(|token| Proof {
            token: token.clone(),
            dead: None,
        });
        for proof in alive.chain((0..2).filter_map(|which| self.ledger.dead_proof(which))) {
            self.probe_token(&proof)?;
        }
        // The right PIN comes last: it gives another token.
        copy.token(Grant::Manage)
    }

    /// Whether a credential signs when it is asked without a touch.
    fn answers(&mut self, credential: &Credential) -> Result<bool, &'static Invariant> {
        self.sign_in(SignIn {
            host: OWNER,
            rp: credential.rp,
            id: Some(credential.id.clone()),
            up: false,
            uv: false,
            proof: None,
        })
    }

    /// Tries a token on everything that some token can do.
    fn probe_token(&self, proof: &Proof) -> Result<(), &'static Invariant> {
        let managing = permission::CM | permission::PCMR;
        let taken = |permission, rp| {
            let proof = proof.clone();
            check(&self.ledger, &Event::Proved { proof, permission, rp })
        };
        let mut copy = self.clone();
        copy.manage(proof.clone(), managing, |token| token.metadata())?;
        // A key that nothing protects does not look at tokens in ceremonies.
        if self.ledger.pin.is_none() {
            return Ok(());
        }
        for rp in [Rp::Example, Rp::Other] {
            // Each time a new copy: a token that is taken is bound.
            if self.clone().takes_for_ceremony(proof, rp) {
                taken(permission::GA, Some(rp))?;
            }
        }
        Ok(())
    }
}
