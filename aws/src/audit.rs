//! Judges what an account says of its users' MFA.
//!
//! [`Inputs`] reads what the AWS CLI writes, one file after the other, each recognised by what it holds. [`Facts`] puts
//! together what they say of whom, and [`judge`] makes the verdicts, each with the place that it comes from. Where the
//! files cannot tell, the verdict says so, and why. [`spare()`] says who is locked out when one device is lost.
//!
//! ```
//! use brasskey_aws::audit::{Facts, Inputs, Outcome, judge};
//! use time::macros::datetime;
//!
//! let mut inputs = Inputs::default();
//! inputs.read("summary.json", br#"{"SummaryMap": {"AccountMFAEnabled": 0, "AccountPasswordPresent": 1}}"#)?;
//! let audit = judge(&Facts::new(&inputs), datetime!(2026-11-29 12:00 UTC));
//! let mut failed = audit.findings.iter().filter(|finding| finding.outcome == Outcome::Failed);
//! assert!(failed.any(|finding| finding.check.name() == "root-mfa"));
//! # Ok::<(), brasskey_aws::audit::ReadError>(())
//! ```

mod arn;
mod facts;
mod finding;
mod inputs;
mod judge;
mod spare;

pub use facts::{Device, Facts, Key, Kind, User};
pub use finding::{Audit, Check, Evidence, Finding, Outcome, Severity, Subject, Tally};
pub use inputs::{Inputs, MAX_INPUT, ReadError, Source};
pub use judge::{REGIONS, judge, remedy};
pub use spare::{Advice, Spare, spare, untold};
