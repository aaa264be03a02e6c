//! The key's randomness: ChaCha20, seeded by the operating system at power-up, or by a test.

use std::convert::Infallible;
use std::fmt;

use chacha20::ChaCha20Rng;
use getrandom::SysRng;
use rand_core::{SeedableRng, TryCryptoRng, TryRng};

/// A ChaCha20 generator. The generator of the operating system would cost a system call for every number.
pub struct SoftRng(Box<ChaCha20Rng>);

impl SoftRng {
    /// A generator that nobody can predict.
    pub(super) fn system() -> Result<Self, getrandom::Error> {
        Ok(Self(Box::new(ChaCha20Rng::try_from_rng(&mut SysRng)?)))
    }

    /// A generator that repeats itself: for tests that need the same key twice.
    pub(super) fn seeded(seed: [u8; 32]) -> Self {
        Self(Box::new(ChaCha20Rng::from_seed(seed)))
    }
}

impl fmt::Debug for SoftRng {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SoftRng")
    }
}

impl TryRng for SoftRng {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        self.0.try_next_u32()
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        self.0.try_next_u64()
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        self.0.try_fill_bytes(bytes)
    }
}

impl TryCryptoRng for SoftRng {}

#[cfg(test)]
mod tests {
    use super::*;

    fn draw(mut rng: SoftRng) -> [u8; 32] {
        let mut bytes = [0; 32];
        rng.try_fill_bytes(&mut bytes).expect("randomness");
        bytes
    }

    #[test]
    fn a_seed_repeats_itself_and_the_system_does_not() {
        assert_eq!(draw(SoftRng::seeded([7; 32])), draw(SoftRng::seeded([7; 32])));
        assert_ne!(draw(SoftRng::seeded([7; 32])), draw(SoftRng::seeded([8; 32])));
        assert_ne!(draw(SoftRng::system().unwrap()), draw(SoftRng::system().unwrap()));
    }
}
