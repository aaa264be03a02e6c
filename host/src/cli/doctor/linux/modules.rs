//! Where the kernel has a module.

use super::machine::Machine;

/// Where a module is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Module {
    /// In the kernel that runs: loaded, or built in.
    Running,
    /// In a file: `modprobe` loads it.
    Installed,
    /// In no file of this kernel.
    Missing,
    /// This kernel's modules cannot be seen, as in a container.
    Unknown,
}

/// Where the module `name` is, written with underscores.
pub(super) fn find(machine: &Machine, name: &str) -> Module {
    if machine.exists(format!("/sys/module/{name}")) {
        return Module::Running;
    }
    let Some(kernel) = machine.kernel() else {
        return Module::Unknown;
    };
    // Distributions whose /lib is a link to usr/lib have one of the two only.
    let directories = ["/lib/modules", "/usr/lib/modules"].map(|modules| format!("{modules}/{kernel}"));
    let lists = |list| {
        let files = directories
            .iter()
            .filter_map(|directory| machine.text(format!("{directory}/{list}")));
        files.collect::<String>()
    };
    let (builtin, files) = (lists("modules.builtin"), lists("modules.dep"));
    // A module a line: its file, and in modules.dep those that it needs behind a colon (depmod(8)).
    let has = |list: &str| {
        list.lines().any(|line| {
            let file = line.split(':').next().unwrap_or_default();
            let file = file.rsplit('/').next().unwrap_or_default();
            file.split_once(".ko")
                .is_some_and(|(stem, _)| stem.replace('-', "_") == name)
        })
    };
    if has(&builtin) {
        Module::Running
    } else if has(&files) {
        Module::Installed
    } else if builtin.is_empty() && files.is_empty() {
        Module::Unknown
    } else {
        Module::Missing
    }
}

/// What brings a module that is missing: kernels for cloud machines are split, or made without it.
pub(super) fn package(machine: &Machine) -> Vec<&'static str> {
    let is_cloud = machine.kernel().is_some_and(|kernel| kernel.contains("cloud"));
    if machine.is_like("ubuntu") {
        vec!["sudo apt-get update && sudo apt-get install linux-modules-extra-$(uname -r)"]
    } else if machine.is_like("debian") && is_cloud {
        vec![
            "sudo apt-get update && sudo apt-get install linux-image-$(dpkg --print-architecture)",
            "# then reboot into the kernel without `cloud` in its name",
        ]
    } else {
        Vec::new()
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::Fake;
    use super::*;

    #[test]
    fn a_module_is_found_wherever_it_is() {
        let fake = Fake::new();
        assert_eq!(find(&fake.machine(), "uhid"), Module::Unknown);
        fake.file("/proc/sys/kernel/osrelease", "6.1.0-40-amd64\n");
        assert_eq!(find(&fake.machine(), "uhid"), Module::Unknown);
        fake.file(
            "/usr/lib/modules/6.1.0-40-amd64/modules.dep",
            "kernel/drivers/usb/usbip/vhci-hcd.ko.xz: kernel/drivers/usb/usbip/usbip-core.ko.xz\n\
             kernel/drivers/hid/not-uhid.ko: kernel/drivers/hid/uhid.ko\n",
        );
        for (name, module) in [
            ("vhci_hcd", Module::Installed),
            ("not_uhid", Module::Installed),
            ("uhid", Module::Missing),
        ] {
            assert_eq!(find(&fake.machine(), name), module, "{name}");
        }
        fake.file(
            "/lib/modules/6.1.0-40-amd64/modules.builtin",
            "kernel/drivers/hid/uhid.ko\n",
        );
        assert_eq!(find(&fake.machine(), "uhid"), Module::Running);
        fake.file("/sys/module/vhci_hcd/uevent", "");
        assert_eq!(find(&fake.machine(), "vhci_hcd"), Module::Running);
    }

    #[test]
    fn a_package_is_named_where_one_is_known() {
        for (release, kernel, package_) in [
            ("ID=ubuntu", "6.8.0-1-azure", Some("linux-modules-extra")),
            ("ID=debian", "6.1.0-40-cloud-amd64", Some("linux-image-")),
            ("ID=debian", "6.1.0-40-amd64", None),
            ("ID=fedora", "6.12.0", None),
        ] {
            let fake = Fake::new();
            fake.file("/etc/os-release", release);
            fake.file("/proc/sys/kernel/osrelease", kernel);
            let lines = package(&fake.machine());
            assert_eq!(lines.is_empty(), package_.is_none());
            assert!(lines.first().is_none_or(|line| line.contains(package_.unwrap())));
        }
    }
}
