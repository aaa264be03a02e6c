//! What only this key does, or only a key that was prepared for it.

mod certificates;
mod get_info;

use brasskey_conformance::suites::Suite;

/// Every suite of them, by the names of the suites that they add to.
pub const OWN: &[Suite] = &[("get_info", get_info::CHECKS), ("certificates", certificates::CHECKS)];
