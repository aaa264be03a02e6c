//! `brasskey bench`: how long a key takes to answer.

mod histogram;
mod rounds;

use std::io::{self, Write};

use brasskey_protocol::ctaphid::KeepaliveStatus;
use clap::{Args as ClapArgs, ValueEnum};
use comfy_table::CellAlignment;
use indicatif::{ProgressBar, ProgressStyle};
use serde::{Serialize, Serializer};

use super::device::{self, DeviceArgs, Fallback};
use super::failure::Failure;
use super::interrupt::interrupt;
use super::latency::{Latency, time};
use super::layout::{columns, count};
use super::output::{BOLD, Output};
use crate::client::Error;
use crate::client::ceremony::{CeremonyError, Protocol};
use crate::client::ctap2::Status;
use rounds::Rounds;

/// Rounds with a key that needs no touch.
const ROUNDS: u32 = 100;
/// Rounds with a key that needs a touch for each.
const ROUNDS_WITH_TOUCH: u32 = 5;

/// The arguments of `bench`.
///
/// Credentials are registered for the RP ID bench.brasskey.invalid, which no website can have, and the key does not
/// keep them. Where a key waits for a touch, its times include the wait.
#[derive(Debug, ClapArgs)]
pub(super) struct Args {
    /// How many times to send each command [default: 100, or 5 if the key may have to be touched]
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    rounds: Option<u32>,

    /// A command to send; repeat it for several [default: all]
    #[arg(long = "command", value_name = "COMMAND", value_enum)]
    commands: Vec<Command>,

    /// Talk U2F even to a key that speaks CTAP2
    #[arg(long)]
    u2f: bool,

    #[command(flatten)]
    device: DeviceArgs,
}

/// What can be measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
enum Command {
    /// What the key can do: authenticatorGetInfo, or U2F_VERSION
    Info,
    /// A new credential: authenticatorMakeCredential, or U2F_REGISTER
    Register,
    /// A sign-in: authenticatorGetAssertion, or U2F_AUTHENTICATE
    Authenticate,
}

/// What was measured.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Bench<'a> {
    device: &'a str,
    #[serde(serialize_with = "protocol_name")]
    protocol: Protocol,
    rp_id: &'static str,
    rounds: u32,
    may_include_touch: bool,
    commands: Vec<Measured>,
}

/// The times of one command.
#[derive(Serialize)]
struct Measured {
    command: Command,
    nanoseconds: Latency,
}

pub(super) fn run(args: &Args, output: &Output) -> Result<(), Failure> {
    let mut opened = device::open_or(&args.device, Fallback::Ephemeral, output)?;
    let protocol = opened.protocol(args.u2f, output);
    let commands = args.commands();
    let may_wait = !opened.automatic;
    let rounds = args.rounds.unwrap_or(if may_wait { ROUNDS_WITH_TOUCH } else { ROUNDS });
    let touches = touches(&commands, rounds);
    if may_wait && touches > 0 {
        output.notice(&format!(
            "touch the key each time it asks, up to {}; the measured times include the wait",
            count(touches, "time")
        ));
    }
    let progress = progress(rounds, commands.len(), output);
    let mut watch = (interrupt(), |status| {
        if may_wait && status == KeepaliveStatus::UpNeeded {
            progress.set_message("touch the key");
        }
    });
    let mut measuring = Rounds::new(&mut opened.key, protocol, &mut watch);
    let mut measured = Vec::new();
    for &command in &commands {
        let times = (0..rounds).map(|_| {
            progress.set_message("");
            let time = measuring.once(command);
            progress.inc(1);
            time
        });
        let times: Vec<_> = times.collect::<Result<_, _>>().map_err(explained)?;
        let nanoseconds = times.into();
        measured.push(Measured { command, nanoseconds });
    }
    progress.finish_and_clear();
    let bench = Bench {
        device: &opened.label,
        protocol,
        rp_id: rounds::RP_ID,
        rounds,
        may_include_touch: may_wait,
        commands: measured,
    };
    output.result(&bench, |to| bench.show(to))
}

/// Why a round failed. This command verifies nobody, so it has no use for a PIN.
fn explained(error: CeremonyError) -> Failure {
    match error {
        CeremonyError::Key(Error::Status {
            status: Status::PuatRequired,
            ..
        }) => Failure::Unverified,
        error => error.into(),
    }
}

impl Args {
    /// The commands in their usual order, each once.
    fn commands(&self) -> Vec<Command> {
        let wanted = |command: &Command| self.commands.is_empty() || self.commands.contains(command);
        Command::value_variants().iter().copied().filter(wanted).collect()
    }
}

/// How many touches the commands take on a key that asks for each; sign-in without registration registers once.
fn touches(commands: &[Command], rounds: u32) -> u64 {
    let with_touch: u64 = commands
        .iter()
        .map(|&command| u64::from(command != Command::Info))
        .sum();
    let first = commands.contains(&Command::Authenticate) && !commands.contains(&Command::Register);
    with_touch * u64::from(rounds) + u64::from(first)
}

/// A progress bar on stderr.
fn progress(rounds: u32, commands: usize, output: &Output) -> ProgressBar {
    if !output.is_interactive() {
        return ProgressBar::hidden();
    }
    let total = u64::from(rounds).saturating_mul(commands.try_into().unwrap_or(u64::MAX));
    let style = ProgressStyle::with_template("{wide_bar} {pos}/{len} {msg}");
    // A template that cannot be read gives the library's own style.
    ProgressBar::new(total).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}

fn protocol_name<S: Serializer>(protocol: &Protocol, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(protocol.name())
}

impl Command {
    fn name(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Register => "register",
            Self::Authenticate => "authenticate",
        }
    }
}

impl Bench<'_> {
    fn show(&self, to: &mut dyn Write) -> io::Result<()> {
        let (protocol, rounds) = (self.protocol.name(), count(self.rounds.into(), "round"));
        writeln!(
            to,
            "{BOLD}{} over {protocol}, {rounds} of each command{BOLD:#}\n",
            self.device
        )?;
        let rows = self.commands.iter().map(
            |Measured {
                 command,
                 nanoseconds: latency,
             }| {
                let [min, median, p95, max] = [latency.min(), latency.median(), latency.p95(), latency.max()].map(time);
                [command.name().to_owned(), min, median, p95, max]
            },
        );
        let mut table = columns(rows);
        table.set_header(["", "min", "median", "p95", "max"]);
        for times in table.column_iter_mut().skip(1) {
            times.set_cell_alignment(CellAlignment::Right);
        }
        writeln!(to, "{}", table.trim_fmt())?;
        for Measured {
            command,
            nanoseconds: latency,
        } in &self.commands
        {
            writeln!(to, "\n{BOLD}{}{BOLD:#}", command.name())?;
            histogram::show(latency, to)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
