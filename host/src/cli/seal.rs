//! `brasskey seal`: what it takes to read the soft token's state file.

use clap::Args as ClapArgs;
use serde_json::json;

use super::failure::Failure;
use super::output::Output;
use super::passphrase::{NewPassphraseArgs, PassphraseArgs, reseal};
use super::state::{Missing, StateArgs};
use crate::soft::storage::Seal;
use crate::text::escape;

/// What `--help` says beyond a line.
const LONG: &str = "A new file takes the place of the old one, with everything sealed by a new key; to change the \
                    passphrase is to seal with a passphrase again. Copies made before stay what they are, and so do \
                    keys that the keyring has for them. Without the passphrase, or without the keyring, nobody can open \
                    the file.";

/// The arguments of `seal`.
#[derive(Debug, ClapArgs)]
#[command(after_help = LONG)]
pub(super) struct Args {
    /// What it shall take
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
                "{shown} is not sealed any more: it alone is enough to copy the token."
            ),
            Seal::Passphrase => writeln!(to, "{shown} is sealed: nobody opens it without the passphrase."),
            Seal::Keyring => writeln!(to, "{shown} is sealed: nobody opens it without your desktop's keyring."),
        }
    })
}
