//! authenticatorClientPIN (CTAP 2.3 §6.5) as a platform speaks it: ECDH, HKDF and HMAC by ring.

use aes::Aes256;
use cbc::cipher::block_padding::NoPadding;
use cbc::cipher::{BlockModeDecrypt, BlockModeEncrypt, KeyIvInit};
use ciborium::Value;
use ring::agreement::{ECDH_P256, EphemeralPrivateKey, UnparsedPublicKey, agree_ephemeral};
use ring::rand::SystemRandom;
use ring::{hkdf, hmac};

use super::ctap2::Request;
use super::hid::Host;
use super::read::Read as _;
use super::response::Response;
use super::status;
pub use super::token::{Token, configure, manage, proof_members};
use super::verify::sha256;

/// Members of authenticatorClientPIN's parameters (§6.5.5).
#[expect(missing_docs, reason = "the standard's names")]
pub mod cp {
    pub const PIN_UV_AUTH_PROTOCOL: u8 = 0x01;
    pub const SUB_COMMAND: u8 = 0x02;
    pub const KEY_AGREEMENT: u8 = 0x03;
    pub const PIN_UV_AUTH_PARAM: u8 = 0x04;
    pub const NEW_PIN_ENC: u8 = 0x05;
    pub const PIN_HASH_ENC: u8 = 0x06;
    pub const PERMISSIONS: u8 = 0x09;
    pub const RP_ID: u8 = 0x0A;
}

/// Permissions of a pinUvAuthToken (§6.5.5.7).
#[expect(missing_docs, reason = "the standard's names")]
pub mod permission {
    pub const MC: u8 = 0x01;
    pub const GA: u8 = 0x02;
    pub const CM: u8 = 0x04;
    pub const BE: u8 = 0x08;
    pub const LBW: u8 = 0x10;
    pub const ACFG: u8 = 0x20;
    pub const PCMR: u8 = 0x40;
}

/// A PIN/UV auth protocol (§6.5.6, §6.5.7).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "their numbers say it")]
pub enum Protocol {
    One = 1,
    Two = 2,
}

/// Every protocol.
pub const PROTOCOLS: [Protocol; 2] = [Protocol::One, Protocol::Two];

/// A subcommand of authenticatorClientPIN without other parameters yet.
#[must_use]
pub fn client_pin(sub_command: u8) -> Request {
    Request::new(0x06).with(cp::SUB_COMMAND, sub_command)
}

/// A secret that platform and key agreed on.
#[derive(Clone)]
pub struct Agreement {
    /// The protocol that it is for.
    pub protocol: Protocol,
    /// The platform's public key, a COSE_Key.
    pub platform_key: Value,
    /// Authenticates.
    hmac_key: Vec<u8>,
    aes_key: [u8; 32],
}

impl Agreement {
    /// Agrees on a secret with a key that gave this COSE_Key.
    ///
    /// # Panics
    /// Where it is not of the standard's form, or no point of the curve.
    #[must_use]
    #[track_caller]
    pub fn new(protocol: Protocol, key_agreement: &Value) -> Self {
        let point = point(key_agreement);
        let private = EphemeralPrivateKey::generate(&ECDH_P256, &SystemRandom::new()).expect("a key pair");
        let public = private.compute_public_key().expect("a public key");
        let (x, y) = public.as_ref()[1..].split_at(32);
        let peer = UnparsedPublicKey::new(&ECDH_P256, point);
        let agreement = agree_ephemeral(private, &peer, |z| Self::of(protocol, cose_key(x, y), z));
        agreement.expect("a point on the curve")
    }

    /// What follows from `z`, the x-coordinate of the point that both sides computed (§6.5.6, §6.5.7): for a platform
    /// whose key pair is not a new one each time.
    #[must_use]
    pub fn of(protocol: Protocol, platform_key: Value, z: &[u8]) -> Self {
        let (hmac_key, aes_key) = match protocol {
            Protocol::One => (sha256(z), sha256(z)),
            Protocol::Two => (expand(z, "CTAP2 HMAC key"), expand(z, "CTAP2 AES key")),
        };
        Self {
            protocol,
            platform_key,
            hmac_key: hmac_key.to_vec(),
            aes_key,
        }
    }

    /// authenticate(sharedSecret, message).
    #[must_use]
    pub fn authenticate(&self, message: &[&[u8]]) -> Vec<u8> {
        authenticate(self.protocol, &self.hmac_key, message)
    }

