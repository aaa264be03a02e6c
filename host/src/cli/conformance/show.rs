//! What the terminal shows.

use brasskey_conformance::costs::Cost;
use brasskey_conformance::outcome::{Outcome, Report};
use brasskey_conformance::plan::{Step, Total};
use brasskey_conformance::suites;
use serde_json::{Value, json};

use super::ahead::ahead;
use super::untried::reasons;
use crate::cli::failure::Failure;
use crate::cli::output::{BAD, BOLD, DIM, GOOD, Output, WARNING};
use crate::text::disarm;

/// What would run.
pub(super) fn list(steps: &[Step], total: Total, output: &Output) -> Result<(), Failure> {
    let value: Vec<_> = steps
        .iter()
        .map(|step| {
            json!({
                "name": step.name(),
                "section": step.check.section,
                "level": step.check.level,
                "touches": step.cost.touches,
                "powerCycles": step.cost.power_cycles,
                "seconds": step.cost.waited / 1000,
                "safe": step.cost.is_safe(),
                "skipped": step.skipped.as_ref().map(|(_, why)| why),
            })
        })
        .collect();
    output.result(&json!({ "checks": value }), |to| {
        for step in steps {
            let name = step.name();
            match &step.skipped {
                None => writeln!(to, "  {name}  {DIM}{}{}{DIM:#}", step.check.section, takes(&step.cost))?,
                Some((_, why)) => writeln!(to, "  {DIM}{name}  not now: {why}{DIM:#}")?,
            }
        }
        writeln!(to, "{}", ahead(total, steps.len(), true))
    })
}

/// What a check takes of whoever handles the key; nothing where that is nothing.
fn takes(cost: &Cost) -> String {
    let seconds = u32::try_from(cost.waited / 1000).unwrap_or(u32::MAX);
    let takes = [
        (cost.touches, "touch", "touches"),
        (cost.power_cycles, "replug", "replugs"),
        (seconds, "second", "seconds"),
    ];
    takes
        .into_iter()
        .filter(|(number, ..)| *number > 0)
        .map(|(number, one, more)| format!(", {number} {}", if number == 1 { one } else { more }))
        .collect()
}

/// The report as JSON: with a summary, which is for readers.
fn value(report: &Report) -> Value {
    let mut value = serde_json::to_value(report).unwrap_or_default();
    let mut summary = json!({});
    for outcome in Outcome::ALL {
        if let Ok(Value::String(name)) = serde_json::to_value(outcome) {
            summary[name] = report.count(outcome).into();
        }
    }
    value["summary"] = summary;
    value
}

/// A summary by area, and every failure; where `verbose`, with its place in our source.
pub(super) fn report(report: &Report, verbose: bool, output: &Output) -> Result<(), Failure> {
    output.result(&value(report), |to| {
        writeln!(
            to,
            "{BOLD}{}{BOLD:#}  {}",
            report.key.device,
            disarm(&report.key.versions.join(" "))
        )?;
        for area in report.areas() {
            let count = |outcome| {
                let checks = report.checks.iter().filter(|check| check.area == area);
                checks.filter(|check| check.outcome == outcome).count()
            };
            let mut parts = Vec::new();
            for outcome in Outcome::ALL {
                if count(outcome) > 0 {
                    parts.push(format!("{} {}", count(outcome), outcome.words()));
                }
            }
            let style = if count(Outcome::Fail) > 0 { BAD } else { GOOD };
            writeln!(to, "  {style}{area:24}{style:#} {}", parts.join(", "))?;
        }
        let unfit = [(Outcome::Fail, BAD), (Outcome::Warn, WARNING), (Outcome::Excepted, DIM)];
        for (outcome, style) in unfit {
            for check in report.checks.iter().filter(|check| check.outcome == outcome) {
                writeln!(
                    to,
                    "{style}{}{style:#} {}  {DIM}{}{DIM:#}",
                    outcome.words(),
                    check.name,
                    check.section
                )?;
                if let Some(reason) = &check.exception {
                    writeln!(to, "      excepted: {}", disarm(reason))?;
                }
                for line in check.message.iter().flat_map(|message| message.lines()) {
                    writeln!(to, "      {}", disarm(line))?;
                }
                if let (true, Some(place)) = (verbose, &check.place) {
                    writeln!(to, "      {DIM}{}{DIM:#}", disarm(place))?;
                }
            }
        }
        for name in &report.stale_exceptions {
            writeln!(
                to,
                "{WARNING}stale:{WARNING:#} the exception {} fits no failure",
                disarm(name)
            )?;
        }
        for name in &report.unknown_exceptions {
            writeln!(to, "{WARNING}unknown:{WARNING:#} {}", disarm(&unknown(name)))?;
        }
        let reasons = reasons(report.checks.iter());
        if !reasons.is_empty() {
            writeln!(to, "not tried, and why:")?;
        }
        for (times, why) in reasons {
            writeln!(to, "  {times:5}  {}", disarm(why))?;
        }
        let counted = Outcome::ALL.map(|outcome| format!("{} {}", report.count(outcome), outcome.words()));
        writeln!(to, "{}", counted.join(", "))
    })
}

/// What to say of an exception whose name no check has.
pub(super) fn unknown(name: &str) -> String {
    let checks = suites::ALL.iter().flat_map(|(suite, checks)| {
        let names = checks.iter().map(move |check| format!("{suite}::{}", check.name));
        names.map(|known| (strsim::normalized_levenshtein(name, &known), known))
    });
    let nearest = checks
        .filter(|(likeness, _)| *likeness > 0.5)
        .max_by(|(one, _), (other, _)| one.total_cmp(other));
    match nearest {
        Some((_, known)) => format!("no check is called {name}, which an exception names; the nearest is {known}"),
        None => format!("no check is called {name}, which an exception names; `brasskey conformance --list` shows all"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_mistyped_name_the_nearest_is_told() {
        let words = unknown("ctaphid::ping_returns_every_lenght");
        assert!(
            words.ends_with("the nearest is ctaphid::ping_returns_every_length"),
            "{words}"
        );
        assert!(unknown("zzz").ends_with("--list` shows all"));
    }
}
