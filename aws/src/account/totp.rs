//! One-time codes as the verifying side has them (RFC 6238): HMAC-SHA-1, six digits, steps of 30 seconds.

use data_encoding::BASE32_NOPAD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde::{Deserialize, Serialize};
use sha1::Sha1;
use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

use super::random::{self, NoRandomness};
use super::secret::Secret;

/// A step, in seconds.
pub const STEP: i64 = 30;
/// How many bytes a seed has: 64 characters of base 32, as AWS's seeds have.
const SEED: usize = 40;
/// How far from the expected step a code may be: one, as RFC 6238 §5.2 recommends.
const WINDOW: i64 = 1;
/// How far two consecutive codes may be from now when a device is enabled or resynchronized: two hours. AWS takes
/// stale codes as well ("the MFA device successfully associates with the user but is out of sync", EnableMFADevice),
/// and does not say how stale.
const SEARCH: i64 = 240;

/// The seed of a device, and what its verifier remembers.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Totp {
    /// In base 32.
    seed: Secret,
    /// By how many steps the device's clock is ahead of ours (RFC 6238 §6).
    drift: i64,
    /// The step of the last code that was taken: none is taken twice, and none before it (RFC 6238 §5.2).
    last: Option<i64>,
}

impl Totp {
    pub(super) fn random() -> Result<Self, NoRandomness> {
        let seed = random::bytes::<SEED>()?;
        Ok(Self {
            seed: Secret::new(BASE32_NOPAD.encode(&*seed)),
            drift: 0,
            last: None,
        })
    }

    /// The seed in base 32.
    #[must_use]
    pub fn seed(&self) -> &Secret {
        &self.seed
    }

    /// The code of a moment, in seconds since 1970: what a device with a clock that is right shows.
    #[must_use]
    pub fn code(&self, now: i64) -> String {
        code(&self.key(), now.div_euclid(STEP))
    }

    /// Takes a code, once.
    pub(super) fn verify(&mut self, given: &str, now: i64) -> bool {
        let key = self.key();
        let expected = now.div_euclid(STEP) + self.drift;
        let mut found = None;
        for step in expected - WINDOW..=expected + WINDOW {
            if is_code(&key, step, given) && self.last.is_none_or(|last| step > last) {
                found = Some(step);
            }
        }
        self.take(found, now)
    }

    /// Takes two consecutive codes, and learns how far the device's clock is from ours.
    pub(super) fn synchronize(&mut self, first: &str, second: &str, now: i64) -> bool {
        let key = self.key();
        let expected = now.div_euclid(STEP);
        let distances = (0..=SEARCH).flat_map(|far| [-far, far]);
        let is_pair = |step: i64| is_code(&key, step, first) && is_code(&key, step + 1, second);
        let found = distances
            .map(|distance| expected + distance)
            .find(|step| self.last.is_none_or(|last| *step > last) && is_pair(*step));
        self.take(found.map(|step| step + 1), now)
    }

    fn take(&mut self, step: Option<i64>, now: i64) -> bool {
        if let Some(step) = step {
            self.drift = step - now.div_euclid(STEP);
            self.last = Some(step);
        }
        step.is_some()
    }

    fn key(&self) -> Zeroizing<Vec<u8>> {
        Zeroizing::new(BASE32_NOPAD.decode(self.seed.expose().as_bytes()).unwrap_or_default())
    }
}

/// In constant time.
fn is_code(key: &[u8], step: i64, given: &str) -> bool {
    code(key, step).as_bytes().ct_eq(given.as_bytes()).into()
}

/// RFC 4226 §5.3 over the step's number.
fn code(key: &[u8], step: i64) -> String {
    let Ok(mut mac) = Hmac::<Sha1>::new_from_slice(key) else {
        return String::new(); // never: HMAC takes keys of any length
    };
    mac.update(&step.to_be_bytes());
    let tag = mac.finalize().into_bytes();
    let offset = usize::from(tag.last().copied().unwrap_or_default() & 0xF);
    let four = tag.get(offset..offset + 4).and_then(|four| four.try_into().ok());
    let number = four.map(u32::from_be_bytes).unwrap_or_default() & 0x7FFF_FFFF;
    format!("{:06}", number % 1_000_000)
}

#[cfg(test)]
mod tests;
