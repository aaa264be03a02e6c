//! The forms of the key that the suites run against.

mod chip;
mod in_process;
mod udp;
pub mod vendor;

use brasskey::soft::storage::MemoryStorage;
pub use udp::Socket;

use crate::key::{Key, Kind, Need};

/// Every form that can run here: the chip needs its firmware, and Node.
pub fn all() -> impl Iterator<Item = &'static Kind> {
    SOFT.iter().chain(chip::is_there().then_some(&CHIP))
}

const CHIP: Kind = Kind {
    name: "chip",
    has: &[Need::Clock],
    only: None,
    make: || Key::new(chip::Chip::new()),
};

const SOFT: &[Kind] = &[
    Kind {
        name: "in_process",
        has: &[Need::Clock, Need::Decline, Need::EveryAlgorithm],
        only: None,
        make: || Key::new(in_process::InProcess::new(MemoryStorage::new())),
    },
    Kind {
        name: "udp",
        has: &[Need::Decline, Need::EveryAlgorithm],
        only: None,
        make: || Key::new(udp::Udp::new(MemoryStorage::new())),
    },
    Kind {
        name: "in_process_of_a_vendor",
        has: &[Need::Certificates],
        only: Some(Need::Certificates),
        make: || Key::new(in_process::InProcess::new(vendor::storage())),
    },
    Kind {
        name: "udp_of_a_vendor",
        has: &[Need::Certificates],
        only: Some(Need::Certificates),
        make: || Key::new(udp::Udp::new(vendor::storage())),
    },
    Kind {
        name: "in_process_with_little_room",
        has: &[Need::LittleRoom],
        only: Some(Need::LittleRoom),
        make: || Key::new(in_process::InProcess::new(MemoryStorage::limited_to(LITTLE_ROOM))),
    },
];

/// Records: 5 of the key's own, 32 that it keeps room for, and three.
const LITTLE_ROOM: u32 = 5 + 32 + 3;
