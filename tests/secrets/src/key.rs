//! A whole key, whose secrets are secrets to memcheck too.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::ops::Bound;

use brasskey_conformance::host::client_pin::{Agreement, Protocol, client_pin, cp};
use brasskey_conformance::host::response::Response;
use brasskey_protocol::authenticator::{Authenticator, Backup, Config};
use brasskey_protocol::limits::{MAX_MESSAGE, STORAGE_KEY_MAX};
use brasskey_protocol::platform::{
    Clock, Indication, Indicator, Platform, Presence, PresenceRequest, Seams, Storage, StorageError, UserPresence,
};
use brasskey_protocol::rng::HealthyRng;
use rand_core::{TryCryptoRng, TryRng};

use crate::memcheck::{depends_on_a_secret, mark_public, mark_secret, public};
use crate::random;

const CHANNEL: u32 = 1;

const CONFIG: Config = Config {
    aaguid: *b"a key that tells",
    firmware_version: 1,
    lists_recent_algorithms: false,
    backup: Backup::Never,
};

/// The key, and whether its last answer came from a secret.
pub(crate) struct Key {
    authenticator: Authenticator<World>,
    told: bool,
}

impl Key {
    /// A new key. Nothing in it is secret yet.
    pub(crate) fn new() -> Self {
        Self::start(Memory::default(), false)
    }

    /// The key, unplugged and plugged in again. From now on its secrets are some.
    pub(crate) fn with_secrets(self) -> Self {
        let mut storage = self.authenticator.into_seams().storage;
        for (key, record) in &mut storage.0 {
            if let Some(secret) = secret_part(key, record) {
                mark_secret(secret);
            }
        }
        Self::start(storage, true)
    }

    fn start(storage: Memory, draws_secrets: bool) -> Self {
        let seams = Seams {
            presence: Touching,
            storage,
            rng: HealthyRng::new(Dice { draws_secrets }),
            clock: Standing,
            indicator: Dark,
        };
        let started = Authenticator::new(seams, CONFIG).map_err(|(_, error)| error);
        Self {
            authenticator: started.expect("the key starts"),
            told: false,
        }
    }

    /// Sends a CTAP2 message. What comes back is public.
    pub(crate) fn ctap2(&mut self, request: impl Into<Vec<u8>>) -> Response {
        let mut response = Box::new([0; MAX_MESSAGE]);
        let length = self.authenticator.ctap2(CHANNEL, &request.into(), &mut response);
        Response::decode(self.publish(&mut response, length))
    }

    /// Sends an APDU to the applet of one-time codes. These bytes in it are secret. What comes back is public.
    pub(crate) fn oath(&mut self, mut apdu: Vec<u8>, secret: &[u8]) -> (Vec<u8>, u16) {
        if !secret.is_empty() {
            let mut windows = apdu.windows(secret.len());
            let from = windows
                .position(|window| window == secret)
                .expect("the secret in its place");
            mark_secret(&mut apdu[from..from + secret.len()]);
        }
        let mut response = Box::new([0; MAX_MESSAGE]);
        let length = self.authenticator.oath(CHANNEL, &apdu, &mut response);
        let (data, word) = self
            .publish(&mut response, length)
            .split_last_chunk()
            .expect("a status word");
        (data.to_vec(), u16::from_be_bytes(*word))
    }

    fn publish<'a>(&mut self, response: &'a mut [u8; MAX_MESSAGE], length: usize) -> &'a [u8] {
        let response = &mut response[..public(length)];
        self.told = depends_on_a_secret(response);
        mark_public(response);
        response
    }

    /// Checks that a secret had a part in the last answer.
    #[track_caller]
    pub(crate) fn has_told(&self) {
        assert!(self.told, "no secret has a part in the answer");
    }

    /// A platform's half of a key agreement.
    pub(crate) fn agree(&mut self, protocol: Protocol) -> Agreement {
        let response = self.ctap2(client_pin(0x02).with(cp::PIN_UV_AUTH_PROTOCOL, protocol as u8));
        Agreement::new(protocol, &response.ok()[&1])
    }
}

