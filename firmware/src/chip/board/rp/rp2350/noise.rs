//! Noise: the RP2350's random number generator, before its own conditioning (RP2350 data sheet §12.12).

use brasskey_firmware::entropy::NoiseSource;
use brasskey_firmware::health::Unhealthy;
use rp235x_hal::pac::{RESETS, TRNG};

/// Cycles between two samples of its ring oscillator.
const SPACING: u32 = 100;
/// The words that it gives at a time: 192 bits.
const WORDS: usize = 6;
/// How often the generator is asked before it counts as stopped. A round takes some 20,000 cycles.
const ATTEMPTS: u32 = 1_000_000;

pub(crate) struct Noise {
    generator: TRNG,
    words: [u32; WORDS],
    /// How many bits of `words` were not used yet.
    left: usize,
}

impl Noise {
    pub(crate) fn new(generator: TRNG, resets: &mut RESETS) -> Self {
        resets.reset().modify(|_, w| w.trng().set_bit());
        resets.reset().modify(|_, w| w.trng().clear_bit());
        while resets.reset_done().read().trng().bit_is_clear() {}
        // SAFETY: every value of these registers is allowed.
        unsafe {
            generator.sample_cnt1().write(|w| w.bits(SPACING));
            // Raw samples, so that the health tests of the library see them: without von Neumann's balancer (bit 1),
            // the CRNGT (bit 2) and the autocorrelation test (bit 3).
            generator.trng_debug_control().write(|w| w.bits(0b1110));
            generator.rnd_source_enable().write(|w| w.bits(1));
        }
        Self {
            generator,
            words: [0; WORDS],
            left: 0,
        }
    }

    fn collect(&mut self) -> Result<(), Unhealthy> {
        let ready = (0..ATTEMPTS).any(|_| self.generator.trng_valid().read().bits() & 1 == 1);
        if !ready {
            return Err(Unhealthy);
        }
        // To read the last word starts the next round.
        self.words = [
            self.generator.ehr_data0().read().bits(),
            self.generator.ehr_data1().read().bits(),
            self.generator.ehr_data2().read().bits(),
            self.generator.ehr_data3().read().bits(),
            self.generator.ehr_data4().read().bits(),
            self.generator.ehr_data5().read().bits(),
        ];
        self.left = WORDS * u32::BITS as usize;
        Ok(())
    }
}

impl NoiseSource for Noise {
    fn sample(&mut self) -> Result<bool, Unhealthy> {
        if self.left == 0 {
            self.collect()?;
        }
        self.left -= 1;
        let word = self.words[self.left / u32::BITS as usize];
        Ok(word >> (self.left % u32::BITS as usize) & 1 == 1)
    }
}
