//! `brasskey completions`: what a shell needs to complete the command line.

use clap::{Arg, Args as ClapArgs, Command, ValueHint};
use clap_complete::{Shell, generate};
use serde_json::json;

use super::failure::Failure;
use super::output::Output;

/// The arguments of `completions`.
#[derive(Debug, ClapArgs)]
pub(super) struct Args {
    /// The shell that they are for
    shell: Shell,
}

pub(super) fn run(args: &Args, command: Command, output: &Output) -> Result<(), Failure> {
    let script = script(args.shell, command);
    let value = json!({ "shell": args.shell.to_string(), "script": script });
    output.verbatim(&value, |to| to.write_all(script.as_bytes()))
}

fn script(shell: Shell, mut command: Command) -> String {
    let name = command.get_name().to_owned();
    // Arguments of subcommands are described only then.
    command.build();
    let mut command = with_hints(command);
    let mut script = Vec::new();
    generate(shell, &mut command, name, &mut script);
    String::from_utf8_lossy(&script).into_owned()
}

/// Offers file names only where a value is a file.
fn with_hints(command: Command) -> Command {
    command
        .mut_args(|arg| match (arg.get_value_hint(), value_name(&arg)) {
            (ValueHint::AnyPath, "DIR") => arg.value_hint(ValueHint::DirPath),
            (ValueHint::Unknown, "ADDRESS|PATH") => arg.value_hint(ValueHint::AnyPath),
            (ValueHint::Unknown, _) if arg.get_action().takes_values() => arg.value_hint(ValueHint::Other),
            _ => arg,
        })
        .mut_subcommands(with_hints)
}

fn value_name(arg: &Arg) -> &str {
    let names = arg.get_value_names().unwrap_or_default();
    names.first().map_or("", |name| name.as_str())
}

#[cfg(test)]
mod tests {
    use clap::{CommandFactory as _, ValueEnum as _};

    use super::*;
    use crate::cli::Cli;

    /// What bash offers behind `flag` of `brasskey register`.
    fn offered(script: &str, flag: &str) -> String {
        let (_, register) = script.split_once("        brasskey__subcmd__register)").unwrap();
        let (_, values) = register.split_once(&format!("                {flag})")).unwrap();
        values.split_once(";;").unwrap().0.to_owned()
    }

    #[test]
    fn files_are_offered_where_a_file_is_meant() {
        let script = script(Shell::Bash, Cli::command());
        assert!(offered(&script, "--touch").contains("notify prompt auto deny control"));
        assert!(offered(&script, "--seal").contains("compgen -W") && offered(&script, "--seal").contains("keyring"));
        for flag in ["--state", "--registrations", "--attestation-root"] {
            assert!(offered(&script, flag).contains("compgen -f"), "{flag}");
        }
        for flag in [
            "--touch",
            "--seal",
            "--device",
            "--user",
            "--rp-id",
            "--pin-env",
            "--pin-fd",
            "--account",
        ] {
            assert!(!offered(&script, flag).contains("compgen -f"), "{flag}");
        }
    }

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
