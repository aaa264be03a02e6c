//! A platform that manages a key's credentials.

use std::string::{String, ToString};
use std::vec;
use std::vec::Vec;

use cbor4ii::core::Value;

use super::cbor::{Tree, bytes, int};
use super::key::Key;
use super::pin::Token;
use super::request::{Request, descriptor};
use crate::crypto::Algorithm;
use crate::crypto::sha256;
use crate::ctap2::command::CREDENTIAL_MANAGEMENT;
use crate::ctap2::pin_protocol::Protocol;
use crate::ctap2::token::{Grant, Permissions};
use crate::platform::Clock as _;
use crate::status::Status;
use crate::store::{Kind, Record, Traits};

impl Key {
    /// Gives out a token, as after a right PIN; the key needs none for this.
    pub(crate) fn issue(&mut self, protocol: Protocol, permissions: Permissions, rp_id: Option<&str>) -> Token {
        let grant = Grant {
            permissions,
            rp_id_hash: rp_id.map(|rp_id| sha256(&[rp_id.as_bytes()])),
            user_is_present: false,
        };
        let now = self.0.clock.now();
        let secret = self.0.tokens.issue(protocol, grant, now, &mut self.0.rng);
        let secret = *secret.unwrap();
        Token { protocol, secret }
    }

    /// Gives out a token to manage all credentials.
    pub(crate) fn manager(&mut self) -> Token {
        self.issue(Protocol::Two, Permissions::CREDENTIAL_MANAGEMENT, None)
    }

    /// Gives out the persistent token, with its permission or without.
    pub(crate) fn persistent_manager(&mut self, granted: bool) -> Token {
        let mut pin = self.0.store.pin().unwrap();
        pin.persistent_token_granted = granted;
        self.0.store.write_pin(&pin).unwrap();
        Token {
            protocol: Protocol::Two,
            secret: *pin.persistent_token(&self.0.store.secret),
        }
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

    /// Sends what is expected to have an answer.
    pub(crate) fn answer(&mut self, request: &Request) -> Result<Value, Status> {
        Ok(self.send(request)?.expect("an answer"))
    }

    /// Everything that a listing shows: each relying party's ID with the answers for its credentials.
    pub(crate) fn listed(&mut self, manager: &Token) -> Vec<(String, Vec<Value>)> {
        let parties = self.walk(&manager.relying_parties(), &next(0x03), 0x05);
        let credentials = parties.iter().map(|party| {
            let (rp_id, hash) = (party.number(0x03).member("id").as_text(), party.number(0x04).as_bytes());
            assert_eq!(hash, sha256(&[rp_id.as_bytes()]));
            let hash = hash.try_into().unwrap();
            let credentials = self.walk(&manager.credentials(&hash), &next(0x05), 0x09);
            assert!(!credentials.is_empty(), "a relying party without credentials");
            (rp_id.to_string(), credentials)
        });
        credentials.collect()
    }

    /// All answers from a first request on; `total` is the member of the first that promises their number.
    #[track_caller]
    pub(crate) fn walk(&mut self, begin: &Request, next: &Request, total: i64) -> Vec<Value> {
        let first = match self.answer(begin) {
            Err(Status::NoCredentials) => return Vec::new(),
            first => first.unwrap(),
        };
        let total = usize::try_from(first.number(total).as_int()).unwrap();
        let mut answers = vec![first];
        while let Ok(answer) = self.answer(next) {
            answers.push(answer);
        }
        assert_eq!(answers.len(), total, "as many as were promised");
        answers
    }
}

/// enumerateRPsGetNextRP and enumerateCredentialsGetNextCredential.
pub(crate) fn next(sub_command: i64) -> Request {
    Request::new(CREDENTIAL_MANAGEMENT).with(1, int(sub_command))
}

impl Token {
    /// A subcommand with what proves this token.
    pub(crate) fn request(&self, sub_command: i64, params: Option<Value>) -> Request {
        let request = next(sub_command);
        self.sign(match params {
            Some(params) => request.with(2, params),
            None => request,
        })
    }

    pub(crate) fn metadata(&self) -> Request {
        self.request(0x01, None)
    }

    pub(crate) fn relying_parties(&self) -> Request {
        self.request(0x02, None)
    }

    pub(crate) fn credentials(&self, rp_id_hash: &[u8; 32]) -> Request {
        self.request(0x04, Some(Value::Map(vec![(int(1), bytes(*rp_id_hash))])))
    }

    pub(crate) fn credentials_of(&self, rp_id: &str) -> Request {
        self.credentials(&sha256(&[rp_id.as_bytes()]))
    }

    pub(crate) fn delete(&self, id: &[u8]) -> Request {
        self.request(0x06, Some(Value::Map(vec![(int(2), descriptor(id))])))
    }

    pub(crate) fn update(&self, id: &[u8], user: Value) -> Request {
        self.request(0x07, Some(Value::Map(vec![(int(2), descriptor(id)), (int(3), user)])))
    }
}
