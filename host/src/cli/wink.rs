//! `brasskey wink`: CTAPHID_WINK, to find one key among several.

use clap::Args as ClapArgs;
use serde_json::json;

use super::device::{self, DeviceArgs};
use super::failure::Failure;
use super::output::Output;

/// The arguments of `wink`.
#[derive(Debug, ClapArgs)]
pub(super) struct Args {
    #[command(flatten)]
    device: DeviceArgs,
}

pub(super) fn run(args: &Args, output: &Output) -> Result<(), Failure> {
    let mut opened = device::open(&args.device, output)?;
    opened.tell_of_downgrade(output);
    opened.key.channel().wink()?;
    output.result(&json!({ "device": opened.label }), |to| {
        writeln!(to, "{} was asked to blink.", opened.label)
    })
}
