//! RP2350, the chip of the Pico 2, with its Arm cores.

mod noise;

use rp235x_hal::block::ImageDef;
use rp235x_hal::clocks::ClocksManager;
use rp235x_hal::pac;

pub(crate) use noise::Noise;
pub(crate) use pac::TIMER0 as Timer;
pub(crate) use rp235x_hal as hal;

/// The boot ROM leaves the code that makes the flash readable at the start of the boot RAM (RP2350 data sheet §5.4.8).
pub(super) const XIP_SETUP: *const [u32; 64] = 0x400e_0000 as *const [u32; 64];

/// The flash's chip select (RP2350 data sheet §9.11.2: GPIO_QSPI_SS_CTRL; §3.1.11: GPIO_HI_IN).
pub(super) mod bootsel_pin {
    pub(crate) const SS_CTRL: *mut u32 = 0x4003_001c as *mut u32;
    pub(crate) const OEOVER: u32 = 0b11 << 14;
    /// Takes the output away.
    pub(crate) const OEOVER_DISABLE: u32 = 0b10 << 14;
    pub(crate) const PIN: u32 = 1 << 27;
}

pub(crate) const CORE_HZ: u32 = 150_000_000;

/// How far the watchdog counts down in a microsecond.
pub(super) const WATCHDOG_COUNTS: u32 = 1;

/// WATCHDOG.CTRL, TRIGGER (RP2350 data sheet §12.9.7).
pub(crate) const RESET: (*mut u32, u32) = (0x400d_8000 as *mut u32, 1 << 31);

/// Tells the boot ROM that this is a program for the Arm cores in secure state.
#[unsafe(link_section = ".start_block")]
#[used]
static IMAGE_DEFINITION: ImageDef = ImageDef::secure_exe();

pub(super) fn start_timer(timer: Timer, resets: &mut pac::RESETS, clocks: &ClocksManager) {
    hal::Timer::new_timer0(timer, resets, clocks);
}

/// Erases go without a pause: the interface to the flash is not that of the RP2040 (RP2350 data sheet §12.14).
pub(super) struct Suspend;

impl Suspend {
    pub(super) const fn find() -> Self {
        Self
    }

    pub(super) const fn erase(&self, _: u32) -> bool {
        false
    }
}

/// Leaves the clock as it is: the processor sleeps between interrupts.
pub(crate) fn set_low_power(_: bool) {}
