//! hmac-secret-mc (CTAP 2.3 §12): [`hmac_secret`] answered already when the credential is made, which saves the user
//! a second touch.

use super::hmac_secret;
use crate::cbor::Item;
use crate::ctap2::Status;

pub(super) const NAME: &str = "hmac-secret-mc";

/// Goes together with `"hmac-secret": true`.
pub(super) fn decode(input: Item<'_>, hmac_secret: bool) -> Result<hmac_secret::Input<'_>, Status> {
    let input = hmac_secret::Input::decode(input)?;
    if hmac_secret {
        Ok(input)
    } else {
        Err(Status::MissingParameter)
    }
}
