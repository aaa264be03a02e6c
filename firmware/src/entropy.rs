//! Makes random numbers from noise: every sample passes the health tests, and a hash condenses many samples.
//!
//! Each block of 32 bytes is a hash of two things. The first are fresh samples with 320 bits of min-entropy, 64 more
//! than the block has (SP 800-90B §3.1.5.1.2: full entropy). The second is a pool, a hash of all samples since
//! power-up. So a block is at least as good as its own samples, and at least as good as all the samples before it. Who
//! reads the pool later learns nothing about earlier blocks.

use brasskey_protocol::crypto::sha256;
use rand_core::{TryCryptoRng, TryRng};
use zeroize::{Zeroize, Zeroizing};

use crate::health::{Health, SAMPLES_PER_BIT, START_UP_SAMPLES, Unhealthy};

/// Raw samples for one block, in bytes.
const FRESH: usize = (256 + 64) * SAMPLES_PER_BIT / 8;

/// The noise source in a chip: bits that nobody can predict all of. They are not conditioned, so that the health tests
/// see them as they are.
pub trait NoiseSource {
    /// The next sample.
    ///
    /// # Errors
    /// [`Unhealthy`] if the hardware itself finds a fault.
    fn sample(&mut self) -> Result<bool, Unhealthy>;
}

/// Random numbers from a noise source.
pub struct Entropy<N> {
    noise: N,
    health: Health,
    pool: [u8; 32],
}

/// What a hash is for.
mod purpose {
    pub(super) const STIR: &[u8] = &[0];
    pub(super) const BLOCK: &[u8] = &[1];
    pub(super) const FORGET: &[u8] = &[2];
}

impl<N: NoiseSource> Entropy<N> {
    /// Runs the start-up test.
    ///
    /// # Errors
    /// [`Unhealthy`] if a test fails.
    pub fn start(noise: N) -> Result<Self, Unhealthy> {
        let mut entropy = Self {
            noise,
            health: Health::new(),
            pool: [0; 32],
        };
        for _ in 0..START_UP_SAMPLES {
            entropy.sample()?;
        }
        Ok(entropy)
    }

    fn sample(&mut self) -> Result<bool, Unhealthy> {
        let sample = self.noise.sample()?;
        self.health.admit(sample)?;
        Ok(sample)
    }

    fn block(&mut self) -> Result<Zeroizing<[u8; 32]>, Unhealthy> {
        let mut fresh = Zeroizing::new([0; FRESH]);
        for byte in fresh.iter_mut() {
            for _ in 0..8 {
                *byte = *byte << 1 | u8::from(self.sample()?);
            }
        }
        self.pool = sha256(&[purpose::STIR, &self.pool, &*fresh]);
        let block = Zeroizing::new(sha256(&[purpose::BLOCK, &self.pool]));
        self.pool = sha256(&[purpose::FORGET, &self.pool]);
        Ok(block)
    }
}

impl<N: NoiseSource> TryRng for Entropy<N> {
    type Error = Unhealthy;

    fn try_next_u32(&mut self) -> Result<u32, Unhealthy> {
        let mut bytes = [0; 4];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u32::from_le_bytes(bytes))
    }

    fn try_next_u64(&mut self) -> Result<u64, Unhealthy> {
        let mut bytes = [0; 8];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u64::from_le_bytes(bytes))
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Unhealthy> {
        for chunk in bytes.chunks_mut(32) {
            let block = self.block()?;
            chunk.iter_mut().zip(block.iter()).for_each(|(to, from)| *to = *from);
        }
        Ok(())
    }
}

impl<N: NoiseSource> TryCryptoRng for Entropy<N> {}

impl<N> Drop for Entropy<N> {
    fn drop(&mut self) {
        self.pool.zeroize();
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// A generator that looks like noise until it gets stuck.
    struct Noise {
        state: u64,
        healthy: usize,
    }

    impl NoiseSource for Noise {
        fn sample(&mut self) -> Result<bool, Unhealthy> {
            if self.healthy == 0 {
                return Ok(false);
            }
            self.healthy -= 1;
            self.state ^= self.state << 13;
            self.state ^= self.state >> 7;
            self.state ^= self.state << 17;
            Ok(self.state & 1 == 1)
        }
    }

    fn noise(state: u64, healthy: usize) -> Noise {
        Noise { state, healthy }
    }

    #[test]
    fn blocks_differ_and_depend_on_the_noise() {
        let mut seen = BTreeSet::new();
        for seed in 1..20 {
            let mut entropy = Entropy::start(noise(seed, usize::MAX)).unwrap();
            for _ in 0..20 {
                let mut block = [0; 40];
                entropy.try_fill_bytes(&mut block).unwrap();
                assert!(seen.insert(block));
            }
        }
    }

    #[test]
    fn a_block_takes_as_many_samples_as_it_needs() {
        let left = |bytes: &mut [u8]| {
            let mut entropy = Entropy::start(noise(1, START_UP_SAMPLES + 10_000)).unwrap();
            entropy.try_fill_bytes(bytes).unwrap();
            entropy.noise.healthy
        };
        assert_eq!(left(&mut [0; 1]), 10_000 - 320 * SAMPLES_PER_BIT);
        assert_eq!(left(&mut [0; 33]), 10_000 - 2 * 320 * SAMPLES_PER_BIT);
    }

    #[test]
    fn a_source_that_is_stuck_from_the_start_never_starts() {
        assert!(Entropy::start(noise(1, 0)).is_err());
        assert!(Entropy::start(noise(1, START_UP_SAMPLES - 300)).is_err());
    }

    #[test]
    fn a_source_that_sticks_later_gives_nothing_more() {
        let mut entropy = Entropy::start(noise(1, START_UP_SAMPLES + 100)).unwrap();
        assert_eq!(entropy.try_next_u32(), Err(Unhealthy));
        assert_eq!(entropy.try_next_u64(), Err(Unhealthy));
    }

    #[test]
    fn a_fault_that_the_hardware_finds_is_told() {
        struct Broken;
        impl NoiseSource for Broken {
            fn sample(&mut self) -> Result<bool, Unhealthy> {
                Err(Unhealthy)
            }
        }
        assert!(Entropy::start(Broken).is_err());
    }
}
