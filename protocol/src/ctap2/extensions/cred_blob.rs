//! credBlob (CTAP 2.3 §12.2): a few bytes that a relying party leaves with a discoverable credential.

use super::{Output, Outputs};
use crate::credential::Kind;
use crate::ctap2::Status;
use crate::limits::CRED_BLOB_MAX;

pub(super) const NAME: &str = "credBlob";

/// What is kept of the blob: all of it, or nothing. Only a discoverable credential has a record to keep it in.
pub(super) fn kept(blob: &[u8], kind: Kind) -> Option<&[u8]> {
    let fits = blob.len() <= CRED_BLOB_MAX && matches!(kind, Kind::Discoverable(_));
    fits.then_some(blob)
}

/// Whether the blob was kept. One that was not is no reason to refuse the credential.
pub(super) fn made(is_kept: bool, outputs: &mut Outputs) -> Result<(), Status> {
    outputs.add(NAME, &Output::Bool(is_kept))
}

/// The blob; empty where there is none.
pub(super) fn asserted(blob: &[u8], outputs: &mut Outputs) -> Result<(), Status> {
    outputs.add(NAME, &Output::Bytes(blob))
}
