//! What a request says of user verification (CTAP 2.3 §6.1.2 and §6.2.2, steps 1 and 2, and the `uv` option).

use super::Status;
use super::parameters::Options;
use crate::cbor::Item;

/// Whether the user was verified for this request. Without a PIN or a sensor: never, and a request that says so is
/// refused.
pub(super) fn verified(
    options: Options,
    pin_uv_auth_param: Option<Item<'_>>,
    pin_uv_auth_protocol: Option<Item<'_>>,
) -> Result<bool, Status> {
    let param = pin_uv_auth_param.map(Item::bytes).transpose()?;
    let protocol = pin_uv_auth_protocol.map(Item::uint).transpose()?;
    match (param, protocol) {
        // Step 2: the protocol is looked at only where there is a param. getInfo lists no protocol.
        (Some(_), None) => Err(Status::MissingParameter),
        (Some(_), Some(_)) => Err(Status::InvalidParameter),
        // No built-in user verification.
        (None, _) if options.uv == Some(true) => Err(Status::InvalidOption),
        (None, _) => Ok(false),
    }
}
