//! `brasskey aws check`: whether an account's users and root have MFA, and what else its own reports say.

mod files;
mod html;
mod live;
mod progress;
mod show;

use std::path::PathBuf;

use brasskey_aws::audit::{Audit, Facts, Inputs, judge};
use clap::{Args as ClapArgs, ValueEnum};
use time::OffsetDateTime;

use super::tool::AwsArgs;
use crate::cli::failure::Failure;
use crate::cli::layout::count;
use crate::cli::output::Output;
use live::Wanted;

/// What is read offline, for the help.
const FILES: &str = "\
Files that --from takes, each optional, and recognised by what they hold:
  aws iam get-account-summary
  aws iam get-credential-report (or its Content, decoded: the CSV)
  aws iam list-users
  aws iam list-mfa-devices --user-name USER   an empty list names no user: add UserName beside it
  aws iam list-virtual-mfa-devices
  aws iam get-mfa-device --serial-number ARN
  aws iam list-access-keys --user-name USER
  aws iam get-account-authorization-details
  aws iam list-organizations-features
  aws sts get-caller-identity
  aws cloudtrail lookup-events   of us-east-1, us-east-2, eu-north-1 and ap-southeast-2
All with --output json, and of one account.";

/// The arguments of `aws check`.
#[derive(Debug, ClapArgs)]
#[command(after_help = FILES)]
pub(in crate::cli) struct Args {
    /// Write a page for people to this file as well; `-` prints it alone
    #[arg(long, value_name = "FILE|-")]
    html: Option<PathBuf>,
    /// What makes the exit code 6
    #[arg(long, value_name = "OUTCOME", value_enum, default_value = "failure")]
    fail_on: FailOn,
    // Last: its heading holds for all that follows.
    #[command(flatten)]
    account: AccountArgs,
}

/// Where an account's answers come from.
#[derive(Debug, ClapArgs)]
pub(in crate::cli) struct AccountArgs {
    /// A directory or file with answers of the AWS CLI, or `-` for standard input [default: ask AWS, and only read]
    #[arg(long, value_name = "DIR|FILE|-", conflicts_with_all = ["profile", "region", "endpoint"])]
    from: Vec<PathBuf>,
    #[command(flatten)]
    aws: AwsArgs,
}

/// The least that makes the command fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum FailOn {
    /// Something that must be otherwise
    Failure,
    /// Something that ought to be otherwise, too
    Warning,
    /// Something that the data cannot tell, too
    CannotTell,
}

impl AccountArgs {
    /// Everything that is judged.
    fn read(&self, wanted: Wanted, output: &Output) -> Result<Inputs, Failure> {
        match self.from.as_slice() {
            [] => live::ask(&self.aws, wanted, output),
            from => files::read(from, output),
        }
    }

    /// What says how many devices everybody has.
    pub(super) fn read_devices(&self, output: &Output) -> Result<Inputs, Failure> {
        self.read(Wanted::Devices, output)
    }
}

pub(super) fn run(args: &Args, output: &Output) -> Result<(), Failure> {
    let prints_page = args.html.as_ref().is_some_and(|file| file.as_os_str() == "-");
    if prints_page && output.is_json() {
        return Err(Failure::usage(
            "--json and `--html -` would both print to standard output",
            "give --html a file",
        ));
    }
    let inputs = args.account.read(Wanted::Everything, output)?;
    let audit = judge(&Facts::new(&inputs), OffsetDateTime::now_utc());
    match &args.html {
        Some(_) if prints_page => html::print(&audit, output)?,
        Some(file) => {
            html::write(file, &audit)?;
            output.result(&audit, |to| show::audit(&audit, to))?;
        }
        None => output.result(&audit, |to| show::audit(&audit, to))?,
    }
    args.fail_on.verdict(&audit)
}

impl FailOn {
    fn verdict(self, audit: &Audit) -> Result<(), Failure> {
        let counted = |number: usize, noun| count(number as u64, noun);
        let mut against = vec![(audit.failed, counted(audit.failed, "failure"))];
        if self != Self::Failure {
            against.push((audit.warned, counted(audit.warned, "warning")));
        }
        if self == Self::CannotTell {
            against.push((audit.cannot_tell, format!("{} that cannot be told", audit.cannot_tell)));
        }
        let against: Vec<_> = against.into_iter().filter(|(number, _)| *number > 0).collect();
        match against.is_empty() {
            true => Ok(()),
            false => {
                let said: Vec<_> = against.into_iter().map(|(_, said)| said).collect();
                Err(Failure::Audit(said.join(", ")))
            }
        }
    }
}
