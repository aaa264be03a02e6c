//! `brasskey man`: the manual, from the same source as `--help`.

use std::path::{Path, PathBuf};
use std::{fs, io};

use clap::{Arg, ArgAction, Args as ClapArgs, Command};
use clap_mangen::Man;
use serde_json::json;

use super::failure::Failure;
use super::output::Output;

/// The arguments of `man`.
#[derive(Debug, ClapArgs)]
pub(super) struct Args {
    /// Write the pages of all commands to this directory, which is created if it is missing
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,

    /// The command whose page to print, such as `conformance` or `pin set` [default: the program's own]
    #[arg(value_name = "COMMAND", conflicts_with = "out")]
    command: Vec<String>,
}

pub(super) fn run(args: &Args, command: Command, output: &Output) -> Result<(), Failure> {
    match &args.out {
        None => {
            let page = rendered(named(command, &args.command)?)?;
            let value = json!({ "page": String::from_utf8_lossy(&page) });
            output.verbatim(&value, |to| to.write_all(&page))
        }
        Some(directory) => {
            let files = write_pages(command, directory)?;
            output.result(&json!({ "files": files }), |to| {
                files.iter().try_for_each(|file| writeln!(to, "{}", file.display()))
            })
        }
    }
}

/// The command of this name, below the program.
fn named(mut command: Command, name: &[String]) -> Result<Command, Failure> {
    // Gives subcommands their full names, and the options that all commands have.
    command.build();
    let unknown = || {
        Failure::usage(
            format!("there is no command `{}`", name.join(" ")),
            "`brasskey --help` lists the commands",
        )
    };
    name.iter().try_fold(command, |command, part| {
        let found = command.find_subcommand(part).filter(|found| found.get_name() != "help");
        found.cloned().ok_or_else(unknown)
    })
}

/// The page of a command as roff. Subcommands have no version of their own.
fn rendered(command: Command) -> io::Result<Vec<u8>> {
    let synopsis = synopsis(&command);
    let man = Man::new(command).source(concat!("brasskey ", env!("CARGO_PKG_VERSION")));
    let mut page = Vec::new();
    man.render(&mut page)?;
    // clap_mangen leaves the values of options out there.
    let page = String::from_utf8_lossy(&page);
    let begin = page.find(".SH SYNOPSIS\n").map(|at| at + ".SH SYNOPSIS\n".len());
    let Some((begin, end)) = begin.and_then(|begin| Some((begin, begin + page[begin..].find(".SH ")?))) else {
        return Ok(page.into_owned().into_bytes());
    };
    Ok([&page[..begin], &synopsis, &page[end..]].concat().into_bytes())
}

/// How a command is called: its options with their values, what it takes, and its subcommands.
fn synopsis(command: &Command) -> String {
    let plain = |text: &str| text.replace('\\', "\\e").replace('-', "\\-");
    let name = command.get_bin_name().unwrap_or_else(|| command.get_name());
    let mut text = format!("\\fB{}\\fR", plain(name));
    let shown = |argument: &&Arg| !argument.is_hide_set() && !argument.is_positional();
    for argument in command.get_arguments().filter(shown) {
        let names = [
            argument.get_short().map(|short| format!("-{short}")),
            argument.get_long().map(|long| format!("--{long}")),
        ];
        let names: Vec<_> = names
            .iter()
            .flatten()
            .map(|name| format!("\\fB{}\\fR", plain(name)))
            .collect();
        let value = match argument.get_action().takes_values() {
            true => format!(" \\fI{}\\fR", plain(&values(argument))),
            false => String::new(),
        };
        let usage = format!("{}{value}", names.join("|"));
        text += &match argument.is_required_set() {
            true => format!(" {usage}"),
            false => format!(" [{usage}]"),
        };
    }
    for argument in command.get_positionals().filter(|argument| !argument.is_hide_set()) {
        let value = format!("\\fI{}\\fR", plain(&values(argument)));
        text += &match argument.is_required_set() {
            true => format!(" {value}"),
            false => format!(" [{value}]"),
        };
    }
    if command.has_subcommands() {
        text += if command.is_subcommand_required_set() {
            " \\fICOMMAND\\fR"
        } else {
            " [\\fICOMMAND\\fR]"
        };
    }
    text.push('\n');
    text
}

