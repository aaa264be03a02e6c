//! The checks on Linux: one file each, over a [`Machine`] whose files may be a copy in a test.

mod acl;
mod clock;
mod flatpak;
mod hidraw;
mod holders;
mod keys;
mod machine;
mod modules;
mod pcsc;
mod report_descriptor;
mod snap;
#[cfg(test)]
mod testing;
mod udev;
mod uhid;
mod usbip;

use machine::Machine;

use super::CHECKS;
use super::finding::Finding;

/// What does the checks of [`CHECKS`].
const RUN: [fn(&Machine) -> Vec<Finding>; CHECKS.len()] = [
    keys::check,
    udev::check,
    uhid::check,
    usbip::check,
    pcsc::check,
    snap::check,
    flatpak::check,
    holders::check,
    clock::check,
];

/// Everything that is found on this computer.
pub(super) fn findings() -> Vec<Finding> {
    findings_on(&Machine::this())
}

fn findings_on(machine: &Machine) -> Vec<Finding> {
    CHECKS
        .into_iter()
        .zip(RUN)
        .flat_map(|(check, run)| run(machine).into_iter().map(move |finding| finding.of(check)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::relying_party::Outcome;
    use testing::Fake;

    #[test]
    fn a_machine_without_anything_fails_no_check() {
        let findings = findings_on(&Fake::new().machine());
        assert!(
            CHECKS
                .iter()
                .all(|check| findings.iter().any(|finding| finding.check == *check))
        );
        assert!(findings.iter().all(|finding| finding.outcome != Outcome::Failed));
    }

    #[test]
    fn a_machine_that_has_all_of_it_passes() {
        let fake = Fake::new();
        fake.key("hidraw3", "brasskey soft token", "0003:00001209:00000001");
        fake.file("/run/udev/control", "");
        fake.file(
            "/run/udev/data/c244:3",
            "E:ID_FIDO_TOKEN=1\nG:uaccess\nG:security-device\n",
        );
        fake.file("/dev/uhid", "");
        fake.mode("/dev/uhid", 0o660);
        fake.file("/sys/module/vhci_hcd/uevent", "");
        fake.file("/usr/bin/usbip", "");
        fake.file("/usr/sbin/pcscd", "");
        fake.file("/run/pcscd/pcscd.comm", "");
        fake.file(
            "/usr/lib/pcsc/drivers/ifd-ccid.bundle/Contents/Info.plist",
            "<key>ifdVendorID</key><array><string>0x1209</string></array>\n\
             <key>ifdProductID</key><array><string>0x0001</string></array>\n",
        );
        fake.file(
            "/etc/reader.conf.d/vpcd",
            "LIBPATH /usr/lib/pcsc/drivers/serial/libifdvpcd.so\n",
        );
        fake.file("/proc/1/comm", "init\n");
        let findings = findings_on(&fake.machine().with_clock(Some(true)));
        assert!(findings.iter().all(|finding| finding.remedy.is_empty()), "{findings:?}");
        let outcomes: Vec<_> = findings
            .iter()
            .map(|finding| (finding.check, finding.outcome))
            .collect();
        assert_eq!(outcomes, CHECKS.map(|check| (check, Outcome::Passed)), "{findings:?}");
    }

    #[test]
    fn the_computer_it_runs_on_can_be_looked_at() {
        assert!(findings().len() >= CHECKS.len());
    }
}
