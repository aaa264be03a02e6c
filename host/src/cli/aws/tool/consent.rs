//! What a command is about to change, and the user's consent to it.

use std::io::IsTerminal as _;

use clap::Args;
use serde_json::json;

use crate::cli::confirm::confirm;
use crate::cli::failure::Failure;
use crate::cli::output::{Output, stderr_width};
use crate::text::{escape, wrap};

/// How a command that changes an account is told yes, or is only tried.
#[derive(Clone, Copy, Debug, Default, Args)]
#[command(next_help_heading = "Changes")]
pub(in crate::cli) struct ChangeArgs {
    /// Print what would be done, with the calls of the AWS CLI, and do nothing
    #[arg(long)]
    pub(in crate::cli) dry_run: bool,
    /// Do not ask whether you are sure
    #[arg(long)]
    pub(in crate::cli) yes: bool,
}

/// The user said yes: [`Aws::change`](super::Aws::change) takes it. Nothing else makes one.
#[derive(Debug)]
pub(in crate::cli) struct Consent(());

#[cfg(test)]
impl Consent {
    pub(super) fn of_tests() -> Self {
        Self(())
    }
}

/// One thing that is going to be done.
#[derive(Clone, Debug)]
pub(in crate::cli) struct Step {
    /// What, in plain words.
    what: String,
    /// The call of the AWS CLI, where it is one.
    call: Option<String>,
}

impl Step {
    /// A call of the AWS CLI, as [`Aws::shown`](super::Aws::shown) writes it.
    pub(in crate::cli) fn call(what: impl Into<String>, call: String) -> Self {
        Self {
            what: what.into(),
            call: Some(call),
        }
    }

    /// Something that is done here.
    pub(in crate::cli) fn here(what: impl Into<String>) -> Self {
        Self {
            what: what.into(),
            call: None,
        }
    }
}

impl ChangeArgs {
    /// Says what is going to be done, and asks whether it should. `None` with `--dry-run`, where the steps are the
    /// result.
    ///
    /// # Errors
    /// The user's refusal; that there is nobody to ask.
    pub(in crate::cli) fn consent(&self, steps: &[Step], output: &Output) -> Result<Option<Consent>, Failure> {
        self.consent_to("this changes an AWS account", steps, output)
    }

    /// As [`consent`](Self::consent), to something else than changes of an account.
    ///
    /// # Errors
    /// As there.
    pub(in crate::cli) fn consent_to(
        &self,
        what: &str,
        steps: &[Step],
        output: &Output,
    ) -> Result<Option<Consent>, Failure> {
        if self.dry_run {
            let value: Vec<_> = steps
                .iter()
                .map(|step| json!({ "does": step.what, "call": step.call }))
                .collect();
            output.verbatim(&json!({ "dryRun": true, "steps": value }), |to| {
                writeln!(to, "This would be done:")?;
                listed(steps, true).lines().try_for_each(|line| writeln!(to, "{line}"))
            })?;
            return Ok(None);
        }
        if self.yes {
            return Ok(Some(Consent(())));
        }
        if !std::io::stdin().is_terminal() {
            return Err(Failure::usage(
                format!("{what}, and there is no terminal to ask on"),
                "look at what would be done with --dry-run, and add --yes where it is right",
            ));
        }
        let said = format!("brasskey: this will be done:\n{}", listed(steps, false));
        crate::soft::beside_question(|| {
            use std::io::Write as _;
            // If this cannot be written, neither can the question.
            drop(writeln!(
                anstream::stderr(),
                "{}",
                wrap(said.trim_end(), stderr_width())
            ));
        });
        confirm("go on?", "yes", false)?;
        Ok(Some(Consent(())))
    }
}

/// The steps, numbered.
fn listed(steps: &[Step], calls: bool) -> String {
    let mut text = String::new();
    for (number, step) in (1..).zip(steps) {
        text.push_str(&format!("  {number}. {}\n", escape(&step.what)));
        if let Some(call) = step.call.as_ref().filter(|_| calls) {
            // A placeholder is in angle brackets, and what else is hostile was quoted as text of the user's own.
            text.push_str(&format!("     {}\n", harmless(call)));
        }
    }
    text
}

/// A command line that can be copied: control characters cannot.
fn harmless(call: &str) -> String {
    call.replace(char::is_control, "?")
}