/// What stands for the values of an argument.
fn values(argument: &Arg) -> String {
    let names: Vec<_> = argument
        .get_value_names()
        .unwrap_or_default()
        .iter()
        .map(ToString::to_string)
        .collect();
    let is_many = argument
        .get_num_args()
        .is_some_and(|number| number.max_values() > names.len().max(1))
        || argument.is_positional() && matches!(argument.get_action(), ArgAction::Append);
    format!("{}{}", names.join(" "), if is_many { "..." } else { "" })
}

/// One page a command, the main one last.
fn write_pages(mut command: Command, directory: &Path) -> Result<Vec<PathBuf>, Failure> {
    fn write(command: &Command, directory: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
        for subcommand in command
            .get_subcommands()
            .filter(|subcommand| subcommand.get_name() != "help")
        {
            write(subcommand, directory, files)?;
        }
        let file = directory.join(Man::new(command.clone()).get_filename());
        fs::write(&file, rendered(command.clone())?)?;
        files.push(file);
        Ok(())
    }
    // Gives subcommands their full names, and the options that all commands have.
    command.build();
    let mut files = Vec::new();
    fs::create_dir_all(directory)
        .and_then(|()| write(&command, directory, &mut files))
        .map_err(|source| Failure::System {
            what: format!("cannot write the manual to {}", directory.display()),
            source,
        })?;
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_has_a_page() {
        let directory = tempfile::tempdir().unwrap();
        let pages = directory.path().join("man/man1");
        let aws = Command::new("aws").subcommand(Command::new("devices"));
        let files = write_pages(
            Command::new("brasskey").subcommands([aws, Command::new("list")]),
            &pages,
        )
        .unwrap();
        let names: Vec<_> = files
            .iter()
            .map(|file| file.file_name().unwrap().to_str().unwrap())
            .collect();
        assert_eq!(
            names,
            [
                "brasskey-aws-devices.1",
                "brasskey-aws.1",
                "brasskey-list.1",
                "brasskey.1"
            ]
        );
        for file in files {
            assert!(fs::read_to_string(file).unwrap().contains(concat!(
                "\"brasskey ",
                env!("CARGO_PKG_VERSION"),
                "\""
            )));
        }
    }

    #[test]
    fn a_synopsis_names_the_values_of_options() {
        let device = Arg::new("device").long("device").value_name("DEVICE").required(true);
        let list = Command::new("list")
            .arg(device)
            .arg(Arg::new("file").value_name("FILE"));
        let named = |name: &str| named(Command::new("brasskey").subcommand(list.clone()), &[name.to_owned()]);
        let page = String::from_utf8(rendered(named("list").unwrap()).unwrap()).unwrap();
        let synopsis = page.lines().skip_while(|line| *line != ".SH SYNOPSIS").nth(1).unwrap();
        assert_eq!(
            synopsis,
            "\\fBbrasskey list\\fR \\fB\\-\\-device\\fR \\fIDEVICE\\fR [\\fB\\-h\\fR|\\fB\\-\\-help\\fR] [\\fIFILE\\fR]"
        );
        assert!(page.contains(".SH OPTIONS"), "{page}");
        let failure = named("lost").unwrap_err();
        assert_eq!(failure.to_string(), "there is no command `lost`");
    }

    #[test]
    fn a_directory_that_cannot_be_is_named() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let failure = write_pages(Command::new("brasskey"), &file.path().join("man")).unwrap_err();
        assert!(failure.to_string().contains("cannot write the manual to"));
    }
}
