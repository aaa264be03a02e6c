//! What is known of MFA at AWS, without a word to AWS: this crate reads no file and opens no connection.
//!
//! [`names`] has the rules for names, ARNs and limits. The feature `kit` brings the rest: [`policy`] reads, judges and
//! prints IAM policies, [`audit`] judges what an account says of its users' MFA, [`account`] is an account to practise
//! with, and [`endpoint`] answers for it as IAM, STS and CloudTrail do.

#[cfg(feature = "kit")]
pub mod account;
#[cfg(feature = "kit")]
pub mod audit;
#[cfg(feature = "kit")]
pub mod endpoint;
pub mod names;
#[cfg(feature = "kit")]
pub mod policy;
