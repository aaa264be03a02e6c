//! `brasskey oath reset`: no accounts and no password any more.

use clap::Args as ClapArgs;
use serde_json::json;

use super::session;
use crate::cli::confirm::confirm;
use crate::cli::device::DeviceArgs;
use crate::cli::failure::Failure;
use crate::cli::layout::count;
use crate::cli::output::Output;
use crate::cli::state::Missing;

/// The arguments of `oath reset`.
#[derive(Debug, ClapArgs)]
pub(in super::super) struct Args {
    /// Do not ask whether you are sure
    #[arg(long)]
    yes: bool,

    #[command(flatten)]
    device: DeviceArgs,
}

pub(super) fn run(args: &Args, output: &Output) -> Result<(), Failure> {
    let mut session = session::open(&args.device, Missing::Refuse, output)?;
    // Whoever forgot the password can still reset, and is not told what there is.
    let accounts = match session.oath.is_locked() {
        true => None,
        false => Some(u64::try_from(session.oath.list()?.len()).unwrap_or(u64::MAX)),
    };
    let what = match accounts {
        Some(number) => count(number, "account"),
        None => "all accounts and the password".to_owned(),
    };
    let question = format!(
        "erase the one-time codes on {}: {what}? Its passkeys and FIDO registrations stay. You can then sign in at \
         these accounts only in another way",
        session.label
    );
    confirm(&question, "erase", args.yes)?;
    session.oath.reset(&mut session.touch)?;
    let value = json!({ "device": session.label, "reset": true, "erased": accounts });
    output.result(&value, |to| {
        writeln!(
            to,
            "{} has no accounts for one-time codes any more ({what} erased); its passkeys are as they were.",
            session.label
        )
    })
}
