//! `brasskey selftest`: everything on one key in one go, and a verdict.

use clap::Args as ClapArgs;
use serde_json::json;

use super::ceremony::{mark, show_report};
use super::device::{DeviceArgs, Fallback, open_or};
use super::failure::Failure;
use super::output::{BAD, BOLD, DIM, GOOD, Output};
use super::pin_entry::{Attendant, PinArgs};
use crate::relying_party::Outcome;
use crate::selftest::{self, Event};

/// The arguments of `selftest`.
#[derive(Debug, ClapArgs)]
pub(super) struct Args {
    /// Show every check, also those that passed
    #[arg(long, short)]
    verbose: bool,

    #[command(flatten)]
    pin: PinArgs,

    #[command(flatten)]
    device: DeviceArgs,
}

pub(super) fn run(args: &Args, output: &Output) -> Result<(), Failure> {
    let mut opened = open_or(&args.device, Fallback::Ephemeral, output)?;
    let plan = selftest::plan(&opened.key);
    if opened.soft.is_none() {
        output.notice(&format!("you will touch the key {} times", selftest::touches(&plan)));
    }
    output.text(|to| writeln!(to, "{BOLD}Testing {}{BOLD:#}", opened.label))?;

    let mut attendant = Attendant::new(&opened, &args.pin, output)?;
    let mut shown = Ok(());
    let steps = selftest::run(&mut opened.key, &plan, &mut attendant, &mut |event| {
        let text = output.text(|to| match event {
            Event::Round(round) => writeln!(to, "\n{BOLD}{round}{BOLD:#}"),
            Event::Step(step) => {
                let (style, mark) = mark(step.outcome);
                let (name, detail) = (step.name, &step.detail);
                // As wide as the longest name of a step.
                writeln!(to, "  {style}{mark}{style:#}  {name:33}  {DIM}{detail}{DIM:#}")?;
                match &step.report {
                    Some(report) if args.verbose || step.outcome == Outcome::Failed => show_report(report, to),
                    _ => Ok(()),
                }
            }
        });
        if shown.is_ok() {
            shown = text;
        }
    });
    shown?;
    let steps = steps?;

    let passed = steps.iter().filter(|step| step.outcome == Outcome::Passed).count();
    let failed = steps.iter().filter(|step| step.outcome == Outcome::Failed).count();
    let fit = failed == 0 && passed > 0;
    let value = json!({ "device": opened.label, "fit": fit, "passed": passed, "failed": failed, "steps": steps });
    output.result(&value, |to| {
        let label = &opened.label;
        writeln!(to)?;
        match fit {
            true => writeln!(
                to,
                "{GOOD}This key is fit for use:{GOOD:#} {label} passed all {passed} steps."
            ),
            false => writeln!(
                to,
                "{BAD}This key is NOT fit for use:{BAD:#} {label} failed {failed} of {} steps.",
                passed + failed
            ),
        }
    })?;
    match fit {
        true => Ok(()),
        false => Err(Failure::Verification(format!("{failed} steps of the self-test failed"))),
    }
}
