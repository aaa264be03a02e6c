//! IAM policies: read, evaluated, judged and printed.
//!
//! [`Document`] reads a policy by IAM's grammar, and [`decide()`] says what it does with a [`Request`]. Both follow the
//! IAM User Guide, "IAM JSON policy reference". What AWS leaves open is decided here, and a comment says so.

mod condition;
mod context;
mod decide;
mod document;
mod error;
mod json;
pub mod lint;
mod pattern;
pub mod print;
mod spelling;
mod trust;
mod wrapped;

pub use context::Context;
pub use decide::{Decision, Place, Request, decide};
pub use document::{Document, Effect, Version};
pub use error::PolicyError;
pub use trust::{trust, trusts_directly};

/// The most characters of a policy document that IAM's operations take, white space included
/// (IAM API Reference, `PolicyDocument`).
pub const MAX_TEXT: usize = 131_072;
/// The most characters of a managed policy, without white space (IAM User Guide, "IAM and AWS STS quotas").
pub const MAX_MANAGED: usize = 6_144;
/// The most characters of all inline policies of a user together, without white space (as [`MAX_MANAGED`]).
pub const MAX_INLINE_USER: usize = 2_048;
/// The most characters of all inline policies of a group together, without white space (as [`MAX_MANAGED`]).
pub const MAX_INLINE_GROUP: usize = 5_120;
/// The most characters of all inline policies of a role together, without white space (as [`MAX_MANAGED`]).
pub const MAX_INLINE_ROLE: usize = 10_240;
/// The most characters of a role's trust policy, unless AWS has raised the account's quota (as [`MAX_MANAGED`]).
pub const MAX_TRUST: usize = 2_048;

#[cfg(test)]
mod tests;
