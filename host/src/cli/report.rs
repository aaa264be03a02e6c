//! How checks are shown: a line each, with the outcome first.

use std::io::{self, Write};

use anstyle::Style;

use super::output::{BAD, DIM, GOOD, WARNING};
use crate::relying_party::{Outcome, Report};

/// Shows a report check by check.
pub(super) fn show_report(report: &Report, to: &mut dyn Write) -> io::Result<()> {
    let width = report.checks.iter().map(|check| check.name.len()).max().unwrap_or(0);
    for check in &report.checks {
        let (style, mark) = mark(check.outcome);
        let (name, detail) = (check.name, &check.detail);
        writeln!(to, "  {style}{mark}{style:#}  {name:width$}  {DIM}{detail}{DIM:#}")?;
    }
    Ok(())
}

/// How an outcome looks. Colour only repeats what the word says.
pub(super) fn mark(outcome: Outcome) -> (Style, &'static str) {
    match outcome {
        Outcome::Passed => (GOOD, "pass"),
        Outcome::Warned => (WARNING, "warn"),
        Outcome::Failed => (BAD, "FAIL"),
        Outcome::Skipped => (DIM, "skip"),
    }
}
