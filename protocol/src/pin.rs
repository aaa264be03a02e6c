//! What the key keeps of its PIN.
//!
//! One record of one length, `E ‖ epoch ‖ P`, so that each change of it is one atomic write, for which there is always
//! room:
//!
//! ```text
//! code points (1) ‖ retries (1) ‖ flags, failures of the key's own user verification (1) ‖ generation of the persistent token (4) ‖ verifier (32)
//! ```
//!
//! The verifier is the HMAC of LEFT(SHA-256(PIN), 16) under a key that comes from the master secret: who has the
//! record alone cannot try PINs against it.

use subtle::ConstantTimeEq;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::credential::{Epoch, MasterSecret};
use crate::limits::{PIN_RETRIES, UV_RETRIES};
use crate::platform::{Storage, StorageError};

const TAG: u8 = b'P';
const SIZE: usize = 1 + 1 + 1 + 4 + 32;

const FORCE_CHANGE: u8 = 0x01;
const PERSISTENT_TOKEN_GRANTED: u8 = 0x02;
/// From this bit of the flags on: how often the key's own user verification failed.
const UV_FAILURES: u32 = 2;

/// The PIN's record. No PIN is a record too: that of a key whose PIN has no code points.
#[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
pub struct Pin {
    code_points: u8,
    verifier: [u8; 32],
    /// `pinRetries`: wrong PINs until none is accepted any more.
    pub retries: u8,
    /// `forcePINChange`: no token before the PIN is changed.
    pub force_change: bool,
    /// Names the persistent token: another one, another token.
    pub generation: u32,
    /// Whether the persistent token has the permission `pcmr` (CTAP 2.3 §6.5.5.7.2).
    pub persistent_token_granted: bool,
    /// How often the key's own user verification failed since it succeeded, or the PIN was right.
    pub uv_failures: u8,
}

impl Pin {
    /// A key without a PIN.
    const NONE: Self = Self {
        code_points: 0,
        verifier: [0; 32],
        retries: PIN_RETRIES,
        force_change: false,
        generation: 0,
        persistent_token_granted: false,
        uv_failures: 0,
    };

    /// Whether there is a PIN.
    #[must_use]
    pub fn is_set(&self) -> bool {
        self.code_points > 0
    }

    /// The length of the PIN in code points; 0 without one.
    #[must_use]
    pub fn code_points(&self) -> u8 {
        self.code_points
    }

    /// `uvRetries`: how often the key's own user verification may still fail.
    #[must_use]
    pub fn uv_retries(&self) -> u8 {
        UV_RETRIES.saturating_sub(self.uv_failures)
    }

    /// Whether `hash`, LEFT(SHA-256(PIN), 16), is that of this PIN. In constant time.
    #[must_use]
    pub fn matches(&self, secret: &MasterSecret, hash: &[u8; 16]) -> bool {
        self.is_set() && bool::from(verifier(secret, hash).ct_eq(&self.verifier))
    }

    /// Takes on a new PIN, with all its retries and no need to change it.
    pub fn set(&mut self, secret: &MasterSecret, hash: &[u8; 16], code_points: u8) {
        self.code_points = code_points;
        self.verifier = *verifier(secret, hash);
        self.retries = PIN_RETRIES;
        self.force_change = false;
    }

    /// A new persistent token, with no permission (`resetPersistentPinUvAuthToken`).
    pub fn renew_persistent_token(&mut self) {
        self.generation = self.generation.wrapping_add(1);
        self.persistent_token_granted = false;
    }

    /// The persistent token. Derived, so that it is stored as safely as all other keys and a reset renews it.
    #[must_use]
    pub fn persistent_token(&self, secret: &MasterSecret) -> Zeroizing<[u8; 32]> {
        secret.device_secret("persistent token", &self.generation.to_be_bytes())
    }

    /// Reads the record.
    ///
    /// # Errors
    /// The storage's; [`StorageError::Failed`] also for a record that is damaged, which is not to be taken for no PIN.
    pub fn read(storage: &mut impl Storage, epoch: Epoch) -> Result<Self, StorageError> {
        let mut record = [0; SIZE];
        match storage.read(&epoch.key(TAG), &mut record)? {
            None => Ok(Self::NONE),
            Some(SIZE) => Self::decode(&record).ok_or(StorageError::Failed),
            Some(_) => Err(StorageError::Failed),
        }
    }

    fn decode(record: &[u8; SIZE]) -> Option<Self> {
        let (&[code_points, retries, flags], rest) = record.split_first_chunk()?;
        let (&generation, verifier) = rest.split_first_chunk()?;
        let uv_failures = flags >> UV_FAILURES;
        if retries > PIN_RETRIES || uv_failures > UV_RETRIES {
            return None;
        }
        Some(Self {
            code_points,
            verifier: verifier.try_into().ok()?,
            retries,
            force_change: flags & FORCE_CHANGE != 0,
            generation: u32::from_be_bytes(generation),
            persistent_token_granted: flags & PERSISTENT_TOKEN_GRANTED != 0,
            uv_failures,
        })
    }

    /// Writes the record, in one piece.
    ///
    /// # Errors
    /// The storage's.
    pub fn write(&self, storage: &mut impl Storage, epoch: Epoch) -> Result<(), StorageError> {
        let force_change = if self.force_change { FORCE_CHANGE } else { 0 };
        let granted = if self.persistent_token_granted {
            PERSISTENT_TOKEN_GRANTED
        } else {
            0
        };
        let flags = force_change | granted | self.uv_failures << UV_FAILURES;
        let head = [self.code_points, self.retries, flags];
        let mut record = Zeroizing::new([0; SIZE]);
        let parts = head
            .into_iter()
            .chain(self.generation.to_be_bytes())
            .chain(self.verifier);
        record.iter_mut().zip(parts).for_each(|(to, from)| *to = from);
        storage.write(&epoch.key(TAG), &*record)
    }

    /// Takes the record's place in a new epoch: later, accounts may have filled the storage, and without a PIN nobody
    /// could delete one. Where it is full already, the key goes on without.
    ///
    /// # Errors
    /// The storage's.
    pub fn take_place(storage: &mut impl Storage, epoch: Epoch) -> Result<(), StorageError> {
        epoch.take_place(storage, TAG, |storage| Self::NONE.write(storage, epoch))
    }
}

fn verifier(secret: &MasterSecret, hash: &[u8; 16]) -> Zeroizing<[u8; 32]> {
    secret.device_secret("PIN verifier", hash)
}
