//! Names and numbers by which the key identifies itself.

use brasskey_protocol::authenticator::{Backup, Config};
use brasskey_protocol::ctaphid::DeviceInfo;
use brasskey_protocol::usb::{PRODUCT_ID, VENDOR_ID, bcd_version};
use usb_device::device::UsbVidPid;

/// The AAGUID of the key on a chip. All of them have the same, so that it does not link a user's accounts.
const AAGUID: [u8; 16] = [
    0x8f, 0x0c, 0x35, 0xd2, 0x6b, 0x9e, 0x4a, 0x17, 0xb4, 0x58, 0x21, 0x7e, 0xc9, 0x03, 0xda, 0x66,
];

/// This package's version: major, minor, patch.
const VERSION: [u8; 3] = [
    number(env!("CARGO_PKG_VERSION_MAJOR"), 10) as u8,
    number(env!("CARGO_PKG_VERSION_MINOR"), 10) as u8,
    number(env!("CARGO_PKG_VERSION_PATCH"), 10) as u8,
];

pub(crate) const DEVICE_INFO: DeviceInfo = DeviceInfo {
    version: VERSION,
    wink: true,
};

pub(crate) const CONFIG: Config = Config {
    aaguid: AAGUID,
    firmware_version: u32::from_be_bytes([0, VERSION[0], VERSION[1], VERSION[2]]),
    lists_recent_algorithms: false,
    backup: Backup::Never,
};

/// Vendor and product, by `BRASSKEY_USB_VID` and `BRASSKEY_USB_PID` at build time, in hexadecimal.
pub(crate) const VID_PID: UsbVidPid = UsbVidPid(
    match option_env!("BRASSKEY_USB_VID") {
        Some(vid) => number(vid, 16),
        None => VENDOR_ID,
    },
    match option_env!("BRASSKEY_USB_PID") {
        Some(pid) => number(pid, 16),
        None => PRODUCT_ID,
    },
);

pub(crate) const BCD_VERSION: u16 = bcd_version(VERSION);

pub(crate) const PRODUCT: &str = "brasskey security key";

/// Reads a number while compiling.
const fn number(text: &str, radix: u32) -> u16 {
    match u16::from_str_radix(text, radix) {
        Ok(number) => number,
        Err(_) => panic!("not a number of at most 16 bits"),
    }
}
