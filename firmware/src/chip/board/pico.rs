//! Raspberry Pi Pico: RP2040, light on GPIO 25, and the BOOTSEL button or one of one's own.

#[path = "rp/bootsel.rs"]
mod bootsel;
#[path = "rp/flash.rs"]
mod flash;
mod noise;
mod suspend;

use core::sync::atomic::{AtomicBool, Ordering};

use cortex_m::peripheral::{NVIC, SYST};
use embedded_hal::digital::{InputPin, OutputPin};
use rp2040_hal::clocks::init_clocks_and_plls;
use rp2040_hal::fugit::ExtU32;
use rp2040_hal::gpio::{DynPinId, FunctionSioInput, FunctionSioOutput, Pin, Pins, PullDown, PullUp};
use rp2040_hal::pac::{self, interrupt};
use rp2040_hal::usb::UsbBus;
use rp2040_hal::{Sio, Watchdog, rom_data};
use usb_device::bus::UsbBusAllocator;

pub(crate) use flash::Flash;
pub(crate) use noise::Noise;

use self::suspend::Suspend;
use super::WARM_START;
use crate::usb;

pub(crate) type Bus = UsbBus;

/// The second stage of the boot, which makes the flash readable, is the first of the flash (RP2040 data sheet §2.8.1).
const XIP_SETUP: *const [u32; 64] = 0x1000_0000 as *const [u32; 64];

/// The flash's chip select (RP2040 data sheet §2.19.6.2: GPIO_QSPI_SS_CTRL; §2.3.1.7: GPIO_HI_IN).
mod bootsel_pin {
    pub(super) const SS_CTRL: *mut u32 = 0x4001_800c as *mut u32;
    pub(super) const OEOVER: u32 = 0b11 << 12;
    /// Takes the output away.
    pub(super) const OEOVER_DISABLE: u32 = 0b10 << 12;
    pub(super) const PIN: u32 = 1 << 1;
}

/// The crystal on the board.
const CRYSTAL_HZ: u32 = 12_000_000;

pub(crate) const CORE_HZ: u32 = 125_000_000;

/// The watchdog resets a key that does not feed it for so many milliseconds: near the longest it can wait. The longest
/// step without food is one erase, 400 ms at worst by the flash's data sheet.
const WATCHDOG: u32 = 8_000;

/// WATCHDOG.CTRL, TRIGGER (RP2040 data sheet §4.7.6).
pub(crate) const RESET: (*mut u32, u32) = (0x4005_8000 as *mut u32, 1 << 31);

/// The boot ROM's second stage, which the RP2040 wants at the start of the flash.
#[unsafe(link_section = ".boot2")]
#[used]
static BOOT2: [u8; 256] = rp2040_boot2::BOOT_LOADER_W25Q080;

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
    // Called once, and what cannot fail on this board: a crystal that does not start leaves nothing to do but try anew.
    let (Some(core), Some(chip)) = (pac::CorePeripherals::take(), pac::Peripherals::take()) else {
        unreachable!()
    };
    let mut resets = chip.RESETS;
    // Set by the watchdog, which is also how a fault and the boot ROM reset (RP2040 data sheet §4.7.6, REASON).
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
    rp2040_hal::Timer::new(chip.TIMER, &mut resets, &clocks);

    let pins = Pins::new(
        chip.IO_BANK0,
        chip.PADS_BANK0,
        Sio::new(chip.SIO).gpio_bank0,
        &mut resets,
    );
    let bus = UsbBus::new(
        chip.USBCTRL_REGS,
        chip.USBCTRL_DPRAM,
        clocks.usb_clock,
        // The board does not tell the chip whether a host feeds it: always, it has no other source.
        true,
        &mut resets,
    );
    Board {
        bus: UsbBusAllocator::new(bus),
        flash: Flash::new(),
        noise: Noise::new(chip.ROSC),
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
    let timer = unsafe { &*pac::TIMER::ptr() };
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
    // SAFETY: one write that nothing else depends on. The counter counts down by two a microsecond (erratum RP2040-E1).
    unsafe { (*pac::WATCHDOG::ptr()).load().write(|w| w.bits(WATCHDOG * 1_000 * 2)) };
}

/// Runs the processor from USB's 48 MHz, with its own PLL off, or from its own at full speed.
pub(crate) fn rest(rests: bool) {
    // SAFETY: after `start` nothing else touches the clocks.
    let (clocks, pll) = unsafe { (&*pac::CLOCKS::ptr(), &*pac::PLL_SYS::ptr()) };
    let resting = pll.pwr().read().vcopd().bit();
    if rests == resting {
        return;
    }
    if !rests {
        pll.pwr().modify(|_, w| w.pd().clear_bit().vcopd().clear_bit());
        while pll.cs().read().lock().bit_is_clear() {}
    }
    // The source of the auxiliary input may change only while it is not used (RP2040 data sheet §2.15.3.2).
    clocks.clk_sys_ctrl().modify(|_, w| w.src().clk_ref());
    while clocks.clk_sys_selected().read().bits() != 1 {}
    clocks.clk_sys_ctrl().modify(|_, w| {
        if rests {
            w.auxsrc().clksrc_pll_usb()
        } else {
            w.auxsrc().clksrc_pll_sys()
        }
    });
    clocks.clk_sys_ctrl().modify(|_, w| w.src().clksrc_clk_sys_aux());
    while clocks.clk_sys_selected().read().bits() != 2 {}
    if rests {
        pll.pwr().modify(|_, w| w.pd().set_bit().vcopd().set_bit());
    }
}
