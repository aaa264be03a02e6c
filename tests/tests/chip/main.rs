//! What only a chip has: power cuts at any operation of the flash, its erases, faults, the button and the light, its
//! USB, its smart card reader; and the program's conformance checks. There is nothing to run without firmware.

mod attempt;
mod card;
mod conformance;
mod constant_time;
mod constant_time_codes;
mod constant_time_compare;
mod constant_time_curve;
mod constant_time_sealing;
mod erase;
mod faults;
mod power_cuts;
mod power_cuts_oath;
mod power_cuts_pin;
#[path = "../program/mod.rs"]
mod program;
mod touch;
mod usb;
mod used_key;

use brasskey_tests::chip;
use libtest_mimic::{Arguments, Trial};

/// A check, and its name.
type Check = (&'static str, fn());

/// Lists a file's checks; one that is missing here is dead code, and the compiler says so.
macro_rules! checks {
    ($($name:ident),+ $(,)?) => {
        /// The checks of this file.
        pub(super) const CHECKS: &[crate::Check] = &[$((stringify!($name), $name)),+];
    };
}
use checks;

const SUITES: &[(&str, &[Check])] = &[
    ("power_cuts", power_cuts::CHECKS),
    ("power_cuts_oath", power_cuts_oath::CHECKS),
    ("power_cuts_pin", power_cuts_pin::CHECKS),
    ("erase", erase::CHECKS),
    ("faults", faults::CHECKS),
    ("touch", touch::CHECKS),
    ("usb", usb::CHECKS),
    ("card", card::CHECKS),
    ("conformance", conformance::CHECKS),
    ("constant_time_compare", constant_time_compare::CHECKS),
    ("constant_time_codes", constant_time_codes::CHECKS),
    ("constant_time_sealing", constant_time_sealing::CHECKS),
    ("constant_time_curve", constant_time_curve::CHECKS),
];

fn main() {
    let suites = if chip::is_there() { SUITES } else { &[] };
    let checks = suites.iter().flat_map(|(suite, checks)| {
        checks.iter().map(move |(name, check)| {
            Trial::test(format!("chip::{suite}::{name}"), || {
                check();
                Ok(())
            })
        })
    });
    libtest_mimic::run(&Arguments::from_args(), checks.collect()).exit();
}
