//! What the key says of itself on USB, on a chip and in software alike.

/// Vendor. 1209:0001 is [pid.codes' number for tests](https://pid.codes/1209/0001/): you may use it for a key of your
/// own, but not for one that you give away.
pub const VENDOR_ID: u16 = 0x1209;

/// Product; see [`VENDOR_ID`].
pub const PRODUCT_ID: u16 = 0x0001;

/// The manufacturer's string.
pub const MANUFACTURER: &str = "brasskey";

/// How often the host asks for reports and sends them, in milliseconds. No interval is shorter at full speed.
pub const INTERVAL: u8 = 1;

/// The interface of CTAPHID. Its interrupt endpoints come first, one each way.
pub const HID_INTERFACE: u8 = 0;

/// The number of the interrupt endpoints of [`HID_INTERFACE`], in either direction.
pub const HID_ENDPOINT: u8 = 1;

/// The interface of the smart card reader ([`ccid`](crate::ccid)).
pub const CCID_INTERFACE: u8 = 1;

/// The number of the bulk endpoints of [`CCID_INTERFACE`], in either direction. There is no interrupt endpoint: the
/// card never leaves.
pub const CCID_ENDPOINT: u8 = 2;

/// The most current that the key draws from the bus, in milliamperes.
pub const POWER: u8 = 100;

/// The length of a serial number, in bytes. Its string has two upper-case hexadecimal digits for each.
pub const SERIAL_SIZE: usize = 8;

/// The storage key of the serial number. The record is made once and outlives a reset: it names the device, not its
/// owner. No storage key that a reset erases begins with it.
pub const SERIAL_RECORD: &[u8] = b"usb";

/// A version (major, minor, patch) as USB writes it, in binary-coded decimal: minor and patch have a digit each.
#[must_use]
pub const fn bcd_version([major, minor, patch]: [u8; 3]) -> u16 {
    u16::from_be_bytes([major, (minor & 0x0f) << 4 | patch & 0x0f])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_four_digits() {
        assert_eq!(bcd_version([1, 2, 3]), 0x0123);
    }
}