/// What is secret in a record: `protocol/src/store/root.rs`, `oath/root.rs` and `pin.rs` have the forms. All that
/// others hold is public or sealed.
fn secret_part<'a>(key: &[u8], record: &'a mut [u8]) -> Option<&'a mut [u8]> {
    match key {
        b"R" => Some(&mut record[6..]),
        b"O" => {
            // The secret, and behind the identifier and two bytes the access code.
            mark_secret(&mut record[2..34]);
            Some(&mut record[44..108])
        }
        [b'E', _, _, _, _, b'P'] => Some(&mut record[7..]),
        _ => None,
    }
}

pub(crate) struct World;

impl Platform for World {
    type UserPresence = Touching;
    type Storage = Memory;
    type Rng = Dice;
    type Clock = Standing;
    type Indicator = Dark;
}

/// A user who touches whenever the key asks.
pub(crate) struct Touching;

impl UserPresence for Touching {
    fn wait(&mut self, _request: &PresenceRequest<'_>, _deadline: u64) -> Presence {
        Presence::Confirmed
    }

    fn poll(&mut self, _channel: u32, _request: &PresenceRequest<'_>) -> Option<Presence> {
        Some(Presence::Confirmed)
    }

    fn forget(&mut self) {}
}

/// Randomness. The key draws 32 bytes for secrets only, and other lengths for nonces, identifiers and counters.
pub(crate) struct Dice {
    draws_secrets: bool,
}

impl Dice {
    /// Of which nothing is secret.
    pub(crate) fn public() -> Self {
        Self { draws_secrets: false }
    }
}

impl TryRng for Dice {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        Ok(u32::from_le_bytes(random()))
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        Ok(u64::from_le_bytes(random()))
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        getrandom::fill(bytes).expect("randomness");
        if self.draws_secrets && bytes.len() == 32 {
            mark_secret(bytes);
        }
        Ok(())
    }
}

impl TryCryptoRng for Dice {}

/// Records in memory. Their keys are public: they say which account a record is of, and not what it holds.
#[derive(Default)]
pub(crate) struct Memory(BTreeMap<Vec<u8>, Vec<u8>>);

fn published(key: &[u8]) -> Vec<u8> {
    let mut key = key.to_vec();
    mark_public(&mut key);
    key
}

impl Storage for Memory {
    fn read(&mut self, key: &[u8], value: &mut [u8]) -> Result<Option<usize>, StorageError> {
        let Some(record) = self.0.get(&published(key)) else {
            return Ok(None);
        };
        value
            .get_mut(..record.len())
            .ok_or(StorageError::Failed)?
            .copy_from_slice(record);
        Ok(Some(record.len()))
    }

    fn write(&mut self, key: &[u8], value: &[u8]) -> Result<(), StorageError> {
        self.0.insert(published(key), value.to_vec());
        Ok(())
    }

    fn remove(&mut self, key: &[u8]) -> Result<(), StorageError> {
        self.0.remove(&published(key));
        Ok(())
    }

    fn next_key(
        &mut self,
        prefix: &[u8],
        after: Option<&[u8]>,
        key: &mut [u8; STORAGE_KEY_MAX],
    ) -> Result<Option<usize>, StorageError> {
        let (prefix, after) = (published(prefix), after.map(published));
        let from = after.as_deref().map_or(Bound::Included(&prefix[..]), Bound::Excluded);
        let next = self.0.range::<[u8], _>((from, Bound::Unbounded)).next();
        let next = next.map(|(key, _)| key).filter(|key| key.starts_with(&prefix));
        Ok(next.map(|next| {
            key[..next.len()].copy_from_slice(next);
            next.len()
        }))
    }

    fn room(&mut self, _length: usize) -> Result<u32, StorageError> {
        Ok(1000)
    }

    fn scrub(&mut self) -> Result<(), StorageError> {
        Ok(())
    }
}

/// Time that does not pass.
pub(crate) struct Standing;

impl Clock for Standing {
    fn now(&self) -> u64 {
        0
    }
}

/// No light.
pub(crate) struct Dark;

impl Indicator for Dark {
    fn show(&mut self, _indication: Indication) {}
}
