//! The key's randomness: the operating system's, or a test's seed.

use std::fmt;

use chacha20::ChaCha20Rng;
use getrandom::SysRng;
use rand_core::{Rng, SeedableRng, TryCryptoRng, TryRng};

/// The operating system's generator; seeded only for tests that need the same key twice.
pub struct SoftRng(Source);

enum Source {
    System(SysRng),
    Seeded(Box<ChaCha20Rng>),
}

impl SoftRng {
    pub(super) fn system() -> Self {
        Self(Source::System(SysRng))
    }

    pub(super) fn seeded(seed: [u8; 32]) -> Self {
        Self(Source::Seeded(Box::new(ChaCha20Rng::from_seed(seed))))
    }
}

impl fmt::Debug for SoftRng {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SoftRng")
    }
}

impl TryRng for SoftRng {
    type Error = getrandom::Error;

    fn try_next_u32(&mut self) -> Result<u32, Self::Error> {
        match &mut self.0 {
            Source::System(rng) => rng.try_next_u32(),
            Source::Seeded(rng) => Ok(rng.next_u32()),
        }
    }

    fn try_next_u64(&mut self) -> Result<u64, Self::Error> {
        match &mut self.0 {
            Source::System(rng) => rng.try_next_u64(),
            Source::Seeded(rng) => Ok(rng.next_u64()),
        }
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Self::Error> {
        match &mut self.0 {
            Source::System(rng) => rng.try_fill_bytes(bytes),
            Source::Seeded(rng) => {
                rng.fill_bytes(bytes);
                Ok(())
            }
        }
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
        assert_ne!(draw(SoftRng::system()), draw(SoftRng::system()));
    }
}
