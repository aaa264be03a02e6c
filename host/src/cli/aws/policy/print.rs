//! `brasskey aws policy print`.

use brasskey_aws::policy::print::{Options, enforcing};
use clap::Args;
use serde_json::{Value, json};
use time::format_description::well_known::{Iso8601, Rfc3339};
use time::{Date, Duration, OffsetDateTime};

use crate::cli::failure::Failure;
use crate::cli::output::Output;

/// The longest grace in days: the longest that AWS gives root users is 35 (IAM User Guide, "MFA for root user").
const LONGEST: i64 = 366;

const HELP: &str = "The policy goes to stdout, and what each of its statements is for to stderr:

  brasskey aws policy print > policy.json
  aws iam create-policy --policy-name RequireMFA --policy-document file://policy.json

Attach it to a group of your users, beside the policies that allow them their work. It is for IAM users, and not for \
roles: a session of a role that was assumed without MFA would be denied everything.";

#[derive(Debug, Args)]
#[command(after_help = HELP)]
pub(in crate::cli) struct PrintArgs {
    /// Only allow users to manage their own password and devices, and enforce nothing
    #[arg(long)]
    self_service: bool,
    /// Deny that devices are enrolled with an access key alone: users enrol in the console
    #[arg(long)]
    enroll_in_console: bool,
    /// Enforce MFA only from a date on (2027-01-31, or with a time 2027-01-31T12:00:00Z), or after a number of days
    #[arg(long, value_name = "DATE|DAYS", conflicts_with = "self_service")]
    grace: Option<String>,
}

pub(super) fn run(args: &PrintArgs, output: &Output) -> Result<(), Failure> {
    let grace = args.grace.as_deref();
    let options = Options {
        self_service: args.self_service,
        console_only: args.enroll_in_console,
        grace: grace
            .map(|grace| end_of(grace, OffsetDateTime::now_utc()))
            .transpose()?,
    };
    let printed = enforcing(&options)
        .map_err(|error| Failure::usage(format!("the date cannot be written: {error}"), "give another date"))?;
    let policy: Value = serde_json::from_str(&printed.policy).unwrap_or_default();
    let statements: Vec<Value> = printed
        .explanations
        .iter()
        .map(|(sid, explanation)| json!({ "sid": sid, "explanation": explanation }))
        .collect();
    let grace = options.grace.and_then(|grace| grace.format(&Rfc3339).ok());
    let value = json!({ "policy": policy, "statements": statements, "grace": grace });
    output.verbatim(&value, |to| write!(to, "{}", printed.policy))?;
    if !output.is_json() {
        for (sid, explanation) in &printed.explanations {
            output.notice(&format!("{sid}: {explanation}"));
        }
    }
    Ok(())
}

/// When a grace ends: days count to the end of the last, in UTC.
fn end_of(grace: &str, now: OffsetDateTime) -> Result<OffsetDateTime, Failure> {
    let hint = format!("give a date such as 2027-01-31, or 1 to {LONGEST} days");
    let end = match grace.parse::<i64>() {
        Ok(days) if (1..=LONGEST).contains(&days) => {
            let day = now.date().checked_add(Duration::days(days + 1));
            day.map(|day| day.midnight().assume_utc())
        }
        Ok(_) => None,
        Err(_) => OffsetDateTime::parse(grace, &Rfc3339).ok().or_else(|| {
            let day = Date::parse(grace, &Iso8601::DATE).ok()?;
            Some(day.midnight().assume_utc())
        }),
    };
    match end {
        None => Err(Failure::usage(
            format!("{grace} is no date and no number of days"),
            hint,
        )),
        Some(end) if end <= now => Err(Failure::usage(format!("the grace until {grace} is over"), hint)),
        Some(end) => Ok(end),
    }
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    #[test]
    fn a_grace_is_a_date_or_a_number_of_days() {
        let now = datetime!(2026-11-29 13:00 UTC);
        for (grace, end) in [
            ("1", datetime!(2026-12-01 0:00 UTC)),
            ("30", datetime!(2026-12-30 0:00 UTC)),
            ("2026-12-24", datetime!(2026-12-24 0:00 UTC)),
            ("2026-12-24T08:00:00+01:00", datetime!(2026-12-24 7:00 UTC)),
        ] {
            assert_eq!(end_of(grace, now).unwrap(), end, "{grace}");
        }
        for grace in [
            "0",
            "-1",
            "367",
            "tomorrow",
            "",
            "2026-11-29",
            "2026-02-30",
            "9223372036854775808",
        ] {
            assert_eq!(end_of(grace, now).unwrap_err().exit_code(), 2, "{grace}");
        }
    }
}
