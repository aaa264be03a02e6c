//! A random number generator that is not used again after it failed.

use core::fmt;

use rand_core::{TryCryptoRng, TryRng};

/// The platform's generator. After one failure it gives nothing until the next power-up.
#[derive(Clone)]
pub struct HealthyRng<R> {
    rng: R,
    failed: bool,
}

/// The generator failed, now or before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RngFailed;

impl fmt::Display for RngFailed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the random number generator failed")
    }
}

impl core::error::Error for RngFailed {}

impl<R: TryCryptoRng> HealthyRng<R> {
    /// A generator that has not failed yet.
    pub fn new(rng: R) -> Self {
        Self { rng, failed: false }
    }

    /// Power-up: a new chance.
    pub(crate) fn power_up(&mut self) {
        self.failed = false;
    }

    /// The platform's generator, for tests that break it.
    #[cfg(test)]
    pub(crate) fn inner_mut(&mut self) -> &mut R {
        &mut self.rng
    }

    /// Whether the generator failed since power-up.
    pub fn has_failed(&self) -> bool {
        self.failed
    }

    fn attempt<T>(&mut self, draw: impl FnOnce(&mut R) -> Result<T, R::Error>) -> Result<T, RngFailed> {
        if self.failed {
            return Err(RngFailed);
        }
        draw(&mut self.rng).map_err(|_| {
            self.failed = true;
            RngFailed
        })
    }
}

impl<R: TryCryptoRng> TryRng for HealthyRng<R> {
    type Error = RngFailed;

    fn try_next_u32(&mut self) -> Result<u32, RngFailed> {
        self.attempt(TryRng::try_next_u32)
    }

    fn try_next_u64(&mut self) -> Result<u64, RngFailed> {
        self.attempt(TryRng::try_next_u64)
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), RngFailed> {
        self.attempt(|rng| rng.try_fill_bytes(bytes))
    }
}

impl<R: TryCryptoRng> TryCryptoRng for HealthyRng<R> {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::platform::Dice;

    #[test]
    fn what_it_gives_is_the_platforms() {
        let (mut rng, mut dice) = (HealthyRng::new(Dice::seeded(1)), Dice::seeded(1));
        for _ in 0..3 {
            assert_eq!(rng.try_next_u64(), dice.try_next_u64().map_err(|_| RngFailed));
            assert_eq!(rng.try_next_u32(), dice.try_next_u32().map_err(|_| RngFailed));
        }
    }
}
