//! pinComplexityPolicy (CTAP 2.3 §12): tells the relying parties that may know it whether the key refuses simple PINs.

use super::{Output, Outputs};
use crate::ctap2::Status;

pub(super) const NAME: &str = "pinComplexityPolicy";

/// Whether the policy is in force.
pub(super) fn made(in_force: bool, outputs: &mut Outputs) -> Result<(), Status> {
    outputs.add(NAME, &Output::Bool(in_force))
}
