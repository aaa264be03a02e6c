//! `brasskey replay`: plays the key's side of a recording.

use std::fs::File;
use std::io::Read as _;
use std::path::PathBuf;

use clap::Args as ClapArgs;
use serde_json::json;

use super::failure::Failure;
use super::output::{BAD, Output};
use super::record::{StandInArgs, pass_on};
use crate::recording::{NotARecording, Player, Recording};

/// The longest recording, in bytes.
const LONGEST: u64 = 64 << 20;

/// The arguments of `replay`.
#[derive(Debug, ClapArgs)]
#[command(
    after_help = "Each request is compared with the recorded one. What differs each time may differ: challenges, \
    user IDs, ephemeral keys, and what was left out as secret. A signature is the recorded one: it does not \
    fit another challenge. The exit code is that of the program; it is 6 where a request differs, or none was played."
)]
pub(super) struct Args {
    /// The recording
    #[arg(value_name = "FILE")]
    file: PathBuf,

    #[command(flatten)]
    stand_in: StandInArgs,
}

pub(super) fn run(args: &Args, output: &Output) -> Result<(), Failure> {
    let shown = args.file.display().to_string();
    let mut bytes = Vec::new();
    let read = File::open(&args.file).and_then(|file| file.take(LONGEST).read_to_end(&mut bytes));
    read.map_err(|source| Failure::System {
        what: format!("cannot read {shown}"),
        source,
    })?;
    let recording: Recording = String::from_utf8_lossy(&bytes).parse().map_err(|why: NotARecording| {
        Failure::usage(
            format!("{shown} is no recording: {why}"),
            "name a file that `brasskey record` wrote",
        )
    })?;
    let mut player = Player::new(recording);
    let ended = args.stand_in.run(&mut player, None, output)?;
    let (played, left) = player.progress();
    let complaints: Vec<_> = player.complaints().iter().map(ToString::to_string).collect();
    let value = json!({
        "requests": player.requests(),
        "played": played,
        "left": left,
        "differences": complaints,
        "exitCode": ended.and_then(|status| status.code()),
    });
    output.result(&value, |to| {
        writeln!(
            to,
            "{played} of {} requests of the recording were played.",
            player.requests()
        )?;
        complaints
            .iter()
            .try_for_each(|complaint| writeln!(to, "  {BAD}differs{BAD:#}  {complaint}"))
    })?;
    match complaints.len() {
        0 => {
            pass_on(ended);
            match (played, player.requests()) {
                // A test that asks nothing shows nothing.
                (0, 1..) => Err(Failure::Unsound {
                    message: "no request of the recording was played".to_owned(),
                    hint: "the program asked no key, or another one: BRASSKEY_DEVICE tells it where this one is",
                }),
                _ => Ok(()),
            }
        }
        number => Err(Failure::Unsound {
            message: match number {
                1 => "a request is not the one that was recorded".to_owned(),
                number => format!("{number} requests are not those that were recorded"),
            },
            hint: "see above where they differ; record again where the program is meant to ask otherwise",
        }),
    }
}
