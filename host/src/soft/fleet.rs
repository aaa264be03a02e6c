//! Many keys in one process, for those who load a relying party with thousands of users.
//!
//! A key is a number. Its secrets and its random numbers come from the fleet's seed and that number, so another process
//! with the same seed has the same keys, and signs in with credentials that this one registered. Between its uses a key
//! is off and costs what its storage holds, which is a few hundred bytes.

use std::collections::HashMap;
use std::fmt;

use brasskey_protocol::authenticator::Backup;
use hkdf::Hkdf;
use sha2::Sha256;
use thiserror::Error;
use zeroize::Zeroizing;

use super::presence::Touch;
use super::rng::SoftRng;
use super::storage::MemoryStorage;
use super::verification::UserVerification;
use super::{Error, SoftKey};
use crate::client::{self, Key};

/// **Only for tests:** keys that touch themselves. Anyone who knows the seed knows all their secrets.
///
/// A fleet runs one key at a time, on the thread that calls it: have one for each processor.
pub struct Fleet {
    /// The key that runs. It is off except in [`Self::with`].
    key: SoftKey,
    /// The client, once a key was used.
    client: Option<Key>,
    seed: Zeroizing<[u8; 32]>,
    at_rest: HashMap<u64, AtRest>,
}

/// A key that is off.
#[derive(Debug, Default)]
struct AtRest {
    records: MemoryStorage,
    power_ups: u64,
}

/// A key of a fleet did not start, or did not answer.
#[derive(Debug, Error)]
pub enum FleetError {
    /// The key.
    #[error(transparent)]
    Key(#[from] Error),
    /// The client that talks to it.
    #[error(transparent)]
    Client(#[from] client::Error),
}

impl Fleet {
    /// No key yet.
    ///
    /// The keys verify their user as `verification` says, and never wait for anybody. With [`Backup::Never`] a key's
    /// signature counter goes up with each sign-in. Where a key is made again from its seed it begins at 0, which
    /// relying parties refuse once they have seen more. With the others it stays at 0, as that of synced passkeys does.
    ///
    /// # Errors
    /// [`enum@Error`], where the system gives no randomness.
    pub fn new(seed: [u8; 32], verification: UserVerification, backup: Backup) -> Result<Self, Error> {
        let key = SoftKey::builder()
            .touch(Touch::Auto)
            .scripted_clock()
            .user_verification(verification)
            .backup(backup)
            .build()?;
        key.power_off();
        Ok(Self {
            key,
            client: None,
            seed: Zeroizing::new(seed),
            at_rest: HashMap::new(),
        })
    }

    /// How many keys have been used.
    #[must_use]
    pub fn len(&self) -> usize {
        self.at_rest.len()
    }

    /// Whether no key has been used yet.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.at_rest.is_empty()
    }

    /// Plugs key `number` in for as long as `work` takes. The key remembers what it keeps, as one on USB does.
    ///
    /// # Errors
    /// [`FleetError`]. What `work` returns is the caller's.
    pub fn with<T>(&mut self, number: u64, work: impl FnOnce(&mut Key) -> T) -> Result<T, FleetError> {
        let key = self.at_rest.entry(number).or_default();
        let rng = SoftRng::seeded(*draw(&self.seed, number, key.power_ups));
        key.power_ups += 1;
        self.key.engine().exchange(&mut key.records, rng);
        let result = self.key.power_on().map_err(FleetError::from).and_then(|()| {
            let client = match &mut self.client {
                Some(client) => {
                    client.reopen()?;
                    client
                }
                none => none.insert(Key::open(Box::new(self.key.connect()))?),
            };
            // Without a token a refusal does not say that it was the verification that failed.
            if self.key.user_verification() != UserVerification::Never {
                client.verify_without_tokens();
            }
            Ok(work(client))
        });
        self.key.power_off();
        self.key.engine().exchange(&mut key.records, SoftRng::seeded([0; 32]));
        result
    }
}

impl fmt::Debug for Fleet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fleet")
            .field("keys", &self.at_rest.len())
            .finish_non_exhaustive()
    }
}

/// The seed of one power-up of a key. Each has its own, for a key must not make the same credential twice.
fn draw(seed: &[u8; 32], number: u64, power_ups: u64) -> Zeroizing<[u8; 32]> {
    let mut drawn = Zeroizing::new([0; 32]);
    let info: [&[u8]; 3] = [b"brasskey fleet", &number.to_be_bytes(), &power_ups.to_be_bytes()];
    Hkdf::<Sha256>::new(None, seed)
        .expand_multi_info(&info, &mut *drawn)
        .expect("HKDF gives 32 bytes");
    drawn
}

#[cfg(test)]
mod tests;
