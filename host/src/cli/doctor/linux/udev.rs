//! What udev knows about the keys. Browsers and libfido2 list devices through it, and its tags open them to a user.

use super::super::finding::Finding;
use super::hidraw::{Key, plugged_in};
use super::machine::Machine;

/// What udev's database has on a device: a line for each fact, `E:` a property, `G:` a tag that it had once. Since
/// systemd 247, which writes `V:1`, `Q:` is a tag that it has.
pub(super) struct Record(String);

impl Record {
    pub(super) fn has_tag(&self, tag: &str) -> bool {
        let has = |fact: &str| self.0.lines().any(|line| line == fact);
        has(&format!("Q:{tag}")) || !has("V:1") && has(&format!("G:{tag}"))
    }

    /// Whether `fido_id` of systemd's 60-fido-id.rules found it to be a security key.
    pub(super) fn is_fido(&self) -> bool {
        self.0.lines().any(|line| line == "E:ID_FIDO_TOKEN=1")
    }
}

/// What udev's database has on a key.
pub(super) fn record(machine: &Machine, key: &Key) -> Option<Record> {
    device(machine, 'c', &key.number)
}

/// What it has on the character (`c`) device of a number such as `10:239`.
pub(super) fn device(machine: &Machine, kind: char, number: &str) -> Option<Record> {
    machine.text(format!("/run/udev/data/{kind}{number}")).map(Record)
}

/// Whether udevd runs: its control socket is there.
pub(super) fn is_running(machine: &Machine) -> bool {
    machine.exists("/run/udev/control")
}

pub(super) fn check(machine: &Machine) -> Vec<Finding> {
    let keys = plugged_in(machine);
    if !is_running(machine) {
        let has_data = machine.exists("/run/udev/data");
        return vec![match (has_data, keys.is_empty()) {
            (true, _) => Finding::warned(
                "udevd does not run here, but its database is there: browsers find the keys that are plugged in now, \
                 and do not notice later ones",
            ),
            (false, true) => Finding::skipped("udevd does not run, and there is no key that it would be needed for"),
            (false, false) => Finding::warned("udevd does not run: browsers and libfido2 will not find the keys")
                .remedy([
                    "sudo /lib/systemd/systemd-udevd --daemon && sudo udevadm trigger --subsystem-match=hidraw",
                    "# in a container instead: docker run -v /run/udev:/run/udev:ro ...",
                ]),
        }];
    }
    if keys.is_empty() {
        return vec![Finding::passed("udevd runs")];
    }
    keys.iter().map(|key| tags(machine, key)).collect()
}

fn tags(machine: &Machine, key: &Key) -> Finding {
    const AGAIN: &str = "sudo udevadm trigger --settle --action=add --subsystem-match=hidraw";
    let Some(record) = record(machine, key) else {
        return Finding::warned(format!("{key}: udev has not seen it yet, so browsers may not find it"))
            .remedy([AGAIN]);
    };
    if !record.is_fido() {
        return Finding::warned(format!(
            "{key}: udev does not recognize it as a security key (no ID_FIDO_TOKEN), so the usual rules do not open \
             it; 60-fido-id.rules of systemd 244 or newer would"
        ))
        .remedy(["ls /lib/udev/rules.d/60-fido-id.rules /lib/udev/fido_id", AGAIN]);
    }
    let tags: Vec<_> = ["security-device", "uaccess"]
        .into_iter()
        .filter(|tag| record.has_tag(tag))
        .collect();
    Finding::passed(match tags.is_empty() {
        true => format!("{key}: udev knows that it is a security key; no tag opens it to the user at this computer"),
        false => format!(
            "{key}: udev knows that it is a security key, and tagged it {}",
            tags.join(" and ")
        ),
    })
}

#[cfg(test)]
mod tests {
    use super::super::testing::Fake;
    use super::*;
    use crate::relying_party::Outcome;

    fn found(records: &[(&str, &str)], with_key: bool) -> (Outcome, String, usize) {
        let fake = Fake::new();
        if with_key {
            fake.key("hidraw3", "YubiKey", "0003:00001050:00000407");
        }
        for (path, content) in records {
            fake.file(path, content);
        }
        let [finding] = &check(&fake.machine())[..] else {
            panic!()
        };
        (finding.outcome, finding.detail.clone(), finding.remedy.len())
    }

    #[test]
    fn a_key_that_udev_knows_passes_with_its_tags() {
        for (tags, named) in [
            (
                "G:uaccess\nG:security-device\nQ:uaccess\nQ:security-device\nV:1",
                "security-device and uaccess",
            ),
            ("G:security-device\nG:uaccess", "security-device and uaccess"),
            // A rule gave it the other before it was taken out.
            (
                "G:uaccess\nG:security-device\nQ:security-device\nV:1",
                "security-device",
            ),
        ] {
            let record = format!("E:ID_FIDO_TOKEN=1\n{tags}\n");
            let records = [("/run/udev/control", ""), ("/run/udev/data/c244:3", &*record)];
            let (outcome, detail, remedy) = found(&records, true);
            assert_eq!((outcome, remedy), (Outcome::Passed, 0));
            assert!(detail.ends_with(&format!(" tagged it {named}")), "{detail}");
        }
    }

    #[test]
    fn a_key_that_udev_does_not_know_has_a_remedy() {
        for record in [
            "",
            "E:ID_FIDO_TOKEN=0\n",
            "E:OTHER_ID_FIDO_TOKEN=1\n",
            "G:security-devices\n",
        ] {
            let found = found(&[("/run/udev/control", ""), ("/run/udev/data/c244:3", record)], true);
            assert!(matches!(found, (Outcome::Warned, _, 2)), "{record}");
        }
        let (outcome, detail, _) = found(&[("/run/udev/control", "")], true);
        assert_eq!(outcome, Outcome::Warned);
        assert!(detail.contains("not seen it yet"));
    }

    #[test]
    fn without_udevd_there_are_three_cases() {
        assert!(matches!(found(&[], false), (Outcome::Skipped, _, 0)));
        assert!(matches!(found(&[], true), (Outcome::Warned, _, 2)));
        let (outcome, detail, _) = found(&[("/run/udev/data/c244:3", "")], true);
        assert_eq!(outcome, Outcome::Warned);
        assert!(detail.contains("later ones"), "{detail}");
    }
}
