//! Browsers from a snap. Such a browser opens only keys that snapd's interface u2f-devices has in its list of vendors
//! and products: <https://snapcraft.io/docs/u2f-devices-interface>.

use super::super::finding::Finding;
use super::hidraw::{Key, plugged_in};
use super::machine::Machine;
use super::udev;

/// Snaps that are browsers.
const BROWSERS: [&str; 5] = ["firefox", "chromium", "brave", "opera", "vivaldi"];
/// Where snapd puts what starts them; the second on systems that keep /snap free.
const DIRECTORIES: [&str; 2] = ["/snap/bin", "/var/lib/snapd/snap/bin"];

pub(super) fn check(machine: &Machine) -> Vec<Finding> {
    let keys = plugged_in(machine);
    let installed = BROWSERS.into_iter().filter(|browser| {
        let names = DIRECTORIES.map(|directory| format!("{directory}/{browser}"));
        // A link that leads to /usr/bin/snap, which a container may lack.
        names
            .iter()
            .any(|name| machine.exists(name) || machine.link(name).is_some())
    });
    let findings: Vec<_> = installed.flat_map(|browser| look(machine, browser, &keys)).collect();
    match findings.is_empty() {
        true => vec![Finding::passed("no browser here is a snap")],
        false => findings,
    }
}

fn look(machine: &Machine, browser: &str, keys: &[Key]) -> Vec<Finding> {
    // snapd writes the rules of connected interfaces to this file, with the interface's name above each.
    let rules = machine
        .text(format!("/etc/udev/rules.d/70-snap.{browser}.rules"))
        .unwrap_or_default();
    if !rules.lines().any(|line| line.trim() == "# u2f-devices") {
        return vec![
            Finding::warned(format!("{browser} is a snap that may not open security keys"))
                .remedy([format!("sudo snap connect {browser}:u2f-devices")]),
        ];
    }
    let tag = format!("snap_{browser}_{browser}");
    let is_unlisted = |key: &&Key| !udev::record(machine, key).is_some_and(|record| record.has_tag(&tag));
    let unlisted: Vec<_> = keys.iter().filter(is_unlisted).collect();
    if unlisted.is_empty() {
        return vec![Finding::passed(match keys.is_empty() {
            true => format!(
                "{browser} is a snap that may open the security keys in snapd's list, where `token --uhid` is missing"
            ),
            false => format!("{browser} is a snap that may open the security keys plugged in here"),
        })];
    }
    let finding = |key: &Key| {
        Finding::warned(format!(
            "{browser} is a snap and will not find {key}, which is not in snapd's list of security keys; a \
             {browser} that is not a snap finds it"
        ))
        .remedy(key.pattern.iter().flat_map(|pattern| rule(browser, &tag, pattern)))
    };
    unlisted.into_iter().map(finding).collect()
}

/// A udev rule before snapd's own, which gives the browser what has the tag.
fn rule(browser: &str, tag: &str, pattern: &str) -> [String; 3] {
    [
        format!(
            "echo 'SUBSYSTEM==\"hidraw\", KERNELS==\"{pattern}\", TAG+=\"{tag}\"' | sudo tee -a \
             /etc/udev/rules.d/69-security-key-snap.rules"
        ),
        "sudo udevadm control --reload && \
         sudo udevadm trigger --settle --action=add --subsystem-match=hidraw"
            .to_owned(),
        format!("# then start {browser} anew"),
    ]
}

#[cfg(test)]
mod tests {
    use super::super::testing::Fake;
    use super::*;
    use crate::relying_party::Outcome;

    const RULES: &str = "/etc/udev/rules.d/70-snap.firefox.rules";

    #[test]
    fn no_snap_is_no_problem() {
        let fake = Fake::new();
        fake.link("/snap/bin/vlc", "/usr/bin/snap");
        assert_eq!(check(&fake.machine())[0].outcome, Outcome::Passed);
    }

    #[test]
    fn a_snap_that_is_not_connected_has_its_remedy() {
        let fake = Fake::new();
        fake.link("/var/lib/snapd/snap/bin/firefox", "/usr/bin/snap");
        fake.file(
            RULES,
            "# opengl\nKERNEL==\"vchiq\", TAG+=\"snap_firefox_firefox\"\n# not-u2f-devices\n",
        );
        let [finding] = &check(&fake.machine())[..] else {
            panic!()
        };
        assert_eq!(finding.remedy, ["sudo snap connect firefox:u2f-devices"]);
    }

    #[test]
    fn a_key_that_snapd_does_not_list_is_told_from_one_that_it_does() {
        let fake = Fake::new();
        fake.link("/snap/bin/firefox", "/usr/bin/snap");
        fake.file(RULES, "# u2f-devices\n");
        assert_eq!(check(&fake.machine())[0].outcome, Outcome::Passed);
        fake.key("hidraw3", "brasskey soft token", "0003:00001209:00000001");
        let [finding] = &check(&fake.machine())[..] else {
            panic!()
        };
        assert_eq!(finding.outcome, Outcome::Warned);
        assert!(finding.remedy[0].contains("KERNELS==\"0003:1209:0001.*\", TAG+=\"snap_firefox_firefox\""));
        fake.file("/run/udev/data/c244:3", "G:snap_firefox_firefox\n");
        assert_eq!(check(&fake.machine())[0].outcome, Outcome::Passed);
    }
}
