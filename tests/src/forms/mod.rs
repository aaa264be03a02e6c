//! The forms of the key that the suites run against.

mod card;
mod chip;
mod core;
mod in_process;
mod udp;
pub mod vendor;

use std::time::Duration;

use crate::chip::is_there;
use brasskey::soft::storage::MemoryStorage;
use brasskey_conformance::key::{Hand, Key, Need, Profile};
pub use udp::Socket;

/// A form of the key.
#[derive(Clone, Copy, Debug)]
pub struct Form {
    /// How the test names begin.
    pub name: &'static str,
    /// What it can do.
    pub profile: Profile,
    make: fn() -> Box<dyn Hand>,
}

impl Form {
    /// A key of this form, fresh from the factory.
    #[must_use]
    pub fn key(&'static self) -> Key {
        Key::new(&self.profile, self.hand())
    }

    /// A hand with such a key in it.
    #[must_use]
    pub fn hand(&'static self) -> Box<dyn Hand> {
        (self.make)()
    }
}

/// A form that has this, and runs nothing but checks that need `only`.
const fn profile(has: &'static [Need], only: Option<Need>) -> Profile {
    Profile {
        has,
        only,
        user_action_timeout: 30_000,
    }
}

/// Every form that can run here: the chip needs its firmware, and Node.
pub fn all() -> impl Iterator<Item = &'static Form> {
    SOFT.iter().chain(is_there().then_some(&CHIP))
}

/// The core on which a check with these needs runs, and its profile. The hand waits so long for a key that is to ask
/// for a touch. No core verifies its user or is a smart card: such checks run on the soft key.
#[must_use]
pub fn core(needs: &[Need], patience: Duration) -> (&'static Profile, Box<dyn Hand>) {
    let storage = match needs {
        needs if needs.contains(&Need::LittleRoom) => MemoryStorage::limited_to(LITTLE_ROOM),
        needs if needs.contains(&Need::Enterprise) => vendor::storage(),
        _ => MemoryStorage::new(),
    };
    let form = SOFT.iter().find(|form| form.profile.runs(needs)).unwrap_or(&SOFT[0]);
    if needs.contains(&Need::BuiltInUv) || needs.contains(&Need::Card) {
        return (&form.profile, form.hand());
    }
    (&form.profile, Box::new(core::Core::with_patience(storage, patience)))
}

static CHIP: Form = Form {
    name: "chip",
    profile: profile(&[Need::Clock, Need::Oath], None),
    make: || Box::new(chip::Chip::new()),
};

static SOFT: &[Form] = &[
    Form {
        name: "core",
        profile: profile(PROGRAM, None),
        make: || Box::new(core::Core::new(MemoryStorage::new())),
    },
    Form {
        name: "core_of_a_vendor",
        profile: profile(&[Need::Certificates, Need::Enterprise], Some(Need::Enterprise)),
        make: || Box::new(core::Core::new(vendor::storage())),
    },
    Form {
        name: "core_with_little_room",
        profile: profile(&[Need::LittleRoom], Some(Need::LittleRoom)),
        make: || Box::new(core::Core::new(MemoryStorage::limited_to(LITTLE_ROOM))),
    },
    Form {
        name: "in_process",
        profile: profile(PROGRAM, None),
        make: || Box::new(in_process::InProcess::new(MemoryStorage::new())),
    },
    Form {
        name: "udp",
        profile: profile(&[Need::Decline, Need::EveryAlgorithm, Need::Oath, Need::RealTime], None),
        make: || Box::new(udp::Udp::new(MemoryStorage::new())),
    },
    Form {
        name: "in_process_of_a_vendor",
        profile: profile(&[Need::Certificates, Need::Enterprise], Some(Need::Enterprise)),
        make: || Box::new(in_process::InProcess::new(vendor::storage())),
    },
    Form {
        name: "udp_of_a_vendor",
        profile: profile(&[Need::Certificates, Need::Enterprise], Some(Need::Enterprise)),
        make: || Box::new(udp::Udp::new(vendor::storage())),
    },
    Form {
        name: "in_process_with_verification",
        profile: profile(&[Need::BuiltInUv, Need::Clock, Need::Decline], Some(Need::BuiltInUv)),
        make: || Box::new(in_process::InProcess::verifying()),
    },
    Form {
        name: "card",
        profile: profile(&[Need::Card], Some(Need::Card)),
        make: || Box::new(card::Card::new()),
    },
    Form {
        name: "in_process_with_little_room",
        profile: profile(&[Need::LittleRoom], Some(Need::LittleRoom)),
        make: || Box::new(in_process::InProcess::new(MemoryStorage::limited_to(LITTLE_ROOM))),
    },
];

/// What a hand in the process can do.
const PROGRAM: &[Need] = &[
    Need::Clock,
    Need::Decline,
    Need::EveryAlgorithm,
    Need::Oath,
    Need::ManyTouches,
    Need::RealTime,
];

/// Records: 6 of the key's own, 32 that it keeps room for, and three.
const LITTLE_ROOM: u32 = 6 + 32 + 3;
