//! Nordic's nRF52840 dongle (PCA10059): button SW1, green light LD1. It keeps its USB boot loader.

mod flash;

use core::sync::atomic::Ordering;

use brasskey_firmware::entropy::NoiseSource;
use brasskey_firmware::health::Unhealthy;
use cortex_m::peripheral::NVIC;
use cortex_m::singleton;
use embedded_hal::digital::{InputPin, OutputPin};
use nrf52840_hal::Clocks;
use nrf52840_hal::clocks::{ExternalOscillator, Internal, LfOscStopped};
use nrf52840_hal::gpio::{Input, Level, Output, Pin, PullUp, PushPull, p0, p1};
use nrf52840_hal::pac::{self, interrupt};
use nrf52840_hal::usbd::{UsbPeripheral, Usbd};
use usb_device::bus::UsbBusAllocator;

pub(crate) use flash::Flash;

use super::{Board, WARM};
use crate::usb;

pub(crate) type Bus = Usbd<UsbPeripheral<'static>>;

pub(crate) const CORE_HZ: u32 = 64_000_000;

/// The watchdog resets the chip when nobody feeds it for this many seconds.
const WATCHDOG: u32 = 8;
/// The value that feeds the watchdog (nRF52840 product specification §6.36).
const RELOAD: u32 = 0x6e52_4635;

/// The core's AIRCR: SYSRESETREQ, with the key that it asks for.
pub(crate) const RESET: (*mut u32, u32) = (0xe000_ed0c as *mut u32, 0x05fa_0004);

pub(crate) fn start() -> Board {
    let (Some(core), Some(chip)) = (cortex_m::Peripherals::take(), pac::Peripherals::take()) else {
        unreachable!()
    };
    // A bit for each of: pin, watchdog, software, lock-up. After power-up none is set. Writing ones clears them
    // (§5.3.7.11 RESETREAS).
    let reasons = chip.POWER.resetreas.read().bits();
    chip.POWER.resetreas.write(|w| unsafe { w.bits(reasons) });
    WARM.store(reasons != 0, Ordering::Relaxed);

    // SAFETY: every value is allowed; the watchdog counts at 32,768 Hz.
    chip.WDT.crv.write(|w| unsafe { w.bits(WATCHDOG * 32_768 - 1) });
    chip.WDT.tasks_start.write(|w| unsafe { w.bits(1) });

    // 16 MHz / 2⁹ = 31,250 Hz, in 32 bits: the timer wraps after 38 hours, which `uptime` notices.
    chip.TIMER0.bitmode.write(|w| w.bitmode()._32bit());
    // SAFETY: up to 9 is allowed.
    chip.TIMER0.prescaler.write(|w| unsafe { w.prescaler().bits(9) });
    chip.TIMER0.tasks_start.write(|w| unsafe { w.bits(1) });

    // USB needs the crystal.
    let Some(clocks) = singleton!(
        : Clocks<ExternalOscillator, Internal, LfOscStopped> = Clocks::new(chip.CLOCK).enable_ext_hfosc()
    ) else {
        unreachable!()
    };
    let (port0, port1) = (p0::Parts::new(chip.P0), p1::Parts::new(chip.P1));
    Board {
        bus: UsbBusAllocator::new(Usbd::new(UsbPeripheral::new(chip.USBD, clocks))),
        flash: Flash::new(chip.NVMC),
        noise: Noise::new(chip.RNG),
        panel: Panel {
            // Both are active low.
            light: port0.p0_06.into_push_pull_output(Level::High).degrade(),
            button: port1.p1_06.into_pullup_input().degrade(),
        },
        systick: core.SYST,
    }
}

pub(crate) fn enable_usb_interrupt() {
    // SAFETY: the handler shares data with other code in critical sections only.
    unsafe { NVIC::unmask(pac::Interrupt::USBD) };
}

#[interrupt]
fn USBD() {
    usb::serve();
}

/// The button and the light.
pub(crate) struct Panel {
    light: Pin<Output<PushPull>>,
    button: Pin<Input<PullUp>>,
}

impl Panel {
    /// The button's contact as it is now.
    pub(crate) fn is_pressed(&mut self) -> bool {
        self.button.is_low().unwrap_or(false)
    }

    /// Switches the light on or off.
    pub(crate) fn light(&mut self, on: bool) {
        // A pin cannot fail.
        let _ = self.light.set_state((!on).into());
    }
}

pub(crate) fn uptime() -> u64 {
    static mut WRAPS: u64 = 0;
    static mut LAST: u32 = 0;
    critical_section::with(|_| {
        // SAFETY: nobody else uses the register and the two variables, and interrupts are off. Each tick asks for the
        // time, so that no wrap of the timer is missed.
        let ticks = unsafe {
            let timer = &*pac::TIMER0::ptr();
            timer.tasks_capture[0].write(|w| w.bits(1));
            let ticks = timer.cc[0].read().bits();
            if ticks < LAST {
                WRAPS += 1;
            }
            LAST = ticks;
            WRAPS << 32 | u64::from(ticks)
        };
        ticks * 4 / 125
    })
}

pub(crate) fn feed_watchdog() {
    // SAFETY: one write, on which nothing else depends.
    unsafe { (*pac::WDT::ptr()).rr[0].write(|w| w.bits(RELOAD)) };
}

/// Does nothing: while the processor sleeps between interrupts, the chip stops its clocks by itself.
pub(crate) fn set_low_power(_: bool) {}

/// Noise: the chip's random number generator (§6.19). Its bias correction is off, so that the health tests see the raw
/// bits.
pub(crate) struct Noise {
    generator: pac::RNG,
    byte: u8,
    /// How many bits of `byte` were not used yet.
    left: u8,
}

impl Noise {
    /// How often the generator is asked for a byte before it counts as stopped. A byte takes some 30 µs.
    const ATTEMPTS: u32 = 1_000_000;

    fn new(generator: pac::RNG) -> Self {
        generator.config.write(|w| w.dercen().disabled());
        // SAFETY: 1 starts it.
        generator.tasks_start.write(|w| unsafe { w.bits(1) });
        Self {
            generator,
            byte: 0,
            left: 0,
        }
    }
}

impl NoiseSource for Noise {
    fn sample(&mut self) -> Result<bool, Unhealthy> {
        if self.left == 0 {
            let event = &self.generator.events_valrdy;
            if !(0..Self::ATTEMPTS).any(|_| event.read().bits() != 0) {
                return Err(Unhealthy);
            }
            event.reset();
            self.byte = self.generator.value.read().value().bits();
            self.left = 8;
        }
        self.left -= 1;
        Ok(self.byte >> self.left & 1 == 1)
    }
}
