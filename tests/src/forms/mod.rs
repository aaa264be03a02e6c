//! The forms of the key that the suites run against.

mod in_process;
mod udp;

pub use udp::Socket;

use crate::key::{Key, Kind, Need};

/// Every form.
pub const ALL: &[Kind] = &[
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
