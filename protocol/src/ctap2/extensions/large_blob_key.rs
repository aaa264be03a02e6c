//! largeBlobKey (CTAP 2.3 §12.3): a key for the platform to encrypt a blob under, see
//! [`large_blobs`](crate::ctap2::large_blobs).
//!
//! It is derived like the credential's own key, and given in the response beside authenticator data.

use crate::cbor::Item;
use crate::ctap2::Status;

pub(super) const NAME: &str = "largeBlobKey";

/// Asked for with `true` alone.
pub(super) fn decode(input: Item<'_>) -> Result<bool, Status> {
    if input.bool()? {
        Ok(true)
    } else {
        Err(Status::InvalidOption)
    }
}

/// For a new credential, which is discoverable.
pub(super) fn decode_for_new(input: Item<'_>, discoverable: bool) -> Result<bool, Status> {
    if decode(input)? && discoverable {
        Ok(true)
    } else {
        Err(Status::InvalidOption)
    }
}
