//! `brasskey oath add`: an account on the key, and at the same time on the spare.

use clap::Args as ClapArgs;
use serde_json::json;

use super::OathArgs;
use super::account_args::{AccountArgs, warnings};
use super::spare::{SpareArgs, put};
use crate::cli::failure::Failure;
use crate::cli::output::Output;
use crate::cli::state::Missing;
use crate::client::oath::Kind;
use crate::text::escape;

/// The arguments of `oath add`.
#[derive(Debug, ClapArgs)]
#[command(
    after_long_help = "The secret never stands on the command line, where every user of the computer could read it. \
    Without --qr and --secret-fd it is asked for on the terminal without echo, or read from stdin: as the otpauth:// \
    address that the QR code holds, or as letters and digits (base 32), which need --name. The website shows it once. \
    --also is for the spare key."
)]
pub(in super::super) struct Args {
    #[command(flatten)]
    spare: SpareArgs,

    /// Replace an account of the same name: its old secret is gone
    #[arg(long)]
    force: bool,

    #[command(flatten)]
    account: AccountArgs,

    #[command(flatten)]
    oath: OathArgs,
}

pub(super) fn run(args: &Args, output: &Output) -> Result<(), Failure> {
    args.spare.check(&args.oath)?;
    if args.oath.device.soft.ephemeral {
        return Err(Failure::usage(
            "--ephemeral forgets the account when this command ends, and the website shows its secret once",
            "leave it out",
        ));
    }
    let account = args.account.account()?;
    for warning in warnings(&account) {
        output.notice(&format!("warning: {warning}"));
    }
    let mut session = args.oath.open_or(Missing::Make, output)?;
    let replaced = session.has(&account.name, args.force)?;
    let mut spare = args.spare.open(&session, output)?;
    let spare_replaced = match &mut spare {
        Some(spare) => spare.has(&account.name, args.force)?,
        None => false,
    };
    put(&account, &mut session, replaced, spare.as_mut(), output)?;
    if let Some(picture) = args.account.picture() {
        let picture = picture.display().to_string();
        output.notice(&format!(
            "delete {} now: whoever has the picture has the secret",
            escape(&picture)
        ));
    }
    let name = escape(&account.name.to_string()).into_owned();
    let also = spare.map(|spare| (spare.label.clone(), spare_replaced));
    let value = json!({
        "device": session.label,
        "name": account.name.to_string(),
        "issuer": account.name.issuer,
        "account": account.name.account,
        "type": account.kind.to_string(),
        "algorithm": account.algorithm.to_string(),
        "digits": account.digits,
        "period": (account.kind == Kind::Totp).then_some(account.name.period),
        "touch": account.touch,
        "replaced": replaced,
        "also": also.as_ref().map(|(label, replaced)| json!({ "device": label, "replaced": replaced })),
    });
    output.result(&value, |to| match &also {
        Some((label, _)) => writeln!(to, "{name} is on {} and on {label}.", session.label),
        None => writeln!(to, "{name} is on {}.", session.label),
    })
}
