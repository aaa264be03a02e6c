//! The BOOTSEL button, which shares the flash's chip select (RP2040 data sheet §2.8.1).

use core::arch::asm;

/// IO_QSPI: GPIO_QSPI_SS_CTRL, and the bits of its OEOVER: 2 takes the output away.
const SS_CTRL: *mut u32 = 0x4001_800c as *mut u32;
const OEOVER: u32 = 0b11 << 12;
const OEOVER_DISABLE: u32 = 0b10 << 12;
/// SIO: GPIO_HI_IN; bit 1 is the chip select.
const HI_IN: *const u32 = 0xd000_0008 as *const u32;
const SS: u32 = 1 << 1;
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
        pins & SS == 0
    }
}
