//! What the key keeps of its PIN.
//!
//! It is one record of one length, `E ‖ epoch ‖ P`. So each change is one atomic write, and there is always room for
//! it:
//!
//! ```text
//! code points (1) ‖ retries (1) ‖ flags (2 bits) and failures of the key's own user verification (6 bits)
//!     ‖ generation of the persistent token (4) ‖ verifier (32)
//! ```
//!
//! The verifier is the HMAC of LEFT(SHA-256(PIN), 16) under a key that comes from the master secret. Whoever has the
//! record alone cannot try PINs against it.

use subtle::ConstantTimeEq;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use super::credential_id::MasterSecret;
use crate::bytes::fill;
use crate::limits::{PIN_RETRIES, UV_RETRIES};

/// The kind of the record.
pub(super) const TAG: u8 = b'P';
pub(super) const SIZE: usize = 1 + 1 + 1 + 4 + 32;

const FORCE_CHANGE: u8 = 0x01;
const PERSISTENT_TOKEN_GRANTED: u8 = 0x02;
/// From this bit of the flags on: how often the key's own user verification failed.
const UV_FAILURES: u32 = 2;

/// The PIN's record. A key without a PIN has the record of a PIN that has no code points.
#[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
pub(crate) struct Pin {
    code_points: u8,
    verifier: [u8; 32],
    /// `pinRetries`: wrong PINs until no PIN is accepted any more.
    pub(crate) retries: u8,
    /// `forcePINChange`: no token before the PIN is changed.
    pub(crate) force_change: bool,
    /// Names the persistent token: another number gives another token.
    pub(crate) generation: u32,
    /// Whether the persistent token has the permission `pcmr` (CTAP 2.3 §6.5.5.7.2).
    pub(crate) persistent_token_granted: bool,
    /// How often the key's own user verification failed since it succeeded, or the PIN was right.
    pub(crate) uv_failures: u8,
}

impl Pin {
    /// A key without a PIN.
    pub(super) const NONE: Self = Self {
        code_points: 0,
        verifier: [0; 32],
        retries: PIN_RETRIES,
        force_change: false,
        generation: 0,
        persistent_token_granted: false,
        uv_failures: 0,
    };

    /// Whether there is a PIN.
    pub(crate) fn is_set(&self) -> bool {
        self.code_points > 0
    }

    /// The length of the PIN in code points; 0 without one.
    pub(crate) fn code_points(&self) -> u8 {
        self.code_points
    }

    /// `uvRetries`: how often the key's own user verification may still fail.
    pub(crate) fn uv_retries(&self) -> u8 {
        UV_RETRIES.saturating_sub(self.uv_failures)
    }

    /// Whether `hash`, LEFT(SHA-256(PIN), 16), is that of this PIN. In constant time.
    pub(crate) fn matches(&self, secret: &MasterSecret, hash: &[u8; 16]) -> bool {
        self.is_set() && bool::from(verifier(secret, hash).ct_eq(&self.verifier))
    }

    /// Sets a new PIN, with all retries and no need to change it.
    pub(crate) fn set(&mut self, secret: &MasterSecret, hash: &[u8; 16], code_points: u8) {
        self.code_points = code_points;
        self.verifier = *verifier(secret, hash);
        self.retries = PIN_RETRIES;
        self.force_change = false;
    }

    /// Makes a new persistent token, without its permission (`resetPersistentPinUvAuthToken`).
    pub(crate) fn renew_persistent_token(&mut self) {
        self.generation = self.generation.wrapping_add(1);
        self.persistent_token_granted = false;
    }

    /// The persistent token. It is derived, so that it is as safe as all other keys and changes with a reset.
    pub(crate) fn persistent_token(&self, secret: &MasterSecret) -> Zeroizing<[u8; 32]> {
        secret.device_secret("persistent token", &self.generation.to_be_bytes())
    }

    /// `None` where no version of this key wrote the record.
    pub(super) fn decode(record: &[u8; SIZE]) -> Option<Self> {
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

    pub(super) fn encode(&self) -> Zeroizing<[u8; SIZE]> {
        let flag = |is_set, flag| if is_set { flag } else { 0 };
        let flags = flag(self.force_change, FORCE_CHANGE)
            | flag(self.persistent_token_granted, PERSISTENT_TOKEN_GRANTED)
            | self.uv_failures << UV_FAILURES;
        let head = [self.code_points, self.retries, flags];
        let mut record = Zeroizing::new([0; SIZE]);
        fill(&mut *record, &[&head, &self.generation.to_be_bytes(), &self.verifier]);
        record
    }
}

fn verifier(secret: &MasterSecret, hash: &[u8; 16]) -> Zeroizing<[u8; 32]> {
    secret.device_secret("PIN verifier", hash)
}
