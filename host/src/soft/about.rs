//! What the soft key says about itself.

use brasskey_protocol::authenticator::{Backup, Config};
use brasskey_protocol::ctaphid::DeviceInfo;

/// The AAGUID of the soft key: the same in every copy, so that nobody can link accounts by it.
pub const AAGUID: [u8; 16] = [
    0x5b, 0x1d, 0x0f, 0x6c, 0x0b, 0x7a, 0x4d, 0x52, 0x9c, 0x3e, 0x66, 0x2a, 0x8f, 0x41, 0xe7, 0x90,
];

/// This package's version: major, minor, patch.
pub const VERSION: [u8; 3] = [
    version(env!("CARGO_PKG_VERSION_MAJOR")),
    version(env!("CARGO_PKG_VERSION_MINOR")),
    version(env!("CARGO_PKG_VERSION_PATCH")),
];

pub(super) const DEVICE_INFO: DeviceInfo = DeviceInfo {
    version: VERSION,
    wink: true,
};

/// The settings of a soft key whose builder says nothing else.
pub(super) const CONFIG: Config = Config {
    aaguid: AAGUID,
    firmware_version: u32::from_be_bytes([0, VERSION[0], VERSION[1], VERSION[2]]),
    lists_recent_algorithms: false,
    backup: Backup::Never,
};

/// Reads one number of the version at compile time. A number above 255 does not compile.
const fn version(number: &str) -> u8 {
    match u8::from_str_radix(number, 10) {
        Ok(number) => number,
        Err(_) => panic!("a number of the package's version does not fit CTAPHID_INIT"),
    }
}
