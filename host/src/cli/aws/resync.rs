//! `brasskey aws resync`: two codes in a row, by which AWS learns how far off the clock of the codes is.

use clap::Args as ClapArgs;
use serde_json::json;

use super::caller::Caller;
use super::console::{self, Steps};
use super::tool::{Aws, AwsArgs, ChangeArgs, Step};
use super::which::WhichArgs;
use crate::cli::clock;
use crate::cli::failure::Failure;
use crate::cli::oath::{OathArgs, SystemClock, two_codes};
use crate::cli::output::Output;
use crate::text::escape;
use brasskey_aws::names::AwsUser;

/// The arguments of `aws resync`.
#[derive(Debug, ClapArgs)]
pub(in crate::cli) struct Args {
    #[command(flatten)]
    which: WhichArgs,
    #[command(flatten)]
    changes: ChangeArgs,
    #[command(flatten)]
    aws: AwsArgs,
    #[command(flatten)]
    oath: OathArgs,
}

pub(super) fn run(args: &Args, output: &Output) -> Result<(), Failure> {
    let aws = Aws::find(&args.aws)?;
    let which = args.which.find(&Caller::ask(&aws)?)?;
    let AwsUser::Iam(user) = &which.user else {
        return console::print(&root(), output);
    };
    if clock::is_synchronised() == Some(false) {
        output
            .notice("warning: this computer's clock is not synchronised: set it first, or this helps for a while only");
    }
    let call = |one: &str, two: &str| {
        [
            ("user-name", user.as_str()),
            ("serial-number", which.serial.as_str()),
            ("authentication-code1", one),
            ("authentication-code2", two),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
    };
    let shown = call("<code>", "<next code>");
    let shown: Vec<_> = shown
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    let step = Step::call(
        format!(
            "give AWS two codes in a row of {}, which takes up to half a minute",
            which.serial
        ),
        aws.shown("iam", "resync-mfa-device", &shown),
    );
    let Some(consent) = args.changes.consent(&[step], output)? else {
        return Ok(());
    };
    let mut session = args.oath.open(output)?;
    let account = which.account(&mut session)?;
    output.notice("two codes in a row are needed: this takes up to half a minute");
    let [one, two] = two_codes(&mut session, &account, &SystemClock, output, |_| Ok(()))?;
    let given = call(&one.to_string(), &two.to_string());
    let given: Vec<_> = given
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    aws.change(&consent, "iam", "resync-mfa-device", &given)?;
    let value = json!({ "serialNumber": which.serial, "user": user, "name": account.name.to_string() });
    output.result(&value, |to| {
        writeln!(
            to,
            "AWS knows the clock of {} again, and takes its next code.",
            escape(&which.serial)
        )
    })
}

/// Root's devices are resynchronised where one signs in.
fn root() -> Steps {
    Steps {
        title: "AWS resynchronises a device of the root user in its console alone:".to_owned(),
        steps: vec![
            "Set this computer's clock: the codes are made of it.".to_owned(),
            "Sign in at https://console.aws.amazon.com/ as the root user. If the code is refused there, choose \
             \"Troubleshoot MFA\", then \"Re-sync with our servers\"."
                .to_owned(),
            "Type the two codes of `brasskey oath code NAME --two`.".to_owned(),
        ],
        verify: Vec::new(),
    }
}
