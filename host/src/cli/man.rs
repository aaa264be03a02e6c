//! `brasskey man`: the manual, from the same source as `--help`.

use std::fs;
use std::path::{Path, PathBuf};

use clap::{Args as ClapArgs, Command};
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
}

pub(super) fn run(args: &Args, command: Command, output: &Output) -> Result<(), Failure> {
    match &args.out {
        None => {
            let mut page = Vec::new();
            page_of(command).render(&mut page)?;
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

/// Subcommands have no version of their own.
fn page_of(command: Command) -> Man {
    Man::new(command).source(concat!("brasskey ", env!("CARGO_PKG_VERSION")))
}

/// One page a command, the main one last.
fn write_pages(mut command: Command, directory: &Path) -> Result<Vec<PathBuf>, Failure> {
    fn write(command: &Command, directory: &Path, files: &mut Vec<PathBuf>) -> std::io::Result<()> {
        for subcommand in command
            .get_subcommands()
            .filter(|subcommand| subcommand.get_name() != "help")
        {
            write(subcommand, directory, files)?;
        }
        files.push(page_of(command.clone()).generate_to(directory)?);
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
    fn a_directory_that_cannot_be_is_named() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let failure = write_pages(Command::new("brasskey"), &file.path().join("man")).unwrap_err();
        assert!(failure.to_string().contains("cannot write the manual to"));
    }
}
