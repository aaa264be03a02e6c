//! Raspberry Pi Pico and Pico 2: light on GPIO 25, and as the button BOOTSEL or a button of the user's own.
//!
//! What their chips, RP2040 and RP2350 (with its Arm cores), do not share is in `rp2040.rs` and `rp2350.rs`.

mod bootsel;
mod flash;
#[cfg(feature = "board-pico")]
mod rp2040;
#[cfg(feature = "board-pico2")]
mod rp2350;

use core::sync::atomic::Ordering;

use cortex_m::peripheral::NVIC;
use embedded_hal::digital::{InputPin, OutputPin};
use usb_device::bus::UsbBusAllocator;

use self::chip::hal::clocks::init_clocks_and_plls;
use self::chip::hal::fugit::ExtU32;
use self::chip::hal::gpio::{DynPinId, FunctionSioInput, FunctionSioOutput, Pin, Pins, PullDown, PullUp};
use self::chip::hal::pac::{self, interrupt};
use self::chip::hal::{Sio, Watchdog};
#[cfg(feature = "board-pico")]
use self::rp2040 as chip;
#[cfg(feature = "board-pico2")]
use self::rp2350 as chip;
use super::{Board, WARM};
use crate::usb;

pub(crate) use chip::hal::usb::UsbBus as Bus;
pub(crate) use chip::{CORE_HZ, Noise, RESET, set_low_power};
pub(crate) use flash::Flash;

/// The crystal on the board.
const CRYSTAL_HZ: u32 = 12_000_000;

/// The watchdog resets the chip when nobody feeds it for this many milliseconds. This is near the longest that it can
/// wait. The longest that the key goes without feeding it is one erase: 400 ms at worst, by the flash's data sheet.
const WATCHDOG: u32 = 8_000;

pub(crate) fn start() -> Board {
    // It is called once. A crystal that does not start leaves nothing to do but to try again: a panic resets the chip.
    let (Some(core), Some(peripherals)) = (cortex_m::Peripherals::take(), pac::Peripherals::take()) else {
        unreachable!()
    };
    let mut resets = peripherals.RESETS;
    // The watchdog sets it. A fault and the boot ROM reset the chip by the watchdog, too (RP2040 data sheet §4.7.6,
    // REASON; RP2350 data sheet §12.9.7).
    let is_warm = peripherals.WATCHDOG.reason().read().bits() != 0;
    WARM.store(is_warm, Ordering::Relaxed);
    let mut watchdog = Watchdog::new(peripherals.WATCHDOG);
    let Ok(clocks) = init_clocks_and_plls(
        CRYSTAL_HZ,
        peripherals.XOSC,
        peripherals.CLOCKS,
        peripherals.PLL_SYS,
        peripherals.PLL_USB,
        &mut resets,
        &mut watchdog,
    ) else {
        unreachable!()
    };
    watchdog.start(WATCHDOG.millis());

    // Each chip's library has its own names for these.
    #[cfg(feature = "board-pico")]
    let (timer, usb, usb_memory, noise) = (
        peripherals.TIMER,
        peripherals.USBCTRL_REGS,
        peripherals.USBCTRL_DPRAM,
        peripherals.ROSC,
    );
    #[cfg(feature = "board-pico2")]
    let (timer, usb, usb_memory, noise) = (
        peripherals.TIMER0,
        peripherals.USB,
        peripherals.USB_DPRAM,
        peripherals.TRNG,
    );
    chip::start_timer(timer, &mut resets, &clocks);
    let pins = Pins::new(
        peripherals.IO_BANK0,
        peripherals.PADS_BANK0,
        Sio::new(peripherals.SIO).gpio_bank0,
        &mut resets,
    );
    // The board does not tell the chip whether the host supplies power. It always does: the board has no other source.
    let bus = Bus::new(usb, usb_memory, clocks.usb_clock, true, &mut resets);
    Board {
        bus: UsbBusAllocator::new(bus),
        flash: Flash::new(),
        noise: Noise::new(noise, &mut resets),
        panel: Panel {
            light: pins.gpio25.into_function().into_pull_type().into_dyn_pin(),
            button: pins.gpio2.into_function().into_pull_type().into_dyn_pin(),
        },
        systick: core.SYST,
    }
}

pub(crate) fn enable_usb_interrupt() {
    // SAFETY: the handler shares data with other code in critical sections only.
    unsafe { NVIC::unmask(pac::Interrupt::USBCTRL_IRQ) };
}

#[interrupt]
fn USBCTRL_IRQ() {
    usb::serve();
}

/// The button and the light.
pub(crate) struct Panel {
    light: Pin<DynPinId, FunctionSioOutput, PullDown>,
    button: Pin<DynPinId, FunctionSioInput, PullUp>,
}

impl Panel {
    /// The button's contact as it is now: between GPIO 2 and ground, or BOOTSEL.
    pub(crate) fn is_pressed(&mut self) -> bool {
        if cfg!(feature = "button-gpio") {
            self.button.is_low().unwrap_or(false)
        } else {
            bootsel::is_pressed()
        }
    }

    /// Switches the light on or off.
    pub(crate) fn light(&mut self, on: bool) {
        // A pin cannot fail.
        let _ = self.light.set_state(on.into());
    }
}

pub(crate) fn uptime() -> u64 {
    // SAFETY: to read these registers changes nothing.
    let timer = unsafe { &*chip::Timer::ptr() };
    let microseconds = loop {
        let high = timer.timerawh().read().bits();
        let low = timer.timerawl().read().bits();
        if high == timer.timerawh().read().bits() {
            break u64::from(high) << 32 | u64::from(low);
        }
    };
    microseconds / 1_000
}

pub(crate) fn feed_watchdog() {
    let count = WATCHDOG * 1_000 * chip::WATCHDOG_COUNTS;
    // SAFETY: one write, on which nothing else depends.
    unsafe { (*pac::WATCHDOG::ptr()).load().write(|w| w.bits(count)) };
}
