//! The BOOTSEL button, which shares the flash's chip select (RP2040 data sheet §2.8.1, RP2350 data sheet §5.2).

use core::arch::asm;

use super::bootsel_pin::{OEOVER, OEOVER_DISABLE, PIN, SS_CTRL};

/// SIO: GPIO_HI_IN.
const HI_IN: *const u32 = 0xd000_0008 as *const u32;
/// Turns of the loop, of some four cycles, until the pull-up has lifted the line: 8 µs.
const SETTLE: u32 = 250;

/// Whether BOOTSEL is pressed. The flash cannot be read for some 8 µs.
pub(super) fn is_pressed() -> bool {
    // SAFETY: with interrupts off, `sample` runs from memory, and so the flash is not needed.
    critical_section::with(|_| unsafe { sample() })
}

/// # Safety
/// The flash is out of reach meanwhile: interrupts must be off.
#[unsafe(link_section = ".data.bootsel")]
#[inline(never)]
unsafe fn sample() -> bool {
    // SAFETY: the registers are left as they were found.
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
