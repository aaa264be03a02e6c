//! `brasskey conformance diff`: what changed between two reports.

use std::path::PathBuf;

use brasskey_conformance::outcome::{self, Change, Outcome};
use clap::Args as ClapArgs;
use serde_json::json;

use super::files;
use crate::cli::failure::Failure;
use crate::cli::output::{BAD, GOOD, Output, WARNING};
use crate::text::escape;

/// The arguments of `conformance diff`.
#[derive(Debug, ClapArgs)]
pub(super) struct Args {
    /// The report before
    #[arg(value_name = "A.json")]
    before: PathBuf,

    /// The report after
    #[arg(value_name = "B.json")]
    after: PathBuf,
}

pub(super) fn run(args: &Args, output: &Output) -> Result<(), Failure> {
    let (before, after) = (files::report(&args.before)?, files::report(&args.after)?);
    let changes = outcome::diff(&before, &after);
    let worse = changes.iter().filter(|change| change.is_worse()).count();
    output.result(&json!({ "worse": worse, "changes": changes }), |to| {
        for change in &changes {
            let style = match change {
                change if change.is_worse() => BAD,
                Change {
                    after: Some(Outcome::Pass),
                    ..
                } => GOOD,
                _ => WARNING,
            };
            let words = |outcome: Option<Outcome>| outcome.map_or("not there", Outcome::words);
            let (before, after) = (words(change.before), words(change.after));
            writeln!(to, "  {style}{before} → {after}{style:#}  {}", escape(&change.name))?;
        }
        match changes.len() {
            0 => writeln!(to, "The reports agree."),
            count => writeln!(to, "{count} checks differ, {worse} of them for the worse."),
        }
    })?;
    match worse {
        0 => Ok(()),
        1 => Err(unsound("1 check is worse than before".to_owned())),
        worse => Err(unsound(format!("{worse} checks are worse than before"))),
    }
}

fn unsound(message: String) -> Failure {
    Failure::Unsound {
        message,
        hint: "the reports say why; `brasskey conformance --only NAME` tries one again",
    }
}
