//! A key in a test's world, the host's view of its answers, and a relying party that verifies them.

use core::mem;
use std::boxed::Box;
use std::vec::Vec;

use cbor4ii::core::Value;
use ed25519_dalek::VerifyingKey as Ed25519Key;
use p256::ecdsa::signature::Verifier;
use p256::ecdsa::{DerSignature, VerifyingKey as P256Key};

use super::cbor::{Tree, decode, decode_first, int};
use super::platform::{Dice, Light, Memory, Script, Time, World};
use super::request::{HASH, Request, make_credential, make_discoverable};
use crate::authenticator::{Authenticator, Backup, Config};
use crate::crypto::sha256;
use crate::limits::MAX_MESSAGE;
use crate::platform::Seams;
use crate::rng::HealthyRng;
use crate::status::Status;
use crate::store::StartError;

pub(crate) const CONFIG: Config = Config {
    aaguid: [0xa5; 16],
    firmware_version: 7,
    lists_recent_algorithms: false,
    backup: Backup::Never,
};

/// The channel on which tests talk unless they say another.
pub(crate) const CHANNEL: u32 = 0x0a0b_0c0d;

/// A running key.
pub(crate) struct Key(pub(crate) Authenticator<World>);

impl Key {
    /// A new key, just plugged in.
    pub(crate) fn new() -> Self {
        Self::seeded(0)
    }

    /// A new key whose secrets are those of this seed.
    pub(crate) fn seeded(seed: u8) -> Self {
        Self::start(Memory::default(), Dice::seeded(seed)).expect("a new key starts")
    }

    /// A key plugged in with this storage.
    pub(crate) fn start(storage: Memory, rng: Dice) -> Result<Self, (Memory, StartError)> {
        let seams = Seams {
            presence: Script::default(),
            storage,
            rng: HealthyRng::new(rng),
            clock: Time::default(),
            indicator: Light::default(),
        };
        Authenticator::new(seams, CONFIG)
            .map(Self)
            .map_err(|(seams, error)| (seams.storage, error))
    }

    /// Unplugged and plugged in again.
    pub(crate) fn restarted(self) -> Self {
        let mut seams = self.0.into_seams();
        seams.storage.power_up();
        seams.clock = Time::default();
        seams.presence = Script::default();
        let restarted = Authenticator::new(seams, CONFIG).map_err(|(_, error)| error);
        Self(restarted.expect("the key starts again"))
    }

    /// Another key with what this one has stored, as if unplugged now.
    pub(crate) fn fork(&self) -> Self {
        Self::recover(self.storage().clone())
    }

    /// A key plugged in with this storage, and plugged in again where the power went while it started.
    pub(crate) fn recover(storage: Memory) -> Self {
        let mut key = Self::start(storage, Dice::seeded(1)).unwrap_or_else(|(mut storage, _)| {
            storage.power_up();
            Self::start(storage, Dice::seeded(1)).expect("the key starts again")
        });
        key.storage_mut().power_up();
        key
    }

    pub(crate) fn storage(&self) -> &Memory {
        &self.0.store.storage
    }

    pub(crate) fn storage_mut(&mut self) -> &mut Memory {
        &mut self.0.store.storage
    }

    pub(crate) fn user(&mut self) -> &mut Script {
        &mut self.0.presence
    }

    pub(crate) fn at(&mut self, now: u64) -> &mut Self {
        self.0.clock.0 = now;
        self
    }

    /// Sends a CTAP2 message on a channel. A refusal is a status byte and nothing else.
    pub(crate) fn send_on(&mut self, channel: u32, message: &[u8]) -> Result<Option<Value>, Status> {
        let mut response = Box::new([0; MAX_MESSAGE]);
        let length = self.0.ctap2(channel, message, &mut response);
        match &response[..length] {
            [0] => Ok(None),
            [0, body @ ..] => Ok(Some(decode(body))),
            [code] => Err(Status::from(*code)),
            other => panic!("neither a status nor an answer: {other:02x?}"),
        }
    }

    pub(crate) fn send(&mut self, request: &Request) -> Result<Option<Value>, Status> {
        self.send_on(CHANNEL, &request.bytes())
    }

    /// The status of a request that is refused.
    #[track_caller]
    pub(crate) fn refusal(&mut self, request: &Request) -> Status {
        self.send(request).expect_err("the request is refused")
    }

    pub(crate) fn made(&mut self, request: &Request) -> Result<Registration, Status> {
        Ok(Registration::new(self.send(request)?.expect("a map")))
    }

    pub(crate) fn asserted(&mut self, request: &Request) -> Result<Assertion, Status> {
        Ok(Assertion::new(&self.send(request)?.expect("a map")))
    }

