//! Which security keys there are, and whether this user can open them.

use std::io::ErrorKind;

use super::super::finding::Finding;
use super::machine::Machine;
use super::report_descriptor::is_security_key;
use super::udev;
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

impl std::fmt::Display for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} ({})", self.product, self.path)
    }
}

pub(super) fn check(machine: &Machine) -> Vec<Finding> {
    let keys = plugged_in(machine);
    if keys.is_empty() {
        return vec![Finding::skipped(match machine.exists("/sys/class/hidraw") {
            true => "no security key is plugged in",
            false => "this kernel has no HID devices (no hidraw), so no key on USB either",
        })];
    }
    keys.iter().map(|key| opens(machine, key)).collect()
}

fn opens(machine: &Machine, key: &Key) -> Finding {
    let path = &key.path;
    let Some(node) = machine.node(path) else {
        return Finding::failed(format!(
            "{key}: the kernel has it, but there is no {path} here; a container must be started with it"
        ))
        .remedy([format!("docker run --device {path} ...")]);
    };
    let error = match machine.access(path) {
        Ok(()) => return Finding::passed(format!("{key}: this user can open it ({node})")),
        Err(error) => error,
    };
    if error.kind() != ErrorKind::PermissionDenied {
        return Finding::failed(format!("{key}: this user cannot open it: {error} ({node})"));
    }
    let until_unplugged = format!("sudo chown \"$USER\" {path}  # until it is unplugged");
    let record = udev::record(machine, key);
    match record {
        _ if !udev::is_running(machine) => {
            Finding::failed(format!("{key}: this user may not open it ({node})")).remedy([until_unplugged])
        }
        Some(record) if record.has_tag("uaccess") => Finding::failed(format!(
            "{key}: only the user who sits at this computer may open it ({node}), and not one who is here over SSH"
        ))
        .remedy([until_unplugged]),
        record => Finding::failed(format!(
            "{key}: this user may not open it, and no udev rule lets them ({node})"
        ))
        .remedy(rule(key, record.is_some_and(|record| record.is_fido()))),
    }
}

/// A udev rule that opens a key to the user at the computer: before 73-seat-late.rules, which gives the access.
fn rule(key: &Key, is_fido: bool) -> Vec<String> {
    let of = match &key.pattern {
        Some(pattern) if !is_fido => format!("KERNELS==\"{pattern}\""),
        _ => "ENV{ID_FIDO_TOKEN}==\"1\"".to_owned(),
    };
    vec![
        format!(
            "echo 'SUBSYSTEM==\"hidraw\", {of}, TAG+=\"uaccess\"' | sudo tee /etc/udev/rules.d/70-security-key.rules"
        ),
        "sudo udevadm control --reload && sudo udevadm trigger --subsystem-match=hidraw".to_owned(),
    ]
}

#[cfg(test)]
mod tests;
