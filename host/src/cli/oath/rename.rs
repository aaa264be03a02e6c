//! `brasskey oath rename`: another name for an account.

use clap::Args as ClapArgs;
use serde_json::json;

use super::OathArgs;
use super::account_args::check_name;
use super::accounts::{find, shown};
use crate::cli::failure::Failure;
use crate::cli::output::Output;
use crate::client::oath::{Kind, Name};
use crate::text::escape;

/// The arguments of `oath rename`.
#[derive(Debug, ClapArgs)]
pub(in super::super) struct Args {
    /// The account's name, or a part that no other account has
    name: String,

    /// The new name: [ISSUER:]ACCOUNT
    new_name: String,

    #[command(flatten)]
    oath: OathArgs,
}

pub(super) fn run(args: &Args, output: &Output) -> Result<(), Failure> {
    // The period stays: it belongs to the secret.
    let mut new = Name::parse(&args.new_name, Kind::Hotp);
    check_name(&new)?;
    let mut session = args.oath.open(output)?;
    let accounts = session.accounts()?;
    let account = find(&accounts, &args.name)?;
    new.period = account.name.period;
    check_name(&new)?;
    if accounts.iter().any(|other| other.id == new.id().as_bytes()) {
        return Err(Failure::usage(
            format!("this security key has an account {new} already"),
            "choose another name, or delete that account first",
        ));
    }
    session.oath.rename(&account.id, new.id().as_bytes())?;
    let (old_shown, new_shown) = (shown(account), escape(&new.to_string()).into_owned());
    let value = json!({ "device": session.label, "name": account.name.to_string(), "newName": new.to_string() });
    output.result(&value, |to| writeln!(to, "{old_shown} is now called {new_shown}."))
}
