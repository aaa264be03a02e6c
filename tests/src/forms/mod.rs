//! The forms of the key that the suites run against.

mod chip;
mod in_process;
mod udp;

pub use udp::Socket;

use crate::key::{Key, Kind, Need};

/// Every form that can run here: the chip needs its firmware, and Node.
pub fn all() -> impl Iterator<Item = &'static Kind> {
    SOFT.iter().chain(chip::is_there().then_some(&CHIP))
}

const CHIP: Kind = Kind {
    name: "chip",
    has: &[Need::Clock],
    make: || Key::new(chip::Chip::new()),
};

const SOFT: &[Kind] = &[
    Kind {
        name: "in_process",
        has: &[Need::Clock, Need::Decline, Need::EveryAlgorithm],
        make: || Key::new(in_process::InProcess::new()),
    },
    Kind {
        name: "udp",
        has: &[Need::Decline, Need::EveryAlgorithm],
        make: || Key::new(udp::Udp::new()),
    },
];
