//! Which security keys the kernel has.

use std::fmt;

use super::machine::Machine;
use super::report_descriptor::is_security_key;
use crate::text::escape;

/// A security key that the kernel has.
pub(super) struct Key {
    /// Its node, such as `/dev/hidraw3`.
    pub(super) path: String,
    /// The number of its node, such as `244:3`.
    pub(super) number: String,
    /// What it calls itself, escaped.
    product: String,
    /// What udev knows its HID device by: bus, vendor and product, such as `0003:1209:0001.*`.
    pub(super) pattern: Option<String>,
}

/// The keys that are plugged in. Only `hidrawN` is taken for a name.
pub(super) fn plugged_in(machine: &Machine) -> Vec<Key> {
    let names = machine.names("/sys/class/hidraw").unwrap_or_default();
    let keys = names.into_iter().filter_map(|name| {
        let number = name.strip_prefix("hidraw")?;
        let is_number = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
        let directory = format!("/sys/class/hidraw/{name}");
        let descriptor = machine.bytes(format!("{directory}/device/report_descriptor"))?;
        if !is_number || !is_security_key(&descriptor) {
            return None;
        }
        let uevent = machine.text(format!("{directory}/device/uevent")).unwrap_or_default();
        let of = |name| {
            uevent
                .lines()
                .find_map(|line| line.strip_prefix(name)?.strip_prefix('='))
        };
        Some(Key {
            path: format!("/dev/{name}"),
            number: machine.text(format!("{directory}/dev")).unwrap_or_default(),
            product: escape(of("HID_NAME").unwrap_or("a security key")).into_owned(),
            pattern: of("HID_ID").and_then(pattern),
        })
    });
    keys.collect()
}

/// From `HID_ID`, eight digits a number, to the name that the kernel gives HID devices, four digits a number.
fn pattern(id: &str) -> Option<String> {
    let mut numbers = id.split(':').map(|number| u32::from_str_radix(number, 16));
    match (numbers.next()?, numbers.next()?, numbers.next()?, numbers.next()) {
        (Ok(bus), Ok(vendor), Ok(product), None) => Some(format!("{bus:04X}:{vendor:04X}:{product:04X}.*")),
        _ => None,
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.product, self.path)
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::Fake;
    use super::*;

    const YUBIKEY: &str = "0003:00001050:00000407";

    #[test]
    fn only_security_keys_are_found() {
        let fake = Fake::new();
        fake.key("hidraw3", "Yubico\x1b[2J", YUBIKEY);
        fake.key("hidraw3; reboot", "a trap", YUBIKEY);
        fake.bytes(
            "/sys/class/hidraw/hidraw0/device/report_descriptor",
            &[0x05, 0x01, 0x09, 0x06, 0xA1, 0x01],
        );
        let keys = plugged_in(&fake.machine());
        let [key] = &keys[..] else { panic!("{}", keys.len()) };
        assert_eq!(key.to_string(), "Yubico\\u{1b}[2J (/dev/hidraw3)");
        assert_eq!(
            (key.number.as_str(), key.pattern.as_deref()),
            ("244:3", Some("0003:1050:0407.*"))
        );
    }

    #[test]
    fn what_is_no_number_becomes_no_rule() {
        for id in ["", "0003", "0003:1209", "0003:1209:0001:0002", "0003:1209:x\" OR"] {
            assert_eq!(pattern(id), None);
        }
    }
}