    /// A new credential that is not discoverable.
    pub(crate) fn register(&mut self, rp_id: &str) -> Registration {
        self.made(&make_credential(rp_id, b"alice")).expect("registered")
    }

    /// A new discoverable credential.
    pub(crate) fn register_discoverable(&mut self, rp_id: &str, user_id: &[u8]) -> Registration {
        self.made(&make_discoverable(rp_id, user_id)).expect("registered")
    }

    /// Sends a raw APDU: the data, or the status word that refuses it.
    pub(crate) fn apdu(&mut self, apdu: &[u8]) -> Result<Vec<u8>, u16> {
        let mut response = Box::new([0; MAX_MESSAGE]);
        let length = self.0.u2f(CHANNEL, apdu, &mut response);
        let (data, word) = response[..length].split_last_chunk().expect("a status word");
        match u16::from_be_bytes(*word) {
            0x9000 => Ok(data.to_vec()),
            word => {
                assert!(data.is_empty(), "a refusal has no data");
                Err(word)
            }
        }
    }
}

/// Authenticator data, taken apart (WebAuthn Level 3 §6.1).
#[derive(Clone, Debug)]
pub(crate) struct AuthData {
    pub(crate) raw: Vec<u8>,
    pub(crate) rp_id_hash: [u8; 32],
    pub(crate) flags: u8,
    pub(crate) sign_count: u32,
    pub(crate) attested: Option<Attested>,
    pub(crate) extensions: Option<Value>,
}

#[derive(Clone, Debug)]
pub(crate) struct Attested {
    pub(crate) id: Vec<u8>,
    pub(crate) cose_key: Value,
}

impl AuthData {
    fn new(raw: &[u8]) -> Self {
        let (rp_id_hash, rest) = raw.split_first_chunk().expect("rpIdHash");
        let (&[flags], rest) = rest.split_first_chunk().expect("flags");
        let (sign_count, rest) = rest.split_first_chunk().expect("signCount");
        let mut rest = rest;
        let attested = (flags & 0x40 != 0).then(|| {
            let (_, behind) = rest.split_at(16);
            let (length, behind) = behind.split_first_chunk().expect("credentialIdLength");
            let (id, behind) = behind.split_at(u16::from_be_bytes(*length).into());
            let (cose_key, behind) = decode_first(behind);
            rest = behind;
            Attested {
                id: id.to_vec(),
                cose_key,
            }
        });
        let extensions = (flags & 0x80 != 0).then(|| {
            let outputs = decode(mem::take(&mut rest));
            assert!(!outputs.keys().is_empty(), "ED is set for an empty map");
            outputs
        });
        assert!(rest.is_empty(), "something behind the last part");
        Self {
            raw: raw.to_vec(),
            rp_id_hash: *rp_id_hash,
            flags,
            sign_count: u32::from_be_bytes(*sign_count),
            attested,
            extensions,
        }
    }
}

/// The answer of authenticatorMakeCredential.
#[derive(Clone, Debug)]
pub(crate) struct Registration {
    pub(crate) answer: Value,
    pub(crate) auth_data: AuthData,
    pub(crate) id: Vec<u8>,
    pub(crate) cose_key: Value,
}

impl Registration {
    fn new(answer: Value) -> Self {
        let auth_data = AuthData::new(answer.number(2).as_bytes());
        let attested = auth_data.attested.clone().expect("AT is set");
        Self {
            id: attested.id,
            cose_key: attested.cose_key,
            auth_data,
            answer,
        }
    }

    /// Whether this credential signed these bytes.
    pub(crate) fn signed(&self, message: &[u8], signature: &[u8]) -> bool {
        verifies(&self.cose_key, message, signature)
    }

    /// Checks everything in an assertion that its relying party would check.
    #[track_caller]
    pub(crate) fn verify(&self, rp_id: &str, assertion: &Assertion) {
        assert_eq!(assertion.id, self.id);
        assert_eq!(assertion.auth_data.rp_id_hash, sha256(&[rp_id.as_bytes()]));
        let message = [&assertion.auth_data.raw[..], &HASH].concat();
        assert!(self.signed(&message, &assertion.signature), "the signature verifies");
    }
}

/// The answer of authenticatorGetAssertion and authenticatorGetNextAssertion.
#[derive(Clone, Debug)]
pub(crate) struct Assertion {
    pub(crate) answer: Value,
    pub(crate) id: Vec<u8>,
    pub(crate) auth_data: AuthData,
    pub(crate) signature: Vec<u8>,
    pub(crate) user: Option<Value>,
    pub(crate) number_of_credentials: Option<i64>,
}

