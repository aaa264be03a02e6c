//! The command line: one file a command.
//!
//! Results go to stdout, everything else to stderr. With `--json` a command prints one JSON value (`JSON.md` describes
//! them). The file `failure.rs` says how a command fails, and with which exit code.

mod attestation;
mod authenticate;
mod aws;
mod bench;
mod blobs;
mod ceremony;
mod completions;
mod config;
mod confirm;
mod credentials;
mod device;
mod doctor;
mod extension_args;
mod failure;
mod info;
mod json;
mod latency;
mod layout;
mod list;
mod man;
mod output;
mod passphrase;
mod pin;
mod pin_entry;
mod ping;
mod policy;
mod register;
mod reset;
mod seal;
mod secret;
mod selftest;
mod token;
mod wink;

use std::io;
use std::process::ExitCode;

use clap::error::ErrorKind;
use clap::{CommandFactory as _, Parser, Subcommand};

use failure::Failure;
use output::Output;

/// Test any FIDO security key the way a website uses it, and be one in software.
///
/// `selftest` tries everything on one key. `register` and `authenticate` play browser and relying party, and check
/// everything that the key answers. `token` is a security key in software for browsers' and servers' tests.
#[derive(Debug, Parser)]
#[command(name = "brasskey", version, max_term_width = 100, after_help = failure::EXIT_CODES)]
struct Cli {
    /// Print one JSON value on stdout instead of text
    #[arg(long, global = true)]
    json: bool,

    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Try registration and sign-in on one key, and say whether it is fit for use
    Selftest(selftest::Args),
    /// Register a key, as a website does, and keep the registration
    Register(register::Args),
    /// Sign in with a registered key
    Authenticate(authenticate::Args),
    /// Manage the devices registered with `--profile aws`
    #[command(subcommand)]
    Aws(aws::Command),
    /// Set, change and check a key's PIN
    #[command(subcommand)]
    Pin(pin::Command),
    /// Manage the passkeys that a key keeps
    #[command(subcommand)]
    Credentials(credentials::Command),
    /// Read and write the large blobs of passkeys
    #[command(subcommand)]
    Blobs(blobs::Command),
    /// Change settings of a key, which only a reset undoes
    #[command(subcommand)]
    Config(config::Command),
    /// Bring a key in line with a file that says how keys shall be
    #[command(subcommand)]
    Policy(policy::Command),
    /// Erase a key: its PIN, passkeys, settings, and every registration
    Reset(reset::Args),
    /// List the keys that are plugged in
    List(list::Args),
    /// Explain what a key says that it can do
    Info(info::Args),
    /// Find what on this computer keeps programs from a key, and print what to do about it
    Doctor(doctor::Args),
    /// Send a key some bytes and wait for them to come back
    Ping(ping::Args),
    /// Make a key show itself, by blinking for example
    Wink(wink::Args),
    /// Measure how fast a key answers
    Bench(bench::Args),
    /// Be a security key in software, for other programs
    Token(token::Args),
    /// Say what it takes to read the soft token's state file: a passphrase, the desktop's keyring, or nothing
    Seal(seal::Args),
    /// Give the soft token attestation certificates, as a vendor does
    #[command(subcommand)]
    Attestation(attestation::Command),
    /// Print completions for a shell
    Completions(completions::Args),
    /// Print the manual, or write the pages of all commands to a directory
    Man(man::Args),
}

/// Runs the command that the process was started with.
#[must_use]
pub fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return unparsed(&error),
    };
    let output = Output::new(cli.json);
    match run(cli.command, output) {
        Ok(()) => ExitCode::SUCCESS,
        // A reader that has seen enough, such as `head`, is no error.
        Err(Failure::Output(error)) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(failure) => {
            output.failure(&failure);
            ExitCode::from(failure.exit_code())
        }
    }
}

/// --help and --version, which are no errors, and command lines that mean nothing.
fn unparsed(error: &clap::Error) -> ExitCode {
    if !error.use_stderr() || error.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand {
        // Nothing can be said where nothing can be written.
        let _ = error.print();
        return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(failure::USAGE));
    }
    let json = std::env::args_os().any(|argument| argument == "--json");
    let failure = Failure::of_clap(error);
    Output::new(json).failure(&failure);
    ExitCode::from(failure.exit_code())
}

fn run(command: Command, output: Output) -> Result<(), Failure> {
    match command {
        Command::Selftest(args) => selftest::run(&args, &output),
        Command::Register(args) => register::run(&args, &output),
        Command::Authenticate(args) => authenticate::run(&args, &output),
        Command::Aws(command) => aws::run(&command, &output),
        Command::Pin(command) => pin::run(&command, &output),
        Command::Credentials(command) => credentials::run(&command, &output),
        Command::Blobs(command) => blobs::run(&command, &output),
        Command::Config(command) => config::run(&command, &output),
        Command::Policy(command) => policy::run(&command, &output),
        Command::Reset(args) => reset::run(&args, &output),
        Command::List(args) => list::run(&args, &output),
        Command::Info(args) => info::run(&args, &output),
        Command::Doctor(args) => doctor::run(&args, &output),
        Command::Ping(args) => ping::run(&args, &output),
        Command::Wink(args) => wink::run(&args, &output),
        Command::Bench(args) => bench::run(&args, &output),
        Command::Token(args) => token::run(&args, &output),
        Command::Seal(args) => seal::run(&args, &output),
        Command::Attestation(command) => attestation::run(&command, &output),
        Command::Completions(args) => completions::run(&args, Cli::command(), &output),
        Command::Man(args) => man::run(&args, Cli::command(), &output),
    }
}
