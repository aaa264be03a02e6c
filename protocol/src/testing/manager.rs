//! A platform that manages a key's credentials.

use std::string::{String, ToString};
use std::vec;
use std::vec::Vec;

use super::key::{Key, Members};
use super::pin::{Protocol, Token};
use super::request::{Request, integer, manage, member};
use crate::crypto::{Algorithm, sha256};
use crate::ctap2::pin_protocol;
use crate::ctap2::token::{Grant, Permissions};
use crate::platform::Clock as _;
use crate::status::Status;
use crate::store::{Kind, Record, Traits};

impl Key {
    /// Gives out a token by protocol two, as after a right PIN; the key needs none for this.
    pub(crate) fn issue(&mut self, permissions: Permissions, rp_id: Option<&str>) -> Token {
        let grant = Grant {
            permissions,
            rp_id_hash: rp_id.map(|rp_id| sha256(&[rp_id.as_bytes()])),
            user_is_present: false,
        };
        let now = self.0.clock.now();
        let protocol = pin_protocol::Protocol::Two;
        let token = self.0.tokens.issue(protocol, grant, now, &mut self.0.rng).unwrap();
        by_protocol_two(&token)
    }

    /// Gives out a token to manage all credentials.
    pub(crate) fn manager(&mut self) -> Token {
        self.issue(Permissions::CREDENTIAL_MANAGEMENT, None)
    }

    /// Gives out the persistent token, with its permission or without.
    pub(crate) fn persistent_manager(&mut self, granted: bool) -> Token {
        let mut pin = self.0.store.pin().unwrap();
        pin.persistent_token_granted = granted;
        self.0.store.write_pin(&pin).unwrap();
        by_protocol_two(&pin.persistent_token(&self.0.store.secret))
    }

    /// Keeps a discoverable credential as authenticatorMakeCredential does, without looking through the others.
    pub(crate) fn keep_account(&mut self, rp_id: &str, user_id: &[u8]) {
        let rp_id_hash = sha256(&[rp_id.as_bytes()]);
        let kind = Kind::discoverable(user_id);
        let (rng, store) = (&mut self.0.rng, &mut self.0.store);
        let sealed = store
            .secret
            .seal(rng, &rp_id_hash, Algorithm::Es256, kind, Traits::default());
        let record = Record {
            id: &sealed.unwrap().1,
            rp_id,
            user_id,
            user_name: None,
            user_display_name: None,
            sequence: 0,
            counter_reserved: 0,
            cred_blob: &[],
            rp_id_hash: None,
            imported: None,
        };
        let key = store.record_key(&rp_id_hash, kind).unwrap();
        store.keep(&key, &record).unwrap();
    }

    /// Everything that a listing shows: each relying party's ID with the answers for its credentials.
    pub(crate) fn listed(&mut self, manager: &Token) -> Vec<(String, Vec<Members>)> {
        let parties = self.walk(&manager.relying_parties(), &manage(0x03, None), 0x05);
        let credentials = parties.iter().map(|party| {
            let rp_id = member(&party[&0x03], "id").as_text().unwrap();
            assert_eq!(party[&0x04], sha256(&[rp_id.as_bytes()])[..].into());
            let credentials = self.walk(&manager.credentials(rp_id), &manage(0x05, None), 0x09);
            assert!(!credentials.is_empty(), "a relying party without credentials");
            (rp_id.to_string(), credentials)
        });
        credentials.collect()
    }

    /// All answers from a first request on; `total` is the member of the first that promises their number.
    #[track_caller]
    pub(crate) fn walk(&mut self, begin: &Request, next: &Request, total: u8) -> Vec<Members> {
        let first = match self.answer(begin) {
            Err(Status::NoCredentials) => return Vec::new(),
            first => first.unwrap(),
        };
        let total = usize::try_from(integer(&first[&total])).unwrap();
        let mut answers = vec![first];
        while let Ok(answer) = self.answer(next) {
            answers.push(answer);
        }
        assert_eq!(answers.len(), total, "as many as were promised");
        answers
    }
}

pub(crate) fn by_protocol_two(token: &[u8; 32]) -> Token {
    Token {
        protocol: Protocol::Two,
        token: token.to_vec(),
    }
}
