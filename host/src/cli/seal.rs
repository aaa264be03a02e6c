//! `brasskey seal`: how the soft token's state file is encrypted.

use clap::Args as ClapArgs;
use serde_json::json;

use super::failure::Failure;
use super::output::Output;
use super::passphrase::{NewPassphraseArgs, PassphraseArgs, reseal};
use super::state::{Missing, StateArgs};
use crate::soft::storage::Seal;
use crate::text::escape;

/// What `--help` says beyond a line.
const LONG: &str = "This writes a new file, encrypted with a new key, in place of the old one. To change the \
                    passphrase, seal with a passphrase again. Older copies of the file stay as they are, and so do \
                    the keys that the keyring has for them. Nobody can open the file without the passphrase or the \
                    keyring.";

/// The arguments of `seal`.
#[derive(Debug, ClapArgs)]
#[command(after_help = LONG)]
pub(super) struct Args {
    /// What it takes to open the file from now on
    seal: Seal,

    #[command(flatten)]
    state: StateArgs,

    #[command(flatten)]
    passphrase: PassphraseArgs,

    #[command(flatten)]
    new: NewPassphraseArgs,
}

pub(super) fn run(args: &Args, output: &Output) -> Result<(), Failure> {
    let state = args.state.file(Missing::Refuse)?;
    reseal(&state, args.seal, &args.passphrase, &args.new, output)?;
    output.result(&json!({ "state": state, "seal": args.seal.name() }), |to| {
        let shown = escape(&state.display().to_string()).into_owned();
        match args.seal {
            Seal::None => writeln!(
                to,
                "{shown} is no longer sealed: the file alone is enough to copy the token."
            ),
            Seal::Passphrase => writeln!(to, "{shown} is sealed: nobody can open it without the passphrase."),
            Seal::Keyring => writeln!(
                to,
                "{shown} is sealed: nobody can open it without your desktop's keyring."
            ),
        }
    })
}
