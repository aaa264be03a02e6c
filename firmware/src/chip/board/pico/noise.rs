//! Noise: the phase of the ring oscillator as the processor, which runs from a crystal, sees it.

use brasskey_firmware::entropy::NoiseSource;
use brasskey_firmware::health::Unhealthy;
use cortex_m::asm;
use rp2040_hal::pac::ROSC;

/// Cycles of the processor between two samples: some periods of the oscillator (1.8 to 12 MHz, RP2040 data sheet
/// §2.17), in which its jitter adds up.
const SPACING: u32 = 100;

pub(crate) struct Noise(ROSC);

impl Noise {
    pub(super) fn new(oscillator: ROSC) -> Self {
        Self(oscillator)
    }
}

impl NoiseSource for Noise {
    fn sample(&mut self) -> Result<bool, Unhealthy> {
        asm::delay(SPACING);
        // A stopped oscillator gives a constant, which the health tests find.
        Ok(self.0.randombit().read().randombit().bit())
    }
}
