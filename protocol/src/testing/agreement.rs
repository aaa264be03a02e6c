//! A platform's side of the PIN/UV auth protocols.

use std::vec;
use std::vec::Vec;

use cbor4ii::core::Value;

use super::cbor::{bytes, decode, int};
use super::hex;
use super::key::Key;
use super::platform::Dice;
use super::request::{HASH, Request};
use crate::cbor::Writer;
use crate::credential::MasterSecret;
use crate::crypto::{MacKey, p256};
use crate::ctap2::{Grant, Permissions, command};
use crate::pin::Pin;
use crate::pin_protocol::{Protocol, SharedSecret};
use crate::testing::cbor::Tree;

const PLATFORM: [u8; 32] = hex("5294fcce0cc88587843099d85dd805aeef1b09a63b0db1dd3e4dc62a343c1db5");

/// A secret that a platform and a key agreed on.
pub(crate) struct Agreement {
    secret: SharedSecret,
    public_key: Value,
}

impl Agreement {
    pub(crate) fn with(key: &Key, protocol: Protocol) -> Self {
        let mut encoded = [0; 128];
        let mut writer = Writer::new(&mut encoded);
        let agreement = &key.0.key_agreement;
        agreement.write_public_key(protocol, &mut writer).expect("a public key");
        let length = writer.finish().expect("it fits");
        let theirs = decode(&encoded[..length]);
        let mut point = [4; 65];
        point[1..33].copy_from_slice(theirs.number(-2).as_bytes());
        point[33..].copy_from_slice(theirs.number(-3).as_bytes());
        let z = p256::diffie_hellman(&PLATFORM, &point).expect("a point");

        let own = p256::public_key(&PLATFORM).expect("a key");
        let public_key = vec![
            (int(1), int(2)),
            (int(3), int(-25)),
            (int(-1), int(1)),
            (int(-2), bytes(&own[1..33])),
            (int(-3), bytes(&own[33..])),
        ];
        Self {
            secret: SharedSecret::new(protocol, &z),
            public_key: Value::Map(public_key),
        }
    }

    /// The input of hmac-secret with these salts.
    pub(crate) fn salts(&self, salts: &[u8]) -> Value {
        let mut encrypted = vec![0; salts.len() + 16];
        let length = self.secret.encrypt(&mut Dice::default(), salts, &mut encrypted);
        encrypted.truncate(length.expect("whole blocks"));
        self.authentic(&encrypted)
    }

    /// The input of hmac-secret with this ciphertext, whatever it holds.
    pub(crate) fn authentic(&self, salt_enc: &[u8]) -> Value {
        self.input(salt_enc, &self.secret.authenticate(&[salt_enc]))
    }

    /// The input of hmac-secret with these members, whatever they are.
    pub(crate) fn input(&self, salt_enc: &[u8], salt_auth: &[u8]) -> Value {
        Value::Map(vec![
            (int(1), self.public_key.clone()),
            (int(2), bytes(salt_enc)),
            (int(3), bytes(salt_auth)),
            (int(4), int(self.secret.protocol().number() as i64)),
        ])
    }

    /// Decrypts what the key answers.
    pub(crate) fn open(&self, output: &Value) -> Vec<u8> {
        let mut plaintext = [0; 64];
        let opened = self.secret.decrypt(output.as_bytes(), &mut plaintext);
        opened.expect("encrypted by the key").to_vec()
    }
}

/// A user who has entered the PIN.
pub(crate) struct Token(MacKey);

impl Token {
    /// Gives the key a PIN, and a token of protocol two with these permissions.
    pub(crate) fn of(key: &mut Key, permissions: Permissions) -> Self {
        let authenticator = &mut key.0;
        let (storage, epoch) = (&mut authenticator.seams.storage, authenticator.store.epoch);
        let secret: &MasterSecret = &authenticator.store.secret;
        let mut pin = Pin::read(storage, epoch).expect("a record");
        pin.set(secret, &[0; 16], 4);
        pin.write(storage, epoch).expect("there is room");
        let grant = Grant {
            permissions,
            rp_id_hash: None,
            user_is_present: false,
        };
        let now = authenticator.seams.clock.0;
        let issued = authenticator
            .tokens
            .issue(Protocol::Two, grant, now, &mut authenticator.seams.rng);
        Self(MacKey::new(&issued.expect("randomness")))
    }

    /// `pinUvAuthParam` for a message.
    pub(crate) fn param(&self, message: &[&[u8]]) -> Value {
        bytes(&Protocol::Two.authenticate(&self.0, message)[..])
    }
}

/// The same makeCredential or getAssertion by a user who has entered the PIN.
pub(crate) fn verified(key: &mut Key, request: Request) -> Request {
    let permissions = Permissions::MAKE_CREDENTIAL.and(Permissions::GET_ASSERTION);
    let param = Token::of(key, permissions).param(&[&HASH]);
    let place = if request.command == command::MAKE_CREDENTIAL {
        8
    } else {
        6
    };
    request.with(place, param).with(place + 1, int(2))
}
