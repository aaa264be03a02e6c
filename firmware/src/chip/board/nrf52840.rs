//! Nordic's nRF52840 dongle (PCA10059): button SW1, green light LD1, its USB boot loader kept.

mod flash;

use core::sync::atomic::{AtomicBool, Ordering};

use brasskey_firmware::entropy::NoiseSource;
use brasskey_firmware::health::Unhealthy;
use cortex_m::peripheral::{NVIC, SYST};
use cortex_m::singleton;
use embedded_hal::digital::{InputPin, OutputPin};
use nrf52840_hal::Clocks;
use nrf52840_hal::clocks::{ExternalOscillator, Internal, LfOscStopped};
use nrf52840_hal::gpio::{Input, Level, Output, Pin, PullUp, PushPull, p0, p1};
use nrf52840_hal::pac::{self, interrupt};
use nrf52840_hal::usbd::{UsbPeripheral, Usbd};
use usb_device::bus::UsbBusAllocator;

pub(crate) use flash::Flash;

use super::WARM_START;
use crate::usb;

pub(crate) type Bus = Usbd<UsbPeripheral<'static>>;

pub(crate) const CORE_HZ: u32 = 64_000_000;

/// The watchdog resets a key that does not feed it for so many seconds.
const WATCHDOG: u32 = 8;
/// What the watchdog eats (nRF52840 product specification §6.36).
const FOOD: u32 = 0x6e52_4635;

/// The core's AIRCR: SYSRESETREQ, with the key that it asks for.
pub(crate) const RESET: (*mut u32, u32) = (0xe000_ed0c as *mut u32, 0x05fa_0004);

/// The power was on before the last reset.
static WARM: AtomicBool = AtomicBool::new(false);

pub(crate) struct Board {
    pub(crate) bus: UsbBusAllocator<Bus>,
    pub(crate) flash: Flash,
    pub(crate) noise: Noise,
    pub(crate) panel: Panel,
    pub(crate) tick: SYST,
}

pub(crate) fn start() -> Board {
    let (Some(core), Some(chip)) = (cortex_m::Peripherals::take(), pac::Peripherals::take()) else {
        unreachable!()
    };
    // Pin, watchdog, software or lock-up; after power-up no bit is set (§5.3.7.11 RESETREAS). Ones clear.
    let reasons = chip.POWER.resetreas.read().bits();
    chip.POWER.resetreas.write(|w| unsafe { w.bits(reasons) });
    WARM.store(reasons != 0, Ordering::Relaxed);

    // SAFETY: every value is allowed; the watchdog counts at 32,768 Hz.
    chip.WDT.crv.write(|w| unsafe { w.bits(WATCHDOG * 32_768 - 1) });
    chip.WDT.tasks_start.write(|w| unsafe { w.bits(1) });

    // 16 MHz / 2⁹ = 31,250 Hz, in 32 bits: goes round after 38 hours, which `now` notices.
    chip.TIMER0.bitmode.write(|w| w.bitmode()._32bit());
    // SAFETY: up to 9 is allowed.
    chip.TIMER0.prescaler.write(|w| unsafe { w.prescaler().bits(9) });
    chip.TIMER0.tasks_start.write(|w| unsafe { w.bits(1) });

    // USB wants the crystal.
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
        tick: core.SYST,
    }
}

pub(crate) fn enable_usb_interrupt() {
    // SAFETY: its handler shares nothing but by critical sections.
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

    /// Lights the light or puts it out.
    pub(crate) fn light(&mut self, on: bool) {
        // A pin cannot fail.
        let _ = self.light.set_state((!on).into());
    }
}

pub(crate) fn now() -> u64 {
    static mut TURNS: u64 = 0;
    static mut LAST: u32 = 0;
    critical_section::with(|_| {
        // SAFETY: a register and two variables that nobody else uses, with interrupts off. The tick looks more often
        // than the timer goes round.
        let ticks = unsafe {
            let timer = &*pac::TIMER0::ptr();
            timer.tasks_capture[0].write(|w| w.bits(1));
            let ticks = timer.cc[0].read().bits();
            if ticks < LAST {
                TURNS += 1;
            }
            LAST = ticks;
            TURNS << 32 | u64::from(ticks)
        };
        let begun = if WARM.load(Ordering::Relaxed) { WARM_START } else { 0 };
        begun + ticks * 4 / 125
    })
}

pub(crate) fn feed() {
    // SAFETY: one write that nothing else depends on.
    unsafe { (*pac::WDT::ptr()).rr[0].write(|w| w.bits(FOOD)) };
}

/// The processor sleeps between interrupts, and stops its clocks by itself.
pub(crate) fn rest(_: bool) {}

/// Noise: the chip's random number generator (§6.19), without its bias correction, for the health tests to see.
pub(crate) struct Noise {
    generator: pac::RNG,
    byte: u8,
    /// Bits of `byte` not given yet.
    left: u8,
}

impl Noise {
    /// Looks at the generator before it is taken to have stopped: a byte takes some 30 µs.
    const PATIENCE: u32 = 1_000_000;

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
            if !(0..Self::PATIENCE).any(|_| event.read().bits() != 0) {
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
