//! Systems other than Linux: what is checked there does not exist here.

use super::CHECKS;
use super::finding::Finding;

/// What `doctor` says on `os`, by the names of `std::env::consts::OS`.
pub(super) fn findings(os: &str) -> Vec<Finding> {
    CHECKS
        .iter()
        .map(|&check| {
            let detail = match (check, os) {
                ("keys", "windows") => {
                    "Windows opens security keys only to programs of an administrator; others reach them through \
                     Windows Hello, which brasskey does not use: start brasskey as an administrator"
                }
                ("keys", _) => "no device files to check on this system; `brasskey list` tries the keys themselves",
                _ => "exists on Linux only",
            };
            Finding::skipped(detail).of(check)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::relying_party::Outcome;

    #[test]
    fn every_check_is_skipped_with_a_reason() {
        for os in ["windows", "macos", "freebsd"] {
            let findings = findings(os);
            assert!(findings.iter().map(|finding| finding.check).eq(CHECKS));
            assert!(findings.iter().all(|finding| finding.outcome == Outcome::Skipped));
            assert_eq!(findings[0].detail.contains("administrator"), os == "windows");
        }
    }
}
