//! The key on a chip. See `ARCHITECTURE.md`, and `firmware/README.md` to build it.
//!
//! CTAPHID answers in interrupts, on USB's and on the tick; the authenticator runs in thread mode.
#![no_std]
#![no_main]

mod board;
mod fault;
mod front;
mod identity;
mod key;
mod seams;
mod usb;

#[cortex_m_rt::entry]
fn main() -> ! {
    key::run(board::start())
}
