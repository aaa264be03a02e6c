//! Whether a request gets enterprise attestation (CTAP 2.3 §6.1.2 step 9, §7.1).

use crate::authenticator::Authenticator;
use crate::platform::Platform;
use crate::status::Status;

/// The values of `enterpriseAttestation` (§6.1.1).
mod kind {
    pub(super) const VENDOR_FACILITATED: u64 = 1;
    pub(super) const PLATFORM_MANAGED: u64 = 2;
}

impl<P: Platform> Authenticator<P> {
    /// Whether the key has a certificate for it. Then getInfo has `ep`, and authenticatorConfig can enable it.
    pub(super) fn enterprise_capable(&self) -> bool {
        self.attestation.is_some_and(|installed| installed.enterprise)
    }

    /// Step 9. Without a grant the request goes on, with ordinary attestation.
    pub(super) fn enterprise_attestation(&mut self, requested: Option<u64>, rp_id: &str) -> Result<bool, Status> {
        let Some(requested) = requested else {
            return Ok(false);
        };
        if !(self.enterprise_capable() && self.settings()?.enterprise_attestation) {
            return Err(Status::InvalidParameter);
        }
        match requested {
            kind::VENDOR_FACILITATED => self.store.is_vendor_facilitated(rp_id),
            kind::PLATFORM_MANAGED => Ok(true),
            _ => Err(Status::InvalidOption),
        }
    }
}
