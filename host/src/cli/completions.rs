use super::{failure::Failure, output::Output};
#[derive(Debug, clap::Args)]
pub(super) struct Args {}
pub(super) fn run(_: &Args, _: clap::Command, _: &Output) -> Result<(), Failure> {
    Ok(())
}
