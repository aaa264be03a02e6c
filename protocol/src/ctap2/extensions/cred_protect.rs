//! credProtect (CTAP 2.3 §12.1): whom a credential shows itself to.
//!
//! The level is sealed in the credential ID; getAssertion and the exclude list heed it.

use super::{Output, Outputs};
use crate::cbor::Item;
use crate::credential::CredProtect;
use crate::ctap2::Status;

pub(super) const NAME: &str = "credProtect";

pub(super) fn decode(input: Item<'_>) -> Result<CredProtect, Status> {
    match input.uint()? {
        1 => Ok(CredProtect::Optional),
        2 => Ok(CredProtect::OptionalWithList),
        3 => Ok(CredProtect::Required),
        // The standard gives no code.
        _ => Err(Status::InvalidParameter),
    }
}

/// The level that the credential has.
pub(super) fn made(level: CredProtect, outputs: &mut Outputs) -> Result<(), Status> {
    outputs.add(NAME, &Output::Uint(level as u64))
}
