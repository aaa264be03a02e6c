//! `brasskey oath list`: the accounts on the key.

use clap::Args as ClapArgs;
use serde_json::json;

use super::OathArgs;
use super::accounts::{shown, value};
use crate::cli::failure::Failure;
use crate::cli::layout::{columns, count};
use crate::cli::output::Output;
use crate::client::oath::Kind;

/// The arguments of `oath list`.
#[derive(Debug, ClapArgs)]
pub(in super::super) struct Args {
    #[command(flatten)]
    oath: OathArgs,
}

pub(super) fn run(args: &Args, output: &Output) -> Result<(), Failure> {
    let mut session = args.oath.open(output)?;
    let accounts = session.accounts()?;
    let json = json!({
        "device": session.label,
        "password": session.oath.has_access_code(),
        "accounts": accounts.iter().map(value).collect::<Vec<_>>(),
    });
    output.result(&json, |to| {
        let number = u64::try_from(accounts.len()).unwrap_or(u64::MAX);
        writeln!(to, "{}: {}", session.label, count(number, "account"))?;
        if accounts.is_empty() {
            return Ok(());
        }
        let rows = accounts.iter().map(|account| {
            let codes = match account.kind {
                Kind::Totp => format!("a code each {} s", account.name.period),
                Kind::Hotp => "a code each time".to_owned(),
            };
            [format!("  {}", shown(account)), account.algorithm.to_string(), codes]
        });
        writeln!(to, "\n{}", columns(rows).trim_fmt())
    })
}
