//! How results look: checks line by line, and columns without borders.

use std::io::{self, Write};

use anstyle::Style;
use comfy_table::{ContentArrangement, Table, presets};
use data_encoding::HEXLOWER;
use uuid::Uuid;

use super::output::{BAD, DIM, GOOD, WARNING};
use crate::relying_party::{Outcome, Report};

/// A table of `rows`. Text from outside must have been escaped. Lines that are too wide are broken later.
pub(super) fn columns<R, C>(rows: R) -> Table
where
    R: IntoIterator<Item = C>,
    C: IntoIterator<Item: ToString>,
{
    let mut table = Table::new();
    table
        .load_style(presets::NOTHING)
        .set_content_arrangement(ContentArrangement::Disabled)
        .add_rows(rows.into_iter().map(comfy_table::Row::from));
    for column in table.column_iter_mut() {
        column.set_padding((0, 2));
    }
    if let Some(last) = table.column_iter_mut().last() {
        last.set_padding((0, 0));
    }
    table
}

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

/// The model of a key, as metadata services write it.
pub(super) fn aaguid(bytes: [u8; 16]) -> String {
    Uuid::from_bytes(bytes).to_string()
}

/// Lower-case hexadecimal.
pub(super) fn hex(bytes: &[u8]) -> String {
    HEXLOWER.encode(bytes)
}

/// A count with its noun: `1 byte`, `2 bytes`.
pub(super) fn count(number: u64, noun: &str) -> String {
    format!("{number} {noun}{}", if number == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_aligned_without_trailing_space() {
        let table = columns([["a", "first"], ["long name", "second"]]);
        assert_eq!(table.trim_fmt(), "a          first\nlong name  second");
    }

    #[test]
    fn bytes_and_counts_are_written_as_people_expect() {
        assert_eq!(aaguid([0xAB; 16]), "abababab-abab-abab-abab-abababababab");
        assert_eq!(hex(&[0x00, 0xFF, 0x1A]), "00ff1a");
        assert_eq!(
            (count(1, "byte").as_str(), count(0, "byte").as_str()),
            ("1 byte", "0 bytes")
        );
    }
}
