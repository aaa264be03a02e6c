//! What `brasskey token --usbip` needs on the side that plugs the key in: the module vhci_hcd and the tool `usbip`.

use super::super::finding::Finding;
use super::machine::Machine;
use super::modules::{self, Module};

/// Where administrators' tools are.
const DIRECTORIES: [&str; 6] = [
    "/usr/local/sbin",
    "/usr/local/bin",
    "/usr/sbin",
    "/usr/bin",
    "/sbin",
    "/bin",
];

pub(super) fn check(machine: &Machine) -> Vec<Finding> {
    let has_tool = DIRECTORIES
        .iter()
        .any(|directory| machine.exists(format!("{directory}/usbip")));
    let mut lacks = Vec::new();
    let mut remedy = Vec::new();
    if !has_tool {
        lacks.push("the tool usbip is not installed");
        remedy.extend(tool(machine));
    }
    match modules::find(machine, "vhci_hcd") {
        Module::Running => {}
        Module::Installed => {
            lacks.push("the module vhci_hcd is not loaded");
            remedy.push("sudo modprobe vhci_hcd");
        }
        Module::Missing => {
            lacks.push("this kernel came without the module vhci_hcd");
            remedy.extend(modules::package(machine));
        }
        Module::Unknown => lacks.push("this kernel's modules cannot be seen"),
    }
    vec![match lacks.is_empty() {
        true => Finding::passed("keys of `token --usbip` can be plugged in here"),
        false => Finding::warned(format!(
            "keys of `token --usbip` cannot be plugged in here: {}",
            lacks.join(", and ")
        ))
        .remedy(remedy),
    }]
}

/// What brings the tool.
fn tool(machine: &Machine) -> Option<&'static str> {
    // Ubuntu is like Debian, but has it in another package.
    if machine.is_like("ubuntu") {
        Some("sudo apt-get install linux-tools-generic")
    } else if machine.is_like("debian") {
        Some("sudo apt-get install usbip")
    } else if machine.is_like("fedora") {
        Some("sudo dnf install usbip")
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::Fake;
    use super::*;
    use crate::relying_party::Outcome;

    #[test]
    fn what_is_missing_is_named_with_its_remedy() {
        let fake = Fake::new();
        let modules = "/lib/modules/6.1.0/modules.dep";
        fake.file("/etc/os-release", "ID=debian\n");
        fake.file("/proc/sys/kernel/osrelease", "6.1.0\n");
        fake.file(modules, "kernel/drivers/usb/usbip/vhci-hcd.ko:\n");
        let [finding] = &check(&fake.machine())[..] else {
            panic!()
        };
        assert_eq!(finding.outcome, Outcome::Warned);
        assert_eq!(finding.remedy, ["sudo apt-get install usbip", "sudo modprobe vhci_hcd"]);

        fake.file("/usr/sbin/usbip", "");
        fake.file(modules, "kernel/fs/ext4.ko:\n");
        let [finding] = &check(&fake.machine())[..] else {
            panic!()
        };
        assert!(
            finding.detail.ends_with("came without the module vhci_hcd"),
            "{}",
            finding.detail
        );

        fake.file("/sys/module/vhci_hcd/uevent", "");
        assert_eq!(check(&fake.machine())[0].outcome, Outcome::Passed);
    }

    #[test]
    fn each_distribution_has_its_own_package() {
        for (release, package) in [
            ("ID=ubuntu\nID_LIKE=debian\n", Some("linux-tools-generic")),
            ("ID=fedora\n", Some("dnf install usbip")),
            ("ID=other\n", None),
        ] {
            let fake = Fake::new();
            fake.file("/etc/os-release", release);
            let line = tool(&fake.machine());
            assert_eq!(line.is_some(), package.is_some());
            assert!(line.is_none_or(|line| line.ends_with(package.unwrap())));
        }
    }
}
