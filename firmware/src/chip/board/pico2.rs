//! Raspberry Pi Pico 2: RP2350 (Arm cores), light on GPIO 25, and the BOOTSEL button or one of one's own.

#[path = "rp/bootsel.rs"]
mod bootsel;
#[path = "rp/flash.rs"]
mod flash;
mod noise;

use core::sync::atomic::{AtomicBool, Ordering};

use cortex_m::peripheral::{NVIC, SYST};
use embedded_hal::digital::{InputPin, OutputPin};
use rp235x_hal::block::ImageDef;
use rp235x_hal::clocks::init_clocks_and_plls;
use rp235x_hal::fugit::ExtU32;
use rp235x_hal::gpio::{DynPinId, FunctionSioInput, FunctionSioOutput, Pin, Pins, PullDown, PullUp};
use rp235x_hal::pac::{self, interrupt};
use rp235x_hal::usb::UsbBus;
use rp235x_hal::{Sio, Watchdog, rom_data};
use usb_device::bus::UsbBusAllocator;

pub(crate) use flash::Flash;
pub(crate) use noise::Noise;

use super::WARM_START;
use crate::usb;

pub(crate) type Bus = UsbBus;

/// The boot ROM leaves the code that makes the flash readable at the start of the boot RAM (RP2350 data sheet §5.4.8).
const XIP_SETUP: *const [u32; 64] = 0x400e_0000 as *const [u32; 64];

/// The flash's chip select (RP2350 data sheet §9.11.2: GPIO_QSPI_SS_CTRL; §3.1.11: GPIO_HI_IN).
mod bootsel_pin {
    pub(super) const SS_CTRL: *mut u32 = 0x4003_001c as *mut u32;
    pub(super) const OEOVER: u32 = 0b11 << 14;
    /// Takes the output away.
    pub(super) const OEOVER_DISABLE: u32 = 0b10 << 14;
    pub(super) const PIN: u32 = 1 << 27;
}

/// The crystal on the board.
const CRYSTAL_HZ: u32 = 12_000_000;

pub(crate) const CORE_HZ: u32 = 150_000_000;

/// As on the Pico.
const WATCHDOG: u32 = 8_000;

/// WATCHDOG.CTRL, TRIGGER (RP2350 data sheet §12.9.7).
pub(crate) const RESET: (*mut u32, u32) = (0x400d_8000 as *mut u32, 1 << 31);

/// Tells the boot ROM that this is a program for the Arm cores in secure state.
#[unsafe(link_section = ".start_block")]
#[used]
static IMAGE_DEFINITION: ImageDef = ImageDef::secure_exe();

/// The power was on before the last reset.
static WARM: AtomicBool = AtomicBool::new(false);

/// Erases go without a pause: the interface to the flash is another than the Pico's (RP2350 data sheet §12.14).
struct Suspend;

impl Suspend {
    const fn find() -> Self {
        Self
    }

    const fn erase(&self, _: u32) -> bool {
        false
    }
}

pub(crate) struct Board {
    pub(crate) bus: UsbBusAllocator<Bus>,
    pub(crate) flash: Flash,
    pub(crate) noise: Noise,
    pub(crate) panel: Panel,
    pub(crate) tick: SYST,
}

pub(crate) fn start() -> Board {
    // As on the Pico: what cannot fail.
    let (Some(core), Some(chip)) = (cortex_m::Peripherals::take(), pac::Peripherals::take()) else {
        unreachable!()
    };
    let mut resets = chip.RESETS;
    WARM.store(chip.WATCHDOG.reason().read().bits() != 0, Ordering::Relaxed);
    let mut watchdog = Watchdog::new(chip.WATCHDOG);
    let Ok(clocks) = init_clocks_and_plls(
        CRYSTAL_HZ,
        chip.XOSC,
        chip.CLOCKS,
        chip.PLL_SYS,
        chip.PLL_USB,
        &mut resets,
        &mut watchdog,
    ) else {
        unreachable!()
    };
    watchdog.start(WATCHDOG.millis());
    rp235x_hal::Timer::new_timer0(chip.TIMER0, &mut resets, &clocks);

    let pins = Pins::new(
        chip.IO_BANK0,
        chip.PADS_BANK0,
        Sio::new(chip.SIO).gpio_bank0,
        &mut resets,
    );
    let bus = UsbBus::new(chip.USB, chip.USB_DPRAM, clocks.usb_clock, true, &mut resets);
    Board {
        bus: UsbBusAllocator::new(bus),
        flash: Flash::new(),
        noise: Noise::new(chip.TRNG, &mut resets),
        panel: Panel {
            light: pins.gpio25.into_function().into_pull_type().into_dyn_pin(),
            button: pins.gpio2.into_function().into_pull_type().into_dyn_pin(),
        },
        tick: core.SYST,
    }
}

pub(crate) fn enable_usb_interrupt() {
    // SAFETY: its handler shares nothing but by critical sections.
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

    /// Lights the light or puts it out.
    pub(crate) fn light(&mut self, on: bool) {
        // A pin cannot fail.
        let _ = self.light.set_state(on.into());
    }
}

pub(crate) fn now() -> u64 {
    // SAFETY: these registers are read without an effect.
    let timer = unsafe { &*pac::TIMER0::ptr() };
    let microseconds = loop {
        let high = timer.timerawh().read().bits();
        let low = timer.timerawl().read().bits();
        if high == timer.timerawh().read().bits() {
            break u64::from(high) << 32 | u64::from(low);
        }
    };
    let begun = if WARM.load(Ordering::Relaxed) { WARM_START } else { 0 };
    begun + microseconds / 1_000
}

pub(crate) fn feed() {
    // SAFETY: one write that nothing else depends on. The counter counts down by one a microsecond.
    unsafe { (*pac::WATCHDOG::ptr()).load().write(|w| w.bits(WATCHDOG * 1_000)) };
}

/// The processor sleeps between interrupts; its clock stays as it is.
pub(crate) fn rest(_: bool) {}
