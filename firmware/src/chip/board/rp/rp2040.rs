//! RP2040, the chip of the Pico.

mod noise;
mod suspend;

use rp2040_hal::clocks::ClocksManager;
use rp2040_hal::pac;

pub(crate) use noise::Noise;
pub(crate) use pac::TIMER as Timer;
pub(crate) use rp2040_hal as hal;
pub(crate) use suspend::Suspend;

/// The second stage of the boot makes the flash readable. It is the first of the flash (RP2040 data sheet §2.8.1).
pub(super) const XIP_SETUP: *const [u32; 64] = 0x1000_0000 as *const [u32; 64];

/// The flash's chip select (RP2040 data sheet §2.19.6.2: GPIO_QSPI_SS_CTRL; §2.3.1.7: GPIO_HI_IN).
pub(super) mod bootsel_pin {
    pub(crate) const SS_CTRL: *mut u32 = 0x4001_800c as *mut u32;
    pub(crate) const OEOVER: u32 = 0b11 << 12;
    /// Takes the output away.
    pub(crate) const OEOVER_DISABLE: u32 = 0b10 << 12;
    pub(crate) const PIN: u32 = 1 << 1;
}

pub(crate) const CORE_HZ: u32 = 125_000_000;

/// How far the watchdog counts down in a microsecond (erratum RP2040-E1).
pub(super) const WATCHDOG_COUNTS: u32 = 2;

/// WATCHDOG.CTRL, TRIGGER (RP2040 data sheet §4.7.6).
pub(crate) const RESET: (*mut u32, u32) = (0x4005_8000 as *mut u32, 1 << 31);

/// The second stage of the boot, which the boot ROM expects at the start of the flash.
#[unsafe(link_section = ".boot2")]
#[used]
static BOOT2: [u8; 256] = rp2040_boot2::BOOT_LOADER_W25Q080;

pub(super) fn start_timer(timer: Timer, resets: &mut pac::RESETS, clocks: &ClocksManager) {
    hal::Timer::new(timer, resets, clocks);
}

/// Runs the processor from USB's 48 MHz and switches its own PLL off, or runs it from that PLL at full speed.
pub(crate) fn set_low_power(low: bool) {
    // SAFETY: after `start` nothing else touches the clocks.
    let (clocks, pll) = unsafe { (&*pac::CLOCKS::ptr(), &*pac::PLL_SYS::ptr()) };
    let is_low = pll.pwr().read().vcopd().bit();
    if low == is_low {
        return;
    }
    if !low {
        pll.pwr().modify(|_, w| w.pd().clear_bit().vcopd().clear_bit());
        while pll.cs().read().lock().bit_is_clear() {}
    }
    // The source of the auxiliary input may change only while it is not used (RP2040 data sheet §2.15.3.2).
    clocks.clk_sys_ctrl().modify(|_, w| w.src().clk_ref());
    while clocks.clk_sys_selected().read().bits() != 1 {}
    clocks.clk_sys_ctrl().modify(|_, w| {
        if low {
            w.auxsrc().clksrc_pll_usb()
        } else {
            w.auxsrc().clksrc_pll_sys()
        }
    });
    clocks.clk_sys_ctrl().modify(|_, w| w.src().clksrc_clk_sys_aux());
    while clocks.clk_sys_selected().read().bits() != 2 {}
    if low {
        pll.pwr().modify(|_, w| w.pd().set_bit().vcopd().set_bit());
    }
}
