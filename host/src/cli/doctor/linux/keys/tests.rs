use super::super::testing::Fake;
use super::*;
use crate::relying_party::Outcome;

const YUBIKEY: &str = "0003:00001050:00000407";

#[test]
fn a_key_that_opens_passes() {
    let fake = Fake::new();
    fake.key("hidraw3", "YubiKey", YUBIKEY);
    let [finding] = &check(&fake.machine())[..] else {
        panic!()
    };
    assert_eq!((finding.outcome, finding.remedy.len()), (Outcome::Passed, 0));
}

#[test]
fn nothing_plugged_in_is_no_failure() {
    let fake = Fake::new();
    assert!(check(&fake.machine())[0].detail.contains("no hidraw"));
    fake.bytes("/sys/class/hidraw/hidraw0/device/report_descriptor", &[]);
    let [finding] = &check(&fake.machine())[..] else {
        panic!()
    };
    assert_eq!(
        (finding.outcome, finding.detail.as_str()),
        (Outcome::Skipped, "no security key is plugged in")
    );
}

#[test]
fn a_key_without_a_node_is_a_matter_of_the_container() {
    let fake = Fake::new();
    fake.key("hidraw3", "YubiKey", YUBIKEY);
    fake.remove("/dev/hidraw3");
    let [finding] = &check(&fake.machine())[..] else {
        panic!()
    };
    assert_eq!(finding.outcome, Outcome::Failed);
    assert!(finding.detail.contains("container"));
}

#[test]
fn what_is_forbidden_has_the_remedy_that_fits() {
    for (record, udevd, said, remedy) in [
        (None, false, "may not open", "sudo chown \"$USER\" /dev/hidraw3"),
        (
            None,
            true,
            "no udev rule",
            "KERNELS==\"0003:1050:0407.*\", TAG+=\"uaccess\"",
        ),
        (
            Some("E:ID_FIDO_TOKEN=1\n"),
            true,
            "no udev rule",
            "ENV{ID_FIDO_TOKEN}==\"1\", TAG+=\"uaccess\"",
        ),
        (
            Some("E:ID_FIDO_TOKEN=1\nG:uaccess\n"),
            true,
            "sits at this computer",
            "sudo chown",
        ),
    ] {
        let fake = Fake::new();
        fake.key("hidraw3", "YubiKey", YUBIKEY);
        if udevd {
            fake.file("/run/udev/control", "");
        }
        if let Some(record) = record {
            fake.file("/run/udev/data/c244:3", record);
        }
        let [finding] = &check(&fake.forbidden())[..] else {
            panic!()
        };
        assert_eq!(finding.outcome, Outcome::Failed);
        assert!(finding.detail.contains(said), "{}", finding.detail);
        assert!(finding.remedy[0].contains(remedy), "{}", finding.remedy[0]);
    }
}

#[test]
fn an_error_that_is_no_permission_is_told_as_it_is() {
    let fake = Fake::new();
    fake.key("hidraw3", "YubiKey", YUBIKEY);
    let [finding] = &check(&fake.broken())[..] else {
        panic!()
    };
    assert_eq!((finding.outcome, finding.remedy.len()), (Outcome::Failed, 0));
}
