//! `brasskey completions`: what a shell needs to complete the command line.

use clap::{Args as ClapArgs, Command};
use clap_complete::{Shell, generate};
use serde_json::json;

use super::failure::Failure;
use super::output::Output;

/// The arguments of `completions`.
#[derive(Debug, ClapArgs)]
pub(super) struct Args {
    /// The shell that shall read them
    shell: Shell,
}

pub(super) fn run(args: &Args, command: Command, output: &Output) -> Result<(), Failure> {
    let script = script(args.shell, command);
    let value = json!({ "shell": args.shell.to_string(), "script": script });
    output.result(&value, |to| to.write_all(script.as_bytes()))
}

fn script(shell: Shell, mut command: Command) -> String {
    let name = command.get_name().to_owned();
    let mut script = Vec::new();
    generate(shell, &mut command, name, &mut script);
    String::from_utf8_lossy(&script).into_owned()
}

#[cfg(test)]
mod tests {
    use clap::ValueEnum as _;

    use super::*;

    #[test]
    fn every_shell_completes_every_subcommand() {
        for &shell in Shell::value_variants() {
            let command = Command::new("brasskey").subcommands([Command::new("list"), Command::new("wink")]);
            let script = script(shell, command);
            assert!(
                script.contains("brasskey") && script.contains("list") && script.contains("wink"),
                "{shell}"
            );
        }
    }
}
