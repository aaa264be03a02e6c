//! `brasskey doctor`: why programs on this computer cannot use a security key, and what to do about it.
//!
//! It looks and prints; it opens no device, loads no module and changes nothing.

#[cfg(any(test, not(target_os = "linux")))]
mod elsewhere;
mod finding;
#[cfg(target_os = "linux")]
mod linux;

use std::io::{self, Write};

use clap::Args as ClapArgs;
use serde_json::json;

use self::finding::Finding;
use super::failure::Failure;
use super::layout::mark;
use super::output::{BOLD, DIM, Output};
use crate::relying_party::Outcome;

/// The arguments of `doctor`.
#[derive(Debug, ClapArgs)]
pub(super) struct Args {}

/// The checks in the order they run: stable names, for people and programs.
const CHECKS: [&str; 9] = [
    "keys", "udev", "uhid", "usbip", "pcsc", "snap", "flatpak", "holders", "clock",
];

pub(super) fn run(_: &Args, output: &Output) -> Result<(), Failure> {
    #[cfg(target_os = "linux")]
    let findings = linux::findings();
    #[cfg(not(target_os = "linux"))]
    let findings = elsewhere::findings(std::env::consts::OS);

    let of = |outcome| findings.iter().filter(|finding| finding.outcome == outcome).count();
    let failed = of(Outcome::Failed);
    let value = json!({
        "healthy": failed == 0,
        "passed": of(Outcome::Passed),
        "warned": of(Outcome::Warned),
        "failed": failed,
        "skipped": of(Outcome::Skipped),
        "findings": findings,
    });
    output.result(&value, |to| show(&findings, to))?;
    match failed {
        0 => Ok(()),
        failed => Err(Failure::Unhealthy { failed }),
    }
}

fn show(findings: &[Finding], to: &mut dyn Write) -> io::Result<()> {
    for finding in findings {
        let (style, mark) = mark(finding.outcome);
        // As wide as the longest name of a check.
        let (check, detail) = (finding.check, &finding.detail);
        writeln!(to, "  {style}{mark}{style:#}  {check:7}  {detail}")?;
        for line in &finding.remedy {
            writeln!(to, "                   {BOLD}{line}{BOLD:#}")?;
        }
    }
    if findings.iter().any(|finding| !finding.remedy.is_empty()) {
        writeln!(
            to,
            "{DIM}Nothing was changed. Run the commands above that you agree with.{DIM:#}"
        )?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_remedy_stands_below_what_it_is_for() {
        let findings = [
            Finding::passed("all is well").of("keys"),
            Finding::warned("no module").remedy(["sudo modprobe uhid"]).of("uhid"),
        ];
        let mut shown = Vec::new();
        show(&findings, &mut anstream::StripStream::new(&mut shown)).unwrap();
        assert_eq!(
            String::from_utf8(shown).unwrap(),
            "  pass  keys     all is well\n  warn  uhid     no module\n                   sudo modprobe uhid\nNothing \
             was changed. Run the commands above that you agree with.\n"
        );
    }
}
