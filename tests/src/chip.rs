//! The firmware on an emulated chip, by the program in `tests/chip`.

mod calls;
mod emulator;
mod workbench;

pub use calls::{Call, Outcome, Plan, Trial};
pub use emulator::{Emulator, Time, is_there};
pub use workbench::{Card, Heard, Until, Workbench};
