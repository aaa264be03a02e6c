//! getCredsMetadata (CTAP 2.3 §6.8.2).

use super::Request;
use crate::authenticator::Authenticator;
use crate::cbor::Writer;
use crate::platform::Platform;
use crate::status::Status;

impl<P: Platform> Authenticator<P> {
    /// How many discoverable credentials there are, and how many more fit.
    pub(super) fn get_creds_metadata(
        &mut self,
        request: &Request<'_>,
        response: &mut Writer<'_>,
    ) -> Result<(), Status> {
        self.authorize_listing(request)?;
        let existing = self.store.count()?;
        let remaining = self.store.remaining()?;
        // 01 existingResidentCredentialsCount, 02 maxPossibleRemainingResidentCredentialsCount
        response.map(2);
        response.uint(0x01).uint(existing.into());
        response.uint(0x02).uint(remaining.into());
        Ok(())
    }
}
