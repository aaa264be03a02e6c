//! What a request says of user verification (CTAP 2.3 §6.1.2 and §6.2.2).

use super::Status;
use super::parameters::Options;
use crate::cbor::Item;

/// `pinUvAuthParam` and `pinUvAuthProtocol` as a request has them.
#[derive(Clone, Copy)]
pub(super) struct PinUvAuth<'a> {
    param: Option<&'a [u8]>,
    protocol: Option<u64>,
}

impl<'a> PinUvAuth<'a> {
    pub(super) fn decode(param: Option<Item<'a>>, protocol: Option<Item<'a>>) -> Result<Self, Status> {
        Ok(Self {
            param: param.map(Item::bytes).transpose()?,
            protocol: protocol.map(Item::uint).transpose()?,
        })
    }

    /// Steps 1 and 2. The protocol is looked at only where there is a param, and getInfo lists none.
    pub(super) fn check(self) -> Result<(), Status> {
        match (self.param, self.protocol) {
            (None, _) => Ok(()),
            (Some(_), None) => Err(Status::MissingParameter),
            (Some(_), Some(_)) => Err(Status::InvalidParameter),
        }
    }
}

/// The `uv` option (§6.1.2 step 5, §6.2.2 step 4): whether the user was verified. Without a PIN or a sensor: never,
/// and a request that asks for it is refused.
pub(super) fn verified(options: Options) -> Result<bool, Status> {
    if options.uv == Some(true) {
        return Err(Status::InvalidOption);
    }
    Ok(false)
}
