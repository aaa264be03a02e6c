//! The board, chosen by a feature. A board is one file (and one of its memory), with these items:
//!
//! | item | what it is |
//! |---|---|
//! | `start() -> Board` | sets up clocks, watchdog and pins; called once; sets [`WARM`] |
//! | `Bus` | the USB controller, for usb-device; its interrupt calls [`usb::serve`](crate::usb::serve) |
//! | `enable_usb_interrupt()` | enables that interrupt |
//! | `Flash` | the region of the records, from offset 0; see below |
//! | `Noise` | the noise source |
//! | `Panel` | the button and the light |
//! | `CORE_HZ` | the frequency that the processor's timer counts |
//! | `uptime()` | milliseconds since [`start`] |
//! | `feed_watchdog()` | gives the program some seconds more before the watchdog resets the chip |
//! | `set_low_power(bool)` | slows the clocks down, or back up |
//! | `RESET` | the register and the value that reset the chip |
//!
//! `Flash` calls [`usb::keep_alive`](crate::usb::keep_alive) before an erase that it cannot suspend.

use core::sync::atomic::{AtomicBool, Ordering};

use cortex_m::peripheral::SYST;
use usb_device::bus::UsbBusAllocator;

#[cfg(feature = "board-nrf52840")]
mod nrf52840;
#[cfg(feature = "board-nrf52840")]
pub(crate) use nrf52840::*;
#[cfg(any(feature = "board-pico", feature = "board-pico2"))]
mod rp;
#[cfg(any(feature = "board-pico", feature = "board-pico2"))]
pub(crate) use rp::*;

/// The board's parts, after its start.
pub(crate) struct Board {
    pub(crate) bus: UsbBusAllocator<Bus>,
    pub(crate) flash: Flash,
    pub(crate) noise: Noise,
    pub(crate) panel: Panel,
    /// The processor's own timer.
    pub(crate) systick: SYST,
}

/// Whether the power was on before the last reset.
static WARM: AtomicBool = AtomicBool::new(false);

/// The time at which the clock starts after a reset that was no power-up. A host that finds a way to crash the key must
/// not get a new window for authenticatorReset (CTAP 2.3 §6.6).
const WARM_START: u64 = brasskey_protocol::limits::RESET_WINDOW + 1;

/// Milliseconds since power-up, as far as a host may know them: after a warm start at least [`WARM_START`].
pub(crate) fn now() -> u64 {
    let begun = if WARM.load(Ordering::Relaxed) { WARM_START } else { 0 };
    begun + uptime()
}
