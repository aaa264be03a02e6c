//! The firmware on an emulated chip, by the program in `tests/chip`.

mod emulator;
mod workbench;

pub use emulator::{Emulator, Time, is_there};
pub use workbench::{Card, Heard, Until, Workbench};
