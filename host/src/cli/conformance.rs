//! `brasskey conformance`: holds any key to the standards, and writes a report.

mod ahead;
mod card;
mod consent;
mod control;
mod diff;
mod end;
mod files;
mod hands;
mod html;
mod junit;
mod show;
mod untried;
mod wire;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use brasskey_conformance::broken::Broken;
use brasskey_conformance::outcome::{Checked, Outcome, Report, SCHEMA};
use brasskey_conformance::plan::{self, Means, Step};
use brasskey_conformance::run::Bench;
use brasskey_conformance::trace::{Left, Patience, Tape};
use clap::{Args as ClapArgs, Subcommand};
use indicatif::{ProgressBar, ProgressStyle};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::device::spec;
use super::failure::Failure;
use super::output::Output;
use super::pin_entry::PinArgs;
use crate::text::escape;
use crate::transport::DeviceSpec;
use files::is_stdout;
use hands::Subject;

/// How often a check is tried that another program may have disturbed.
const TRIES: u32 = 4;

/// The heading of the options for what is written.
const REPORTS: &str = "Reports";

/// The arguments of `conformance`.
#[derive(Debug, ClapArgs)]
#[command(
    args_conflicts_with_subcommands = true,
    after_long_help = "Without --erase only checks run that keep nothing on the key, try no PIN and reset nothing. \
    Each check begins with a key as it left the factory: with --erase it is reset again and again, and everything on \
    it is lost.\n\n\
    The exit code is 6 where a check fails, and 0 where none does, also where some were not tried: the last line \
    counts those, and the reports say why."
)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Option<Command>,

    /// The key: hid:PATH, udp:HOST:PORT, tcp:HOST:PORT, unix:PATH, pcsc:READER for a smart card, or soft for a soft
    /// token in memory [default: the key that is plugged in]
    #[arg(long, value_name = "DEVICE", value_parser = spec)]
    device: Option<DeviceSpec>,

    /// Run only checks with PATTERN in their name; `*` stands for anything
    #[arg(long, value_name = "PATTERN", num_args = 1..)]
    only: Vec<String>,

    /// Show what would run, and what it takes; the key is only asked what it is
    #[arg(long, conflicts_with_all = ["html", "junit"])]
    list: bool,

    /// Erase the key, and run every check that applies
    #[arg(long)]
    erase: bool,

    /// Do not ask whether you are sure
    #[arg(long, requires = "erase")]
    yes: bool,

    #[command(flatten)]
    hand: HandArgs,

    #[command(flatten)]
    pin: PinArgs,

    /// Write a page for people; with `-` print it in place of the summary
    #[arg(long, value_name = "FILE", help_heading = REPORTS)]
    html: Option<PathBuf>,

    /// Write a JUnit report; with `-` print it in place of the summary
    #[arg(long, value_name = "FILE", help_heading = REPORTS)]
    junit: Option<PathBuf>,

    /// Checks that fail with a reason: TOML, lines of "suite::check" = "reason"
    #[arg(long, value_name = "FILE", help_heading = REPORTS)]
    exceptions: Option<PathBuf>,

    /// Say of each failure where the check's source has it
    #[arg(short, long, help_heading = REPORTS)]
    verbose: bool,
}

/// Who touches the key and unplugs it.
#[derive(Debug, Default, ClapArgs)]
#[command(next_help_heading = "Hand")]
struct HandArgs {
    /// The control endpoint of a soft token (`brasskey token --control`): it touches and unplugs
    #[arg(long, value_name = "URL|PATH", conflicts_with_all = ["touch_command", "replug_command"])]
    control: Option<String>,

    /// The file with the control token [default: control-token in your data directory]
    #[arg(long, value_name = "FILE", requires = "control")]
    control_token_file: Option<PathBuf>,

    /// A command that touches the key
    #[arg(long, value_name = "COMMAND")]
    touch_command: Option<String>,

    /// A command that unplugs the key and plugs it in again
    #[arg(long, value_name = "COMMAND")]
    replug_command: Option<String>,

    /// A command that makes the key as new, in place of authenticatorReset
    #[arg(long, value_name = "COMMAND")]
    reset_command: Option<String>,
}

impl HandArgs {
    fn is_given(&self) -> bool {
        let all = [
            &self.control,
            &self.touch_command,
            &self.replug_command,
            &self.reset_command,
        ];
        all.iter().any(|given| given.is_some())
    }
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Compare two reports that --json wrote, such as those of two firmware versions
    Diff(diff::Args),
}

