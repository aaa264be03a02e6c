//! What is found in policies, of the guides' kind and others.

use super::{Finding, Severity, lint, notes};
use crate::policy::{Document, MAX_MANAGED};

mod fixtures;
mod guides;
mod reach;
mod requests;
mod rules;
mod words;

/// The findings of a policy with these statements.
fn findings(statements: &str) -> Vec<Finding> {
    lint(&document(statements))
}

fn document(statements: &str) -> Document {
    let text = format!("{{\"Version\": \"2012-10-17\", \"Statement\": [\n{statements}\n]}}");
    Document::parse(&text).unwrap_or_else(|error| panic!("{statements}: {error}"))
}

/// The rules that findings are of, without repetition.
fn rules(findings: &[Finding]) -> Vec<&'static str> {
    let mut rules: Vec<&str> = findings.iter().map(|finding| finding.rule).collect();
    rules.sort_unstable();
    rules.dedup();
    rules
}

#[track_caller]
fn assert_rules(statements: &str, expected: &[&str]) {
    let mut expected = expected.to_vec();
    expected.sort_unstable();
    let found = findings(statements);
    assert_eq!(rules(&found), expected, "{statements}\n{found:#?}");
}
