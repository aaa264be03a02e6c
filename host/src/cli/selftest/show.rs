//! How the self-test looks: a line for each group, and in full what did not pass.

use std::io::{self, Write};

use super::super::failure::Failure;
use super::super::layout::{mark, show_report};
use super::super::output::{BAD, BOLD, DIM, GOOD, Output, stdout_width};
use crate::relying_party::{Outcome, Report};
use crate::selftest::{Event, Group, Needs, Results, Step};
use crate::text::wrap;

/// As wide as the longest title of a group.
const TITLE: usize = 24;
/// The longest line: longer ones are hard to read.
const LINE: usize = 104;
/// As wide as the longest name of a step.
const NAME: usize = 33;

/// Shows groups as they end; with `verbose`, steps as they end.
pub(super) struct Shown {
    output: Output,
    verbose: bool,
    steps: Vec<Step>,
    result: Result<(), Failure>,
}

impl Shown {
    pub(super) fn new(output: Output, verbose: bool) -> Self {
        Self {
            output,
            verbose,
            steps: Vec::new(),
            result: Ok(()),
        }
    }

    pub(super) fn event(&mut self, event: Event<'_>) {
        let steps = std::mem::take(&mut self.steps);
        let text = match event {
            Event::Begin(group) if self.verbose => {
                self.output.text(|to| writeln!(to, "\n{BOLD}{}{BOLD:#}", group.title()))
            }
            Event::Step(step) if self.verbose => self.output.text(|to| show_step(step, "  ", true, to)),
            Event::End(group) if !self.verbose => self.output.text(|to| show_group(group, &steps, to)),
            Event::Step(step) => {
                self.steps = steps;
                self.steps.push(step.clone());
                Ok(())
            }
            Event::Begin(_) | Event::End(_) => Ok(()),
        };
        if self.result.is_ok() {
            self.result = text;
        }
    }

    /// Whether everything could be written.
    pub(super) fn finish(self) -> Result<(), Failure> {
        self.result
    }
}

fn show_group(group: Group, steps: &[Step], to: &mut dyn Write) -> io::Result<()> {
    let outcomes = steps.iter().map(|step| step.outcome);
    let Some(worst) = outcomes.max_by_key(|outcome| weight(*outcome)) else {
        // It was interrupted before anything was known.
        return Ok(());
    };
    let (style, mark) = mark(worst);
    let (words, in_full) = match steps {
        [only] if only.report.is_none() => (detail(only), false),
        _ => (what_passed(steps, worst), true),
    };
    let title = group.title();
    let line = format!("  {style}{mark}{style:#}  {title:TITLE$}  {DIM}{words}{DIM:#}");
    let width = stdout_width().map_or(LINE, |width| width.min(LINE));
    writeln!(to, "{}", wrap(&line, Some(width)))?;
    let others = steps.iter().filter(|step| in_full && step.outcome != Outcome::Passed);
    for step in others {
        show_step(step, "        ", false, to)?;
    }
    Ok(())
}

/// The outcome that weighs most is that of the group.
fn weight(outcome: Outcome) -> u8 {
    match outcome {
        Outcome::Skipped => 0,
        Outcome::Passed => 1,
        Outcome::Warned => 2,
        Outcome::Failed => 3,
    }
}

/// The names of the steps that passed, each once, and their rounds; if a step did not pass, how many did.
fn what_passed(steps: &[Step], worst: Outcome) -> String {
    let passed: Vec<&Step> = steps.iter().filter(|step| step.outcome == Outcome::Passed).collect();
    if worst != Outcome::Passed {
        return format!("{} of {} steps passed", passed.len(), steps.len());
    }
    let names = once(passed.iter().map(|step| step.name)).join(", ");
    match once(passed.iter().map(|step| step.round)).as_slice() {
        [] => names,
        rounds => format!("{names} ({})", rounds.join(", ")),
    }
}

fn once(texts: impl Iterator<Item = &'static str>) -> Vec<&'static str> {
    let mut seen = Vec::new();
    for text in texts {
        if !text.is_empty() && !seen.contains(&text) {
            seen.push(text);
        }
    }
    seen
}

fn show_step(step: &Step, indent: &str, verbose: bool, to: &mut dyn Write) -> io::Result<()> {
    let (style, mark) = mark(step.outcome);
    let name = match step.round {
        "" => step.name.to_owned(),
        round => format!("{round}: {}", step.name),
    };
    writeln!(
        to,
        "{indent}{style}{mark}{style:#}  {name:NAME$}  {DIM}{}{DIM:#}",
        detail(step)
    )?;
    let Some(report) = &step.report else { return Ok(()) };
    let checks = report.checks.iter();
    let shown = checks.filter(|check| verbose || matches!(check.outcome, Outcome::Failed | Outcome::Warned));
    let report = Report {
        checks: shown.cloned().collect(),
        verdict: report.verdict,
    };
    let mut lines = Vec::new();
    show_report(&report, &mut lines)?;
    lines.split_inclusive(|byte| *byte == b'\n').try_for_each(|line| {
        // Below the name of the step.
        write!(to, "{indent}    ")?;
        to.write_all(line)
    })
}

/// Why, and what a step that was skipped needs.
fn detail(step: &Step) -> String {
    match step.needs.and_then(takes) {
        Some(takes) => format!("{}: {takes}", step.detail),
        None => step.detail.clone(),
    }
}

fn takes(needs: Needs) -> Option<&'static str> {
    match needs {
        Needs::Pin => Some("give it with --pin-env or --pin-fd"),
        Needs::PinSet => Some("set one with `brasskey pin set`"),
        Needs::AlwaysUvOff => Some("switch it off with `brasskey config always-uv off`"),
        Needs::Room => Some("delete one with `brasskey credentials delete`"),
        Needs::OtherKey | Needs::EarlierStep => None,
    }
}

/// The last lines.
pub(super) fn verdict(label: &str, results: &Results, to: &mut dyn Write) -> io::Result<()> {
    let count = |outcome| results.count(outcome);
    let (passed, warned, failed) = (count(Outcome::Passed), count(Outcome::Warned), count(Outcome::Failed));
    let tried = passed + warned + failed;
    writeln!(to)?;
    if !results.fit() {
        return writeln!(
            to,
            "{BAD}This key is NOT fit for use:{BAD:#} {label} failed {failed} of {tried} steps."
        );
    }
    writeln!(
        to,
        "{GOOD}This key is fit for use:{GOOD:#} {label} passed all {passed} steps."
    )?;
    if warned > 0 {
        writeln!(
            to,
            "In {warned} of its answers something is odd, but it breaks nothing."
        )?;
    }
    let untried = results.steps.iter().filter(|step| {
        let needs = step.needs.and_then(takes);
        step.outcome == Outcome::Skipped && needs.is_some()
    });
    let mut untried: Vec<&str> = untried.map(|step| step.group.title()).collect();
    untried.dedup();
    if !untried.is_empty() {
        writeln!(to, "Not tested: {}.", untried.join(", "))?;
    }
    Ok(())
}
