//! Browsers from a flatpak, which see a key only with the permission `--device=all`:
//! <https://docs.flatpak.org/en/latest/sandbox-permissions.html>.

use std::path::PathBuf;

use super::super::finding::Finding;
use super::machine::Machine;

/// Flatpaks that are browsers; whether one is made from Chromium, which lists keys by udev's database.
const BROWSERS: [(&str, bool); 8] = [
    ("org.mozilla.firefox", false),
    ("io.gitlab.librewolf-community", false),
    ("org.chromium.Chromium", true),
    ("io.github.ungoogled_software.ungoogled_chromium", true),
    ("com.google.Chrome", true),
    ("com.microsoft.Edge", true),
    ("com.brave.Browser", true),
    ("com.vivaldi.Vivaldi", true),
];

pub(super) fn check(machine: &Machine) -> Vec<Finding> {
    let ours = machine.home.as_ref().map(|home| home.join(".local/share/flatpak"));
    let installations: Vec<_> = [Some(PathBuf::from("/var/lib/flatpak")), ours]
        .into_iter()
        .flatten()
        .collect();
    let findings: Vec<_> = BROWSERS
        .into_iter()
        .filter_map(|(id, is_chromium)| look(machine, &installations, id, is_chromium))
        .collect();
    match findings.is_empty() {
        true => vec![Finding::passed("no browser here is a flatpak")],
        false => findings,
    }
}

fn look(machine: &Machine, installations: &[PathBuf], id: &str, is_chromium: bool) -> Option<Finding> {
    // Where both have it, the user's own is the one that runs.
    let metadata = installations.iter().rev().find_map(|installation| {
        let current = installation.join("app").join(id).join("current/active/metadata");
        machine.text(current)
    })?;
    // Later ones go over earlier ones (flatpak-override(1)).
    let overrides = installations.iter().flat_map(|installation| {
        let files = ["global", id].map(|name| installation.join("overrides").join(name));
        files.into_iter().filter_map(|file| machine.text(file))
    });
    let sees_all = std::iter::once(metadata)
        .chain(overrides)
        .filter_map(|file| all_devices(&file))
        .next_back()
        .unwrap_or(false);
    Some(match sees_all {
        true => Finding::passed(format!(
            "{id} is a flatpak that may open every device, security keys too"
        )),
        false => {
            let database = if is_chromium { " --filesystem=/run/udev:ro" } else { "" };
            Finding::warned(format!(
                "{id} is a flatpak that sees no security key; with the remedy it sees every device of this computer"
            ))
            .remedy([format!("flatpak override --user --device=all{database} {id}")])
        }
    })
}

/// Whether a key file gives (`all`) or takes (`!all`) every device; `None` where it says nothing of that.
fn all_devices(file: &str) -> Option<bool> {
    let context = file
        .lines()
        .map(str::trim)
        .skip_while(|line| *line != "[Context]")
        .skip(1);
    let mut lines = context.take_while(|line| !line.starts_with('['));
    let devices = lines.find_map(|line| line.strip_prefix("devices")?.trim_start().strip_prefix('='))?;
    devices.split(';').map(str::trim).find_map(|device| match device {
        "all" => Some(true),
        "!all" => Some(false),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::super::testing::Fake;
    use super::*;
    use crate::relying_party::Outcome;

    #[test]
    fn permissions_are_read_from_their_own_section() {
        for (file, all) in [
            ("[Context]\nshared=network;\ndevices=dri;all;\n", Some(true)),
            ("[Context]\ndevices = all\n", Some(true)),
            ("[Context]\ndevices=!all;\n", Some(false)),
            ("[Context]\ndevices=dri;\n", None),
            ("[Other]\ndevices=all;\n", None),
            ("[Context]\n[Other]\ndevices=all;\n", None),
            ("", None),
        ] {
            assert_eq!(all_devices(file), all, "{file}");
        }
    }

    #[test]
    fn the_last_word_counts() {
        let fake = Fake::new();
        assert_eq!(check(&fake.machine())[0].outcome, Outcome::Passed);
        fake.file(
            "/var/lib/flatpak/app/org.mozilla.firefox/current/active/metadata",
            "[Context]\ndevices=all;\n",
        );
        let chromium = "/home/alice/.local/share/flatpak/app/org.chromium.Chromium/current/active/metadata";
        fake.file(chromium, "[Context]\ndevices=dri;\n");
        let [firefox, chromium] = &check(&fake.machine())[..] else {
            panic!()
        };
        assert_eq!((firefox.outcome, chromium.outcome), (Outcome::Passed, Outcome::Warned));
        assert_eq!(
            chromium.remedy,
            ["flatpak override --user --device=all --filesystem=/run/udev:ro org.chromium.Chromium"]
        );

        fake.file("/var/lib/flatpak/overrides/global", "[Context]\ndevices=!all;\n");
        fake.file(
            "/home/alice/.local/share/flatpak/overrides/org.chromium.Chromium",
            "[Context]\ndevices=all;\n",
        );
        let [firefox, chromium] = &check(&fake.machine())[..] else {
            panic!()
        };
        assert_eq!((firefox.outcome, chromium.outcome), (Outcome::Warned, Outcome::Passed));
        assert_eq!(
            firefox.remedy,
            ["flatpak override --user --device=all org.mozilla.firefox"]
        );
    }
}
