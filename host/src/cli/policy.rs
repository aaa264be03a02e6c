//! `brasskey policy`: a key's settings compared with a policy file, and changed to match.

mod apply;
mod document;
mod plan;

use std::fs;
use std::path::PathBuf;

use clap::{Args, Subcommand};
use serde_json::json;

use super::device::Opened;
use super::failure::Failure;
use super::output::{BAD, BOLD, DIM, GOOD, Output};
use super::pin_entry::{KeyArgs, NewPinArgs};
use crate::text::escape;
use document::Policy;
use plan::{Item, State, plan};

/// What `--help` says about the file.
const FILE_HELP: &str = "The file is TOML; what it leaves out stays as it is:

  always-uv = true
  enterprise-attestation = true
  long-touch-reset = true
  algorithms = [\"ES256\", \"EdDSA\"]

  [pin]
  required = true
  min-length = 6
  min-length-rp-ids = [\"example.com\"]
  complexity = true";

/// `brasskey policy`.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Show what a policy would change, and change nothing
    Plan(PlanArgs),
    /// Change what a policy asks for; a key that cannot do all of it stays as it is
    Apply(ApplyArgs),
}

#[derive(Debug, Args)]
#[command(after_help = FILE_HELP)]
pub(super) struct PlanArgs {
    /// The file with the policy
    file: PathBuf,
    #[command(flatten)]
    device: super::device::DeviceArgs,
}

#[derive(Debug, Args)]
#[command(after_help = FILE_HELP)]
pub(super) struct ApplyArgs {
    /// The file with the policy
    file: PathBuf,
    #[command(flatten)]
    new_pin: NewPinArgs,
    #[command(flatten)]
    key: KeyArgs,
}

pub(super) fn run(command: &Command, output: &Output) -> Result<(), Failure> {
    match command {
        Command::Plan(args) => {
            let policy = read(&args.file)?;
            let opened = super::device::open(&args.device, output)?;
            let items = planned(&policy, &opened)?;
            show(&opened, &items, false, output)?;
            check(&items)
        }
        Command::Apply(args) => {
            let policy = read(&args.file)?;
            let (mut opened, mut interaction) = args.key.open(output)?;
            let items = planned(&policy, &opened)?;
            if let Err(failure) = check(&items) {
                show(&opened, &items, false, output)?;
                return Err(failure);
            }
            apply::apply(&policy, &items, &mut opened.key, &mut interaction, &args.new_pin)?;
            show(&opened, &items, true, output)
        }
    }
}

fn read(path: &PathBuf) -> Result<Policy, Failure> {
    let text = fs::read_to_string(path).map_err(|source| Failure::System {
        what: format!("cannot read the policy {}", path.display()),
        source,
    })?;
    text.parse().map_err(|error: toml::de::Error| {
        let line = error.span().map_or_else(String::new, |span| {
            let before = text.bytes().take(span.start);
            format!(", line {}", before.filter(|&byte| byte == b'\n').count() + 1)
        });
        // The type's name in Rust.
        let why = error.message().replace("expected u64", "expected a whole number");
        Failure::usage(
            format!("cannot read the policy {}{line}: {why}", path.display()),
            "`brasskey policy plan --help` shows an example",
        )
    })
}

fn planned(policy: &Policy, opened: &Opened) -> Result<Vec<Item>, Failure> {
    let info = opened.key.ctap2_info()?;
    Ok(plan(policy, info))
}

/// Refuses a policy that the key cannot meet, before anything is changed.
fn check(items: &[Item]) -> Result<(), Failure> {
    match items.iter().filter(|item| item.state == State::Impossible).count() {
        0 => Ok(()),
        count => Err(Failure::Policy { count }),
    }
}

fn show(opened: &Opened, items: &[Item], applied: bool, output: &Output) -> Result<(), Failure> {
    let info = opened.key.info();
    let must_change_pin = info.and_then(|info| info.force_pin_change) == Some(true);
    let value = json!({
        "device": opened.label,
        "applied": applied,
        "changes": items.iter().filter(|item| item.state == State::Change).count(),
        "items": items,
        "pinMustBeChanged": must_change_pin,
    });
    output.result(&value, |to| {
        writeln!(to, "{BOLD}{}{BOLD:#}", opened.label)?;
        let width = items.iter().map(|item| item.rule.len()).max().unwrap_or(0);
        for Item { rule, state, detail } in items {
            let (style, word) = match (state, applied) {
                (State::Met, _) => (GOOD, "met"),
                (State::Change, false) => (BOLD, "change"),
                (State::Change, true) => (GOOD, "changed"),
                (State::Impossible, _) => (BAD, "IMPOSSIBLE"),
            };
            let detail = escape(detail);
            writeln!(to, "  {style}{word:10}{style:#}  {rule:width$}  {DIM}{detail}{DIM:#}")?;
        }
        if items.is_empty() {
            writeln!(to, "  The policy asks for nothing.")?;
        }
        match applied && must_change_pin {
            true => writeln!(to, "Change the PIN before you use it: `brasskey pin change`."),
            false => Ok(()),
        }
    })
}
