//! Commands whose arguments are described only when they are needed.

use clap::builder::Resettable;
use clap::{ArgMatches, Args, Command, Error, FromArgMatches, Subcommand};

/// The arguments or subcommands `T` of one command of many. Describing those of all commands takes 8 ms of processor
/// time in a debug build, twice what all else takes up to where a command begins.
#[derive(Debug)]
pub(super) struct Deferred<T>(pub(super) T);

/// The command keeps its own description: the doc comment of `T` is for readers of the code.
fn described(command: Command, augment: fn(Command) -> Command) -> Command {
    let (about, long_about) = (command.get_about().cloned(), command.get_long_about().cloned());
    named(augment(command))
        .about(Resettable::from(about))
        .long_about(Resettable::from(long_about))
}

/// The soft token's name is also called `--name`, where nothing else is.
fn named(command: Command) -> Command {
    let takes = |long| {
        command
            .get_arguments()
            .any(|argument| argument.get_long() == Some(long))
    };
    let command = match takes("token-name") && !takes("name") {
        true => command.mut_arg("token_name", |argument| argument.visible_alias("name")),
        false => command,
    };
    command.mut_subcommands(named)
}

impl<T: Args> Args for Deferred<T> {
    fn augment_args(command: Command) -> Command {
        command.defer(|command| described(command, T::augment_args))
    }

    fn augment_args_for_update(command: Command) -> Command {
        command.defer(|command| described(command, T::augment_args_for_update))
    }
}

impl<T: Subcommand> Subcommand for Deferred<T> {
    fn augment_subcommands(command: Command) -> Command {
        command.defer(|command| described(command, T::augment_subcommands))
    }

    fn augment_subcommands_for_update(command: Command) -> Command {
        command.defer(|command| described(command, T::augment_subcommands_for_update))
    }

    fn has_subcommand(name: &str) -> bool {
        T::has_subcommand(name)
    }
}

impl<T: FromArgMatches> FromArgMatches for Deferred<T> {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, Error> {
        T::from_arg_matches(matches).map(Self)
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), Error> {
        self.0.update_from_arg_matches(matches)
    }
}

#[cfg(test)]
mod tests {
    use clap::{Command, CommandFactory as _};

    use crate::cli::Cli;

    /// Every command that has no subcommands.
    fn leaves(command: &Command) -> Vec<&Command> {
        match command.has_subcommands() {
            true => command.get_subcommands().flat_map(leaves).collect(),
            false => vec![command],
        }
    }

    #[test]
    fn who_takes_a_state_file_takes_the_name_of_a_token() {
        let mut cli = Cli::command();
        cli.build();
        let mut own = Vec::new();
        for command in leaves(&cli) {
            let argument = |long| {
                command
                    .get_arguments()
                    .find(|argument| argument.get_long() == Some(long))
            };
            // The state of `aws console` is that of a practice account.
            if argument("state").is_none() || command.get_name() == "console" {
                continue;
            }
            let name = argument("token-name").unwrap_or_else(|| panic!("{}", command.get_name()));
            match argument("name") {
                None => assert_eq!(name.get_visible_aliases(), Some(vec!["name"]), "{}", command.get_name()),
                // What is registered, the user, or the account: the token has its longer flag alone.
                Some(_) => own.push(command.get_name()),
            }
        }
        assert_eq!(
            own,
            [
                "register",
                "authenticate",
                "totp",
                "resync",
                "remove",
                "session",
                "rename",
                "add"
            ]
        );
    }

    #[test]
    fn what_a_command_is_for_stays_the_same_when_its_arguments_are_described() {
        let listed = Cli::command();
        let mut described = Cli::command();
        described.build();
        for command in listed.get_subcommands() {
            let described = described.find_subcommand(command.get_name()).unwrap();
            assert!(command.get_about().is_some(), "{}", command.get_name());
            assert_eq!(described.get_about(), command.get_about());
            assert_eq!(described.get_long_about(), command.get_long_about());
        }
    }
}
