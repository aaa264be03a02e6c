//! The board, chosen by a feature. A board is one file (and one of its memory), with these items:
//!
//! | item | what it is |
//! |---|---|
//! | `start() -> Board` | sets up clocks, watchdog and pins; called once |
//! | `Board` | `bus`, `flash`, `noise`, `panel`, and the processor's timer `tick` |
//! | `Bus` | the USB controller, for usb-device; its interrupt calls [`usb::serve`](crate::usb::serve) |
//! | `enable_usb_interrupt()` | lets that interrupt come |
//! | `Flash` | the region of the records, from offset 0; calls [`usb::hold`](crate::usb::hold) before an erase that it cannot suspend |
//! | `Noise` | the noise source |
//! | `Panel` | the button and the light |
//! | `CORE_HZ` | the clock that the tick counts |
//! | `now()` | milliseconds since power-up; starts at [`WARM_START`] where the power stayed on |
//! | `feed()` | puts the watchdog off, for some seconds |
//! | `rest(bool)` | slows the clocks down, or up again |
//! | `RESET` | the register and the value that reset the chip |

#[cfg(feature = "board-nrf52840")]
mod nrf52840;
#[cfg(feature = "board-nrf52840")]
pub(crate) use nrf52840::*;
#[cfg(feature = "board-pico")]
mod pico;
#[cfg(feature = "board-pico")]
pub(crate) use pico::*;
#[cfg(feature = "board-pico2")]
mod pico2;
#[cfg(feature = "board-pico2")]
pub(crate) use pico2::*;

/// The time at which the clock starts after a reset that was no power-up. A host that finds a way to crash the key must
/// not get a new window for authenticatorReset (CTAP 2.3 §6.6).
pub(crate) const WARM_START: u64 = brasskey_protocol::limits::RESET_WINDOW + 1;
