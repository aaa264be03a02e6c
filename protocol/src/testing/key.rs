//! A key in a test's world, asked by the host of `brasskey_conformance`, without a wire between them.

use std::boxed::Box;
use std::collections::BTreeMap;
use std::vec::Vec;

use brasskey_conformance::host::response::Response;
pub(crate) use brasskey_conformance::host::response::{Assertion, Made};
use ciborium::Value;

use super::platform::{Dice, Light, Memory, Script, Time, World};
use super::request::{make_credential, make_discoverable};
use crate::authenticator::{Authenticator, Backup, Config};
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

/// What a map in an answer holds.
pub(crate) type Members = BTreeMap<u8, Value>;

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

    /// Sends a CTAP2 message on a channel.
    pub(crate) fn respond(&mut self, channel: u32, message: impl Into<Vec<u8>>) -> Result<Response, Status> {
        let mut response = Box::new([0; MAX_MESSAGE]);
        let length = self.0.ctap2(channel, &message.into(), &mut response);
        let response = Response::decode(&response[..length]);
        match response.status {
            0 => Ok(response),
            code => Err(Status::from(code)),
        }
    }

    /// The members of the answer to a request; `None` for an answer without any.
    pub(crate) fn send(&mut self, request: impl Into<Vec<u8>>) -> Result<Option<Members>, Status> {
        Ok(self.respond(CHANNEL, request)?.members.map(Into::into))
    }

    /// The same for what is expected to have an answer.
    pub(crate) fn answer(&mut self, request: impl Into<Vec<u8>>) -> Result<Members, Status> {
        Ok(self.send(request)?.expect("an answer"))
    }

    /// The status of a request that is refused.
    #[track_caller]
    pub(crate) fn refusal(&mut self, request: impl Into<Vec<u8>>) -> Status {
        self.send(request).expect_err("the request is refused")
    }

    pub(crate) fn made(&mut self, request: impl Into<Vec<u8>>) -> Result<Made, Status> {
        Ok(Made::of(&self.respond(CHANNEL, request)?))
    }

    pub(crate) fn asserted(&mut self, request: impl Into<Vec<u8>>) -> Result<Assertion, Status> {
        Ok(Assertion::of(&self.respond(CHANNEL, request)?))
    }

    /// A new credential that is not discoverable.
    pub(crate) fn register(&mut self, rp_id: &str) -> Made {
        self.made(make_credential(rp_id, b"alice")).expect("registered")
    }

    /// A new discoverable credential.
    pub(crate) fn register_discoverable(&mut self, rp_id: &str, user_id: &[u8]) -> Made {
        self.made(make_discoverable(rp_id, user_id)).expect("registered")
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
