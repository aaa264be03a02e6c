//! Whether this user can open the security keys that are plugged in.

use std::io::ErrorKind;

use super::super::finding::Finding;
use super::hidraw::{Key, plugged_in};
use super::machine::Machine;
use super::udev;

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
