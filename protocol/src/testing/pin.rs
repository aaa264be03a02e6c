//! A platform that knows a PIN: its side of the key agreement, and the tokens that it gets.

use std::vec;
use std::vec::Vec;

use cbor4ii::core::Value;

use super::cbor::{Tree, bytes, encode, int, text};
use super::key::Key;
use super::platform::Dice;
use super::request::{HASH, Request};
use crate::crypto::{MacKey, p256, sha256};
use crate::ctap2::client_pin::subcommand;
use crate::ctap2::pin_protocol::{Protocol, SharedSecret};
use crate::ctap2::{Status, command};

pub(crate) const PIN: &str = "1234";

/// Permissions, by their bits.
pub(crate) const MC: u64 = 0x01;
pub(crate) const GA: u64 = 0x02;
pub(crate) const CM: u64 = 0x04;
pub(crate) const BE: u64 = 0x08;
pub(crate) const LBW: u64 = 0x10;
pub(crate) const ACFG: u64 = 0x20;
pub(crate) const PCMR: u64 = 0x40;

/// authenticatorClientPIN with a subcommand and nothing else.
pub(crate) fn client_pin(subcommand: u64) -> Request {
    Request::new(command::CLIENT_PIN).with(2, Value::Integer(subcommand.into()))
}

pub(crate) fn get_key_agreement(protocol: i64) -> Request {
    client_pin(subcommand::GET_KEY_AGREEMENT).with(1, int(protocol))
}

pub(crate) fn number(protocol: Protocol) -> Value {
    Value::Integer(protocol.number().into())
}

/// A secret shared with a key.
pub(crate) struct Platform {
    pub(crate) protocol: Protocol,
    pub(crate) cose_key: Value,
    pub(crate) shared: SharedSecret,
}

impl Platform {
    /// Agrees with the key on a secret.
    pub(crate) fn new(key: &mut Key, protocol: Protocol) -> Self {
        let scalar = [0x51; 32];
        let request = get_key_agreement(protocol.number().try_into().unwrap());
        let answer = key.send(&request).expect("a key agreement").expect("a map");
        let theirs = answer.number(1);
        let point = [&[4], theirs.number(-2).as_bytes(), theirs.number(-3).as_bytes()].concat();
        let z = p256::diffie_hellman(&scalar, &point.try_into().unwrap()).expect("a point");
        let ours = p256::public_key(&scalar).unwrap();
        Self {
            protocol,
            cose_key: Value::Map(vec![
                (int(1), int(2)),
                (int(3), int(-25)),
                (int(-1), int(1)),
                (int(-2), bytes(&ours[1..33])),
                (int(-3), bytes(&ours[33..])),
            ]),
            shared: SharedSecret::new(protocol, &z),
        }
    }

    pub(crate) fn encrypt(&self, plaintext: &[u8]) -> Vec<u8> {
        let mut ciphertext = vec![0; plaintext.len() + 16];
        let length = self
            .shared
            .encrypt(&mut Dice::seeded(9), plaintext, &mut ciphertext)
            .unwrap();
        ciphertext.truncate(length);
        ciphertext
    }

    pub(crate) fn pin_hash_enc(&self, pin: &str) -> Vec<u8> {
        self.encrypt(&sha256(&[pin.as_bytes()])[..16])
    }

    fn request(&self, subcommand: u64) -> Request {
        client_pin(subcommand)
            .with(1, number(self.protocol))
            .with(3, self.cose_key.clone())
    }

    /// setPIN with these bytes for the padded PIN.
    pub(crate) fn set_padded(&self, padded: &[u8]) -> Request {
        let new_pin_enc = self.encrypt(padded);
        self.request(subcommand::SET_PIN)
            .with(4, bytes(&self.shared.authenticate(&[&new_pin_enc])[..]))
            .with(5, bytes(new_pin_enc))
    }

    pub(crate) fn set_pin(&self, pin: &str) -> Request {
        self.set_padded(&padded(pin))
    }

    pub(crate) fn change_pin(&self, old: &str, new: &str) -> Request {
        let (new_pin_enc, pin_hash_enc) = (self.encrypt(&padded(new)), self.pin_hash_enc(old));
        self.request(subcommand::CHANGE_PIN)
            .with(4, bytes(&self.shared.authenticate(&[&new_pin_enc, &pin_hash_enc])[..]))
            .with(5, bytes(new_pin_enc))
            .with(6, bytes(pin_hash_enc))
    }

    pub(crate) fn get_pin_token(&self, pin: &str) -> Request {
        self.request(subcommand::GET_PIN_TOKEN)
            .with(6, bytes(self.pin_hash_enc(pin)))
    }

    pub(crate) fn get_token(&self, pin: &str, permissions: u64, rp_id: Option<&str>) -> Request {
        let request = self
            .request(subcommand::GET_PIN_UV_AUTH_TOKEN_USING_PIN_WITH_PERMISSIONS)
            .with(6, bytes(self.pin_hash_enc(pin)))
            .with(9, Value::Integer(permissions.into()));
        match rp_id {
            Some(rp_id) => request.with(10, text(rp_id)),
            None => request,
        }
    }