pub(super) fn run(args: &Args, output: &Output) -> Result<(), Failure> {
    if let Some(Command::Diff(args)) = &args.command {
        return diff::run(args, output);
    }
    files::can_write(args.reports(), output)?;
    let exceptions = match &args.exceptions {
        Some(file) => files::exceptions(file)?,
        None => Vec::new(),
    };
    let subject = hands::open(args.device.as_ref(), &args.hand, output)?;
    let patience = match subject.is_person || subject.is_brief {
        true => Patience::PERSON,
        false => Patience::AUTOMATIC,
    };
    let tape = Tape::new(patience, Arc::new(end::is_stopped));
    let bench = subject.bench(tape.clone());
    let (info, mut key) = bench.ask().map_err(hands::silent)?;
    key.device.clone_from(&subject.label);
    // A soft token in memory is nobody's.
    let erase = args.erase || subject.is_ephemeral;
    if !erase {
        tape.forbid_resets();
    }
    let means = Means {
        touch: subject.touches,
        power_cycle: subject.replugs,
        is_brief: subject.is_brief,
        hand: subject.needs.clone(),
        erase,
        is_card: subject.is_card,
        only: args.only.clone(),
    };
    if let Some(pattern) = args.only.iter().find(|pattern| !plan::names_any(pattern)) {
        return Err(Failure::usage(
            format!("no check has {pattern} in its name"),
            "`brasskey conformance --list` shows all",
        ));
    }
    let steps = plan::plan(&info, &means);
    let total = plan::total(&steps, args.erase && !subject.is_ephemeral);
    if args.list {
        return show::list(&steps, total, output);
    }
    ahead::announce(total, steps.len(), &subject, output);
    // What is not tried is no reason to erase a key.
    let erase = erase && total.checks > 0;
    if erase && !subject.is_ephemeral {
        consent::consent(&subject, &info, &args.pin, args.yes, output)?;
        tape.set_left(Left {
            oath: info.oath,
            ..Left::UNKNOWN
        });
    }
    if erase {
        output.notice(&format!(
            "while it is tested the key has the PIN {}",
            bench.pins().first
        ));
    }
    end::heed_signals(&tape, &subject, bench.pins().first, output);
    let mut report = Report {
        schema: SCHEMA,
        tool: env!("CARGO_PKG_VERSION").to_owned(),
        key,
        erased: erase,
        interrupted: false,
        left: None,
        stale_exceptions: Vec::new(),
        unknown_exceptions: Vec::new(),
        begun: OffsetDateTime::now_utc()
            .replace_nanosecond(0)
            .ok()
            .and_then(|now| now.format(&Rfc3339).ok()),
        milliseconds: 0,
        options: args.how(),
        checks: Vec::new(),
    };
    let begun = Instant::now();
    let broken = run_all(&mut report, &bench, &steps, total.touches, &subject, output);
    report.milliseconds = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
    report.left = end::tidy(&bench, &report, &subject, broken.is_some(), output);
    report.except(exceptions.iter().map(|(name, reason)| (&name[..], &reason[..])));
    let untried = untried::judge(args, &steps, &report);
    finish(args, &report, &subject, broken.or(untried), output)
}

impl Args {
    /// The files that reports go to.
    fn reports(&self) -> [Option<&Path>; 2] {
        [self.html.as_deref(), self.junit.as_deref()]
    }

    /// How the run was asked for, as far as that changes what comes of it. A user's commands may have secrets in them.
    fn how(&self) -> Vec<String> {
        let hand = &self.hand;
        let mut how = Vec::new();
        how.extend(self.erase.then(|| "--erase".to_owned()));
        how.extend((!self.only.is_empty()).then(|| format!("--only {}", self.only.join(" "))));
        how.extend(hand.control.as_ref().map(|url| format!("--control {url}")));
        let commands = [
            ("--touch-command", &hand.touch_command),
            ("--replug-command", &hand.replug_command),
            ("--reset-command", &hand.reset_command),
        ];
        let given = commands.into_iter().filter(|(_, command)| command.is_some());
        how.extend(given.map(|(name, _)| format!("{name} …")));
        how.extend(
            self.exceptions
                .as_ref()
                .map(|file| format!("--exceptions {}", file.display())),
        );
        how
    }
}

/// How often a run without a terminal says how far it is.
const WORD_EVERY: Duration = Duration::from_secs(10);