    /// encrypt(sharedSecret, plaintext).
    ///
    /// # Panics
    /// Where the plaintext is not in whole blocks.
    #[must_use]
    pub fn encrypt(&self, plaintext: &[u8]) -> Vec<u8> {
        // Any IV does for a test; protocol one has none.
        let iv = match self.protocol {
            Protocol::One => [0; 16],
            Protocol::Two => [0xA7; 16],
        };
        let mut buffer = plaintext.to_vec();
        let ciphertext = cbc::Encryptor::<Aes256>::new(&self.aes_key.into(), &iv.into())
            .encrypt_padded::<NoPadding>(&mut buffer, plaintext.len())
            .expect("whole blocks");
        match self.protocol {
            Protocol::One => ciphertext.to_vec(),
            Protocol::Two => [&iv, ciphertext].concat(),
        }
    }

    /// decrypt(sharedSecret, ciphertext).
    ///
    /// # Panics
    /// Where the ciphertext is not of the protocol's form.
    #[must_use]
    pub fn decrypt(&self, ciphertext: &[u8]) -> Vec<u8> {
        let (iv, ciphertext) = match self.protocol {
            Protocol::One => ([0; 16], ciphertext),
            Protocol::Two => {
                let (iv, ciphertext) = ciphertext.split_first_chunk::<16>().expect("an IV");
                (*iv, ciphertext)
            }
        };
        let mut buffer = ciphertext.to_vec();
        cbc::Decryptor::<Aes256>::new(&self.aes_key.into(), &iv.into())
            .decrypt_padded::<NoPadding>(&mut buffer)
            .expect("whole blocks")
            .to_vec()
    }

    /// A subcommand with the protocol and the platform's key.
    #[must_use]
    pub fn request(&self, sub_command: u8) -> Request {
        client_pin(sub_command)
            .with(cp::PIN_UV_AUTH_PROTOCOL, self.protocol as u8)
            .with(cp::KEY_AGREEMENT, self.platform_key.clone())
    }

    /// setPIN.
    #[must_use]
    pub fn set_pin(&self, pin: &str) -> Request {
        self.set_padded_pin(&padded(pin))
    }

    /// setPIN with this plaintext, whatever its length.
    #[must_use]
    pub fn set_padded_pin(&self, padded: &[u8]) -> Request {
        let new_pin = self.encrypt(padded);
        let param = self.authenticate(&[&new_pin]);
        self.request(0x03)
            .with(cp::NEW_PIN_ENC, new_pin)
            .with(cp::PIN_UV_AUTH_PARAM, param)
    }

    /// changePIN.
    #[must_use]
    pub fn change_pin(&self, current: &str, new: &str) -> Request {
        let new_pin = self.encrypt(&padded(new));
        let pin_hash = self.pin_hash(current);
        let param = self.authenticate(&[&new_pin, &pin_hash]);
        self.request(0x04)
            .with(cp::NEW_PIN_ENC, new_pin)
            .with(cp::PIN_HASH_ENC, pin_hash)
            .with(cp::PIN_UV_AUTH_PARAM, param)
    }

    /// getPinToken.
    #[must_use]
    pub fn get_pin_token(&self, pin: &str) -> Request {
        self.request(0x05).with(cp::PIN_HASH_ENC, self.pin_hash(pin))
    }

    /// getPinUvAuthTokenUsingPinWithPermissions.
    #[must_use]
    pub fn get_token(&self, pin: &str, permissions: u8, rp_id: Option<&str>) -> Request {
        let request = self
            .request(0x09)
            .with(cp::PIN_HASH_ENC, self.pin_hash(pin))
            .with(cp::PERMISSIONS, permissions);
        match rp_id {
            Some(rp_id) => request.with(cp::RP_ID, rp_id),
            None => request,
        }
    }

    /// The token in an answer to getPinToken and its kind, which holds nothing else.
    #[must_use]
    #[track_caller]
    pub fn token(&self, response: &Response) -> Token {
        let members = response.ok();
        same!(members.keys().collect::<Vec<_>>(), [&2], "the token and nothing else");
        let token = self.decrypt(members[&2].bytes());
        // Sixteen bytes are enough for protocol one (§6.5.6).
        let is_short = (self.protocol, token.len()) == (Protocol::One, 16);
        assert!(
            is_short || token.len() == 32,
            "expected a token of 32 bytes, the key answered one of {}",
            token.len()
        );
        Token {
            protocol: self.protocol,
            token,
        }
    }

    fn pin_hash(&self, pin: &str) -> Vec<u8> {
        self.encrypt(&sha256(pin.as_bytes())[..16])
    }
}

impl Host {
    /// getKeyAgreement, and the platform's half.
    #[track_caller]
    pub fn agree(&mut self, protocol: Protocol) -> Agreement {
        let response = self.ctap2(client_pin(0x02).with(cp::PIN_UV_AUTH_PROTOCOL, protocol as u8));
        Agreement::new(protocol, &response.ok()[&1])
    }

