//! thirdPartyPayment (CTAP 2.3 §12): whether a credential may sign payments that other relying parties ask for.
//!
//! The answer of makeCredential has nothing of it; the credential ID carries it, sealed.

use super::{Output, Outputs};
use crate::ctap2::Status;

pub(super) const NAME: &str = "thirdPartyPayment";

/// Whether the credential was made for it.
pub(super) fn asserted(is_enabled: bool, outputs: &mut Outputs) -> Result<(), Status> {
    outputs.add(NAME, &Output::Bool(is_enabled))
}
