//! Noise: the phase of the ring oscillator, sampled by the processor, which runs from a crystal.

use brasskey_firmware::entropy::NoiseSource;
use brasskey_firmware::health::Unhealthy;
use cortex_m::asm;
use rp2040_hal::pac::{RESETS, ROSC};

/// Cycles of the processor between two samples. These are some periods of the oscillator (1.8 to 12 MHz, RP2040 data
/// sheet §2.17), during which its jitter adds up.
const SPACING: u32 = 100;

pub(crate) struct Noise(ROSC);

impl Noise {
    pub(crate) fn new(oscillator: ROSC, _: &mut RESETS) -> Self {
        Self(oscillator)
    }
}

impl NoiseSource for Noise {
    fn sample(&mut self) -> Result<bool, Unhealthy> {
        asm::delay(SPACING);
        // An oscillator that has stopped gives a constant, which the health tests find.
        Ok(self.0.randombit().read().randombit().bit())
    }
}