    /// The protocols that the key knows, one first; protocol one alone where it lists none, as CTAP 2.0 had it.
    #[track_caller]
    pub fn protocols(&mut self) -> Vec<Protocol> {
        if let Some(known) = self.key.protocols.get() {
            return known.clone();
        }
        let info = self.info();
        let listed = info.get(&0x06).map(|list| list.items().clone());
        let listed = listed.unwrap_or_else(|| vec![1.into()]);
        let known = PROTOCOLS.into_iter();
        let known = known.filter(|protocol| listed.contains(&(*protocol as u8).into()));
        let known: Vec<_> = known.collect();
        self.key.protocols.get_or_init(|| known).clone()
    }

    /// The protocols that the key knows besides this one.
    #[track_caller]
    pub fn other_protocols(&mut self, than: Protocol) -> Vec<Protocol> {
        let mut others = self.protocols();
        others.retain(|protocol| *protocol != than);
        others
    }

    /// Protocol two, where the key knows it.
    #[track_caller]
    pub fn best_protocol(&mut self) -> Protocol {
        let known = self.protocols();
        *known
            .last()
            .unwrap_or_else(|| panic!("expected a protocol of the standard among pinUvAuthProtocols"))
    }

    /// Agrees by the best protocol.
    #[track_caller]
    pub fn agree_by_best(&mut self) -> Agreement {
        let protocol = self.best_protocol();
        self.agree(protocol)
    }

    /// Sets the first PIN.
    #[track_caller]
    pub fn set_pin(&mut self, pin: &str) {
        let agreement = self.agree_by_best();
        same!(self.ctap2(agreement.set_pin(pin)), Response::bare(status::OK));
    }

    /// A token with these permissions for the PIN that most checks set.
    #[track_caller]
    pub fn token(&mut self, permissions: u8, rp_id: Option<&str>) -> Token {
        let protocol = self.best_protocol();
        self.token_by(protocol, self.key.pin(), permissions, rp_id)
    }

    /// A token with these permissions.
    #[track_caller]
    pub fn token_by(&mut self, protocol: Protocol, pin: &str, permissions: u8, rp_id: Option<&str>) -> Token {
        let agreement = self.agree(protocol);
        let response = self.ctap2(agreement.get_token(pin, permissions, rp_id));
        agreement.token(&response)
    }

    /// Tries a PIN, and returns the status.
    #[track_caller]
    pub fn try_pin(&mut self, pin: &str) -> u8 {
        let agreement = self.agree_by_best();
        self.ctap2(agreement.get_pin_token(pin)).status
    }

    /// getPINRetries: the retries left, and whether the key wants a power cycle first.
    #[track_caller]
    pub fn pin_retries(&mut self) -> (u64, bool) {
        // Keys of CTAP 2.0 want the protocol, so platforms send it; that the others do without is a check of its own.
        let protocol = self.protocols()[0] as u8;
        let response = self.ctap2(client_pin(0x01).with(cp::PIN_UV_AUTH_PROTOCOL, protocol));
        let members = response.ok();
        let power_cycle = members.get(&4).is_some_and(|state| *state == true.into());
        (members[&3].number(), power_cycle)
    }
}

/// A PIN padded to 64 bytes (§6.5.5.5).
#[must_use]
pub fn padded(pin: &str) -> Vec<u8> {
    let mut padded = pin.as_bytes().to_vec();
    padded.resize(64.max(pin.len()), 0);
    padded
}

pub(super) fn authenticate(protocol: Protocol, key: &[u8], message: &[&[u8]]) -> Vec<u8> {
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), &message.concat());
    match protocol {
        Protocol::One => tag.as_ref()[..16].to_vec(),
        Protocol::Two => tag.as_ref().to_vec(),
    }
}

fn expand(z: &[u8], info: &str) -> [u8; 32] {
    let mut key = [0; 32];
    hkdf::Salt::new(hkdf::HKDF_SHA256, &[0; 32])
        .extract(z)
        .expand(&[info.as_bytes()], hkdf::HKDF_SHA256)
        .and_then(|okm| okm.fill(&mut key))
        .expect("32 bytes");
    key
}

/// A key agreement COSE_Key (§6.5.6).
#[must_use]
pub fn cose_key(x: &[u8], y: &[u8]) -> Value {
    Value::Map(vec![
        (1.into(), 2.into()),
        (3.into(), (-25).into()),
        ((-1).into(), 1.into()),
        ((-2).into(), x.into()),
        ((-3).into(), y.into()),
    ])
}

/// The point of a key agreement COSE_Key, which has exactly the members that the standard gives it.
#[track_caller]
fn point(key: &Value) -> Vec<u8> {
    let members = key.entries();
    let coordinate = |label: i64| {
        let found = members.iter().find(|(key, _)| *key == label.into());
        found.expect("a coordinate").1.bytes()
    };
    let (x, y) = (coordinate(-2), coordinate(-3));
    same!((x.len(), y.len()), (32, 32));
    same!(*key, cose_key(x, y));
    [&[0x04][..], x, y].concat()
}
