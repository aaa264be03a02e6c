//! User verification by the key itself (CTAP 2.3 §6.5.3.1): the platform's seam verifies, and this counts the attempts.

use crate::authenticator::Authenticator;
use crate::cbor::Writer;
use crate::limits::{USER_ACTION_TIMEOUT, UV_RETRIES};
use crate::platform::{Clock as _, Indication, Indicator as _, Platform, UserPresence as _, Verification};
use crate::status::Status;

impl<P: Platform> Authenticator<P> {
    /// performBuiltInUv, with one attempt. A platform that wants another asks again.
    pub(super) fn perform_built_in_uv(&mut self) -> Result<Verification, Status> {
        let mut pin = self.pin()?;
        // Where the PIN is blocked, this must not be a way around it.
        if pin.is_set() && pin.retries == 0 {
            pin.uv_failures = UV_RETRIES;
            self.write_pin(&pin)?;
        }
        if pin.uv_retries() == 0 {
            return Ok(Verification::Mismatch);
        }
        // As for a PIN: the attempt is counted, and seen to be, before anything depends on it.
        pin.uv_failures = pin.uv_failures.saturating_add(1);
        self.write_pin(&pin)?;
        if self.pin()? != pin {
            return Err(Status::Other);
        }
        let deadline = self.clock.now().saturating_add(USER_ACTION_TIMEOUT);
        self.indicator.show(Indication::WaitingForTouch);
        let verification = self.presence.verify_user(deadline);
        self.indicator.show(Indication::Processing);
        if verification == Verification::Verified {
            pin.uv_failures = 0;
            self.write_pin(&pin)?;
        }
        Ok(verification)
    }

    /// Verifies the user of a ceremony (§6.1.2 step 11.2, §6.2.2 step 6.2). After a failure the platform can go on with
    /// the PIN, where there is one.
    pub(super) fn verify_user_by_key(&mut self) -> Result<(), Status> {
        let verification = self.perform_built_in_uv()?;
        let pin = self.pin()?;
        match verification {
            Verification::Verified => Ok(()),
            Verification::TimedOut => Err(Status::UserActionTimeout),
            Verification::Aborted => Err(Status::KeepaliveCancel),
            Verification::Mismatch if pin.is_set() => Err(Status::PuatRequired),
            Verification::Mismatch if pin.uv_retries() == 0 => Err(Status::PinBlocked),
            Verification::Mismatch => Err(Status::OperationDenied),
        }
    }

    /// getUVRetries (§6.5.5.3).
    pub(super) fn get_uv_retries(&mut self, response: &mut Writer<'_>) -> Result<(), Status> {
        // 05 uvRetries
        let retries = self.pin()?.uv_retries();
        response.map(1).uint(0x05).uint(retries.into());
        Ok(())
    }
}