impl Assertion {
    fn new(answer: &Value) -> Self {
        let credential = answer.number(1);
        assert_eq!(credential.member("type").as_text(), "public-key");
        let auth_data = AuthData::new(answer.number(2).as_bytes());
        assert!(auth_data.attested.is_none());
        Self {
            id: credential.member("id").as_bytes().to_vec(),
            auth_data,
            signature: answer.number(3).as_bytes().to_vec(),
            user: answer.find(&int(4)).cloned(),
            number_of_credentials: answer.find(&int(5)).map(Tree::as_int),
            answer: answer.clone(),
        }
    }

    /// `user.id` of a discoverable credential.
    pub(crate) fn user_id(&self) -> &[u8] {
        self.user.as_ref().expect("a user").member("id").as_bytes()
    }
}

/// Verifies with the algorithm that the COSE key names, after holding the key to the members of that algorithm.
pub(crate) fn verifies(cose_key: &Value, message: &[u8], signature: &[u8]) -> bool {
    match cose_key.number(3).as_int() {
        -7 | -9 => verifies_p256(&point(cose_key, 1), message, signature),
        #[cfg(feature = "es384")]
        -35 | -51 => {
            use p384::ecdsa::{DerSignature, VerifyingKey};
            let key = VerifyingKey::from_sec1_bytes(&point(cose_key, 2)).expect("a point of P-384");
            DerSignature::try_from(signature).is_ok_and(|signature| key.verify(message, &signature).is_ok())
        }
        #[cfg(feature = "es512")]
        -36 | -52 => {
            use p521::ecdsa::{DerSignature, VerifyingKey};
            let key = VerifyingKey::from_sec1_bytes(&point(cose_key, 3)).expect("a point of P-521");
            DerSignature::try_from(signature).is_ok_and(|signature| key.verify(message, &signature).is_ok())
        }
        #[cfg(feature = "es256k")]
        -47 => {
            use k256::ecdsa::{DerSignature, VerifyingKey};
            let key = VerifyingKey::from_sec1_bytes(&point(cose_key, 8)).expect("a point of secp256k1");
            DerSignature::try_from(signature).is_ok_and(|signature| key.verify(message, &signature).is_ok())
        }
        #[cfg(feature = "ml-dsa")]
        -48 => verifies_ml_dsa::<ml_dsa::MlDsa44>(cose_key, message, signature),
        #[cfg(feature = "ml-dsa")]
        -49 => verifies_ml_dsa::<ml_dsa::MlDsa65>(cose_key, message, signature),
        -8 | -19 => {
            assert_eq!(cose_key.keys(), [1, 3, -1, -2].map(int));
            assert_eq!((cose_key.number(1), cose_key.number(-1)), (&int(1), &int(6)));
            let x = cose_key.number(-2).as_bytes().try_into().expect("32 bytes");
            let key = Ed25519Key::from_bytes(x).expect("a point of Ed25519");
            signature
                .try_into()
                .is_ok_and(|signature| key.verify_strict(message, &signature).is_ok())
        }
        other => panic!("algorithm {other}"),
    }
}

/// The point of an EC2 key on this curve, uncompressed.
fn point(cose_key: &Value, curve: i64) -> Vec<u8> {
    assert_eq!(cose_key.keys(), [1, 3, -1, -2, -3].map(int));
    assert_eq!((cose_key.number(1), cose_key.number(-1)), (&int(2), &int(curve)));
    [&[4], cose_key.number(-2).as_bytes(), cose_key.number(-3).as_bytes()].concat()
}

/// Verifies an ES256 signature with an uncompressed point.
pub(crate) fn verifies_p256(point: &[u8], message: &[u8], signature: &[u8]) -> bool {
    let key = P256Key::from_sec1_bytes(point).expect("a point of P-256");
    DerSignature::try_from(signature).is_ok_and(|signature| key.verify(message, &signature).is_ok())
}

#[cfg(feature = "ml-dsa")]
fn verifies_ml_dsa<P: ml_dsa::MlDsaParams>(cose_key: &Value, message: &[u8], signature: &[u8]) -> bool {
    assert_eq!(cose_key.keys(), [1, 3, -1].map(int));
    assert_eq!(cose_key.number(1), &int(7));
    let key = cose_key
        .number(-1)
        .as_bytes()
        .try_into()
        .expect("as long as the parameter set says");
    let key = ml_dsa::VerifyingKey::<P>::decode(&key);
    ml_dsa::Signature::<P>::try_from(signature).is_ok_and(|signature| key.verify(message, &signature).is_ok())
}
