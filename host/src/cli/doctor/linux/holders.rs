//! Which programs have a key open. Each of them receives every answer of the key, and may disturb the others.

use std::io::ErrorKind;

use super::super::finding::Finding;
use super::hidraw::plugged_in;
use super::machine::Machine;
use crate::text::escape;

pub(super) fn check(machine: &Machine) -> Vec<Finding> {
    let keys = plugged_in(machine);
    if keys.is_empty() {
        return vec![Finding::skipped(
            "no security key is plugged in, so no program can have one open",
        )];
    }
    let Ok(names) = machine.names("/proc") else {
        return vec![Finding::skipped(
            "without /proc nobody can see which programs have a key open",
        )];
    };
    let mut findings = Vec::new();
    let mut unseen = 0_usize;
    let is_number = |name: &&String| name.bytes().all(|byte| byte.is_ascii_digit());
    for process in names.iter().filter(is_number) {
        let descriptors = match machine.names(format!("/proc/{process}/fd")) {
            Ok(descriptors) => descriptors,
            Err(error) if error.kind() == ErrorKind::PermissionDenied => {
                unseen += 1;
                continue;
            }
            // It ended meanwhile.
            Err(_) => continue,
        };
        let links = descriptors
            .iter()
            .filter_map(|name| machine.link(format!("/proc/{process}/fd/{name}")));
        let open: Vec<_> = links.collect();
        for key in keys
            .iter()
            .filter(|key| open.iter().any(|link| link.as_os_str() == key.path.as_str()))
        {
            let command = machine.text(format!("/proc/{process}/comm")).unwrap_or_default();
            let command = escape(&command).into_owned();
            let warning = format!("{key}: {command} (process {process}) has it open, and may disturb other programs");
            findings.push(Finding::warned(warning).remedy([format!("kill {process}")]));
        }
    }
    let others = match unseen {
        0 => String::new(),
        unseen => format!("; {unseen} processes of other users cannot be seen without sudo"),
    };
    match (findings.is_empty(), unseen) {
        (true, _) => vec![Finding::passed(format!("no program has a security key open{others}"))],
        (false, 0) => findings,
        (false, _) => {
            findings.push(Finding::skipped(format!("there may be more{others}")));
            findings
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::Fake;
    use super::*;
    use crate::relying_party::Outcome;

    #[test]
    fn who_has_a_key_open_is_named_harmlessly() {
        let fake = Fake::new();
        assert_eq!(check(&fake.machine())[0].outcome, Outcome::Skipped);
        fake.key("hidraw3", "YubiKey", "0003:00001050:00000407");
        assert!(check(&fake.machine())[0].detail.contains("/proc"));
        fake.file("/proc/17/comm", "bad\x1b[2J\n");
        fake.link("/proc/17/fd/4", "/dev/null");
        fake.link("/proc/17/fd/5", "/dev/hidraw30");
        fake.link("/proc/self/fd/5", "/dev/hidraw3");
        let [finding] = &check(&fake.machine())[..] else {
            panic!()
        };
        assert_eq!(
            (finding.outcome, finding.detail.as_str()),
            (Outcome::Passed, "no program has a security key open")
        );

        fake.link("/proc/17/fd/6", "/dev/hidraw3");
        fake.link("/proc/17/fd/7", "/dev/hidraw3");
        let [finding] = &check(&fake.machine())[..] else {
            panic!()
        };
        assert_eq!(finding.outcome, Outcome::Warned);
        assert!(
            finding.detail.contains("bad\\u{1b}[2J (process 17)"),
            "{}",
            finding.detail
        );
        assert_eq!(finding.remedy, ["kill 17"]);
    }
}
