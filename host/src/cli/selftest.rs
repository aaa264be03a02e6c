//! `brasskey selftest`: tries everything on one key, and ends with a verdict.

mod show;

use clap::Args as ClapArgs;
use serde_json::{Value, json};

use super::device::{DeviceArgs, Fallback, Opened, open_or};
use super::failure::Failure;
use super::layout::hex;
use super::output::{BOLD, DIM, Output};
use super::pin_entry::{Interaction, PinArgs};
use super::state::Missing;
use super::trouble;
use crate::client::Pin;
use crate::relying_party::Outcome;
use crate::selftest::{self, Leftover, Plan, Results};
use crate::transport::DeviceSpec;
use show::Shown;

/// The PIN of a soft token that is gone afterwards.
const PIN: &str = "brasskey selftest";

/// The arguments of `selftest`.
#[derive(Debug, ClapArgs)]
pub(super) struct Args {
    /// Show every step and every check, even those that passed
    #[arg(long, short)]
    verbose: bool,

    #[command(flatten)]
    pin: PinArgs,

    #[command(flatten)]
    device: DeviceArgs,
}

pub(super) fn run(args: &Args, output: &Output) -> Result<(), Failure> {
    let mut opened = open_or(&args.device, args.fallback(), output)?;
    let mut interaction = Interaction::new(&opened, &args.pin, output)?;
    heading(&opened, output)?;
    if opened.ephemeral {
        let pin = match interaction.given() {
            Some(pin) => pin,
            None => Pin::new(PIN).map_err(crate::client::Error::from)?,
        };
        opened.key.set_pin(&pin, &mut interaction)?;
        interaction.remember(&pin);
    }
    let plan = Plan::of(&mut opened.key, &mut interaction).map_err(|error| Failure::Untested(error.into()))?;
    if !opened.automatic {
        // A sensor takes a touch of its own for each token.
        let sensor = match opened.key.info().is_some_and(|info| info.has("uv")) {
            true => ", and use its sensor where it asks for that",
            false => "",
        };
        output.notice(&format!("you will touch the key {} times{sensor}", plan.touches()));
    }

    let mut shown = Shown::new(*output, args.verbose);
    let results = selftest::run(&mut opened.key, &plan, &mut interaction, &mut |event| {
        shown.event(event);
    });
    shown.finish()?;
    let value = value(&opened, &results);
    for passkey in &results.left {
        output.notice(&stays(passkey));
    }
    trouble::none()?;
    if let Some(error) = results.ended {
        return Err(Failure::Untested(error));
    }
    output.result(&value, |to| show::verdict(name(&opened), &results, to))?;
    match results.count(Outcome::Failed) {
        0 if results.fit() => Ok(()),
        failed => Err(Failure::Verification(failure(failed))),
    }
}

impl Args {
    /// A soft token of its own, in memory, unless the flags name the user's.
    fn fallback(&self) -> Fallback {
        match self.device.device {
            Some(DeviceSpec::Soft(_)) if !self.device.soft.ephemeral => Fallback::Own(Missing::Refuse),
            _ => Fallback::Ephemeral,
        }
    }
}

/// What is tested: not to be taken for the user's own soft token.
fn name(opened: &Opened) -> &str {
    match opened.ephemeral {
        true => "a fresh soft token in memory",
        false => &opened.label,
    }
}

fn heading(opened: &Opened, output: &Output) -> Result<(), Failure> {
    output.text(|to| {
        writeln!(to, "{BOLD}Testing {}{BOLD:#}", name(opened))?;
        if !opened.ephemeral {
            return Ok(());
        }
        writeln!(
            to,
            "  {DIM}it has a PIN for the test, and is gone afterwards; to test your own: brasskey selftest \
             --device soft{DIM:#}"
        )
    })
}

fn value(opened: &Opened, results: &Results) -> Value {
    json!({
        "device": opened.label,
        "ephemeral": opened.ephemeral,
        "fit": results.fit(),
        "passed": results.count(Outcome::Passed),
        "warned": results.count(Outcome::Warned),
        "failed": results.count(Outcome::Failed),
        "skipped": results.count(Outcome::Skipped),
        "steps": results.steps,
        "left": results.left.iter().map(|passkey| json!({
            "rpId": selftest::RP_ID,
            "user": passkey.user,
            "id": hex(&passkey.id),
        })).collect::<Vec<_>>(),
    })
}

fn failure(failed: usize) -> String {
    match failed {
        1 => "one step of the self-test failed".to_owned(),
        failed => format!("{failed} steps of the self-test failed"),
    }
}

fn stays(passkey: &Leftover) -> String {
    format!(
        "a test passkey stays on the key, that of {} at {}: delete it with `brasskey credentials delete {}`",
        passkey.user,
        selftest::RP_ID,
        hex(&passkey.id)
    )
}

#[cfg(test)]
mod tests {
    use super::failure;

    #[test]
    fn one_step_is_not_several() {
        assert_eq!(failure(1), "one step of the self-test failed");
        assert_eq!(failure(2), "2 steps of the self-test failed");
    }
}
