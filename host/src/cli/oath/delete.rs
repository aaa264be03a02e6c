//! `brasskey oath delete`: one account less on the key.

use clap::Args as ClapArgs;
use serde_json::json;

use super::OathArgs;
use super::accounts::{find, shown};
use crate::cli::confirm::confirm;
use crate::cli::failure::Failure;
use crate::cli::output::Output;

/// The arguments of `oath delete`.
#[derive(Debug, ClapArgs)]
pub(in super::super) struct Args {
    /// The account's name, or a part that no other account has
    name: String,

    /// Do not ask whether you are sure
    #[arg(long)]
    yes: bool,

    #[command(flatten)]
    oath: OathArgs,
}

pub(super) fn run(args: &Args, output: &Output) -> Result<(), Failure> {
    let mut session = args.oath.open(output)?;
    let accounts = session.accounts()?;
    let account = find(&accounts, &args.name)?;
    let name = shown(account);
    let question = format!(
        "delete {name} from {}? You can then sign in there only in another way",
        session.label
    );
    confirm(&question, "yes", args.yes)?;
    session.oath.delete(&account.id)?;
    let value = json!({ "device": session.label, "deleted": account.name.to_string() });
    output.result(&value, |to| writeln!(to, "{name} is deleted."))
}
