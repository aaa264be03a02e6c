//! The command line: one file a command.
//!
//! Results go to stdout, everything else to stderr. With `--json` a command prints one JSON value, which
//! `docs/json.md` describes. The file `failure.rs` says how a command fails, and with which exit code.

mod address;
#[cfg(feature = "full")]
mod attestation;
mod authenticate;
#[cfg(feature = "full")]
mod aws;
mod bench;
mod blobs;
mod ceremony;
mod clock;
mod completions;
mod config;
mod confirm;
#[cfg(feature = "full")]
mod conformance;
mod credentials;
mod decode;
mod deferred;
mod device;
mod doctor;
mod extension_args;
mod failure;
mod info;
mod interrupt;
mod json;
mod latency;
mod layout;
mod list;
mod man;
#[cfg(feature = "full")]
mod oath;
mod output;
mod passphrase;
mod pin;
mod pin_entry;
mod ping;
mod policy;
mod record;
mod register;
mod replay;
mod reset;
mod seal;
mod secret;
mod selftest;
mod state;
#[cfg(feature = "full")]
mod token;
mod trouble;
mod website;
mod wink;

use std::io;
use std::process::ExitCode;
#[cfg(unix)]
use std::sync::Arc;

use clap::error::ErrorKind;
use clap::{CommandFactory as _, Parser, Subcommand};

use deferred::Deferred;
use failure::Failure;
use output::Output;

use crate::soft::set_touch_remedy;

/// Test any FIDO security key the way a website uses it, or run one in software.
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
    /// Test registration and sign-in on one key, and say whether it is fit for use
    Selftest(Deferred<selftest::Args>),
    /// Register a key, as a website does, and keep the registration
    Register(Deferred<register::Args>),
    /// Sign in with a registered key
    Authenticate(Deferred<authenticate::Args>),
    /// MFA for an AWS account: enrol a key, work with it from the command line, check who has one
    #[cfg(feature = "full")]
    #[command(subcommand)]
    Aws(Deferred<aws::Command>),
    /// Set, change and check a key's PIN
    #[command(subcommand)]
    Pin(Deferred<pin::Command>),
    /// Manage the passkeys that a key keeps
    #[command(subcommand)]
    Credentials(Deferred<credentials::Command>),
    /// Read and write the large blobs of passkeys
    #[command(subcommand)]
    Blobs(Deferred<blobs::Command>),
    /// Change a key's settings; only a reset undoes most of them
    #[command(subcommand)]
    Config(Deferred<config::Command>),
    /// Compare a key with a policy file, and change its settings to match
    #[command(subcommand)]
    Policy(Deferred<policy::Command>),
    /// One-time codes on a key: list, add, show, rename and delete accounts
    #[cfg(feature = "full")]
    #[command(subcommand)]
    Oath(Deferred<oath::Command>),
    /// Erase a key: its PIN, passkeys, settings, and every registration
    Reset(Deferred<reset::Args>),
    /// List the keys that are plugged in, and your soft tokens
    List(Deferred<list::Args>),
    /// Show what a key says about itself, and explain it
    Info(Deferred<info::Args>),
    /// Find out why programs on this computer cannot use a key, and print what to do about it
    Doctor(Deferred<doctor::Args>),
    /// Hold a key to the standards, check by check, and write a report
    #[cfg(feature = "full")]
    Conformance(Deferred<conformance::Args>),
    /// Send a key some bytes and wait for them to come back
    Ping(Deferred<ping::Args>),
    /// Make a key blink, to find it among several
    Wink(Deferred<wink::Args>),
    /// Measure how fast a key answers
    Bench(Deferred<bench::Args>),
    /// Explain a message, an answer or a capture that somebody pasted, and check what can be checked
    Decode(Deferred<decode::Args>),
    /// Write down what programs and a key say to each other, without the secrets
    Record(Deferred<record::Args>),
    /// Play the key's side of a recording, and say where programs ask something else
    Replay(Deferred<replay::Args>),
    /// Run a security key in software, for other programs
    #[cfg(feature = "full")]
    Token(Deferred<token::Args>),
    /// Encrypt the soft token's state file with a passphrase or the desktop's keyring, or decrypt it
    Seal(Deferred<seal::Args>),
    /// Give the soft token attestation certificates, as a vendor does
    #[cfg(feature = "full")]
    #[command(subcommand)]
    Attestation(Deferred<attestation::Command>),
    /// Print completions for a shell
    Completions(Deferred<completions::Args>),
    /// Print the manual, or write the pages of all commands to a directory
    Man(Deferred<man::Args>),
}

