//! The standard's rules about credentials: made, used, listed, renamed, deleted.

use std::vec::Vec;

use ciborium::Value;

use super::{Assert, Make, PREVIEW, Proof, Standard, Status, Walk};
use crate::ctap2::tests::model::step::{Account, Named};
use crate::testing::key::Made;
use crate::testing::pin::{CM, GA, MC};

/// A credential as its relying party and its user know it. They are kept in the order of their making.
pub(in super::super) struct Credential {
    pub(in super::super) id: Vec<u8>,
    pub(in super::super) account: Account,
    pub(in super::super) discoverable: bool,
    pub(in super::super) protection: u8,
    pub(in super::super) blob: Vec<u8>,
    pub(in super::super) payment: bool,
    pub(in super::super) user: Value,
    pub(in super::super) registration: Made,
    /// The signature counter that it answered last.
    pub(in super::super) sign_count: u32,
}

/// The outcome of an assertion.
pub(in super::super) struct Found {
    pub(in super::super) id: Vec<u8>,
    pub(in super::super) user_verified: bool,
    /// How many there are, where the credential was not named.
    pub(in super::super) discovered: Option<usize>,
}

impl Standard {
    pub(in super::super) fn discoverable(&self) -> impl DoubleEndedIterator<Item = &Credential> {
        self.credentials.iter().filter(|credential| credential.discoverable)
    }

    /// The ID that a host means; one that no key made where there is none.
    pub(in super::super) fn id(&self, named: Named) -> Vec<u8> {
        let mut plain = self.credentials.iter().filter(|credential| !credential.discoverable);
        let id = match named {
            Named::Account(account) => {
                let credential = self.discoverable().find(|credential| credential.account == account);
                credential.map(|credential| credential.id.clone())
            }
            Named::Plain(n) => plain.nth(n).map(|credential| credential.id.clone()),
            Named::Gone(n) => self.gone.iter().rev().nth(n).cloned(),
        };
        id.unwrap_or_else(|| [7; 59].to_vec())
    }

    /// A credential that a relying party lists. Level 3 of credProtect hides it without user verification (§12.1).
    fn listed(&self, named: Named, rp: usize, user_verified: bool) -> Option<Vec<u8>> {
        let id = self.id(named);
        let found = self.credentials.iter().find(|credential| credential.id == id)?;
        (found.account.0 == rp && (found.protection < 3 || user_verified)).then_some(id)
    }

    /// An empty pinUvAuthParam: which key is it, and has it a PIN (§6.1.2 step 1)?
    fn answer_probe(&mut self, proof: Proof) -> Result<(), Status> {
        if proof != Proof::Empty {
            return Ok(());
        }
        // A user who does nothing counts as one who refuses.
        self.ask().map_err(|status| match status {
            Status::UserActionTimeout => Status::OperationDenied,
            status => status,
        })?;
        Err(self.pin.map_or(Status::PinNotSet, |_| Status::PinInvalid))
    }

    /// authenticatorMakeCredential (§6.1.2), up to what is made: whether the user was verified.
    pub(in super::super) fn make(&mut self, make: &Make, proof: Proof) -> Result<bool, Status> {
        let (rp, is_protected) = (make.account.0, self.pin.is_some());
        if make.large_blob_key && !make.discoverable {
            return Err(Status::InvalidOption);
        }
        self.answer_probe(proof)?;
        let needs_param = self.always_uv || is_protected && make.discoverable;
        if self.always_uv && !is_protected || needs_param && proof == Proof::None {
            return Err(Status::PuatRequired);
        }
        let user_verified = self.verify_user(proof, MC, rp)?;
        let excluded = make.excluded.and_then(|named| self.listed(named, rp, user_verified));
        if excluded.is_some() {
            return Err(match self.ask() {
                Err(Status::KeepaliveCancel) => Status::KeepaliveCancel,
                _ => Status::CredentialExcluded,
            });
        }
        self.ask()?;
        self.spend();
        Ok(user_verified)
    }

    /// Keeps what was made, in place of the account's older credential (§6.1.2 step 17).
    pub(in super::super) fn keep(&mut self, credential: Credential) {
        if credential.discoverable {
            self.forget(|other| other.discoverable && other.account == credential.account);
        }
        self.credentials.push(credential);
    }

