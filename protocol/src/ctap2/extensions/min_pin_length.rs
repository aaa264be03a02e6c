//! minPinLength (CTAP 2.3 §12.4): tells the relying parties that may know it how short a PIN can be.

use super::{Output, Outputs};
use crate::ctap2::Status;

pub(super) const NAME: &str = "minPinLength";

/// The current minimum, in code points.
pub(super) fn made(min_pin_length: u8, outputs: &mut Outputs) -> Result<(), Status> {
    outputs.add(NAME, &Output::Uint(min_pin_length.into()))
}
