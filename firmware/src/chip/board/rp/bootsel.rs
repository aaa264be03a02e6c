//! The BOOTSEL button, which shares the flash's chip select (RP2040 data sheet §2.8.1, RP2350 data sheet §5.2).

use core::arch::asm;

use super::chip::bootsel_pin::{OEOVER, OEOVER_DISABLE, PIN, SS_CTRL};

/// SIO: GPIO_HI_IN.
const HI_IN: *const u32 = 0xd000_0008 as *const u32;
/// How often the loop runs until the pull-up has lifted the line, for some 8 µs. A turn takes about four cycles.
const SETTLE: u32 = 250;

/// Whether BOOTSEL is pressed. The flash cannot be read for some 8 µs.
pub(super) fn is_pressed() -> bool {
    // SAFETY: interrupts are off and `sample` runs from RAM, so that nobody needs the flash.
    critical_section::with(|_| unsafe { sample() })
}

/// # Safety
/// Interrupts must be off, because nobody can read the flash meanwhile.
#[unsafe(link_section = ".data.bootsel")]
#[inline(never)]
unsafe fn sample() -> bool {
    // SAFETY: in the end the registers are as they were.
    unsafe {
        let control = SS_CTRL.read_volatile();
        SS_CTRL.write_volatile(control & !OEOVER | OEOVER_DISABLE);
        for _ in 0..SETTLE {
            asm!("nop", options(nomem, nostack, preserves_flags));
        }
        let pins = HI_IN.read_volatile();
        SS_CTRL.write_volatile(control);
        pins & PIN == 0
    }
}