    fn forget(&mut self, is_meant: impl Fn(&Credential) -> bool) {
        let gone = self.credentials.extract_if(.., |credential| is_meant(credential));
        self.gone.extend(gone.map(|credential| credential.id));
    }

    /// authenticatorGetAssertion (§6.2.2).
    pub(in super::super) fn assert(&mut self, assert: &Assert, proof: Proof) -> Result<Found, Status> {
        self.answer_probe(proof)?;
        if self.always_uv && assert.up && (self.pin.is_none() || proof == Proof::None) {
            return Err(Status::PuatRequired);
        }
        let user_verified = self.verify_user(proof, GA, assert.rp)?;
        let mut ids = match assert.listed {
            Some(named) => self.listed(named, assert.rp, user_verified).into_iter().collect(),
            None => {
                let usable = self.discoverable().filter(|credential| {
                    credential.account.0 == assert.rp && (credential.protection < 2 || user_verified)
                });
                usable.map(|credential| credential.id.clone()).collect::<Vec<_>>()
            }
        };
        let count = ids.len();
        let id = ids.pop().ok_or(Status::NoCredentials)?;
        if assert.up {
            self.ask()?;
            self.spend();
        }
        if count > 1 {
            self.walk = Some(Walk {
                left: ids,
                user_verified,
                since: self.now,
                token: self.token.as_ref().filter(|_| user_verified).map(|token| token.number),
            });
        }
        Ok(Found {
            id,
            user_verified,
            discovered: assert.listed.is_none().then_some(count),
        })
    }

    /// authenticatorGetNextAssertion (§6.3): for 30 seconds, and while the token is in use.
    pub(in super::super) fn next_assertion(&mut self) -> Result<Found, Status> {
        let mut walk = self.walk.take().ok_or(Status::NotAllowed)?;
        let in_use = self.in_use().map(|token| token.number);
        if self.now - walk.since > 30_000 || walk.token.is_some() && walk.token != in_use {
            return Err(Status::NotAllowed);
        }
        let id = walk.left.pop().ok_or(Status::NotAllowed)?;
        let user_verified = walk.user_verified;
        walk.since = self.now;
        self.walk = Some(walk);
        Ok(Found {
            id,
            user_verified,
            discovered: Some(1),
        })
    }

    /// What lists all relying parties: not for a token that is bound to one (§6.8.2, §6.8.3).
    /// The preview's number takes the tokens of CTAP 2.0 too.
    pub(in super::super) fn list(&mut self, preview: bool, proof: Proof) -> Result<(), Status> {
        if proof == Proof::Persistent && self.holds_persistent {
            return Ok(());
        }
        match self.authorize(proof, managing(preview))? {
            None => Ok(()),
            Some(_) => Err(Status::PinAuthInvalid),
        }
    }

    /// The account that a token may change (§6.8.5, §6.8.6).
    fn changeable(&mut self, id: &[u8], permission: u8, proof: Proof) -> Result<&mut Credential, Status> {
        let bound = self.authorize(proof, permission)?;
        let mut credentials = self.credentials.iter_mut();
        let found = credentials.find(|credential| credential.discoverable && credential.id == id);
        match bound {
            Some(rp) => found
                .filter(|credential| credential.account.0 == rp)
                .ok_or(Status::PinAuthInvalid),
            None => found.ok_or(Status::NoCredentials),
        }
    }

    /// deleteCredential (§6.8.5).
    pub(in super::super) fn delete(&mut self, id: &[u8], preview: bool, proof: Proof) -> Result<(), Status> {
        self.changeable(id, managing(preview), proof)?;
        self.forget(|credential| credential.id == id);
        Ok(())
    }

    /// updateUserInformation (§6.8.6).
    pub(in super::super) fn rename(&mut self, id: &[u8], user: Value, proof: Proof) -> Result<(), Status> {
        self.changeable(id, CM, proof)?.user = user;
        Ok(())
    }
}

/// The permissions of which one is enough to list and delete.
fn managing(preview: bool) -> u8 {
    if preview { CM | PREVIEW } else { CM }
}