/// Tries each step. Returns what ended the run before the last of them, where that was not the user.
fn run_all(
    report: &mut Report,
    bench: &Bench,
    steps: &[Step],
    touches: u32,
    subject: &Subject,
    output: &Output,
) -> Option<Failure> {
    let mut ended: Option<Failure> = None;
    let mut told = Instant::now();
    let progress = ProgressBar::hidden();
    if output.is_interactive() {
        let tried = steps.iter().filter(|step| step.skipped.is_none());
        progress.set_length(tried.count() as u64);
        if let Ok(style) = ProgressStyle::with_template("{bar:20} {pos}/{len} {wide_msg}") {
            progress.set_style(style);
        }
        progress.set_draw_target(indicatif::ProgressDrawTarget::stderr());
        subject.guide.show_on(&progress, touches);
    }
    for (number, step) in steps.iter().enumerate() {
        if ended.is_some() || bench.tape().is_stopped() {
            report.interrupted = true;
            let why = match &ended {
                Some(Failure::Lost { .. }) => "the key is gone",
                Some(_) => "the run was ended by a check before",
                None => "the run was ended",
            };
            let skipped = Some((Outcome::NotTried, why.to_owned()));
            report.checks.push(bench.try_step(
                &Step {
                    skipped,
                    ..step.clone()
                },
                false,
            ));
            continue;
        }
        subject.guide.begin(&step.name());
        if !output.is_interactive() && told.elapsed() > WORD_EVERY {
            output.notice(&format!("{number} of {} checks are done", steps.len()));
            told = Instant::now();
        }
        let mut checked = try_alone(bench, step, report.erased, subject);
        if checked.is_unfit() && bench.tape().is_silent() {
            subject.suspect();
        }
        if progress.suspend(|| subject.is_gone(output)) && !bench.tape().is_stopped() {
            if checked.is_unfit() {
                checked.outcome = Outcome::NotTried;
                checked.message = Some("the key went away during this check".to_owned());
            }
            ended = Some(Failure::Lost {
                device: report.key.device.clone(),
                check: step.name(),
            });
        } else if let Some(Broken::Hand(why) | Broken::Nobody(why)) = bench.broken() {
            let check = step.name();
            ended = Some(Failure::Hand { check, why });
        }
        report.checks.push(checked);
        progress.inc(u64::from(step.skipped.is_none()));
    }
    report.interrupted |= bench.tape().is_stopped();
    subject.guide.hide();
    progress.finish_and_clear();
    // The plan's order is the run's; a reader wants the standard's.
    let place = |area: &str| {
        brasskey_conformance::suites::ALL
            .iter()
            .position(|(suite, _)| *suite == area)
    };
    report.checks.sort_by_key(|check| place(&check.area));
    ended
}

/// Tries a step, and again where it may have failed because another program used the key meanwhile. Where one always
/// does, nothing can be told.
fn try_alone(bench: &Bench, step: &Step, erase: bool, subject: &Subject) -> Checked {
    let mut tries = 0;
    loop {
        subject.had_others();
        let mut checked = bench.try_step(step, erase);
        // A key that is not on USB shows no other programs, but says that it is busy with one.
        let (had_others, was_busy) = (subject.had_others(), bench.tape().was_busy());
        if bench.tape().is_stopped() || !checked.is_unfit() || !(had_others || was_busy) {
            return checked;
        }
        tries += 1;
        if tries == TRIES {
            let message = checked.message.unwrap_or_default();
            checked.message = Some(match had_others {
                true => format!("another program used the key meanwhile: {message}"),
                // Perhaps the key says so without a reason.
                false => format!("{message}; the key said that it was busy: does another program use it?"),
            });
            if checked.outcome == Outcome::Fail && had_others {
                checked.outcome = Outcome::NotTried;
            }
            return checked;
        }
    }
}

/// Writes the reports. `worst` is what is worse than a check that fails, or else what is.
fn finish(
    args: &Args,
    report: &Report,
    subject: &Subject,
    worst: Option<Failure>,
    output: &Output,
) -> Result<(), Failure> {
    let [html, junit] = args.reports();
    let reports = [
        html.map(|file| (file, html::page(report))),
        junit.map(|file| (file, junit::report(report))),
    ];
    let (printed, written): (Vec<_>, Vec<_>) = reports.into_iter().flatten().partition(|(file, _)| is_stdout(file));
    let written = written.iter().try_for_each(|(file, text)| files::write(file, text));
    match printed.first() {
        Some((_, text)) => output.text(|to| to.write_all(text.as_bytes()))?,
        None => show::report(report, args.verbose, output)?,
    }
    written?;
    // The last hint says it, too.
    let is_told = worst.is_none() && report.interrupted;
    if let Some(left) = report.left.as_ref().filter(|_| !is_told) {
        output.notice(&escape(left));
    }
    match (worst, report.count(Outcome::Fail)) {
        (Some(worst), _) => Err(worst),
        (None, _) if report.interrupted => Err(Failure::Ended {
            state: end::state(report),
        }),
        (None, 0) => Ok(()),
        (None, failed) => Err(Failure::Nonconforming {
            failed,
            may_have_others: !subject.sees_others(),
        }),
    }
}