    pub(crate) fn get_token_using_uv(&self, permissions: u64, rp_id: Option<&str>) -> Request {
        let request = self
            .request(subcommand::GET_PIN_UV_AUTH_TOKEN_USING_UV_WITH_PERMISSIONS)
            .with(9, Value::Integer(permissions.into()));
        match rp_id {
            Some(rp_id) => request.with(10, text(rp_id)),
            None => request,
        }
    }

    /// The token in the key's answer.
    pub(crate) fn token(&self, answer: &Value) -> Token {
        let mut secret = [0; 32];
        let encrypted = answer.number(2).as_bytes();
        let decrypted = self.shared.decrypt(encrypted, &mut secret).expect("a ciphertext");
        assert_eq!(decrypted.len(), 32);
        Token {
            protocol: self.protocol,
            secret,
        }
    }
}

/// A PIN as it is sent: padded with zeros to 64 bytes.
pub(crate) fn padded(pin: &str) -> Vec<u8> {
    let mut padded = pin.as_bytes().to_vec();
    padded.resize(64, 0);
    padded
}

/// A pinUvAuthToken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Token {
    pub(crate) protocol: Protocol,
    pub(crate) secret: [u8; 32],
}

impl Token {
    pub(crate) fn param(&self, message: &[&[u8]]) -> Value {
        let param = self.protocol.authenticate(&MacKey::new(&self.secret), message);
        bytes(&param[..])
    }

    /// The same request with what proves this token: for makeCredential, getAssertion, credentialManagement, config and
    /// fragments of large blobs.
    pub(crate) fn sign(&self, request: Request) -> Request {
        let (param, protocol) = proof_members(request.command);
        let message = match request.command {
            command::MAKE_CREDENTIAL | command::GET_ASSERTION => HASH.to_vec(),
            command::CONFIG => [&[0xff; 32], &[command::CONFIG][..], &subcommand_bytes(&request)].concat(),
            command::LARGE_BLOBS => fragment_bytes(&request),
            _ => subcommand_bytes(&request),
        };
        let signed = self.param(&[&message]);
        request.with(param, signed).with(protocol, number(self.protocol))
    }
}

/// The members `pinUvAuthParam` and `pinUvAuthProtocol` of a command.
pub(crate) fn proof_members(command: u8) -> (u64, u64) {
    match command {
        command::MAKE_CREDENTIAL => (8, 9),
        command::GET_ASSERTION => (6, 7),
        command::LARGE_BLOBS => (5, 6),
        _ => (4, 3),
    }
}

/// The subcommand's byte and its raw parameters.
fn subcommand_bytes(request: &Request) -> Vec<u8> {
    let subcommand = u8::try_from(request.members[&1].as_int()).unwrap();
    let parameters = request.members.get(&2).map(encode).unwrap_or_default();
    [&[subcommand], &parameters[..]].concat()
}

/// What stands for a fragment and its place (CTAP 2.3 §6.10.2).
fn fragment_bytes(request: &Request) -> Vec<u8> {
    let offset = u32::try_from(request.members[&3].as_int()).unwrap();
    let hash = sha256(&[request.members[&2].as_bytes()]);
    [
        &[0xff; 32],
        &[command::LARGE_BLOBS, 0][..],
        &offset.to_le_bytes(),
        &hash,
    ]
    .concat()
}

impl Key {
    /// A new key with [`PIN`].
    pub(crate) fn with_pin() -> Self {
        let mut key = Self::new();
        key.set_pin(PIN);
        key
    }

    pub(crate) fn platform(&mut self, protocol: Protocol) -> Platform {
        Platform::new(self, protocol)
    }

    #[track_caller]
    pub(crate) fn set_pin(&mut self, pin: &str) {
        let request = self.platform(Protocol::Two).set_pin(pin);
        assert_eq!(self.send(&request), Ok(None));
    }

    /// A token with permissions, under protocol two.
    pub(crate) fn try_token(&mut self, pin: &str, permissions: u64, rp_id: Option<&str>) -> Result<Token, Status> {
        let platform = self.platform(Protocol::Two);
        let answer = self.send(&platform.get_token(pin, permissions, rp_id))?;
        Ok(platform.token(&answer.expect("a map")))
    }

    /// A token for [`PIN`].
    #[track_caller]
    pub(crate) fn token(&mut self, permissions: u64, rp_id: Option<&str>) -> Token {
        self.try_token(PIN, permissions, rp_id).expect("a token")
    }

    /// The answer to a PIN that is tried.
    pub(crate) fn try_pin(&mut self, pin: &str) -> Result<(), Status> {
        self.try_token(pin, ACFG, None).map(drop)
    }

    /// `pinRetries`.
    pub(crate) fn retries(&mut self) -> i64 {
        let answer = self.send(&client_pin(subcommand::GET_PIN_RETRIES)).expect("retries");
        answer.expect("a map").number(3).as_int()
    }

    /// `powerCycleState`.
    pub(crate) fn wants_power_cycle(&mut self) -> bool {
        let answer = self.send(&client_pin(subcommand::GET_PIN_RETRIES)).expect("retries");
        answer.expect("a map").find(&int(4)) == Some(&Value::Bool(true))
    }
}
