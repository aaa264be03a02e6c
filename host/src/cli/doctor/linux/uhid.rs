//! /dev/uhid, with which `brasskey token --uhid` makes its key. A program that may use it can make any input device.

use std::io::ErrorKind;

use super::super::finding::Finding;
use super::machine::{Machine, Node};
use super::modules::{self, Module};
use super::udev;

const PATH: &str = "/dev/uhid";
/// The number of its node: the misc devices' major, and `UHID_MINOR` of linux/miscdevice.h.
const NUMBER: &str = "10:239";

/// The permission bit that lets everybody write.
const WORLD_WRITABLE: u32 = 0o002;

pub(super) fn check(machine: &Machine) -> Vec<Finding> {
    let Some(node) = machine.node(PATH) else {
        return vec![missing(machine)];
    };
    let mut findings = vec![match machine.access(PATH) {
        Ok(()) => Finding::passed(format!("this user can make keys with `token --uhid` ({PATH}: {node})")),
        Err(error) if error.kind() == ErrorKind::PermissionDenied => {
            let why = format!("this user may not use {PATH}, which `token --uhid` needs ({node})");
            Finding::warned(why).remedy(group())
        }
        Err(error) => Finding::warned(format!("`token --uhid` cannot use {PATH}: {error} ({node})")),
    }];
    findings.extend(too_open(machine, &node));
    findings
}

fn missing(machine: &Machine) -> Finding {
    let without = format!("`token --uhid` will not work: there is no {PATH}");
    match modules::find(machine, "uhid") {
        Module::Installed => {
            Finding::warned(format!("{without}, as the module uhid is not loaded")).remedy(["sudo modprobe uhid"])
        }
        Module::Running => Finding::warned(format!(
            "{without}, though the kernel has uhid; a container must be started with it"
        ))
        .remedy([format!("docker run --device {PATH} ...")]),
        Module::Missing => Finding::warned(format!("{without}, and this kernel came without the module uhid"))
            .remedy(modules::package(machine)),
        Module::Unknown => Finding::warned(format!(
            "{without}, and this kernel's modules cannot be seen; in a container, its host has to load uhid"
        ))
        .remedy(["sudo modprobe uhid  # on the host", "docker run --device /dev/uhid ..."]),
    }
}

/// The rule of contrib/udev, and a place in its group.
fn group() -> Vec<String> {
    [
        "# a member of the group brasskey can then make any input device, even a keyboard that types as you",
        "sudo groupadd --force --system brasskey && sudo usermod --append --groups brasskey \"$USER\"",
        "echo 'KERNEL==\"uhid\", SUBSYSTEM==\"misc\", GROUP=\"brasskey\", MODE=\"0660\", \
         OPTIONS+=\"static_node=uhid\"' | sudo tee /etc/udev/rules.d/70-brasskey-uhid.rules",
        "sudo udevadm control --reload && sudo udevadm trigger --settle --action=add --sysname-match=uhid",
        "# then log out of the whole session, and in again",
    ]
    .map(str::to_owned)
    .to_vec()
}

/// A program that can make a keyboard can type commands. So only a group made for this should be able to, not
/// everybody, and not every program of the user at the computer.
fn too_open(machine: &Machine, node: &Node) -> Option<Finding> {
    let by = if node.mode & WORLD_WRITABLE != 0 {
        "everybody"
    } else if udev::device(machine, 'c', NUMBER).is_some_and(|record| record.has_tag("uaccess")) {
        "every program of the user at this computer"
    } else {
        return None;
    };
    Some(
        Finding::warned(format!(
            "{PATH} can be used by {by}, so that they can make a keyboard and type as you ({node})"
        ))
        .remedy([
            "grep -l uhid /etc/udev/rules.d/* /run/udev/rules.d/* /lib/udev/rules.d/*  # remove the rule for it",
            "sudo setfacl --remove-all /dev/uhid; sudo chmod 0600 /dev/uhid",
        ]),
    )
}

#[cfg(test)]
mod tests {
    use super::super::testing::Fake;
    use super::*;
    use crate::relying_party::Outcome;

    #[test]
    fn a_missing_node_has_the_remedy_of_its_cause() {
        let modules = "/lib/modules/6.8.0-1-azure/modules.dep";
        for (files, remedy) in [
            (&[(modules, "kernel/drivers/hid/uhid.ko:\n")][..], "sudo modprobe uhid"),
            (&[("/sys/module/uhid/uevent", "")], "docker run"),
            (&[(modules, "kernel/fs/ext4.ko:\n")], "linux-modules-extra"),
            (&[], "on the host"),
        ] {
            let fake = Fake::new();
            fake.file("/etc/os-release", "ID=ubuntu\n");
            fake.file("/proc/sys/kernel/osrelease", "6.8.0-1-azure\n");
            for (path, content) in files {
                fake.file(path, content);
            }
            let [finding] = &check(&fake.machine())[..] else {
                panic!()
            };
            assert_eq!(finding.outcome, Outcome::Warned);
            assert!(finding.remedy[0].contains(remedy), "{finding:?}");
        }
    }

    #[test]
    fn a_node_of_a_group_passes_for_its_members() {
        let fake = Fake::new();
        fake.file(PATH, "");
        fake.mode(PATH, 0o660);
        let [finding] = &check(&fake.machine())[..] else {
            panic!()
        };
        assert_eq!(finding.outcome, Outcome::Passed);
        let [finding] = &check(&fake.forbidden())[..] else {
            panic!()
        };
        assert_eq!(finding.outcome, Outcome::Warned);
        assert!(finding.remedy.iter().any(|line| line.contains("GROUP=\"brasskey\"")));
        let [finding] = &check(&fake.broken())[..] else {
            panic!()
        };
        assert_eq!((finding.outcome, finding.remedy.len()), (Outcome::Warned, 0));
    }

    #[test]
    fn the_rule_that_is_printed_is_the_one_that_ships() {
        let shipped = include_str!("../../../../../contrib/udev/70-brasskey.rules");
        let rule = shipped
            .lines()
            .find(|line| line.starts_with("KERNEL==\"uhid\""))
            .unwrap();
        assert!(group().iter().any(|line| line.contains(rule)), "{rule}");
    }

    #[test]
    fn a_node_that_is_too_open_is_warned_of() {
        let fake = Fake::new();
        fake.file(PATH, "");
        fake.mode(PATH, 0o666);
        let findings = check(&fake.machine());
        assert_eq!(findings[1].outcome, Outcome::Warned);
        assert!(findings[1].detail.contains("everybody"));
        fake.mode(PATH, 0o660);
        fake.file("/run/udev/data/c10:239", "G:uaccess\n");
        assert!(check(&fake.machine())[1].detail.contains("the user at this computer"));
    }
}
