//! A run that tried nothing of what it was started for: it must not look like one that passed.

use brasskey_conformance::outcome::{Checked, Outcome, Report};
use brasskey_conformance::plan::Step;

use super::Args;
use crate::cli::failure::Failure;

/// How often each reason why a check was not tried is given, the most frequent one first.
pub(super) fn reasons<'a>(checks: impl Iterator<Item = &'a Checked>) -> Vec<(usize, &'a str)> {
    let mut reasons: Vec<(usize, &str)> = Vec::new();
    for check in checks.filter(|check| check.outcome == Outcome::NotTried) {
        let why = check.message.as_deref().unwrap_or("nobody knows why");
        match reasons.iter_mut().find(|(_, reason)| *reason == why) {
            Some((times, _)) => *times += 1,
            None => reasons.push((1, why)),
        }
    }
    reasons.sort_by_key(|(times, _)| std::cmp::Reverse(*times));
    reasons
}

/// Fails where not one check was tried that the user asked for: by `--only`, by `--erase` those that change the key,
/// and else any. Checks for other keys are no reason to fail.
pub(super) fn judge(args: &Args, steps: &[Step], report: &Report) -> Option<Failure> {
    let is_meant = |step: &&Step| !args.erase || !args.only.is_empty() || !step.cost.is_safe();
    let meant: Vec<String> = steps.iter().filter(is_meant).map(Step::name).collect();
    let meant = || report.checks.iter().filter(|check| meant.contains(&check.name));
    let is_tried = |outcome| !matches!(outcome, Outcome::NotTried | Outcome::NotApplicable);
    let untried = meant().filter(|check| check.outcome == Outcome::NotTried).count();
    if report.interrupted || untried == 0 || meant().any(|check| is_tried(check.outcome)) {
        return None;
    }
    // What the plan did not leave out, whoever handles the key did not do.
    let begun = steps.iter().filter(is_meant).any(|step| step.skipped.is_none());
    let (_, why) = *reasons(meant()).first()?;
    Some(Failure::Untried {
        untried,
        why: why.to_owned(),
        is_of_user: begun,
    })
}
