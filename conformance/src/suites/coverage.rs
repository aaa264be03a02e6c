//! `docs/conformance-coverage.md` names the checks that there are.

use std::collections::BTreeSet;

use super::ALL;

/// How many behaviours the page lists.
const BEHAVIOURS: u32 = 356;

#[test]
fn the_page_on_coverage_and_the_checks_agree() {
    let page = include_str!("../../../docs/conformance-coverage.md");
    let rows = page.lines().filter(|line| line.starts_with('|'));
    let numbers = rows.filter_map(|row| row.split('|').nth(1)?.trim().parse().ok());
    let numbers: Vec<u32> = numbers.collect();
    assert!(numbers.iter().copied().eq(1..=BEHAVIOURS), "{numbers:?}");

    let names = page.split('`').skip(1).step_by(2).filter(|name| name.contains("::"));
    let named: BTreeSet<String> = names.map(str::to_owned).collect();
    let checks = ALL
        .iter()
        .flat_map(|(suite, checks)| checks.iter().map(move |check| format!("{suite}::{}", check.name)));
    let checks: BTreeSet<String> = checks.collect();
    let unknown: Vec<_> = named.difference(&checks).collect();
    assert!(unknown.is_empty(), "no checks: {unknown:#?}");
    let missing: Vec<_> = checks.difference(&named).collect();
    assert!(missing.is_empty(), "not on the page: {missing:#?}");
}

#[test]
fn each_behaviour_has_a_check_or_a_reason() {
    let page = include_str!("../../../docs/conformance-coverage.md");
    for row in page.lines().filter(|line| line.starts_with('|')) {
        let cells: Vec<_> = row.split('|').map(str::trim).collect();
        assert!(cells.len() == 6 || cells.len() == 5, "{row}");
        assert!(cells[2..cells.len() - 1].iter().all(|cell| !cell.is_empty()), "{row}");
    }
}