/// Runs the command that the process was started with.
#[must_use]
pub fn main() -> ExitCode {
    #[cfg(unix)]
    outlive_size_limit();
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return unparsed(error),
    };
    let output = Output::new(cli.json);
    set_touch_remedy("start it with --touch auto, --touch control or --touch deny, or from a terminal");
    match run(cli.command, output) {
        Ok(()) => ExitCode::SUCCESS,
        // A reader that stops early, such as `head`, is not an error.
        Err(Failure::Output(error)) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(failure) => {
            let failure = trouble::behind(failure);
            output.failure(&failure);
            ExitCode::from(failure.exit_code())
        }
    }
}

/// Makes a write beyond the limit on file sizes fail as on a full disk. The signal SIGXFSZ would otherwise end the
/// process without a message.
#[cfg(unix)]
fn outlive_size_limit() {
    // A handler that does nothing, instead of ignoring the signal: that needs no `unsafe`, and child processes do not
    // inherit it.
    let _ = signal_hook::flag::register(nix::libc::SIGXFSZ, Arc::default());
}

/// Prints --help and --version, which clap returns as errors, and says what is wrong with any other command line.
fn unparsed(error: clap::Error) -> ExitCode {
    if !error.use_stderr() || error.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand {
        // If this cannot be written, neither can an error.
        let _ = error.print();
        return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(failure::USAGE));
    }
    let json = std::env::args_os().any(|argument| argument == "--json");
    let failure = Failure::of_clap(error, std::env::args_os().skip(1));
    Output::new(json).failure(&failure);
    ExitCode::from(failure.exit_code())
}

fn run(command: Command, output: Output) -> Result<(), Failure> {
    match command {
        Command::Selftest(Deferred(args)) => selftest::run(&args, &output),
        Command::Register(Deferred(args)) => register::run(&args, &output),
        Command::Authenticate(Deferred(args)) => authenticate::run(&args, &output),
        #[cfg(feature = "full")]
        Command::Aws(Deferred(command)) => aws::run(&command, &output),
        Command::Pin(Deferred(command)) => pin::run(&command, &output),
        Command::Credentials(Deferred(command)) => credentials::run(&command, &output),
        Command::Blobs(Deferred(command)) => blobs::run(&command, &output),
        Command::Config(Deferred(command)) => config::run(&command, &output),
        Command::Policy(Deferred(command)) => policy::run(&command, &output),
        #[cfg(feature = "full")]
        Command::Oath(Deferred(command)) => oath::run(&command, &output),
        Command::Reset(Deferred(args)) => reset::run(&args, &output),
        Command::List(Deferred(args)) => list::run(&args, &output),
        Command::Info(Deferred(args)) => info::run(&args, &output),
        Command::Doctor(Deferred(args)) => doctor::run(&args, &output),
        #[cfg(feature = "full")]
        Command::Conformance(Deferred(args)) => conformance::run(&args, &output),
        Command::Ping(Deferred(args)) => ping::run(&args, &output),
        Command::Wink(Deferred(args)) => wink::run(&args, &output),
        Command::Bench(Deferred(args)) => bench::run(&args, &output),
        Command::Decode(Deferred(args)) => decode::run(&args, &output),
        Command::Record(Deferred(args)) => record::run(&args, &output),
        Command::Replay(Deferred(args)) => replay::run(&args, &output),
        #[cfg(feature = "full")]
        Command::Token(Deferred(args)) => token::run(&args, &output),
        Command::Seal(Deferred(args)) => seal::run(&args, &output),
        #[cfg(feature = "full")]
        Command::Attestation(Deferred(command)) => attestation::run(&command, &output),
        Command::Completions(Deferred(args)) => completions::run(&args, Cli::command(), &output),
        Command::Man(Deferred(args)) => man::run(&args, Cli::command(), &output),
    }
}
