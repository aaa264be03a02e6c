//! The key on a chip. See `ARCHITECTURE.md`, and `firmware/README.md` to build it.
//!
//! CTAPHID runs in the interrupts of USB and of the tick. The authenticator runs in thread mode.
#![no_std]
#![no_main]

mod board;
mod fault;
mod identity;
mod key;
mod seams;
mod usb;
mod user_interface;

#[cortex_m_rt::entry]
fn main() -> ! {
    key::run(board::start())
}
