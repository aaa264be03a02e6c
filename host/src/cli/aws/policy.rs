//! `brasskey aws policy`: policies that enforce MFA, printed and judged.

mod lint;
mod print;

use clap::Subcommand;

use crate::cli::failure::Failure;
use crate::cli::output::Output;

/// `brasskey aws policy`.
#[derive(Debug, Subcommand)]
pub(in crate::cli) enum Command {
    /// Print a policy that makes users use MFA; it asks AWS nothing, and changes nothing there
    Print(print::PrintArgs),
    /// Find what is wrong with a policy: whom it lets through without MFA, and whom it locks out
    Lint(lint::LintArgs),
}

pub(super) fn run(command: &Command, output: &Output) -> Result<(), Failure> {
    match command {
        Command::Print(args) => print::run(args, output),
        Command::Lint(args) => lint::run(args, output),
    }
}
